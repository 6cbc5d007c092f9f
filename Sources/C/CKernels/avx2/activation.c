#if defined(__x86_64__)
#include "vector.h"

CK_AVX2_BEGIN

void ck_avx2_exp_n(const float *x, float *out, size_t n) {
    size_t i = 0;
    for (; i + 8 <= n; i += 8) _mm256_storeu_ps(out + i, ck_exp8(_mm256_loadu_ps(x + i)));
    const __m256i tail = ck_mask8(n - i);
    if (i < n) _mm256_maskstore_ps(out + i, tail, ck_exp8(_mm256_maskload_ps(x + i, tail)));
}

CK_INLINE __m256 swiglu8(__m256 gate, __m256 up) {
    const __m256 minus = _mm256_xor_ps(gate, _mm256_set1_ps(-0.0f));
    const __m256 divisor = _mm256_add_ps(_mm256_set1_ps(1.0f), ck_exp8(minus));
    return _mm256_mul_ps(_mm256_div_ps(gate, divisor), up);
}

void ck_avx2_swiglu(const float *gate, const float *up, float *out, size_t n) {
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        _mm256_storeu_ps(out + i, swiglu8(_mm256_loadu_ps(gate + i), _mm256_loadu_ps(up + i)));
    }
    if (i == n) return;
    const __m256i tail = ck_mask8(n - i);
    const __m256 last = swiglu8(_mm256_maskload_ps(gate + i, tail), _mm256_maskload_ps(up + i, tail));
    _mm256_maskstore_ps(out + i, tail, last);
}

CK_AVX2_END
#endif
