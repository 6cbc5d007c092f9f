// What a thread of this machine can do: the ceilings that benchmarks compare with.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Reads `bytes` in four streams; the result depends on what was read.
typedef uint64_t ck_probe_read_kernel(const void *memory, size_t bytes);

// Fused multiply-adds in registers, 12 chains. Returns the number of floating-point operations; *result depends on all.
typedef double ck_probe_fma_kernel(size_t rounds, float *result);

// ck_kernels has one more of this type: dot products of pairs of bfloat16 in registers, 24 chains, two multiply-adds each.

// Products of eight-bit integers, added up in registers, 12 chains: unsigned by signed, as quantised weights by tokens.
// Returns the number of operations, two a product; *result depends on all.
typedef double ck_probe_dot_kernel(size_t rounds, int32_t *result);
