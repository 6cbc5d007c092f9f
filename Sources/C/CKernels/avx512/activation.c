// The gated activation, sixteen numbers at a time.
#if defined(__x86_64__)
#include "vector.h"

CK_AVX512_BEGIN

CK_INLINE __m512 swiglu16(__m512 gate, __m512 up) {
    const __m512 minus = _mm512_xor_ps(gate, _mm512_set1_ps(-0.0f));
    const __m512 divisor = _mm512_add_ps(_mm512_set1_ps(1.0f), ck_exp16(minus));
    return _mm512_mul_ps(_mm512_div_ps(gate, divisor), up);
}

void ck_avx512_swiglu(const float *gate, const float *up, float *out, size_t n) {
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        _mm512_storeu_ps(out + i, swiglu16(_mm512_loadu_ps(gate + i), _mm512_loadu_ps(up + i)));
    }
    const __mmask16 tail = (__mmask16)((1u << (n - i)) - 1);
    if (i == n) return;
    const __m512 last = swiglu16(_mm512_maskz_loadu_ps(tail, gate + i), _mm512_maskz_loadu_ps(tail, up + i));
    _mm512_mask_storeu_ps(out + i, tail, last);
}

CK_AVX512_END
#endif
