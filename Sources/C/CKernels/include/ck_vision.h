// Operations of the vision tower that the decoder has no use for.
//
// Each handles a row in one fixed order, so a result depends on that row alone. The plain, the AVX2 and the AVX-512
// version are one source compiled three times and give the same bits: no fused multiply-add, sixteen running sums added
// along one tree. The version is that of ckernels_active(). No pointer needs any alignment.
#pragma once
#include "ck_matrix.h"
#include <stddef.h>

// Each of `rows` rows becomes exp((x[i] - max) * factor), in place, and its divisor the sum of them; columns >= 1,
// factor > 0.
void ck_vision_softmax(float *x, size_t stride, size_t rows, size_t columns, float factor, float *divisors);

// Each row times 1 / its divisor, in place: after the product with the values, which has fewer columns than the scores.
void ck_vision_divide(float *x, size_t stride, size_t rows, size_t columns, const float *divisors);

// x[i] = (x[i] - mean) / sqrt(variance + epsilon) * weight[i] + bias[i], in place.
void ck_vision_layer_norm(float *x, const float *weight, const float *bias, size_t columns, float epsilon);

// x[i] = 0.5 x[i] (1 + erf(x[i] / sqrt 2)), the exact GELU, in place.
void ck_vision_gelu(float *x, size_t count);

// Column `column` alone of a tile of `width` tokens, for products by CK_BFLOAT16_PAIRS, where ck_pack_x of all columns to
// `out` would put it. Only its halves of the words are written: those of its neighbour may be another thread's.
void ck_vision_pack_column(const struct ck_kernels *kernels, const float *x, size_t stride, size_t width, size_t column,
                           void *out);

// The values of `tokens` tokens, from token `first` on, into w [head dimension (rows), all tokens (columns)] of float32:
// a panel takes sixteen numbers of a token side by side. v is [tokens][w->rows].
void ck_vision_pack_values(const ck_matrix *w, size_t first, size_t tokens, const float *v, size_t v_stride);

// The plain versions by themselves, for tests.
void ck_vision_plain_softmax(float *x, size_t stride, size_t rows, size_t columns, float factor, float *divisors);
void ck_vision_plain_layer_norm(float *x, const float *weight, const float *bias, size_t columns, float epsilon);
void ck_vision_plain_gelu(float *x, size_t count);
