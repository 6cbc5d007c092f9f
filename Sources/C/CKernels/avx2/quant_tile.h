// The register tile of the quantised products: 16 rows, 1 to 8 tokens, without VNNI.
#pragma once
#include "../common/quant.h"
#include "vector.h"

CK_AVX2_BEGIN

#include "../common/quant_256.h"

// Eight int8 products of two groups, four columns of eight rows: |w| times x with the sign of w. Two products of
// 127 * 127 fit int16.
CK_INLINE __m256i ck_add_q8(__m256i dot, __m256i size, __m256i w, __m256i token, __m256i ones) {
    const __m256i pairs = _mm256_maddubs_epi16(size, _mm256_sign_epi8(token, w));
    return _mm256_add_epi32(dot, _mm256_madd_epi16(pairs, ones));
}

// One quad of columns (q4: two) for all halves (eight rows) and tokens. q4 gathers int16: nibbles times x, eight times
// two products of 15 * 127 at most.
CK_INLINE void ck_quant_quad(const ck_quant quant, const size_t halves, const size_t width, const uint8_t *values,
                             ptrdiff_t reach, const uint8_t *x, __m256i ones, __m256i dot[2][CK_QUANT_TILE_TOKENS]) {
    const __m256i mask = _mm256_set1_epi8(15);
    _mm_prefetch((const char *)(values + reach), _MM_HINT_T0);
#pragma clang loop unroll(full)
    for (size_t h = 0; h < halves; h++) {
        const __m256i w = _mm256_loadu_si256((const __m256i *)(values + 32 * h)), size = _mm256_abs_epi8(w);
        const __m256i low = _mm256_and_si256(w, mask), high = _mm256_and_si256(_mm256_srli_epi16(w, 4), mask);
#pragma clang loop unroll(full)
        for (size_t t = 0; t < width; t++) {
            const uint8_t *token = x + t * CK_QUANT_X_BYTES;
            if (quant == CK_Q8) {
                dot[h][t] = ck_add_q8(dot[h][t], size, w, ck_word(token), ones);
            } else {
                dot[h][t] = _mm256_add_epi16(dot[h][t], _mm256_maddubs_epi16(low, ck_word(token)));
                dot[h][t] = _mm256_add_epi16(dot[h][t], _mm256_maddubs_epi16(high, ck_word(token + 16)));
            }
        }
    }
}

// One group of as many halves (eight rows) as fit in registers: 8 integer sums. The float sums stay in acc, and the
// loop over the columns is not unrolled, so that the compiler keeps to that.
CK_INLINE void ck_quant_step(const ck_quant quant, const size_t halves, const size_t width, const uint8_t *scales,
                             const uint8_t *values, ptrdiff_t reach, const uint8_t *x, float *acc) {
    const __m256i ones = _mm256_set1_epi16(1);
    const __m256i start = _mm256_set1_epi32(quant == CK_Q8 ? CK_QUANT_START_BITS : 0);
    __m256i dot[2][CK_QUANT_TILE_TOKENS];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < halves * width; i++) dot[i / width][i % width] = start;
#pragma clang loop unroll(disable)
    for (size_t quad = 0; quad < (quant == CK_Q8 ? 8 : 4); quad++) {
        ck_quant_quad(quant, halves, width, values + 64 * quad, reach, x + 4 * quad, ones, dot);
    }
    // Sums that the compiler kept in registers from group to group would push others out.
    __asm__ volatile("" ::: "memory");
#pragma clang loop unroll(full)
    for (size_t h = 0; h < halves; h++) {
        const __m256 scale = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(scales + 16 * h))), less = ck_less(scale);
#pragma clang loop unroll(full)
        for (size_t t = 0; t < width; t++) {
            const uint8_t *token = x + t * CK_QUANT_X_BYTES;
            __m256i sum = dot[h][t];
            if (quant == CK_Q4) sum = _mm256_add_epi32(_mm256_madd_epi16(sum, ones), ck_word(token + 36));
            const __m256 token_scale = _mm256_castsi256_ps(ck_word(token + 32));
            ck_add_group(sum, scale, less, token_scale, acc + t * CK_PANEL_ROWS + 8 * h);
        }
    }
}

// One panel. `quant` and `width` are constants at the call.
CK_INLINE void ck_quant_panel(const ck_quant quant, const size_t width, const uint8_t *w, size_t groups,
                              const uint8_t *end, ptrdiff_t jump, const uint8_t *x, float *acc, bool fresh) {
    const size_t cells = width * CK_PANEL_ROWS;
    if (fresh) memset(acc, 0, cells * sizeof *acc);
    for (size_t g = 0; g < groups; g++) {
        const uint8_t *values = ck_group_values(quant, w, g), *scales = ck_group_scales(quant, w, g);
        const ptrdiff_t reach = ck_quant_reach(ck_quant_ahead, values, end, jump);
        if (g % 2 == 0) _mm_prefetch((const char *)(scales + reach), _MM_HINT_T0);
        if (width <= 4) {
            ck_quant_step(quant, 2, width, scales, values, reach, x, acc);
        } else {
            ck_quant_step(quant, 1, width, scales, values, reach, x, acc);
            ck_quant_step(quant, 1, width, scales + 16, values + 32, reach, x, acc + 8);
        }
        x += width * CK_QUANT_X_BYTES;
    }
    ck_one_nan(acc, cells);
}

#include "../common/quant_panels.h"

CK_AVX2_END
