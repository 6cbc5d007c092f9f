// The steps of attention between its two products.
#if defined(__x86_64__)
#include "vector.h"

CK_AVX2_BEGIN

float ck_avx2_kv_store_float32(const float *x, size_t n, void *out, size_t step) {
    for (size_t i = 0; i < n; i++) ((float *)out)[i * step] = x[i];
    return 1;
}

float ck_avx2_kv_store_float16(const float *x, size_t n, void *out, size_t step) {
    uint16_t *to = out;
    const __m256 most = _mm256_set1_ps(CK_LARGEST_HALF), least = _mm256_set1_ps(-CK_LARGEST_HALF);
    for (size_t i = 0; i < n; i += 8) {
        const size_t count = n - i < 8 ? n - i : 8;
        uint16_t halves[8];
        // The second operand is kept where it is not a number.
        __m256 value = _mm256_maskload_ps(x + i, ck_mask8(count));
        value = _mm256_max_ps(least, _mm256_min_ps(most, value));
        _mm_storeu_si128((__m128i *)halves, _mm256_cvtps_ph(value, _MM_FROUND_TO_NEAREST_INT));
        if (step == 1) {
            memcpy(to + i, halves, count * sizeof *to);
        } else {
            for (size_t j = 0; j < count; j++) to[(i + j) * step] = halves[j];
        }
    }
    return 1;
}

void ck_avx2_softmax_page(float *scores, const float *scales, size_t valid, float scale, float *state, size_t n) {
    float *m = state + n, *l = m + 1;
    const __m256 factors = _mm256_set1_ps(scale), lowest = _mm256_set1_ps(-INFINITY);
    __m256 largest = _mm256_set1_ps(*m);
    for (size_t t = 0; t < CK_KV_PAGE_TOKENS; t += 8) {
        const __m256 mask = _mm256_castsi256_ps(ck_mask8(valid > t ? valid - t : 0));
        __m256 score = _mm256_loadu_ps(scores + t);
        if (scales) score = _mm256_mul_ps(score, _mm256_loadu_ps(scales + t));
        const __m256 value = _mm256_blendv_ps(lowest, _mm256_mul_ps(score, factors), mask);
        largest = _mm256_max_ps(value, largest);
        _mm256_storeu_ps(scores + t, value);
    }
    const float now = ck_max8(largest), factor = ck_exp1(*m - now);
    __m256 lanes = _mm256_setzero_ps();
    for (size_t t = 0; t < CK_KV_PAGE_TOKENS; t += 8) {
        const __m256 mask = _mm256_castsi256_ps(ck_mask8(valid > t ? valid - t : 0));
        const __m256 power = ck_exp8(_mm256_sub_ps(_mm256_loadu_ps(scores + t), _mm256_set1_ps(now)));
        __m256 value = _mm256_and_ps(power, mask);
        lanes = _mm256_add_ps(lanes, value);
        if (scales) value = _mm256_mul_ps(value, _mm256_loadu_ps(scales + CK_KV_PAGE_TOKENS + t));
        _mm256_storeu_ps(scores + t, value);
    }
    *l = fmaf(*l, factor, ck_sum8(lanes));
    *m = now;
    if (factor == 1.0f) return;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        _mm256_storeu_ps(state + i, _mm256_mul_ps(_mm256_loadu_ps(state + i), _mm256_set1_ps(factor)));
    }
    for (; i < n; i++) state[i] = state[i] * factor;
}

void ck_avx2_merge_span(float *total, const float *span, size_t n) {
    const float m = total[n] > span[n] ? total[n] : span[n];
    const float a = ck_exp1(total[n] - m), b = ck_exp1(span[n] - m);
    const __m256 before = _mm256_set1_ps(a), added = _mm256_set1_ps(b);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256 kept = _mm256_mul_ps(_mm256_loadu_ps(total + i), before);
        _mm256_storeu_ps(total + i, _mm256_fmadd_ps(_mm256_loadu_ps(span + i), added, kept));
    }
    for (; i < n; i++) total[i] = fmaf(span[i], b, total[i] * a);
    total[n] = m;
    total[n + 1] = fmaf(span[n + 1], b, total[n + 1] * a);
}

CK_AVX2_END
#endif
