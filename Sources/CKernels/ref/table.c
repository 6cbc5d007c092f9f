// The plain-C kernels: the definition of every operation.
#include "kernels.h"

const ck_kernels ck_ref_kernels = {
    .name = "ref",
    .tile_tokens = 6,
    .tile_panels = 1,
    .matmul_tile = {ck_ref_matmul_tile, ck_ref_matmul_tile, ck_ref_matmul_tile, ck_ref_matmul_tile},
    .pack = {ck_ref_pack_float32, ck_ref_pack_bfloat16, ck_ref_pack_float16, ck_ref_pack_pairs},
    .pair_columns = 1,
    .round_x = ck_ref_round_x,
    .gather = {ck_ref_gather_float32, ck_ref_gather_bfloat16, ck_ref_gather_float16},
    .quant_group = {ck_ref_quant_group_q8, ck_ref_quant_group_q4},
    .quant_x = ck_ref_quant_x,
    .quant_tile = {ck_ref_quant_tile_q8, ck_ref_quant_tile_q4},
    .rms_norm = ck_ref_rms_norm,
    .swiglu = ck_ref_swiglu,
    .exp = ck_ref_exp_n,
    .sum_exp = ck_ref_sum_exp,
    .argmax = ck_ref_argmax,
    .kv_tile = {ck_ref_kv_tile_float32, ck_ref_kv_tile_float16, ck_ref_kv_tile_int8},
    .kv_store = {ck_ref_kv_store_float32, ck_ref_kv_store_float16, ck_kv_store_int8},
    .kv_widen = {NULL, ck_ref_kv_widen_float16, ck_ref_kv_widen_int8},
    .softmax_page = ck_ref_softmax_page,
    .merge_span = ck_ref_merge_span,
    .probe_read = ck_ref_probe_read,
    .probe_fma = ck_ref_probe_fma,
    .probe_dot = ck_ref_probe_dot,
};
