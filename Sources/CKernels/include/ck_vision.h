// Row operations of the vision tower that the decoder has no use for.
//
// Each handles one row or one run of numbers in one fixed order, so a result depends on that row alone. The plain and
// the AVX2 version are one source compiled twice and give the same bits: no fused multiply-add, eight running sums
// added along one tree. No pointer needs any alignment.
#pragma once
#include <stddef.h>

// row[i] = exp(row[i] - max) / sum of them, in place; columns >= 1.
void ck_vision_softmax(float *row, size_t columns);

// x[i] = (x[i] - mean) / sqrt(variance + epsilon) * weight[i] + bias[i], in place.
void ck_vision_layer_norm(float *x, const float *weight, const float *bias, size_t columns, float epsilon);

// x[i] = 0.5 x[i] (1 + erf(x[i] / sqrt 2)), the exact GELU, in place.
void ck_vision_gelu(float *x, size_t count);

// Exact widening of bfloat16, and of IEEE binary16 with its subnormals, infinities and NaN.
void ck_vision_widen_bfloat16(const void *from, float *to, size_t count);
void ck_vision_widen_float16(const void *from, float *to, size_t count);

// "avx2" or "plain": the version that runs, chosen before main; FLOTILLA_ISA=ref asks for the plain one.
const char *ck_vision_isa(void);

// The plain versions by themselves, for tests.
void ck_vision_plain_softmax(float *row, size_t columns);
void ck_vision_plain_layer_norm(float *x, const float *weight, const float *bias, size_t columns, float epsilon);
void ck_vision_plain_gelu(float *x, size_t count);
