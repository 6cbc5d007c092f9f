#if defined(__x86_64__)
#include "../avx512/table.h"
#include "kernels.h"

const ck_kernels ck_avx512bf16_kernels = {
    .name = "avx512bf16",
    .matmul_tile = {CK_AVX512_TILES, ck_avx512bf16_matmul_pairs},
    .pair_columns = 2,
    .round_x = ck_avx512bf16_round_x,
    .probe_bfloat16 = ck_avx512bf16_probe_bfloat16,
    CK_AVX512_SHARED,
};
#endif
