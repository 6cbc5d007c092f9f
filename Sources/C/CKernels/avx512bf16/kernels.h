// The kernels of this folder; what it lacks comes from avx512/.
#pragma once
#include "../avx512/vector.h"

#define CK_AVX512BF16_BEGIN                                                                                              \
    _Pragma("clang attribute push(__attribute__((target(\"avx512bf16,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c\"))), apply_to = function)")

// Whether the dot product is the chain of two multiply-adds that the other sets compute; some microseconds.
bool ck_avx512bf16_is_chain(void);

// Whether dot products do more operations a second than float multiply-adds; less than a millisecond.
bool ck_avx512bf16_is_faster(void);

ck_tile_kernel ck_avx512bf16_matmul_pairs;
ck_round_kernel ck_avx512bf16_round_x;
ck_probe_fma_kernel ck_avx512bf16_probe_bfloat16;
