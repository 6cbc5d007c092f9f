// Quantisation of activations.
#if defined(__x86_64__)
#include "../common/quant.h"
#include "vector.h"

CK_AVX2_BEGIN

CK_INLINE void group(const float *x, int32_t offset, uint8_t *out) {
    __m256 part[4];
    __m256i bits = _mm256_setzero_si256(), values = bits;
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 4; i++) {
        part[i] = _mm256_loadu_ps(x + 8 * i);
        bits = _mm256_max_epi32(bits, _mm256_and_si256(_mm256_castps_si256(part[i]), _mm256_set1_epi32(0x7fffffff)));
    }
    const int32_t largest = ck_max8_int32(bits);
    const float m = ck_from_bits((uint32_t)largest);
    float scale = largest < 0x7f800000 ? 0.0f : ck_from_bits(CK_NAN);
    int32_t sum = 0;
    if (largest < 0x7f800000 && m >= CK_QUANT_LEAST) {
        scale = m / 127.0f;
        const __m256 inverse = _mm256_set1_ps(127.0f / m);
        __m256i words[4];
#pragma clang loop unroll(full)
        for (size_t i = 0; i < 4; i++) words[i] = _mm256_cvtps_epi32(_mm256_mul_ps(part[i], inverse));
        sum = ck_sum8_int32(_mm256_add_epi32(_mm256_add_epi32(words[0], words[1]), _mm256_add_epi32(words[2], words[3])));
        const __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(words[0], words[1]),
                                                 _mm256_packs_epi32(words[2], words[3]));
        values = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    }
    const int32_t start = CK_QUANT_START_BITS - offset * sum;
    _mm256_storeu_si256((__m256i *)out, values);
    memcpy(out + CK_GROUP_COLUMNS, &scale, sizeof scale);
    memcpy(out + CK_GROUP_COLUMNS + sizeof scale, &start, sizeof start);
}

void ck_avx2_quant_x(const float *x, size_t n, int32_t offset, uint8_t *out, size_t step) {
    for (; n >= CK_GROUP_COLUMNS; n -= CK_GROUP_COLUMNS) {
        group(x, offset, out);
        x += CK_GROUP_COLUMNS;
        out += step;
    }
    if (n == 0) return;
    float last[CK_GROUP_COLUMNS] = {0};
    memcpy(last, x, n * sizeof *x);
    group(last, offset, out);
}

CK_AVX2_END
#endif
