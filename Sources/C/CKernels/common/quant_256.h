// What quantised products in registers of 256 bits have in common, with VNNI and without.
//
// It is included between the begin and the end of an instruction set, so that it is compiled for it.
#pragma once

// Four bytes, eight times.
CK_INLINE __m256i ck_word(const uint8_t *p) {
    int32_t word;
    memcpy(&word, p, sizeof word);
    return _mm256_set1_epi32(word);
}

// Adds one group to the sums of eight rows: the integers, which are the bits of CK_QUANT_START + dot, times both scales.
CK_INLINE void ck_add_group(__m256i dot, __m256 scale, __m256 less, __m256 token, float *sum) {
    const __m256 scaled = _mm256_fmadd_ps(_mm256_castsi256_ps(dot), scale, less);
    _mm256_storeu_ps(sum, _mm256_fmadd_ps(scaled, token, _mm256_loadu_ps(sum)));
}

// What the integers of rows of this scale are too large by, negative.
CK_INLINE __m256 ck_less(__m256 scale) { return _mm256_mul_ps(scale, _mm256_set1_ps(-CK_QUANT_START)); }

// Any NaN becomes the one NaN.
CK_INLINE void ck_one_nan(float *acc, size_t cells) {
    const __m256 nan = _mm256_castsi256_ps(_mm256_set1_epi32((int)CK_NAN));
    for (size_t i = 0; i < cells; i += 8) {
        const __m256 value = _mm256_loadu_ps(acc + i);
        _mm256_storeu_ps(acc + i, _mm256_blendv_ps(value, nan, _mm256_cmp_ps(value, value, _CMP_UNORD_Q)));
    }
}
