#if defined(__x86_64__)
#include "table.h"

const ck_kernels ck_avx2_kernels = {
    .name = "avx2",
    .quant_tile = {ck_avx2_quant_tile_q8, ck_avx2_quant_tile_q4},
    .quant_widen = {ck_avx2_quant_widen_q8, ck_avx2_quant_widen_q4},
    .quant_wide = {ck_avx2_quant_wide_q8, ck_avx2_quant_wide_q4},
    .probe_dot = ck_avx2_probe_dot,
    CK_AVX2_SHARED,
};
#endif
