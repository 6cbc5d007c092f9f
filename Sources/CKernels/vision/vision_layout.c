// Where numbers lie in the tower's attention: copies, no arithmetic that instruction sets could differ in.
#include "../common/internal.h"
#include "../include/ck_vision.h"

typedef float four __attribute__((vector_size(16)));

// Four columns of four tokens: out[k * width + t] = x[t * stride + k].
CK_INLINE void pack_four(const float *x, size_t stride, size_t width, float *out) {
    four row[4], half[4];
    for (size_t t = 0; t < 4; t++) memcpy(&row[t], x + t * stride, sizeof row[t]);
    for (size_t i = 0; i < 2; i++) {
        half[2 * i] = __builtin_shufflevector(row[2 * i], row[2 * i + 1], 0, 4, 1, 5);
        half[2 * i + 1] = __builtin_shufflevector(row[2 * i], row[2 * i + 1], 2, 6, 3, 7);
    }
    for (size_t i = 0; i < 2; i++) {
        const four even = __builtin_shufflevector(half[i], half[2 + i], 0, 1, 4, 5);
        const four odd = __builtin_shufflevector(half[i], half[2 + i], 2, 3, 6, 7);
        memcpy(out + 2 * i * width, &even, sizeof even);
        memcpy(out + (2 * i + 1) * width, &odd, sizeof odd);
    }
}

void ck_vision_pack_tile(const float *x, size_t stride, size_t width, size_t columns, float *out) {
    size_t k = 0;
    for (; width >= 4 && k + 4 <= columns; k += 4) {
        // The last four tokens may have been written in part: the same numbers again.
        for (size_t t = 0; t < width; t += 4) {
            const size_t token = t + 4 <= width ? t : width - 4;
            pack_four(x + token * stride + k, stride, width, out + k * width + token);
        }
    }
    for (; k < columns; k++) {
        for (size_t t = 0; t < width; t++) out[k * width + t] = x[t * stride + k];
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
