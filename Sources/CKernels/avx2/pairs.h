// What products by pairs of bfloat16 need where they are multiply-adds of floats.
#pragma once
#include "vector.h"

enum { CK_PAIR_BYTES = 64 };  // a pair of columns of a panel

CK_AVX2_BEGIN

// Denormal numbers are zeros from here on, as factors and as results. Returns what ck_restore_denormals takes. Nothing
// that computes moves over either: both may write any memory.
CK_INLINE unsigned ck_flush_denormals(void) {
    const unsigned control = _mm_getcsr();
    _mm_setcsr(control | _MM_FLUSH_ZERO_ON | 0x40);
    __asm__ volatile("" ::: "memory");
    return control;
}

CK_INLINE void ck_restore_denormals(unsigned control) {
    __asm__ volatile("" ::: "memory");
    _mm_setcsr(control);
}

// Hidden from the compiler, as in ck_load_lanes.
CK_INLINE __m256i ck_upper_halves(void) {
    __m256i upper = _mm256_set1_epi32((int)0xffff0000);
    __asm__("" : "+x"(upper));
    return upper;
}

// ck_round_bfloat16, eight at a time.
CK_INLINE __m256 ck_round8(__m256 x) {
    const __m256i bits = _mm256_castps_si256(x), one = _mm256_set1_epi32(1);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), one);
    __m256i nearest = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    const __m256i magnitude = _mm256_and_si256(bits, _mm256_set1_epi32(0x7fffffff));
    const __m256i zero = _mm256_cmpgt_epi32(_mm256_set1_epi32(0x800000), magnitude);
    nearest = _mm256_andnot_si256(_mm256_and_si256(zero, _mm256_set1_epi32(0x7fffffff)), nearest);
    const __m256i nan = _mm256_cmpgt_epi32(magnitude, _mm256_set1_epi32(0x7f800000));
    nearest = _mm256_blendv_epi8(nearest, _mm256_or_si256(bits, _mm256_set1_epi32(0x400000)), nan);
    return _mm256_castsi256_ps(_mm256_and_si256(nearest, _mm256_set1_epi32((int)0xffff0000)));
}

CK_AVX2_END
