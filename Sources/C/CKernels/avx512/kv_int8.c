// The two products of attention over one page of bytes: two dot products for four numbers of a lane, exact integers.
#if defined(__x86_64__)
#include "../common/kv_int8.h"
#include "../common/kv_tile.h"
#include "vector.h"

CK_AVX512_BEGIN

CK_INLINE __mmask16 part(size_t n) { return n < 16 ? (__mmask16)((1u << n) - 1) : (__mmask16)0xffff; }

// A row's numbers lie as [n / 4][high bytes of four, low bytes of four], both with a sign.
void ck_avx512_kv_quant_x(const float *x, size_t n, float *out) {
    __m512i bits = _mm512_setzero_si512(), sum = bits;
    for (size_t i = 0; i < n; i += 16) {
        const __m512i value = _mm512_castps_si512(_mm512_maskz_loadu_ps(part(n - i), x + i));
        bits = _mm512_max_epi32(bits, _mm512_and_si512(value, _mm512_set1_epi32(0x7fffffff)));
    }
    const ck_kv_x_scale scale = ck_make_kv_x_scale((uint32_t)_mm512_reduce_max_epi32(bits));
    const __m512 inverse = _mm512_set1_ps(scale.inverse);
    for (size_t i = 0; i < n; i += 16) {
        const __m512 value = _mm512_maskz_loadu_ps(part(n - i), x + i);
        const __m512i word = _mm512_cvtps_epi32(_mm512_mul_ps(value, inverse));
        const __m128i low = _mm512_cvtepi32_epi8(word);
        const __m128i high = _mm512_cvtepi32_epi8(_mm512_srai_epi32(_mm512_add_epi32(word, _mm512_set1_epi32(128)), 8));
        __m128i *to = (__m128i *)(out + 2 + i / 2);
        _mm_storeu_si128(to, _mm_unpacklo_epi32(high, low));
        _mm_storeu_si128(to + 1, _mm_unpackhi_epi32(high, low));
        sum = _mm512_add_epi32(sum, word);
    }
    ck_put_kv_x_head(out, scale.scale, _mm512_reduce_add_epi32(sum));
}

// Four numbers of a row, high or low bytes.
CK_INLINE __m512i four(const float *x) { return _mm512_set1_epi32((int32_t)ck_bits(*x)); }

CK_INLINE size_t lanes_of(const size_t blocks, const size_t width, const ck_kv_tile *a, size_t lane) {
    for (; lane + 16 * blocks <= a->lanes; lane += 16 * blocks) {
        __m512i high[8][CK_ATTENTION_TILE], low[8][CK_ATTENTION_TILE];
#pragma clang loop unroll(full)
        for (size_t t = 0; t < width; t++) {
#pragma clang loop unroll(full)
            for (size_t p = 0; p < blocks; p++) {
                high[p][t] = _mm512_setzero_si512();
                low[p][t] = _mm512_set1_epi32(ck_kv_x_bias(a->x + t * a->x_stride));
            }
        }
        const char *w = a->w + 4 * lane;
        const float *x = a->x + 2;
#pragma clang loop unroll(disable)
        for (size_t i = 0; i < a->n; i += 4) {
            __m512i bytes[8];
#pragma clang loop unroll(full)
            for (size_t p = 0; p < blocks; p++) {
                bytes[p] = _mm512_loadu_si512((const void *)(w + 64 * p));
                ck_bring(true, w + 64 * p + a->ahead);
            }
#pragma clang loop unroll(full)
            for (size_t t = 0; t < width; t++) {
                const __m512i upper = four(x + t * a->x_stride), lower = four(x + t * a->x_stride + 1);
#pragma clang loop unroll(full)
                for (size_t p = 0; p < blocks; p++) {
                    high[p][t] = _mm512_dpbusd_epi32(high[p][t], bytes[p], upper);
                    low[p][t] = _mm512_dpbusd_epi32(low[p][t], bytes[p], lower);
                }
            }
            w += 4 * a->w_stride;
            x += 2;
        }
#pragma clang loop unroll(full)
        for (size_t t = 0; t < width; t++) {
            const __m512 scale = _mm512_set1_ps(ck_kv_x_scale_of(a->x + t * a->x_stride));
#pragma clang loop unroll(full)
            for (size_t p = 0; p < blocks; p++) {
                float *to = a->acc + t * a->acc_stride + lane + 16 * p;
                const __m512i sum = _mm512_add_epi32(_mm512_slli_epi32(high[p][t], 8), low[p][t]);
                _mm512_storeu_ps(to, _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), scale, _mm512_loadu_ps(to)));
            }
        }
    }
    return lane;
}

// As many lane blocks as the accumulators leave room for.
CK_INLINE void width_of(const size_t width, const ck_kv_tile *a) {
    size_t lane = 0;
    if (width == 1) lane = lanes_of(8, 1, a, lane);
    if (width <= 3) lane = lanes_of(4, width, a, lane);
    lane = lanes_of(2, width, a, lane);
    lanes_of(1, width, a, lane);
}

void ck_avx512_kv_tile_int8(const void *w, size_t w_stride, size_t lanes, size_t n, const void *next, const float *x,
                            size_t x_stride, size_t rows, float *acc, size_t acc_stride) {
    const ck_kv_tile a = ck_make_kv_tile(w, w_stride, lanes, n, next, x, x_stride, acc, acc_stride);
    CK_KV_EACH_WIDTH(rows, width_of(width, &a))
}

CK_AVX512_END
#endif
