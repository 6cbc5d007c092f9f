// The end of a group, and what is the same for packed and unpacked weights.
#pragma once
#include "../common/quant.h"
#include "kernels.h"

CK_AVXVNNI_BEGIN

#include "../common/quant_256.h"

enum { ck_step_tokens = 4 };  // tokens whose integers, 16 rows each, are in registers together

// The integers begin at CK_QUANT_START less what weights without a sign are too much, which the activations know.
CK_INLINE void ck_begin_dots(const size_t width, const uint8_t *x, __m256i dot[2][ck_step_tokens]) {
#pragma clang loop unroll(full)
    for (size_t t = 0; t < width; t++) dot[0][t] = dot[1][t] = ck_word(x + t * CK_QUANT_X_BYTES + 36);
}

// Four columns of 16 rows by the tokens.
CK_INLINE void ck_add_dots(const size_t width, const __m256i w[2], const uint8_t *x, __m256i dot[2][ck_step_tokens]) {
#pragma clang loop unroll(full)
    for (size_t t = 0; t < width; t++) {
        const __m256i token = ck_word(x + t * CK_QUANT_X_BYTES);
        dot[0][t] = _mm256_dpbusd_avx_epi32(dot[0][t], w[0], token);
        dot[1][t] = _mm256_dpbusd_avx_epi32(dot[1][t], w[1], token);
    }
}

// The float sums stay in acc.
CK_INLINE void ck_end_dots(const size_t width, const __m256 scale[2], const uint8_t *x,
                           __m256i dot[2][ck_step_tokens], float *acc) {
    const __m256 less[2] = {ck_less(scale[0]), ck_less(scale[1])};
    // Sums that the compiler kept in registers from group to group would push others out.
    __asm__ volatile("" ::: "memory");
#pragma clang loop unroll(full)
    for (size_t t = 0; t < width; t++) {
        const __m256 token = _mm256_castsi256_ps(ck_word(x + t * CK_QUANT_X_BYTES + 32));
#pragma clang loop unroll(full)
        for (size_t h = 0; h < 2; h++) {
            ck_add_group(dot[h][t], scale[h], less[h], token, acc + t * CK_PANEL_ROWS + 8 * h);
        }
    }
}

CK_AVXVNNI_END
