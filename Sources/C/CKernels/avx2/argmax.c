#if defined(__x86_64__)
#include "vector.h"

CK_AVX2_BEGIN

// max_ps(x, m) keeps m where x is not a number.
static float largest_of(const float *x, size_t n) {
    const __m256 lowest = _mm256_set1_ps(-INFINITY);
    __m256 a = lowest, b = lowest, c = lowest, d = lowest;
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        a = _mm256_max_ps(_mm256_loadu_ps(x + i), a);
        b = _mm256_max_ps(_mm256_loadu_ps(x + i + 8), b);
        c = _mm256_max_ps(_mm256_loadu_ps(x + i + 16), c);
        d = _mm256_max_ps(_mm256_loadu_ps(x + i + 24), d);
    }
    float largest = ck_max8(_mm256_max_ps(_mm256_max_ps(a, b), _mm256_max_ps(c, d)));
    for (; i < n; i++) largest = x[i] > largest ? x[i] : largest;
    return largest;
}

size_t ck_avx2_argmax(const float *x, size_t n, float *max) {
    const float largest = largest_of(x, n);
    const __m256 wanted = _mm256_set1_ps(largest);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        if (_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(x + i), wanted, _CMP_EQ_OQ))) break;
    }
    while (i < n && x[i] != largest) i++;
    if (i == n) i = 0;  // nothing but NaN
    *max = x[i];
    return i;
}

CK_AVX2_END
#endif
