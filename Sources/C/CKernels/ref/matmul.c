// One output is one chain of fused multiply-adds over the columns in increasing order.
//
// By pairs of bfloat16, denormal numbers are zeros, as factors and as results.
#include "kernels.h"
#include <float.h>

CK_INLINE float flushed(float value) { return fabsf(value) < FLT_MIN ? copysignf(0.0f, value) : value; }

// fmaf(a, b, c) as x86 computes it with DAZ and FTZ; c is never denormal.
static float flushed_fma(float a, float b, float c) {
    a = flushed(a);
    b = flushed(b);
    const float sum = fmaf(a, b, c);
    // A result that denormal precision rounds up to 2^-126 and 24 bits do not is denormal. No factor is large then.
    if (fabsf(sum) == FLT_MIN && fabsf(fmaf(a * 0x1p64f, b, c * 0x1p64f)) < FLT_MIN * 0x1p64f) {
        return copysignf(0.0f, sum);
    }
    return flushed(sum);
}

void ck_ref_matmul_tile(const ck_matrix *w, size_t panel, size_t panels, size_t k_begin, size_t k_end, const float *x,
                        size_t width, float *acc) {
    for (size_t p = 0; p < panels; p++) {
        const char *weights = ck_panel(w, panel + p);
        for (size_t t = 0; t < width; t++) {
            float *out = acc + (p * width + t) * CK_PANEL_ROWS;
            for (size_t row = 0; row < CK_PANEL_ROWS; row++) {
                float sum = out[row];
                for (size_t k = k_begin; k < k_end; k++) {
                    const float weight = ck_weight(w->storage, weights, k, row), value = x[(k - k_begin) * width + t];
                    sum = w->storage == CK_BFLOAT16_PAIRS ? flushed_fma(weight, value, sum) : fmaf(weight, value, sum);
                }
                out[row] = sum;
            }
        }
    }
}
