// The register tile of the products: 16 lanes of 1, 2 or 4 panels, 1 to 6 tokens, every accumulator in a register.
#pragma once
#include "vector.h"

typedef enum { ck_lanes_float32, ck_lanes_bfloat16, ck_lanes_float16 } ck_lanes;

CK_AVX2_BEGIN

// Sixteen (or eight) lanes, widened.
CK_INLINE void ck_load_lanes(const ck_lanes format, const size_t halves, const char *w, __m256 out[2]) {
    if (format == ck_lanes_float32) {
        out[0] = _mm256_loadu_ps((const float *)w);
        if (halves == 2) out[1] = _mm256_loadu_ps((const float *)w + 8);
    } else if (format == ck_lanes_float16) {
        out[0] = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)w));
        if (halves == 2) out[1] = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)w + 1));
    } else {
        const __m256i pair = _mm256_loadu_si256((const __m256i *)w);
        out[0] = _mm256_castsi256_ps(_mm256_slli_epi32(pair, 16));
        // Hidden from the compiler, which would make it a blend: that one competes with the multiply-adds for their
        // execution units (a quarter of the speed on Zen).
        __m256i high = _mm256_set1_epi32((int)0xffff0000);
        __asm__("" : "+x"(high));
        out[1] = _mm256_castsi256_ps(_mm256_and_si256(pair, high));
    }
}

// acc[p][t][lane] = fmaf(w[p][i][lane], x[i * x_step + t * x_row], acc[p][t][lane]) for i = 0 ..< n. format, second,
// halves, panels and width are constants at the call: every loop but the one over i is unrolled. Each panel is
// prefetched, `ahead` bytes on.
CK_INLINE void ck_tile(const ck_lanes format, const bool second, const size_t halves, const size_t panels,
                       const size_t width, size_t ahead, const char *w, size_t w_panel, size_t w_step, size_t n,
                       const float *x, size_t x_step, size_t x_row, float *acc, size_t acc_panel, size_t acc_row) {
    __m256 sum[4][6][2];
#pragma clang loop unroll(full)
    for (size_t p = 0; p < panels; p++) {
#pragma clang loop unroll(full)
        for (size_t t = 0; t < width; t++) {
#pragma clang loop unroll(full)
            for (size_t h = 0; h < halves; h++) {
                sum[p][t][h] = _mm256_loadu_ps(acc + p * acc_panel + t * acc_row + 8 * h);
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
#pragma clang loop unroll(full)
        for (size_t p = 0; p < panels; p++) {
            __m256 lanes[2];
            ck_load_lanes(format, halves, w + p * w_panel, lanes);
            ck_bring(second, w + p * w_panel + ahead);
#pragma clang loop unroll(full)
            for (size_t t = 0; t < width; t++) {
                const __m256 value = _mm256_broadcast_ss(x + t * x_row);
#pragma clang loop unroll(full)
                for (size_t h = 0; h < halves; h++) {
                    sum[p][t][h] = _mm256_fmadd_ps(lanes[h], value, sum[p][t][h]);
                }
            }
        }
        w += w_step;
        x += x_step;
    }
#pragma clang loop unroll(full)
    for (size_t p = 0; p < panels; p++) {
#pragma clang loop unroll(full)
        for (size_t t = 0; t < width; t++) {
#pragma clang loop unroll(full)
            for (size_t h = 0; h < halves; h++) {
                _mm256_storeu_ps(acc + p * acc_panel + t * acc_row + 8 * h, sum[p][t][h]);
            }
        }
    }
}

CK_AVX2_END
