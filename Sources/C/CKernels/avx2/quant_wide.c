// Products of many tokens by groups of weights that are unpacked once for all of them, without VNNI.
//
// An unpacked half of a group, eight rows: [8] float scales; q8: [8] int32, CK_QUANT_START_BITS plus the sum of the sizes
// of the negative weights, then [8] times [8 rows][4] sizes and [8 rows][4] signs (0 or -1), column 4 i + b; q4:
// [8][8 rows][4] nibbles.
//
// x with the sign of w is (x ^ sign) - sign. The second term is left out of every product; what that makes the integers
// too small is the same for all tokens. An exclusive or runs on more ports of a processor than vpsignb does.
#if defined(__x86_64__)
#include "../common/quant.h"
#include "vector.h"

CK_AVX2_BEGIN

#include "../common/quant_256.h"

enum { size_bytes = 32, pair_bytes = 2 * size_bytes };

CK_INLINE size_t half_bytes(ck_quant quant) { return quant == CK_Q8 ? 64 + 8 * pair_bytes : 32 + 8 * size_bytes; }

CK_INLINE __m256i load(const uint8_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
CK_INLINE void store(uint8_t *p, __m256i v) { _mm256_storeu_si256((__m256i *)p, v); }

CK_INLINE void widen_half_q8(const uint8_t *values, uint8_t *wide) {
    const __m256i zero = _mm256_setzero_si256();
    __m256i sums = zero;
#pragma clang loop unroll(full)
    for (size_t quad = 0; quad < 8; quad++) {
        const __m256i w = load(values + 64 * quad), sign = _mm256_cmpgt_epi8(zero, w), size = _mm256_abs_epi8(w);
        sums = _mm256_add_epi16(sums, _mm256_maddubs_epi16(_mm256_and_si256(size, sign), _mm256_set1_epi8(1)));
        store(wide + 32 + quad * pair_bytes, size);
        store(wide + 32 + quad * pair_bytes + size_bytes, sign);
    }
    const __m256i sum = _mm256_madd_epi16(sums, _mm256_set1_epi16(1));
    store(wide, _mm256_add_epi32(sum, _mm256_set1_epi32(CK_QUANT_START_BITS)));
}

CK_INLINE void widen_half_q4(const uint8_t *values, uint8_t *wide) {
    const __m256i mask = _mm256_set1_epi8(15);
#pragma clang loop unroll(full)
    for (size_t quad = 0; quad < 4; quad++) {
        const __m256i both = load(values + 64 * quad);
        store(wide + quad * size_bytes, _mm256_and_si256(both, mask));
        store(wide + (4 + quad) * size_bytes, _mm256_and_si256(_mm256_srli_epi16(both, 4), mask));
    }
}

CK_INLINE void widen_panel(const ck_quant quant, const uint8_t *w, size_t groups, uint8_t *wide) {
    for (size_t g = 0; g < groups; g++) {
        const uint8_t *scales = ck_group_scales(quant, w, g), *values = ck_group_values(quant, w, g);
        for (size_t h = 0; h < 2; h++, wide += half_bytes(quant)) {
            const __m128i halves = _mm_loadu_si128((const __m128i *)(scales + 16 * h));
            _mm256_storeu_ps((float *)wide, _mm256_cvtph_ps(halves));
            if (quant == CK_Q8) {
                widen_half_q8(values + 32 * h, wide + 32);
            } else {
                widen_half_q4(values + 32 * h, wide + 32);
            }
        }
    }
}

CK_INLINE void widen(const ck_quant quant, const uint8_t *w, size_t panel_bytes, size_t panels, size_t groups,
                     uint8_t *wide) {
    const size_t bytes = groups * 2 * half_bytes(quant);
    for (size_t p = 0; p < panels; p++) widen_panel(quant, w + p * panel_bytes, groups, wide + p * bytes);
}

void ck_avx2_quant_widen_q8(const uint8_t *w, size_t panel_bytes, size_t panels, size_t groups, uint8_t *wide) {
    widen(CK_Q8, w, panel_bytes, panels, groups, wide);
}

void ck_avx2_quant_widen_q4(const uint8_t *w, size_t panel_bytes, size_t panels, size_t groups, uint8_t *wide) {
    widen(CK_Q4, w, panel_bytes, panels, groups, wide);
}

// The integers of one half of a group. The loop over the columns is not unrolled, so that the compiler keeps the sums
// in registers.
CK_INLINE void dots(const ck_quant quant, const size_t width, const uint8_t *values, const uint8_t *x, __m256i ones,
                    __m256i dot[CK_QUANT_TILE_TOKENS]) {
#pragma clang loop unroll(disable)
    for (size_t quad = 0; quad < 8; quad++) {
        const uint8_t *w = values + quad * (quant == CK_Q8 ? (size_t)pair_bytes : (size_t)size_bytes);
        const __m256i size = load(w), sign = quant == CK_Q8 ? load(w + size_bytes) : size;
#pragma clang loop unroll(full)
        for (size_t t = 0; t < width; t++) {
            const __m256i token = ck_word(x + t * CK_QUANT_X_BYTES + 4 * quad);
            if (quant == CK_Q8) {
                // Two products of 127 * 128 fit int16.
                const __m256i pairs = _mm256_maddubs_epi16(size, _mm256_xor_si256(token, sign));
                dot[t] = _mm256_add_epi32(dot[t], _mm256_madd_epi16(pairs, ones));
            } else {
                // int16: eight times two products of 15 * 127.
                dot[t] = _mm256_add_epi16(dot[t], _mm256_maddubs_epi16(size, token));
            }
        }
    }
}

// One half of a group. The float sums stay in acc.
CK_INLINE void step(const ck_quant quant, const size_t width, const uint8_t *wide, const uint8_t *x, float *acc) {
    const __m256i ones = _mm256_set1_epi16(1), start = quant == CK_Q8 ? load(wide + 32) : _mm256_setzero_si256();
    __m256i dot[CK_QUANT_TILE_TOKENS];
#pragma clang loop unroll(full)
    for (size_t t = 0; t < width; t++) dot[t] = start;
    dots(quant, width, wide + (quant == CK_Q8 ? 64 : 32), x, ones, dot);
    const __m256 scale = _mm256_loadu_ps((const float *)wide), less = ck_less(scale);
    // Sums that the compiler kept in registers from group to group would push others out.
    __asm__ volatile("" ::: "memory");
#pragma clang loop unroll(full)
    for (size_t t = 0; t < width; t++) {
        const uint8_t *token = x + t * CK_QUANT_X_BYTES;
        const __m256i sum =
            quant == CK_Q8 ? dot[t] : _mm256_add_epi32(_mm256_madd_epi16(dot[t], ones), ck_word(token + 36));
        ck_add_group(sum, scale, less, _mm256_castsi256_ps(ck_word(token + 32)), acc + t * CK_PANEL_ROWS);
    }
}

// One panel. `quant` and `width` are constants at the call.
CK_INLINE void tile(const ck_quant quant, const size_t width, const uint8_t *wide, size_t groups, const uint8_t *x,
                    float *acc, bool fresh, bool last) {
    const size_t cells = width * CK_PANEL_ROWS;
    if (fresh) memset(acc, 0, cells * sizeof *acc);
    for (size_t g = 0; g < groups; g++) {
        step(quant, width, wide, x, acc);
        step(quant, width, wide + half_bytes(quant), x, acc + 8);
        wide += 2 * half_bytes(quant);
        x += width * CK_QUANT_X_BYTES;
    }
    if (last) ck_one_nan(acc, cells);
}

CK_INLINE void tiles(const ck_quant quant, const size_t width, const uint8_t *wide, size_t panels, size_t groups,
                     const uint8_t *x, float *acc, bool fresh, bool last) {
    for (; panels > 0; panels--) {
        tile(quant, width, wide, groups, x, acc, fresh, last);
        wide += groups * 2 * half_bytes(quant);
        acc += width * CK_PANEL_ROWS;
    }
}

CK_INLINE void any_tiles(const ck_quant quant, const uint8_t *wide, size_t panels, size_t groups, const uint8_t *x,
                         size_t width, float *acc, bool fresh, bool last) {
    switch (width) {
        case 1: return tiles(quant, 1, wide, panels, groups, x, acc, fresh, last);
        case 2: return tiles(quant, 2, wide, panels, groups, x, acc, fresh, last);
        case 3: return tiles(quant, 3, wide, panels, groups, x, acc, fresh, last);
        case 4: return tiles(quant, 4, wide, panels, groups, x, acc, fresh, last);
        case 5: return tiles(quant, 5, wide, panels, groups, x, acc, fresh, last);
        case 6: return tiles(quant, 6, wide, panels, groups, x, acc, fresh, last);
        case 7: return tiles(quant, 7, wide, panels, groups, x, acc, fresh, last);
        case 8: return tiles(quant, 8, wide, panels, groups, x, acc, fresh, last);
        default: return;
    }
}

void ck_avx2_quant_wide_q8(const uint8_t *wide, size_t panels, size_t groups, const uint8_t *x, size_t width,
                           float *acc, bool fresh, bool last) {
    any_tiles(CK_Q8, wide, panels, groups, x, width, acc, fresh, last);
}

void ck_avx2_quant_wide_q4(const uint8_t *wide, size_t panels, size_t groups, const uint8_t *x, size_t width,
                           float *acc, bool fresh, bool last) {
    any_tiles(CK_Q4, wide, panels, groups, x, width, acc, fresh, last);
}

CK_AVX2_END
#endif
