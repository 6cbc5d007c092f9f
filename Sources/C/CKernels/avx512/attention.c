// The softmax of attention, a page of 64 scores in four registers.
#if defined(__x86_64__)
#include "vector.h"

CK_AVX512_BEGIN

void ck_avx512_softmax_page(float *scores, const float *scales, size_t valid, float scale, float *state, size_t n) {
    float *m = state + n, *l = m + 1;
    const uint64_t mask = valid < 64 ? ((uint64_t)1 << valid) - 1 : ~(uint64_t)0;
    const __m512 lowest = _mm512_set1_ps(-INFINITY);
    __m512 s[4], largest = _mm512_set1_ps(*m);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 4; i++) {
        s[i] = _mm512_loadu_ps(scores + 16 * i);
        if (scales) s[i] = _mm512_mul_ps(s[i], _mm512_loadu_ps(scales + 16 * i));
        s[i] = _mm512_mul_ps(s[i], _mm512_set1_ps(scale));
        s[i] = _mm512_mask_mov_ps(lowest, (__mmask16)(mask >> 16 * i), s[i]);
        largest = _mm512_max_ps(s[i], largest);
    }
    const float now = ck_max16(largest), factor = ck_exp1(*m - now);
    __m256 lanes = _mm256_setzero_ps();
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 4; i++) {
        const __m512 power = ck_exp16(_mm512_sub_ps(s[i], _mm512_set1_ps(now)));
        __m512 value = _mm512_maskz_mov_ps((__mmask16)(mask >> 16 * i), power);
        lanes = _mm256_add_ps(lanes, _mm512_castps512_ps256(value));
        lanes = _mm256_add_ps(lanes, _mm512_extractf32x8_ps(value, 1));
        if (scales) value = _mm512_mul_ps(value, _mm512_loadu_ps(scales + CK_KV_PAGE_TOKENS + 16 * i));
        _mm512_storeu_ps(scores + 16 * i, value);
    }
    *l = fmaf(*l, factor, ck_sum8(lanes));
    *m = now;
    if (factor == 1.0f) return;
    const __m512 factors = _mm512_set1_ps(factor);
    for (size_t i = 0; i < n; i += 16) {
        const __mmask16 part = n - i < 16 ? (__mmask16)((1u << (n - i)) - 1) : (__mmask16)0xffff;
        _mm512_mask_storeu_ps(state + i, part, _mm512_mul_ps(_mm512_maskz_loadu_ps(part, state + i), factors));
    }
}

CK_AVX512_END
#endif
