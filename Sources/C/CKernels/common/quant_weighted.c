// Scales of q4 by what columns weigh: of the scales tried, the one with the least sum of importance[k] * error[k]^2.
//
// One code for all instruction sets, a row a lane, so that the bits cannot differ. It runs once for a checkpoint.
#include "quant_weighted.h"
#include "quant_scales.h"

typedef struct {
    float lane[CK_PANEL_ROWS];
} ck_lanes;

CK_INLINE float half(float scale) { return ck_half_to_float(ck_float_to_half(ck_clamp_half(scale))); }

CK_INLINE ck_lanes inverse(const ck_lanes *scale) {
    ck_lanes out;
    for (size_t r = 0; r < CK_PANEL_ROWS; r++) out.lane[r] = scale->lane[r] == 0 ? 0.0f : 1.0f / scale->lane[r];
    return out;
}

CK_INLINE float quantised(float w, float inverse) {
    float value = w * inverse;
    value = value < -8 ? -8 : value;
    value = value > 7 ? 7 : value;
    return (value + 0x1.8p23f) - 0x1.8p23f;
}

static ck_lanes weighted_error(const float *columns, const float *importance, const ck_lanes *scale) {
    const ck_lanes inv = inverse(scale);
    ck_lanes error = {{0}};
    for (size_t k = 0; k < CK_GROUP_COLUMNS; k++) {
        for (size_t r = 0; r < CK_PANEL_ROWS; r++) {
            const float w = columns[k * CK_PANEL_ROWS + r];
            const float rest = w - scale->lane[r] * quantised(w, inv.lane[r]);
            error.lane[r] += importance[k] * (rest * rest);
        }
    }
    return error;
}

// The scale that is best for the integers that `scale` gives.
static ck_lanes refined(const float *columns, const float *importance, const ck_lanes *scale) {
    const ck_lanes inv = inverse(scale);
    ck_lanes product = {{0}}, square = {{0}}, out;
    for (size_t k = 0; k < CK_GROUP_COLUMNS; k++) {
        for (size_t r = 0; r < CK_PANEL_ROWS; r++) {
            const float w = columns[k * CK_PANEL_ROWS + r], value = quantised(w, inv.lane[r]);
            product.lane[r] += importance[k] * (w * value);
            square.lane[r] += importance[k] * (value * value);
        }
    }
    for (size_t r = 0; r < CK_PANEL_ROWS; r++) {
        out.lane[r] = square.lane[r] == 0 ? 0.0f : half(product.lane[r] / square.lane[r]);
    }
    return out;
}

// The value of largest magnitude of each row, the first of several.
static ck_lanes largest(const float *columns) {
    ck_lanes out = {{0}};
    for (size_t k = 0; k < CK_GROUP_COLUMNS; k++) {
        for (size_t r = 0; r < CK_PANEL_ROWS; r++) {
            const float w = columns[k * CK_PANEL_ROWS + r];
            if (fabsf(w) > fabsf(out.lane[r])) out.lane[r] = w;
        }
    }
    return out;
}

static void store(const float *columns, size_t row, float scale, uint16_t *scales, uint8_t *values) {
    const float inv = scale == 0 ? 0.0f : 1.0f / scale;
    scales[row] = ck_float_to_half(scale);
    for (size_t k = 0; k < CK_GROUP_COLUMNS / 2; k++) {
        const int low = (int)quantised(columns[k * CK_PANEL_ROWS + row], inv) + 8;
        const int high = (int)quantised(columns[(k + 16) * CK_PANEL_ROWS + row], inv) + 8;
        values[(k / 4 * CK_PANEL_ROWS + row) * 4 + k % 4] = (uint8_t)(low | high << 4);
    }
}

void ck_quant_weigh_q4(const float *columns, const float *importance, uint16_t *scales, uint8_t *values) {
    const ck_lanes m = largest(columns);
    ck_lanes best, first;
    for (size_t r = 0; r < CK_PANEL_ROWS; r++) first.lane[r] = best.lane[r] = ck_half_to_float(scales[r]);
    ck_lanes least = weighted_error(columns, importance, &best);
    for (size_t i = 0; i <= ck_q4_tries; i++) {
        ck_lanes scale = first;
        for (size_t r = 0; r < CK_PANEL_ROWS && i < ck_q4_tries; r++) scale.lane[r] = half(m.lane[r] * ck_q4_factors[i]);
        scale = refined(columns, importance, &scale);
        const ck_lanes error = weighted_error(columns, importance, &scale);
        for (size_t r = 0; r < CK_PANEL_ROWS; r++) {
            // A row that is no numbers has errors that are none, and keeps what it has.
            if (error.lane[r] < least.lane[r]) {
                least.lane[r] = error.lane[r];
                best.lane[r] = scale.lane[r];
            }
        }
    }
    for (size_t r = 0; r < CK_PANEL_ROWS; r++) {
        if (best.lane[r] != first.lane[r] && !isnan(first.lane[r])) store(columns, r, best.lane[r], scales, values);
    }
}
