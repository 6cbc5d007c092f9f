#include "exp.h"
#include "kernels.h"

void ck_ref_rms_norm(const float *x, size_t x_stride, float *y, size_t y_stride, size_t rows, size_t width,
                     const float *weight, float epsilon) {
    for (size_t row = 0; row < rows; row++) {
        const float *from = x + row * x_stride;
        float *to = y + row * y_stride;
        float lanes[8] = {0};
        for (size_t i = 0; i < width; i++) lanes[i % 8] = fmaf(from[i], from[i], lanes[i % 8]);
        const float scale = 1.0f / sqrtf(ck_ref_sum8(lanes) / (float)width + epsilon);
        for (size_t i = 0; i < width; i++) to[i] = (from[i] * scale) * weight[i];
    }
}
