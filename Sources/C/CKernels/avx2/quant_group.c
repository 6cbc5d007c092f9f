// Sixteen rows of one group of weights: scales and small integers. A lane is a row; eight rows at a time.
#if defined(__x86_64__)
#include "../common/quant.h"
#include "../common/quant_scales.h"
#include "vector.h"

CK_AVX2_BEGIN

CK_INLINE __m256 at(const float *w, size_t k) { return _mm256_loadu_ps(w + k * CK_PANEL_ROWS); }

CK_INLINE __m256 quotient(__m256 a, __m256 b) {
    const __m256 some = _mm256_cmp_ps(b, _mm256_setzero_ps(), _CMP_NEQ_UQ);
    return _mm256_and_ps(some, _mm256_div_ps(a, b));
}

CK_INLINE __m256 inverse(__m256 scale) { return quotient(_mm256_set1_ps(1.0f), scale); }

CK_INLINE __m128i to_half(__m256 scale) {
    const __m256 clamped = _mm256_max_ps(_mm256_min_ps(scale, _mm256_set1_ps(65504.0f)), _mm256_set1_ps(-65504.0f));
    return _mm256_cvtps_ph(clamped, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

CK_INLINE __m256 half(__m256 scale) { return _mm256_cvtph_ps(to_half(scale)); }

CK_INLINE __m256 clamped(__m256 w, __m256 inverse, float low, float high) {
    return _mm256_min_ps(_mm256_max_ps(_mm256_mul_ps(w, inverse), _mm256_set1_ps(low)), _mm256_set1_ps(high));
}

CK_INLINE __m256 quantised(__m256 w, __m256 inverse) {
    return _mm256_round_ps(clamped(w, inverse, -8, 7), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

// The value of largest magnitude, the first of several, and the rows that are finite.
CK_INLINE __m256 largest(const float *w, __m256i *finite) {
    __m256i best = _mm256_setzero_si256(), magnitude = best;
    for (size_t k = 0; k < CK_GROUP_COLUMNS; k++) {
        const __m256i value = _mm256_castps_si256(at(w, k));
        const __m256i size = _mm256_and_si256(value, _mm256_set1_epi32(0x7fffffff));
        best = _mm256_blendv_epi8(best, value, _mm256_cmpgt_epi32(size, magnitude));
        magnitude = _mm256_max_epi32(magnitude, size);
    }
    *finite = _mm256_cmpgt_epi32(_mm256_set1_epi32(0x7f800000), magnitude);
    return _mm256_castsi256_ps(_mm256_and_si256(*finite, best));
}

CK_INLINE void store_scales(__m128i halves, __m256i finite, uint16_t *scales) {
    const __m128i mask = _mm_packs_epi32(_mm256_castsi256_si128(finite), _mm256_extracti128_si256(finite, 1));
    const __m128i nan = _mm_set1_epi16((short)CK_QUANT_HALF_NAN);
    _mm_storeu_si128((__m128i *)scales, _mm_blendv_epi8(nan, halves, mask));
}

CK_INLINE void half_group_q8(const float *w, uint16_t *scales, uint8_t *values) {
    __m256i finite;
    const __m256 m = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), largest(w, &finite));
    const __m128i halves = to_half(_mm256_div_ps(m, _mm256_set1_ps(127.0f)));
    const __m256 inv = inverse(_mm256_cvtph_ps(halves));
    store_scales(halves, finite, scales);
    for (size_t quad = 0; quad < 8; quad++) {
        __m256i bytes = _mm256_setzero_si256();
#pragma clang loop unroll(full)
        for (int b = 0; b < 4; b++) {
            const __m256i value = _mm256_cvtps_epi32(clamped(at(w, 4 * quad + (size_t)b), inv, -127, 127));
            bytes = _mm256_or_si256(bytes, _mm256_slli_epi32(_mm256_and_si256(value, _mm256_set1_epi32(255)), 8 * b));
        }
        _mm256_storeu_si256((__m256i *)(values + 64 * quad), _mm256_and_si256(finite, bytes));
    }
}

void ck_avx2_quant_group_q8(const float *w, uint16_t *scales, uint8_t *values) {
    half_group_q8(w, scales, values);
    half_group_q8(w + 8, scales + 8, values + 32);
}

CK_INLINE __m256 squared_error(const float *w, __m256 scale) {
    const __m256 inv = inverse(scale);
    __m256 error = _mm256_setzero_ps();
#pragma clang loop unroll_count(8)
    for (size_t k = 0; k < CK_GROUP_COLUMNS; k++) {
        const __m256 rest = _mm256_fnmadd_ps(scale, quantised(at(w, k), inv), at(w, k));
        error = _mm256_fmadd_ps(rest, rest, error);
    }
    return error;
}

CK_INLINE __m256 refined(const float *w, __m256 scale) {
    const __m256 inv = inverse(scale);
    __m256 product = _mm256_setzero_ps(), square = product;
    for (size_t k = 0; k < CK_GROUP_COLUMNS; k++) {
        const __m256 value = quantised(at(w, k), inv);
        product = _mm256_fmadd_ps(at(w, k), value, product);
        square = _mm256_fmadd_ps(value, value, square);
    }
    return half(quotient(product, square));
}

CK_INLINE __m256 best_scale(const float *w, __m256 m) {
    __m256 best = half(_mm256_mul_ps(m, _mm256_set1_ps(ck_q4_factors[0]))), least = squared_error(w, best);
    for (size_t i = 1; i <= ck_q4_tries; i++) {
        const __m256 scale = i < ck_q4_tries ? half(_mm256_mul_ps(m, _mm256_set1_ps(ck_q4_factors[i]))) : refined(w, best);
        const __m256 error = squared_error(w, scale);
        const __m256 less = _mm256_cmp_ps(error, least, _CMP_LT_OQ);
        least = _mm256_blendv_ps(least, error, less);
        best = _mm256_blendv_ps(best, scale, less);
    }
    return best;
}

// Four columns as nibbles in the low halves of the bytes.
CK_INLINE __m256i nibbles(const float *w, __m256 inverse) {
    __m256i bytes = _mm256_setzero_si256();
#pragma clang loop unroll(full)
    for (int b = 0; b < 4; b++) {
        const __m256i value = _mm256_cvtps_epi32(clamped(at(w, (size_t)b), inverse, -8, 7));
        bytes = _mm256_or_si256(bytes, _mm256_slli_epi32(_mm256_add_epi32(value, _mm256_set1_epi32(8)), 8 * b));
    }
    return bytes;
}

CK_INLINE void half_group_q4(const float *w, uint16_t *scales, uint8_t *values) {
    __m256i finite;
    const __m256 m = largest(w, &finite), scale = best_scale(w, m), inv = inverse(scale);
    store_scales(to_half(scale), finite, scales);
    for (size_t quad = 0; quad < 4; quad++) {
        const __m256i low = nibbles(w + 4 * quad * CK_PANEL_ROWS, inv);
        const __m256i high = nibbles(w + (16 + 4 * quad) * CK_PANEL_ROWS, inv);
        const __m256i both = _mm256_or_si256(low, _mm256_slli_epi32(high, 4));
        _mm256_storeu_si256((__m256i *)(values + 64 * quad), _mm256_blendv_epi8(_mm256_set1_epi8((char)0x88), both, finite));
    }
}

void ck_avx2_quant_group_q4(const float *w, uint16_t *scales, uint8_t *values) {
    half_group_q4(w, scales, values);
    half_group_q4(w + 8, scales + 8, values + 32);
}

CK_AVX2_END
#endif
