// Where numbers lie in the tower's products: copies and roundings, no arithmetic that instruction sets could
// differ in.
#include "../common/quant.h"
#include "../include/ck_vision.h"

void ck_vision_pack_column(const ck_kernels *kernels, const float *x, size_t stride, size_t width, size_t column,
                           void *out) {
    const size_t first = ck_x_words(kernels, CK_BFLOAT16_PAIRS, column / 2 * 2) * width;
    for (size_t t = 0; t < width; t++) {
        const float rounded = ck_round_bfloat16(x[t * stride]);
        if (kernels->pair_columns == 1) {
            ((float *)out)[first + column % 2 * width + t] = rounded;
        } else {
            ((uint16_t *)out)[2 * (first + t) + (column + 1) % 2] = (uint16_t)(ck_bits(rounded) >> 16);
        }
    }
}

void ck_vision_pack_values(const ck_matrix *w, size_t first, size_t tokens, const float *v, size_t v_stride) {
    for (size_t row = 0; row < w->rows; row += CK_PANEL_ROWS) {
        float *to = (float *)ck_panel(w, row / CK_PANEL_ROWS) + first * CK_PANEL_ROWS;
        const size_t n = w->rows - row < CK_PANEL_ROWS ? w->rows - row : CK_PANEL_ROWS;
        for (size_t token = 0; token < tokens; token++) {
            memcpy(to + token * CK_PANEL_ROWS, v + token * v_stride + row, n * sizeof *v);
        }
    }
}

void ck_vision_divide(float *x, size_t stride, size_t rows, size_t columns, const float *divisors) {
    for (size_t row = 0; row < rows; row++) {
        const float factor = 1.0f / divisors[row];
        for (size_t i = 0; i < columns; i++) x[row * stride + i] *= factor;
    }
}
