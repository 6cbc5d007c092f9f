// Sixteen rows of one group of weights: scales and small integers.
#include "../common/quant.h"
#include "../common/quant_scales.h"
#include "kernels.h"

CK_INLINE void gather(ck_source type, const char *source, size_t row_bytes, float *columns) {
    for (size_t row = 0; row < CK_PANEL_ROWS; row++) {
        for (size_t k = 0; k < CK_GROUP_COLUMNS; k++) {
            columns[k * CK_PANEL_ROWS + row] = ck_widen(type, source + row * row_bytes, k);
        }
    }
}

void ck_ref_gather_float32(const void *source, size_t row_bytes, float *columns) {
    gather(CK_FROM_FLOAT32, source, row_bytes, columns);
}
void ck_ref_gather_bfloat16(const void *source, size_t row_bytes, float *columns) {
    gather(CK_FROM_BFLOAT16, source, row_bytes, columns);
}
void ck_ref_gather_float16(const void *source, size_t row_bytes, float *columns) {
    gather(CK_FROM_FLOAT16, source, row_bytes, columns);
}

// Column k of one row; w points to its first column.
static float at(const float *w, size_t k) { return w[k * CK_PANEL_ROWS]; }

static float inverse(float scale) { return scale == 0 ? 0.0f : 1.0f / scale; }

static float half(float scale) { return ck_half_to_float(ck_float_to_half(ck_clamp_half(scale))); }

static float quantised(float w, float inverse, float low, float high) {
    float value = w * inverse;
    value = value < low ? low : value;
    value = value > high ? high : value;
    return (value + 0x1.8p23f) - 0x1.8p23f;
}

// The column of largest magnitude, the first of several; false if one is not finite.
static int largest(const float *w, float *value) {
    *value = 0;
    for (size_t k = 0; k < CK_GROUP_COLUMNS; k++) {
        if ((ck_bits(at(w, k)) & 0x7fffffff) >= 0x7f800000) return 0;
        if (fabsf(at(w, k)) > fabsf(*value)) *value = at(w, k);
    }
    return 1;
}

void ck_ref_quant_group_q8(const float *columns, uint16_t *scales, uint8_t *values) {
    for (size_t row = 0; row < CK_PANEL_ROWS; row++) {
        const float *w = columns + row;
        float m;
        const int finite = largest(w, &m);
        const float scale = half(fabsf(m) / 127.0f);
        scales[row] = finite ? ck_float_to_half(scale) : CK_QUANT_HALF_NAN;
        for (size_t k = 0; k < CK_GROUP_COLUMNS; k++) {
            const float value = finite ? quantised(at(w, k), inverse(scale), -127, 127) : 0;
            values[(k / 4 * CK_PANEL_ROWS + row) * 4 + k % 4] = (uint8_t)(int8_t)value;
        }
    }
}

static float squared_error(const float *w, float scale) {
    float error = 0;
    for (size_t k = 0; k < CK_GROUP_COLUMNS; k++) {
        const float rest = fmaf(-scale, quantised(at(w, k), inverse(scale), -8, 7), at(w, k));
        error = fmaf(rest, rest, error);
    }
    return error;
}

// The scale that is best for the integers that `scale` gives: sum of w q / sum of q q.
static float refined(const float *w, float scale) {
    float product = 0, square = 0;
    for (size_t k = 0; k < CK_GROUP_COLUMNS; k++) {
        const float value = quantised(at(w, k), inverse(scale), -8, 7);
        product = fmaf(at(w, k), value, product);
        square = fmaf(value, value, square);
    }
    return square == 0 ? 0.0f : half(product / square);
}

static float best_scale(const float *w, float m) {
    float best = half(m * ck_q4_factors[0]), least = squared_error(w, best);
    for (size_t i = 1; i <= ck_q4_tries; i++) {
        const float scale = i < ck_q4_tries ? half(m * ck_q4_factors[i]) : refined(w, best);
        const float error = squared_error(w, scale);
        if (error < least) {
            least = error;
            best = scale;
        }
    }
    return best;
}

void ck_ref_quant_group_q4(const float *columns, uint16_t *scales, uint8_t *values) {
    memset(values, 0, CK_GROUP_COLUMNS * CK_PANEL_ROWS / 2);
    for (size_t row = 0; row < CK_PANEL_ROWS; row++) {
        const float *w = columns + row;
        float m;
        const int finite = largest(w, &m);
        const float scale = finite ? best_scale(w, m) : 0;
        scales[row] = finite ? ck_float_to_half(scale) : CK_QUANT_HALF_NAN;
        for (size_t k = 0; k < CK_GROUP_COLUMNS; k++) {
            const float value = finite ? quantised(at(w, k), inverse(scale), -8, 7) : 0;
            const uint8_t nibble = (uint8_t)((int)value + 8);
            values[(k % 16 / 4 * CK_PANEL_ROWS + row) * 4 + k % 4] |= (uint8_t)(k < 16 ? nibble : nibble << 4);
        }
    }
}
