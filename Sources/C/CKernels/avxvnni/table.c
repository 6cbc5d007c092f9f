#if defined(__x86_64__)
#include "../avx2/table.h"
#include "kernels.h"

const ck_kernels ck_avxvnni_kernels = {
    .name = "avxvnni",
    .quant_tile = {ck_avxvnni_quant_tile_q8, ck_avxvnni_quant_tile_q4},
    .quant_widen = {ck_avxvnni_quant_widen_q8, ck_avxvnni_quant_widen_q4},
    .quant_wide = {ck_avxvnni_quant_wide, ck_avxvnni_quant_wide},
    .probe_dot = ck_avxvnni_probe_dot,
    CK_AVX2_SHARED,
};
#endif
