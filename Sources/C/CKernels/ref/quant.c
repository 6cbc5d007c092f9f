// Quantised products: exact integer products of groups, scaled and added, as ck_quant.h defines them.
#include "../common/quant.h"
#include "kernels.h"

// To nearest, ties to even, for magnitudes below 2^22.
static float nearest(float x) { return (x + 0x1.8p23f) - 0x1.8p23f; }

void ck_ref_quant_x(const float *x, size_t n, int32_t offset, uint8_t *out, size_t step) {
    for (size_t begin = 0; begin < n; begin += CK_GROUP_COLUMNS, out += step) {
        const size_t count = n - begin < CK_GROUP_COLUMNS ? n - begin : CK_GROUP_COLUMNS;
        uint32_t largest = 0;
        for (size_t i = 0; i < count; i++) {
            const uint32_t magnitude = ck_bits(x[begin + i]) & 0x7fffffff;
            if (magnitude > largest) largest = magnitude;
        }
        const float m = ck_from_bits(largest);
        const int finite = largest < 0x7f800000, counts = finite && m >= CK_QUANT_LEAST;
        const float scale = finite ? counts ? m / 127.0f : 0.0f : ck_from_bits(CK_NAN);
        const float inverse = counts ? 127.0f / m : 0.0f;
        int8_t values[CK_GROUP_COLUMNS] = {0};
        int32_t sum = 0;
        for (size_t i = 0; i < count && counts; i++) {
            values[i] = (int8_t)nearest(x[begin + i] * inverse);
            sum += values[i];
        }
        const int32_t start = CK_QUANT_START_BITS - offset * sum;
        memcpy(out, values, sizeof values);
        memcpy(out + CK_GROUP_COLUMNS, &scale, sizeof scale);
        memcpy(out + CK_GROUP_COLUMNS + sizeof scale, &start, sizeof start);
    }
}

CK_INLINE void tile(ck_quant quant, const uint8_t *w, size_t panel_bytes, size_t panels, size_t groups,
                    const uint8_t *x, size_t width, float *acc, bool fresh) {
    for (size_t i = 0; i < panels * width * CK_PANEL_ROWS; i++) {
        const size_t p = i / (width * CK_PANEL_ROWS), t = i / CK_PANEL_ROWS % width, row = i % CK_PANEL_ROWS;
        float sum = fresh ? 0.0f : acc[i];
        for (size_t g = 0; g < groups; g++) {
            const uint8_t *values = ck_group_values(quant, w + p * panel_bytes, g);
            const uint8_t *token = x + (g * width + t) * CK_QUANT_X_BYTES;
            int32_t dot = 0;
            for (size_t k = 0; k < CK_GROUP_COLUMNS; k++) {
                dot += ck_group_weight(quant, values, k, row) * (int8_t)token[k];
            }
            uint16_t half;
            float scale;
            memcpy(&half, ck_group_scales(quant, w + p * panel_bytes, g) + 2 * row, sizeof half);
            memcpy(&scale, token + CK_GROUP_COLUMNS, sizeof scale);
            const float w_scale = ck_half_to_float(half);
            // +0, or a NaN if the scale is infinite.
            sum = fmaf(fmaf((float)dot, w_scale, w_scale - w_scale), scale, sum);
        }
        acc[i] = isnan(sum) ? ck_from_bits(CK_NAN) : sum;
    }
}

void ck_ref_quant_tile_q8(const uint8_t *w, size_t panel_bytes, size_t panels, size_t groups, ptrdiff_t jump,
                          const uint8_t *x, size_t width, float *acc, bool fresh) {
    (void)jump;
    tile(CK_Q8, w, panel_bytes, panels, groups, x, width, acc, fresh);
}

void ck_ref_quant_tile_q4(const uint8_t *w, size_t panel_bytes, size_t panels, size_t groups, ptrdiff_t jump,
                          const uint8_t *x, size_t width, float *acc, bool fresh) {
    (void)jump;
    tile(CK_Q4, w, panel_bytes, panels, groups, x, width, acc, fresh);
}
