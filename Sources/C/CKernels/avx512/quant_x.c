// Quantisation of activations.
#if defined(__x86_64__)
#include "../common/quant.h"
#include "vector.h"

CK_AVX512_BEGIN

// One group of which the columns of the masks exist.
CK_INLINE void group(const float *x, __mmask16 low, __mmask16 high, int32_t offset, uint8_t *out) {
    const __m512 a = _mm512_maskz_loadu_ps(low, x), b = _mm512_maskz_loadu_ps(high, x + 16);
    const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
    const __m512i bits = _mm512_max_epi32(_mm512_and_si512(_mm512_castps_si512(a), magnitude),
                                          _mm512_and_si512(_mm512_castps_si512(b), magnitude));
    const int32_t largest = _mm512_reduce_max_epi32(bits);
    const float m = ck_from_bits((uint32_t)largest);
    __m256i values = _mm256_setzero_si256();
    float scale = largest < 0x7f800000 ? 0.0f : ck_from_bits(CK_NAN);
    int32_t sum = 0;
    if (largest < 0x7f800000 && m >= CK_QUANT_LEAST) {
        scale = m / 127.0f;
        const __m512 inverse = _mm512_set1_ps(127.0f / m);
        const __m128i first = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(a, inverse)));
        const __m128i second = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(b, inverse)));
        values = _mm256_set_m128i(second, first);
        const __m256i sums = _mm256_dpbusd_epi32(_mm256_setzero_si256(), _mm256_set1_epi8(1), values);
        __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
        four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
        sum = _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xb1)));
    }
    const int32_t start = CK_QUANT_START_BITS - offset * sum;
    _mm256_storeu_si256((__m256i *)out, values);
    memcpy(out + CK_GROUP_COLUMNS, &scale, sizeof scale);
    memcpy(out + CK_GROUP_COLUMNS + sizeof scale, &start, sizeof start);
}

void ck_avx512_quant_x(const float *x, size_t n, int32_t offset, uint8_t *out, size_t step) {
    for (; n >= CK_GROUP_COLUMNS; n -= CK_GROUP_COLUMNS) {
        group(x, 0xffff, 0xffff, offset, out);
        x += CK_GROUP_COLUMNS;
        out += step;
    }
    const uint32_t mask = (1u << n) - 1;
    if (n) group(x, (__mmask16)mask, (__mmask16)(mask >> 16), offset, out);
}

CK_AVX512_END
#endif
