// Whether this processor's dot product of bfloat16 has the bits that CK_BFLOAT16_PAIRS is defined by. Manuals describe
// it as two multiply-adds that round on their own; ranks on another make of processor would disagree if it fused them.
#if defined(__x86_64__)
#include "kernels.h"
#include "../avx2/pairs.h"

CK_AVX512BF16_BEGIN

// Sixteen floats whose exponents are from `exponent` to `exponent` + 15, all else at random: a linear congruence, whose
// upper bits are good ones.
CK_INLINE __m512i numbers(__m512i *state, int exponent) {
    *state = _mm512_add_epi32(_mm512_mullo_epi32(*state, _mm512_set1_epi32(1664525)), _mm512_set1_epi32(1013904223));
    const __m512i sign = _mm512_and_si512(*state, _mm512_set1_epi32((int)0x80000000));
    const __m512i rest = _mm512_and_si512(_mm512_srli_epi32(*state, 4), _mm512_set1_epi32(0x7ffffff));
    return _mm512_or_si512(sign, _mm512_add_epi32(rest, _mm512_set1_epi32(exponent << 23)));
}

CK_INLINE __m512i words(__m512i *state, int exponent, __m512i upper) {
    const __m512i high = numbers(state, exponent), low = numbers(state, exponent);
    return _mm512_or_si512(_mm512_and_si512(high, upper), _mm512_srli_epi32(low, 16));
}

bool ck_avx512bf16_is_chain(void) {
    const __m512i upper = _mm512_set1_epi32((int)0xffff0000);
    __m512i state = _mm512_setr_epi32(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
    __mmask16 differ = 0;
    const unsigned control = ck_flush_denormals();
    // Unknown to the compiler, which must not compute any of this itself, without flushing.
    __asm__ volatile("" : "+v"(state));
    for (int round = 0; round < 256; round++) {
        // Numbers near 1, and small ones, whose products are denormal or nearly so, alone.
        const bool small = round % 2;
        const __m512i a = words(&state, small ? 0x38 : 0x78, upper), b = words(&state, small ? 0x38 : 0x78, upper);
        const __m512 start = (__m512)(small ? _mm512_setzero_si512() : numbers(&state, 0x78));
        const __m512 dot = _mm512_dpbf16_ps(start, (__m512bh)a, (__m512bh)b);
        __m512 chain = _mm512_fmadd_ps((__m512)_mm512_and_si512(a, upper), (__m512)_mm512_and_si512(b, upper), start);
        chain = _mm512_fmadd_ps((__m512)_mm512_slli_epi32(a, 16), (__m512)_mm512_slli_epi32(b, 16), chain);
        differ |= _mm512_cmpneq_epi32_mask((__m512i)dot, (__m512i)chain);
    }
    ck_restore_denormals(control);
    return !differ;
}

CK_AVX512_END
#endif
