// The register tile of the products: 16 lanes of up to 8 panels, 1 to 12 tokens, at most 24 accumulators.
#pragma once
#include "vector.h"

typedef enum { ck_wide_float32, ck_wide_bfloat16, ck_wide_float16 } ck_wide_lanes;

CK_AVX512_BEGIN

// What spreads the 16 weights of a bfloat16 column, [8] uint32 of rows j and 8 + j, over 16 lanes: the low half of each
// word into the upper half of lanes 0 to 7, the high half into that of lanes 8 to 15. One shuffle a column; hidden from
// the compiler, which would make shifts and blends of it.
CK_INLINE __m512i ck_wide_spread(void) {
    const __m128i low = _mm_setr_epi8(-1, -1, 0, 1, -1, -1, 4, 5, -1, -1, 8, 9, -1, -1, 12, 13);
    const __m128i high = _mm_setr_epi8(-1, -1, 2, 3, -1, -1, 6, 7, -1, -1, 10, 11, -1, -1, 14, 15);
    __m512i spread = _mm512_inserti64x4(_mm512_broadcast_i32x4(low), _mm256_broadcastsi128_si256(high), 1);
    __asm__("" : "+v"(spread));
    return spread;
}

// Sixteen lanes, widened.
CK_INLINE __m512 ck_load16(const ck_wide_lanes format, const char *w, __m512i spread) {
    if (format == ck_wide_float32) return _mm512_loadu_ps((const float *)w);
    const __m256i column = _mm256_loadu_si256((const __m256i *)w);
    if (format == ck_wide_float16) return _mm512_cvtph_ps(column);
    return _mm512_castsi512_ps(_mm512_shuffle_epi8(_mm512_broadcast_i64x4(column), spread));
}

// acc[p][t][lane] = fmaf(w[p][i][lane], x[i * x_step + t * x_row], acc[p][t][lane]) for i = 0 ..< n. format, second,
// panels and width are constants at the call: every loop but the one over i is unrolled. Each panel is prefetched,
// `ahead` bytes on while i < near, then `beyond` bytes on.
CK_INLINE void ck_wide_tile(const ck_wide_lanes format, const bool second, const size_t panels, const size_t width,
                            size_t near, size_t ahead, size_t beyond, const char *w, size_t w_panel, size_t w_step,
                            size_t n, const float *x, size_t x_step, size_t x_row, float *acc, size_t acc_panel,
                            size_t acc_row) {
    __m512 sum[8][12];
    const __m512i spread = ck_wide_spread();
#pragma clang loop unroll(full)
    for (size_t p = 0; p < panels; p++) {
#pragma clang loop unroll(full)
        for (size_t t = 0; t < width; t++) sum[p][t] = _mm512_loadu_ps(acc + p * acc_panel + t * acc_row);
    }
    for (size_t i = 0, end = near; i < n; end = n, ahead = beyond) {
#pragma clang loop unroll(disable)
        for (; i < end; i++) {
            __m512 lanes[8];
#pragma clang loop unroll(full)
            for (size_t p = 0; p < panels; p++) {
                lanes[p] = ck_load16(format, w + p * w_panel, spread);
                ck_bring(second, w + p * w_panel + ahead);
            }
#pragma clang loop unroll(full)
            for (size_t t = 0; t < width; t++) {
                const __m512 value = _mm512_set1_ps(x[t * x_row]);
#pragma clang loop unroll(full)
                for (size_t p = 0; p < panels; p++) sum[p][t] = _mm512_fmadd_ps(lanes[p], value, sum[p][t]);
            }
            w += w_step;
            x += x_step;
        }
    }
#pragma clang loop unroll(full)
    for (size_t p = 0; p < panels; p++) {
#pragma clang loop unroll(full)
        for (size_t t = 0; t < width; t++) _mm512_storeu_ps(acc + p * acc_panel + t * acc_row, sum[p][t]);
    }
}

CK_AVX512_END
