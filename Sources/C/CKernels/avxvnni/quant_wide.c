// Products of many tokens by groups of weights that are unpacked once for all of them.
//
// An unpacked group of a panel: [16] float scales, then [8][16 rows][4] bytes without a sign, column 4 i + b: q8 plus
// 128, q4 its nibbles; both as much too large as the activations know.
#if defined(__x86_64__)
#include "quant_step.h"

CK_AVXVNNI_BEGIN

enum { wide_bytes = 64 + 512 };

CK_INLINE void store(uint8_t *p, __m256i v) { _mm256_storeu_si256((__m256i *)p, v); }
CK_INLINE __m256 floats(const uint8_t *p) { return _mm256_loadu_ps((const float *)p); }

CK_INLINE void widen_panel(const ck_quant quant, const uint8_t *w, size_t groups, uint8_t *wide) {
    const __m256i flip = _mm256_set1_epi8((char)0x80), mask = _mm256_set1_epi8(15);
    for (size_t g = 0; g < groups; g++, wide += wide_bytes) {
        const uint8_t *scales = ck_group_scales(quant, w, g), *values = ck_group_values(quant, w, g);
        uint8_t *to = wide + 64;
        for (size_t h = 0; h < 2; h++) {
            const __m128i halves = _mm_loadu_si128((const __m128i *)(scales + 16 * h));
            _mm256_storeu_ps((float *)(wide + 32 * h), _mm256_cvtph_ps(halves));
        }
#pragma clang loop unroll(full)
        for (size_t i = 0; i < ck_value_bytes(quant); i += 32) {
            const __m256i both = _mm256_loadu_si256((const __m256i *)(values + i));
            if (quant == CK_Q8) {
                store(to + i, _mm256_xor_si256(both, flip));
            } else {
                store(to + i, _mm256_and_si256(both, mask));
                store(to + 256 + i, _mm256_and_si256(_mm256_srli_epi16(both, 4), mask));
            }
        }
    }
}

CK_INLINE void widen(const ck_quant quant, const uint8_t *w, size_t panel_bytes, size_t panels, size_t groups,
                     uint8_t *wide) {
    for (size_t p = 0; p < panels; p++) widen_panel(quant, w + p * panel_bytes, groups, wide + p * groups * wide_bytes);
}

void ck_avxvnni_quant_widen_q8(const uint8_t *w, size_t panel_bytes, size_t panels, size_t groups, uint8_t *wide) {
    widen(CK_Q8, w, panel_bytes, panels, groups, wide);
}

void ck_avxvnni_quant_widen_q4(const uint8_t *w, size_t panel_bytes, size_t panels, size_t groups, uint8_t *wide) {
    widen(CK_Q4, w, panel_bytes, panels, groups, wide);
}

// One group. The loop over the columns is not unrolled, so that the compiler keeps the integers in registers.
CK_INLINE void step(const size_t width, const uint8_t *wide, const uint8_t *x, float *acc) {
    __m256i dot[2][ck_step_tokens];
    ck_begin_dots(width, x, dot);
#pragma clang loop unroll(disable)
    for (size_t quad = 0; quad < 8; quad++) {
        const __m256i *from = (const __m256i *)(wide + 64 + 64 * quad);
        const __m256i w[2] = {_mm256_loadu_si256(from), _mm256_loadu_si256(from + 1)};
        ck_add_dots(width, w, x + 4 * quad, dot);
    }
    const __m256 scale[2] = {floats(wide), floats(wide + 32)};
    ck_end_dots(width, scale, x, dot, acc);
}

// `width` is a constant at the call.
CK_INLINE void tiles(const size_t width, const uint8_t *wide, size_t panels, size_t groups, const uint8_t *x,
                     float *acc, bool fresh, bool last) {
    const size_t half = width > ck_step_tokens ? width / 2 : width, cells = width * CK_PANEL_ROWS;
    if (fresh) memset(acc, 0, panels * cells * sizeof *acc);
    for (; panels > 0; panels--, acc += cells) {
        const uint8_t *token = x;
        for (size_t g = 0; g < groups; g++) {
            step(half, wide, token, acc);
            if (half < width) step(width - half, wide, token + half * CK_QUANT_X_BYTES, acc + half * CK_PANEL_ROWS);
            wide += wide_bytes;
            token += width * CK_QUANT_X_BYTES;
        }
        if (last) ck_one_nan(acc, cells);
    }
}

void ck_avxvnni_quant_wide(const uint8_t *wide, size_t panels, size_t groups, const uint8_t *x, size_t width,
                           float *acc, bool fresh, bool last) {
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

CK_AVXVNNI_END
#endif
