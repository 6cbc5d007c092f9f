// Whether this processor's dot product of bfloat16 has the bits that CK_BFLOAT16_PAIRS is defined by. Manuals describe
// it as two multiply-adds that round on their own; ranks on another make of processor would disagree if it fused them.
#if defined(__x86_64__)
#include "kernels.h"

CK_AVX512BF16_BEGIN

bool ck_avx512bf16_is_chain(void) {
    enum { flush = 0x8040 };  // FTZ and DAZ, as the dot product has them built in
    const unsigned saved = _mm_getcsr();
    const __m512i upper = _mm512_set1_epi32((int)0xffff0000);
    const __m512i exponents[2] = {_mm512_set1_epi32(0x3f), _mm512_set1_epi32(0x0f)};
    __m512i state = _mm512_setr_epi32(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
    __mmask16 differ = 0;
    _mm_setcsr(saved | flush);
    // Unknown to the compiler, which must not compute any of this itself, without flushing.
    __asm__ volatile("" : "+v"(state));
    for (int round = 0; round < 256; round++) {
        __m512i numbers[5];
        for (int i = 0; i < 5; i++) {
            // A linear congruence, whose upper bits are good ones; exponents near 1, every other round near 2^-63, so
            // that products are denormal.
            state = _mm512_add_epi32(_mm512_mullo_epi32(state, _mm512_set1_epi32(1664525)), _mm512_set1_epi32(1013904223));
            const __m512i exponent = _mm512_and_si512(_mm512_srli_epi32(state, 9), exponents[1]);
            const __m512i base = _mm512_slli_epi32(round % 2 ? exponents[0] : _mm512_set1_epi32(0x78), 23);
            const __m512i mantissa = _mm512_srli_epi32(state, 9), sign = _mm512_slli_epi32(_mm512_srli_epi32(state, 30), 31);
            numbers[i] = _mm512_or_si512(sign, _mm512_or_si512(mantissa, _mm512_add_epi32(base, _mm512_slli_epi32(exponent, 23))));
        }
        const __m512i a = _mm512_or_si512(_mm512_and_si512(numbers[0], upper), _mm512_srli_epi32(numbers[1], 16));
        const __m512i b = _mm512_or_si512(_mm512_and_si512(numbers[2], upper), _mm512_srli_epi32(numbers[3], 16));
        const __m512 start = (__m512)(round % 2 ? _mm512_setzero_si512() : numbers[4]);
        const __m512 dot = _mm512_dpbf16_ps(start, (__m512bh)a, (__m512bh)b);
        __m512 chain = _mm512_fmadd_ps((__m512)_mm512_and_si512(a, upper), (__m512)_mm512_and_si512(b, upper), start);
        chain = _mm512_fmadd_ps((__m512)_mm512_slli_epi32(a, 16), (__m512)_mm512_slli_epi32(b, 16), chain);
        differ |= _mm512_cmpneq_epi32_mask((__m512i)dot, (__m512i)chain);
    }
    _mm_setcsr(saved);
    return !differ;
}

CK_AVX512_END
#endif
