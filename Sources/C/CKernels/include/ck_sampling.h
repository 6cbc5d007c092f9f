// What choosing a token asks of a part of a row of logits.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Whether none of n values is a NaN; `largest` is the largest of the others, -INFINITY where there is none.
typedef bool ck_scan_kernel(const float *x, size_t n, float *largest);

// The best k >= 1 of n values, in no order: larger values come first, lower indices among equals, a NaN is not among
// them. Value i counts as index first + i. `keys` has room for 2 k; the result is how many there are, n or k.
typedef size_t ck_select_kernel(const float *x, size_t n, uint32_t first, size_t k, uint64_t *keys);

// A token drawn by Gumbel-max: its logit, logit / temperature + noise, and its id.
typedef struct {
    float value, logit;
    int32_t token;
} ck_draw;

// The best of the n >= 1 tokens first ..., by ck_draw_is_better. Noise is computed only where an upper bound of it, which
// the random bits give without a logarithm, leaves a token in the running.
typedef void ck_draw_kernel(const float *x, size_t n, float temperature, uint64_t key, uint32_t first, ck_draw *best);

// The sum over x of exp((x - shift) / temperature), quotient and difference rounded to float, or of exp(x - shift) in
// double where temperature is 0; shift is at least as large as any x. Each weight is rounded to a multiple of 2^-65 and
// kept as two numbers whose sums are exact up to 2^20 weights: sums[0] + sums[1] is the same for any order and any parts,
// sums of parts being added up place by place.
typedef void ck_sum_weights_kernel(const float *x, size_t n, float shift, float temperature, double sums[2]);

// An index and its value as one number: the better, the lower. Zeros are equal, and the value of either is +0.
uint64_t ck_candidate_key(float value, uint32_t index);
float ck_candidate_value(uint64_t key);

// Moves the k lowest keys to the front, 1 <= k <= n, in no order, and gives the value of the last of them.
float ck_candidates_prune(uint64_t *keys, size_t n, size_t k);

void ck_candidates_sort(uint64_t *keys, size_t n);

// -log(-log(u)), u uniform in (0, 1) with 53 bits of the counter-based generator SplitMix64.
float ck_gumbel_noise(uint64_t key, uint32_t token);

// Whether b is better than a: larger, or as large with a lower id. Infinite values, of logits that a tiny temperature has
// driven out of range, are told apart by their logits.
bool ck_draw_is_better(const ck_draw *b, const ck_draw *a);
