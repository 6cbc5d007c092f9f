// Sixteen rows of one group of weights: scales and small integers. A lane is a row.
#if defined(__x86_64__)
#include "../common/quant.h"
#include "../common/quant_scales.h"
#include "vector.h"

CK_AVX512_BEGIN

CK_INLINE __m512 at(const float *w, size_t k) { return _mm512_loadu_ps(w + k * CK_PANEL_ROWS); }

CK_INLINE __m512 inverse(__m512 scale) {
    const __mmask16 some = _mm512_cmp_ps_mask(scale, _mm512_setzero_ps(), _CMP_NEQ_UQ);
    return _mm512_maskz_div_ps(some, _mm512_set1_ps(1.0f), scale);
}

CK_INLINE __m256i to_half(__m512 scale) {
    const __m512 clamped = _mm512_max_ps(_mm512_min_ps(scale, _mm512_set1_ps(65504.0f)), _mm512_set1_ps(-65504.0f));
    return _mm512_cvtps_ph(clamped, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

CK_INLINE __m512 half(__m512 scale) { return _mm512_cvtph_ps(to_half(scale)); }

CK_INLINE __m512 clamped(__m512 w, __m512 inverse, float low, float high) {
    return _mm512_min_ps(_mm512_max_ps(_mm512_mul_ps(w, inverse), _mm512_set1_ps(low)), _mm512_set1_ps(high));
}

CK_INLINE __m512 quantised(__m512 w, __m512 inverse) {
    return _mm512_roundscale_ps(clamped(w, inverse, -8, 7), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

// The value of largest magnitude, the first of several, and the rows that are finite.
CK_INLINE __m512 largest(const float *w, __mmask16 *finite) {
    const __m512i infinity = _mm512_set1_epi32(0x7f800000);
    __m512i best = _mm512_setzero_si512(), magnitude = best;
    for (size_t k = 0; k < CK_GROUP_COLUMNS; k++) {
        const __m512i value = _mm512_castps_si512(at(w, k));
        const __m512i size = _mm512_and_si512(value, _mm512_set1_epi32(0x7fffffff));
        best = _mm512_mask_mov_epi32(best, _mm512_cmpgt_epi32_mask(size, magnitude), value);
        magnitude = _mm512_max_epi32(magnitude, size);
    }
    *finite = _mm512_cmplt_epi32_mask(magnitude, infinity);
    return _mm512_maskz_mov_ps(*finite, _mm512_castsi512_ps(best));
}

CK_INLINE void store_scales(__m256i halves, __mmask16 finite, uint16_t *scales) {
    const __m256i nan = _mm256_set1_epi16((short)CK_QUANT_HALF_NAN);
    _mm256_storeu_si256((__m256i *)scales, _mm256_mask_mov_epi16(nan, finite, halves));
}

void ck_avx512_quant_group_q8(const float *w, uint16_t *scales, uint8_t *values) {
    __mmask16 finite;
    const __m512 m = _mm512_abs_ps(largest(w, &finite));
    const __m256i halves = to_half(_mm512_div_ps(m, _mm512_set1_ps(127.0f)));
    const __m512 inv = inverse(_mm512_cvtph_ps(halves));
    store_scales(halves, finite, scales);
    for (size_t quad = 0; quad < 8; quad++) {
        __m512i bytes = _mm512_setzero_si512();
#pragma clang loop unroll(full)
        for (unsigned b = 0; b < 4; b++) {
            const __m512i value = _mm512_cvtps_epi32(clamped(at(w, 4 * quad + b), inv, -127, 127));
            const __m512i byte = _mm512_and_si512(value, _mm512_set1_epi32(255));
            bytes = _mm512_or_si512(bytes, _mm512_slli_epi32(byte, 8 * b));
        }
        _mm512_storeu_si512((void *)(values + 64 * quad), _mm512_maskz_mov_epi32(finite, bytes));
    }
}

CK_INLINE __m512 squared_error(const float *w, __m512 scale) {
    const __m512 inv = inverse(scale);
    __m512 error = _mm512_setzero_ps();
#pragma clang loop unroll_count(8)
    for (size_t k = 0; k < CK_GROUP_COLUMNS; k++) {
        const __m512 rest = _mm512_fnmadd_ps(scale, quantised(at(w, k), inv), at(w, k));
        error = _mm512_fmadd_ps(rest, rest, error);
    }
    return error;
}

CK_INLINE __m512 refined(const float *w, __m512 scale) {
    const __m512 inv = inverse(scale);
    __m512 product = _mm512_setzero_ps(), square = product;
    for (size_t k = 0; k < CK_GROUP_COLUMNS; k++) {
        const __m512 value = quantised(at(w, k), inv);
        product = _mm512_fmadd_ps(at(w, k), value, product);
        square = _mm512_fmadd_ps(value, value, square);
    }
    const __mmask16 some = _mm512_cmp_ps_mask(square, _mm512_setzero_ps(), _CMP_NEQ_UQ);
    return half(_mm512_maskz_div_ps(some, product, square));
}

CK_INLINE __m512 best_scale(const float *w, __m512 m) {
    __m512 best = half(_mm512_mul_ps(m, _mm512_set1_ps(ck_q4_factors[0]))), least = squared_error(w, best);
    for (size_t i = 1; i <= ck_q4_tries; i++) {
        const __m512 scale = i < ck_q4_tries ? half(_mm512_mul_ps(m, _mm512_set1_ps(ck_q4_factors[i]))) : refined(w, best);
        const __m512 error = squared_error(w, scale);
        const __mmask16 less = _mm512_cmp_ps_mask(error, least, _CMP_LT_OQ);
        least = _mm512_mask_mov_ps(least, less, error);
        best = _mm512_mask_mov_ps(best, less, scale);
    }
    return best;
}

// Four columns as nibbles in the low halves of the bytes.
CK_INLINE __m512i nibbles(const float *w, __m512 inverse) {
    __m512i bytes = _mm512_setzero_si512();
#pragma clang loop unroll(full)
    for (unsigned b = 0; b < 4; b++) {
        const __m512i value = _mm512_cvtps_epi32(clamped(at(w, b), inverse, -8, 7));
        bytes = _mm512_or_si512(bytes, _mm512_slli_epi32(_mm512_add_epi32(value, _mm512_set1_epi32(8)), 8 * b));
    }
    return bytes;
}

void ck_avx512_quant_group_q4(const float *w, uint16_t *scales, uint8_t *values) {
    __mmask16 finite;
    const __m512 m = largest(w, &finite), scale = best_scale(w, m), inv = inverse(scale);
    store_scales(to_half(scale), finite, scales);
    for (size_t quad = 0; quad < 4; quad++) {
        const __m512i low = nibbles(w + 4 * quad * CK_PANEL_ROWS, inv);
        const __m512i high = nibbles(w + (16 + 4 * quad) * CK_PANEL_ROWS, inv);
        const __m512i both = _mm512_or_si512(low, _mm512_slli_epi32(high, 4));
        _mm512_storeu_si512((void *)(values + 64 * quad), _mm512_mask_mov_epi32(_mm512_set1_epi8((char)0x88), finite, both));
    }
}

CK_AVX512_END
#endif
