// What the quantised rows of ck_kv_quant_x_kernel have in common: [float scale, int32 bias, 16 bits a number].
#pragma once
#include "internal.h"

// The largest integer that is two bytes with a sign, 127 * 256 + 127.
#define CK_KV_X_LARGEST 32639.0f
// Rows below this count as zeros, so that the quotient is finite.
#define CK_KV_X_LEAST 0x1p-100f

typedef struct {
    float scale, inverse;
} ck_kv_x_scale;

// From the bits of the largest magnitude, which of floats without a sign are in their order.
CK_INLINE ck_kv_x_scale ck_make_kv_x_scale(uint32_t largest) {
    const float m = ck_from_bits(largest);
    if (largest >= 0x7f800000) return (ck_kv_x_scale){ck_from_bits(CK_NAN), 0};
    if (m < CK_KV_X_LEAST) return (ck_kv_x_scale){0, 0};
    return (ck_kv_x_scale){m / CK_KV_X_LARGEST, CK_KV_X_LARGEST / m};
}

// The bias is what the sums begin with: stored integers are 128 too large.
CK_INLINE void ck_put_kv_x_head(float *out, float scale, int32_t sum) {
    // Without a sign, as rows with a NaN may have any sum.
    const uint32_t bias = -128u * (uint32_t)sum;
    memcpy(out, &scale, sizeof scale);
    memcpy(out + 1, &bias, sizeof bias);
}
CK_INLINE float ck_kv_x_scale_of(const float *x) { return *x; }
CK_INLINE int32_t ck_kv_x_bias(const float *x) { return (int32_t)ck_bits(x[1]); }
