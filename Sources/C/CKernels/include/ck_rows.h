// Operations on rows of floats: norms, rotary positions, activations, residuals, and what sampling needs.
#pragma once
#include <stddef.h>
#include <stdint.h>

// y[i] = (x[i] * scale) * weight[i], scale = 1 / sqrtf(sum / width + epsilon). The sum of squares has eight lanes,
// lane j = fmaf(x[i], x[i], lane j) over i = j, j + 8, ..., added as ((0+4)+(2+6)) + ((1+5)+(3+7)).
// rows rows of `width`, strides in floats; y may be x.
typedef void ck_rms_norm_kernel(const float *x, size_t x_stride, float *y, size_t y_stride, size_t rows, size_t width,
                                const float *weight, float epsilon);

// out[i] = gate[i] / (1 + exp(-gate[i])) * up[i]; out may be gate or up.
typedef void ck_swiglu_kernel(const float *gate, const float *up, float *out, size_t n);

// out[i] = exp(x[i]): within 2 units in the last place, subnormal results included; inf above, 0 below, NaN stays NaN.
typedef void ck_exp_kernel(const float *x, float *out, size_t n);

// The largest of n >= 1 values and the lowest index that has it; a NaN is never larger.
typedef size_t ck_argmax_kernel(const float *x, size_t n, float *max);

// x[i] = x[i] + y[i].
void ck_add(float *x, const float *y, size_t n);

// Rotates halves in place: (a, b) = (x[i], x[i + half]) becomes (a cos - b sin, b cos + a sin), two products and one
// sum each. x is `heads` heads of 2 * half floats, side by side; cosine and sine are [half].
void ck_rope(float *x, size_t heads, size_t half, const float *cosine, const float *sine);
