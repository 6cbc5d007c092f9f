// A pair is one vdpbf16ps, which is two fused multiply-adds, the high halves first; it flushes denormals by itself.
#if defined(__x86_64__)
#define CK_PAIR_DOT 1
#define CK_PAIRS_BEGIN CK_AVX512BF16_BEGIN
#include "kernels.h"
#include "../avx512/pairs.h"

CK_AVX512BF16_BEGIN

void ck_avx512bf16_matmul_pairs(const ck_matrix *w, size_t panel, size_t panels, size_t k_begin, size_t k_end,
                                const float *x, size_t width, float *acc) {
    ck_pairs_matmul(w, panel, panels, k_begin, k_end, x, width, acc);
}

// Sixteen columns of words: the conversion puts the first column of a pair into the low half.
CK_INLINE __m256i rounded_words(__m512 x) { return _mm256_rol_epi32((__m256i)_mm512_cvtneps_pbh(x), 16); }

void ck_avx512bf16_round_x(const float *x, size_t columns, float *out) {
    size_t k = 0;
    for (; k + 16 <= columns; k += 16) _mm256_storeu_si256((__m256i *)(out + k / 2), rounded_words(_mm512_loadu_ps(x + k)));
    if (k == columns) return;
    const __mmask16 rest = (__mmask16)((1u << (columns - k)) - 1);
    const __mmask8 words = (__mmask8)((1u << (columns - k + 1) / 2) - 1);
    _mm256_mask_storeu_epi32(out + k / 2, words, rounded_words(_mm512_maskz_loadu_ps(rest, x + k)));
}

CK_AVX512_END
#endif
