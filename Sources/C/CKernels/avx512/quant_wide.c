// Products of many tokens by groups of weights that are unpacked once for all of them.
//
// An unpacked group of a panel: [16] float scales, then [8][16 rows][4] bytes without a sign, column 4 i + b: q8 plus
// 128, q4 its nibbles; both as much too large as the bias of the activations says.
#if defined(__x86_64__)
#include "quant_tile.h"

CK_AVX512_BEGIN

enum { wide_bytes = 64 + 512, most_panels = 2 };

CK_INLINE void widen_panel(const ck_quant quant, const uint8_t *w, size_t groups, uint8_t *wide) {
    const __m512i flip = _mm512_set1_epi8((char)0x80), mask = _mm512_set1_epi8(15);
    for (size_t g = 0; g < groups; g++, wide += wide_bytes) {
        const uint8_t *scales = ck_group_scales(quant, w, g), *values = ck_group_values(quant, w, g);
        uint8_t *to = wide + 64;
        _mm512_storeu_ps(wide, _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)scales)));
#pragma clang loop unroll(full)
        for (size_t quad = 0; quad < ck_value_bytes(quant) / 64; quad++) {
            const __m512i both = _mm512_loadu_si512(values + 64 * quad);
            if (quant == CK_Q8) {
                _mm512_storeu_si512(to + 64 * quad, _mm512_xor_si512(both, flip));
            } else {
                _mm512_storeu_si512(to + 64 * quad, _mm512_and_si512(both, mask));
                _mm512_storeu_si512(to + 64 * (4 + quad), _mm512_and_si512(_mm512_srli_epi16(both, 4), mask));
            }
        }
    }
}

CK_INLINE void widen(const ck_quant quant, const uint8_t *w, size_t panel_bytes, size_t panels, size_t groups,
                     uint8_t *wide) {
    for (size_t p = 0; p < panels; p++) widen_panel(quant, w + p * panel_bytes, groups, wide + p * groups * wide_bytes);
}

void ck_avx512_quant_widen_q8(const uint8_t *w, size_t panel_bytes, size_t panels, size_t groups, uint8_t *wide) {
    widen(CK_Q8, w, panel_bytes, panels, groups, wide);
}

void ck_avx512_quant_widen_q4(const uint8_t *w, size_t panel_bytes, size_t panels, size_t groups, uint8_t *wide) {
    widen(CK_Q4, w, panel_bytes, panels, groups, wide);
}

// One group of some panels and all tokens of a tile. The float sums stay in acc, so that there are registers for the
// integers of two panels, which halve what is loaded of the tokens, and as many chains as hide the latency. The loop
// over the columns is not unrolled, so that the compiler keeps to that.
CK_INLINE void step(const size_t panels, const size_t width, const uint8_t *wide, size_t panel_bytes, const uint8_t *x,
                    float *acc) {
    __m512i dot[most_panels][CK_QUANT_TILE_TOKENS];
#pragma clang loop unroll(full)
    for (size_t t = 0; t < width; t++) {
#pragma clang loop unroll(full)
        for (size_t p = 0; p < panels; p++) dot[p][t] = ck_word(x + t * CK_QUANT_X_BYTES + 36);
    }
#pragma clang loop unroll(disable)
    for (size_t quad = 0; quad < 8; quad++) {
        __m512i w[most_panels];
#pragma clang loop unroll(full)
        for (size_t p = 0; p < panels; p++) w[p] = _mm512_loadu_si512(wide + p * panel_bytes + 64 + 64 * quad);
#pragma clang loop unroll(full)
        for (size_t t = 0; t < width; t++) {
            const __m512i token = ck_word(x + t * CK_QUANT_X_BYTES + 4 * quad);
#pragma clang loop unroll(full)
            for (size_t p = 0; p < panels; p++) dot[p][t] = _mm512_dpbusd_epi32(dot[p][t], w[p], token);
        }
    }
#pragma clang loop unroll(full)
    for (size_t t = 0; t < width; t++) {
        const __m512 token = _mm512_castsi512_ps(ck_word(x + t * CK_QUANT_X_BYTES + 32));
#pragma clang loop unroll(full)
        for (size_t p = 0; p < panels; p++) {
            float *to = acc + (p * width + t) * CK_PANEL_ROWS;
            const __m512 both = _mm512_mul_ps(_mm512_loadu_ps(wide + p * panel_bytes), token);
            _mm512_storeu_ps(to, _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot[p][t]), both, _mm512_loadu_ps(to)));
        }
    }
}

// `panels` and `width` are constants at the call.
CK_INLINE void tile(const size_t panels, const size_t width, const uint8_t *wide, size_t groups, const uint8_t *x,
                    float *acc, bool fresh, bool last) {
    const size_t panel_bytes = groups * wide_bytes, cells = panels * width * CK_PANEL_ROWS;
    if (fresh) memset(acc, 0, cells * sizeof *acc);
    for (size_t g = 0; g < groups; g++) {
        step(panels, width, wide, panel_bytes, x, acc);
        wide += wide_bytes;
        x += width * CK_QUANT_X_BYTES;
    }
    if (!last) return;
    const __m512 nan = _mm512_castsi512_ps(_mm512_set1_epi32((int)CK_NAN));
    for (size_t i = 0; i < cells; i += 16) {
        const __m512 value = _mm512_loadu_ps(acc + i);
        _mm512_storeu_ps(acc + i, _mm512_mask_mov_ps(value, _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q), nan));
    }
}

CK_INLINE void tiles(const size_t width, const uint8_t *wide, size_t panels, size_t groups, const uint8_t *x,
                     float *acc, bool fresh, bool last) {
    for (; panels >= 2; panels -= 2) {
        tile(2, width, wide, groups, x, acc, fresh, last);
        wide += 2 * groups * wide_bytes;
        acc += 2 * width * CK_PANEL_ROWS;
    }
    if (panels) tile(1, width, wide, groups, x, acc, fresh, last);
}

void ck_avx512_quant_wide(const uint8_t *wide, size_t panels, size_t groups, const uint8_t *x, size_t width, float *acc,
                          bool fresh, bool last) {
    switch (width) {
        case 1: return tiles(1, wide, panels, groups, x, acc, fresh, last);
        case 2: return tiles(2, wide, panels, groups, x, acc, fresh, last);
        case 3: return tiles(3, wide, panels, groups, x, acc, fresh, last);
        case 4: return tiles(4, wide, panels, groups, x, acc, fresh, last);
        case 5: return tiles(5, wide, panels, groups, x, acc, fresh, last);
        case 6: return tiles(6, wide, panels, groups, x, acc, fresh, last);
        case 7: return tiles(7, wide, panels, groups, x, acc, fresh, last);
        case 8: return tiles(8, wide, panels, groups, x, acc, fresh, last);
        default: return;
    }
}

CK_AVX512_END
#endif
