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

// The largest of the lanes of each of four.
CK_INLINE __m128i largest_of_four(const __m512i v[4]) {
    const __m512i ab = _mm512_max_epi32(_mm512_unpacklo_epi32(v[0], v[1]), _mm512_unpackhi_epi32(v[0], v[1]));
    const __m512i cd = _mm512_max_epi32(_mm512_unpacklo_epi32(v[2], v[3]), _mm512_unpackhi_epi32(v[2], v[3]));
    const __m512i all = _mm512_max_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
    const __m256i half = _mm256_max_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
    return _mm_max_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

// Two groups as bytes, from their numbers times what makes the largest of each 127.
CK_INLINE __m512i bytes_of_two(const __m512 x[4], __m512 first, __m512 second) {
    const __m512i order = _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
    const __m512i a = _mm512_packs_epi32(_mm512_cvtps_epi32(_mm512_mul_ps(x[0], first)),
                                         _mm512_cvtps_epi32(_mm512_mul_ps(x[1], first)));
    const __m512i b = _mm512_packs_epi32(_mm512_cvtps_epi32(_mm512_mul_ps(x[2], second)),
                                         _mm512_cvtps_epi32(_mm512_mul_ps(x[3], second)));
    return _mm512_permutexvar_epi32(order, _mm512_packs_epi16(a, b));
}

// Sums of four groups, in the order 0, 2, 1, 3 at lanes 0, 1, 8 and 9.
CK_INLINE __m512i sums_of_four(__m512i first, __m512i second) {
    const __m512i ones = _mm512_set1_epi8(1);
    const __m512i a = _mm512_dpbusd_epi32(_mm512_setzero_si512(), ones, first);
    const __m512i b = _mm512_dpbusd_epi32(_mm512_setzero_si512(), ones, second);
    __m512i sum = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    sum = _mm512_add_epi32(sum, _mm512_shuffle_epi32(sum, _MM_PERM_BADC));
    return _mm512_add_epi32(sum, _mm512_shuffle_i32x4(sum, sum, 0xb1));
}

// Four whole groups at once, if all of them have a scale; `false`: nothing is done.
CK_INLINE bool four_groups(const float *x, int32_t offset, uint8_t *out, size_t step) {
    const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
    __m512 numbers[8];
    __m512i bits[4];
    for (size_t i = 0; i < 8; i++) numbers[i] = _mm512_loadu_ps(x + 16 * i);
    for (size_t i = 0; i < 4; i++) {
        bits[i] = _mm512_max_epi32(_mm512_and_si512(_mm512_castps_si512(numbers[2 * i]), magnitude),
                                   _mm512_and_si512(_mm512_castps_si512(numbers[2 * i + 1]), magnitude));
    }
    const __m128i largest = largest_of_four(bits);
    const __m128 m = _mm_castsi128_ps(largest), most = _mm_set1_ps(127.0f);
    const __mmask8 finite = _mm_cmplt_epi32_mask(largest, _mm_set1_epi32(0x7f800000));
    if ((finite & _mm_cmp_ps_mask(m, _mm_set1_ps(CK_QUANT_LEAST), _CMP_GE_OQ)) != 0xf) return false;
    const __m512 inverse = _mm512_castps128_ps512(_mm_div_ps(most, m));
    __m512 each[4];
    for (int i = 0; i < 4; i++) each[i] = _mm512_permutexvar_ps(_mm512_set1_epi32(i), inverse);
    const __m512i first = bytes_of_two(numbers, each[0], each[1]), second = bytes_of_two(numbers + 4, each[2], each[3]);
    float scales[4];
    int32_t starts[16];
    _mm_storeu_ps(scales, _mm_div_ps(m, most));
    const __m512i more = _mm512_mullo_epi32(sums_of_four(first, second), _mm512_set1_epi32(offset));
    _mm512_storeu_si512(starts, _mm512_sub_epi32(_mm512_set1_epi32(CK_QUANT_START_BITS), more));
    const __m256i values[4] = {_mm512_castsi512_si256(first), _mm512_extracti64x4_epi64(first, 1),
                               _mm512_castsi512_si256(second), _mm512_extracti64x4_epi64(second, 1)};
    const size_t places[4] = {0, 8, 1, 9};
    for (size_t i = 0; i < 4; i++, out += step) {
        _mm256_storeu_si256((__m256i *)out, values[i]);
        memcpy(out + CK_GROUP_COLUMNS, &scales[i], sizeof *scales);
        memcpy(out + CK_GROUP_COLUMNS + sizeof *scales, &starts[places[i]], sizeof *starts);
    }
    return true;
}

void ck_avx512_quant_x(const float *x, size_t n, int32_t offset, uint8_t *out, size_t step) {
    while (n >= CK_GROUP_COLUMNS) {
        const size_t groups = n >= 4 * CK_GROUP_COLUMNS && four_groups(x, offset, out, step) ? 4 : 1;
        if (groups == 1) group(x, 0xffff, 0xffff, offset, out);
        x += groups * CK_GROUP_COLUMNS;
        n -= groups * CK_GROUP_COLUMNS;
        out += groups * step;
    }
    const uint32_t mask = (1u << n) - 1;
    if (n) group(x, (__mmask16)mask, (__mmask16)(mask >> 16), offset, out);
}

CK_AVX512_END
#endif
