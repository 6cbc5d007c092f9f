// The two products of attention over one page of bytes: two products of words for four numbers of a lane, exact integers.
#if defined(__x86_64__)
#include "../common/kv_int8.h"
#include "../common/kv_tile.h"
#include "vector.h"

CK_AVX2_BEGIN

// A row's numbers lie as [n / 4][0, 2, 1, 3], so that the even bytes of a word of the cache meet the first two.
void ck_avx2_kv_quant_x(const float *x, size_t n, float *out) {
    __m256i bits = _mm256_setzero_si256(), sum = bits;
    for (size_t i = 0; i < n; i += 8) {
        const __m256i value = _mm256_castps_si256(_mm256_maskload_ps(x + i, ck_mask8(n - i)));
        bits = _mm256_max_epi32(bits, _mm256_and_si256(value, _mm256_set1_epi32(0x7fffffff)));
    }
    const ck_kv_x_scale scale = ck_make_kv_x_scale((uint32_t)ck_max8_int32(bits));
    const __m256 inverse = _mm256_set1_ps(scale.inverse);
    for (size_t i = 0; i < n; i += 8) {
        const __m256 value = _mm256_maskload_ps(x + i, ck_mask8(n - i));
        const __m256i word = _mm256_cvtps_epi32(_mm256_mul_ps(value, inverse));
        const __m256i ordered = _mm256_shuffle_epi32(word, 0xd8);
        const __m128i pairs = _mm_packs_epi32(_mm256_castsi256_si128(ordered), _mm256_extracti128_si256(ordered, 1));
        _mm_storeu_si128((__m128i *)(out + 2 + i / 2), pairs);
        sum = _mm256_add_epi32(sum, word);
    }
    ck_put_kv_x_head(out, scale.scale, ck_sum8_int32(sum));
}

// Two numbers of a row.
CK_INLINE __m256i two(const float *x) { return _mm256_set1_epi32((int32_t)ck_bits(*x)); }

CK_INLINE size_t lanes_of(const size_t blocks, const size_t width, const ck_kv_tile *a, size_t lane) {
    for (; lane + 8 * blocks <= a->lanes; lane += 8 * blocks) {
        __m256i sum[4][CK_ATTENTION_TILE];
#pragma clang loop unroll(full)
        for (size_t t = 0; t < width; t++) {
#pragma clang loop unroll(full)
            for (size_t p = 0; p < blocks; p++) sum[p][t] = _mm256_set1_epi32(ck_kv_x_bias(a->x + t * a->x_stride));
        }
        const char *w = a->w + 4 * lane;
        const float *x = a->x + 2;
#pragma clang loop unroll(disable)
        for (size_t i = 0; i < a->n; i += 4) {
#pragma clang loop unroll(full)
            for (size_t p = 0; p < blocks; p++) {
                const __m256i bytes = _mm256_loadu_si256((const __m256i *)(w + 32 * p));
                if (p % 2 == 0) ck_bring(true, w + 32 * p + a->ahead);
                const __m256i even = _mm256_and_si256(bytes, _mm256_set1_epi16(0xff)), odd = _mm256_srli_epi16(bytes, 8);
#pragma clang loop unroll(full)
                for (size_t t = 0; t < width; t++) {
                    const __m256i first = _mm256_madd_epi16(even, two(x + t * a->x_stride));
                    const __m256i second = _mm256_madd_epi16(odd, two(x + t * a->x_stride + 1));
                    sum[p][t] = _mm256_add_epi32(sum[p][t], _mm256_add_epi32(first, second));
                }
            }
            w += 4 * a->w_stride;
            x += 2;
        }
#pragma clang loop unroll(full)
        for (size_t t = 0; t < width; t++) {
            const __m256 scale = _mm256_set1_ps(ck_kv_x_scale_of(a->x + t * a->x_stride));
#pragma clang loop unroll(full)
            for (size_t p = 0; p < blocks; p++) {
                float *to = a->acc + t * a->acc_stride + lane + 8 * p;
                _mm256_storeu_ps(to, _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[p][t]), scale, _mm256_loadu_ps(to)));
            }
        }
    }
    return lane;
}

// 16 or 32 lanes at once, as the accumulators leave room for.
CK_INLINE void width_of(const size_t width, const ck_kv_tile *a) {
    size_t lane = 0;
    if (width <= 2) lane = lanes_of(4, width, a, lane);
    lanes_of(2, width, a, lane);
}

void ck_avx2_kv_tile_int8(const void *w, size_t w_stride, size_t lanes, size_t n, const void *next, const float *x,
                          size_t x_stride, size_t rows, float *acc, size_t acc_stride) {
    const ck_kv_tile a = ck_make_kv_tile(w, w_stride, lanes, n, next, x, x_stride, acc, acc_stride);
    CK_KV_EACH_WIDTH(rows, width_of(width, &a))
}

CK_AVX2_END
#endif
