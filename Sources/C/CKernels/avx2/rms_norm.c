#if defined(__x86_64__)
#include "vector.h"

CK_AVX2_BEGIN

static void norm_row(const float *x, float *y, size_t width, const float *weight, float epsilon) {
    const size_t whole = width / 8 * 8;
    const __m256i tail = ck_mask8(width - whole);
    __m256 lanes = _mm256_setzero_ps();
    for (size_t i = 0; i < whole; i += 8) {
        const __m256 value = _mm256_loadu_ps(x + i);
        lanes = _mm256_fmadd_ps(value, value, lanes);
    }
    if (whole < width) {
        const __m256 value = _mm256_maskload_ps(x + whole, tail);
        lanes = _mm256_fmadd_ps(value, value, lanes);
    }
    const float scale = 1.0f / sqrtf(ck_sum8(lanes) / (float)width + epsilon);
    const __m256 scales = _mm256_set1_ps(scale);
    for (size_t i = 0; i < whole; i += 8) {
        const __m256 scaled = _mm256_mul_ps(_mm256_loadu_ps(x + i), scales);
        _mm256_storeu_ps(y + i, _mm256_mul_ps(scaled, _mm256_loadu_ps(weight + i)));
    }
    for (size_t i = whole; i < width; i++) y[i] = (x[i] * scale) * weight[i];
}

void ck_avx2_rms_norm(const float *x, size_t x_stride, float *y, size_t y_stride, size_t rows, size_t width,
                      const float *weight, float epsilon) {
    for (size_t row = 0; row < rows; row++) norm_row(x + row * x_stride, y + row * y_stride, width, weight, epsilon);
}

CK_AVX2_END
#endif
