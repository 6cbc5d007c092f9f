// The two products of attention over one page of bytes: exact integers.
#include "../common/kv_int8.h"
#include "kernels.h"

void ck_ref_kv_quant_x(const float *x, size_t n, float *out) {
    uint32_t largest = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t magnitude = ck_bits(x[i]) & 0x7fffffff;
        if (magnitude > largest) largest = magnitude;
    }
    const ck_kv_x_scale scale = ck_make_kv_x_scale(largest);
    int32_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        // Adding 1.5 * 2^23 rounds to an integer, ties to even, which is then in the low bits.
        const int16_t value = (int16_t)ck_bits(x[i] * scale.inverse + 0x1.8p23f);
        memcpy((char *)(out + 2) + i * sizeof value, &value, sizeof value);
        sum += value;
    }
    ck_put_kv_x_head(out, scale.scale, sum);
}

void ck_ref_kv_tile_int8(const void *w, size_t w_stride, size_t lanes, size_t n, const void *next, const float *x,
                         size_t x_stride, size_t width, float *acc, size_t acc_stride) {
    (void)next;
    for (size_t t = 0; t < width; t++) {
        const float *row = x + t * x_stride;
        for (size_t lane = 0; lane < lanes; lane++) {
            int32_t sum = 0;
            for (size_t i = 0; i < n; i++) {
                const uint8_t stored = ((const uint8_t *)w)[(i / 4 * w_stride + lane) * 4 + i % 4];
                int16_t value;
                memcpy(&value, (const char *)(row + 2) + i * sizeof value, sizeof value);
                sum += (stored - 128) * value;
            }
            acc[t * acc_stride + lane] = fmaf((float)sum, ck_kv_x_scale_of(row), acc[t * acc_stride + lane]);
        }
    }
}
