#if defined(__x86_64__)
#include "table.h"

const ck_kernels ck_avx512_kernels = {
    .name = "avx512",
    .matmul_tile = {CK_AVX512_TILES, ck_avx512_matmul_pairs},
    .pair_columns = 1,
    .round_x = ck_avx2_round_x,
    CK_AVX512_SHARED,
};
#endif
