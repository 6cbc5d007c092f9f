// What the sets with 256-bit registers have in common.
#pragma once
#include "kernels.h"

#define CK_AVX2_SHARED \
    .tile_tokens = 6,                                                                                 \
    .tile_panels = 1,                                                                                 \
    .matmul_tile = {ck_avx2_matmul_float32, ck_avx2_matmul_bfloat16, ck_avx2_matmul_float16,          \
                    ck_avx2_matmul_pairs},                                                            \
    .widen = {NULL, ck_avx2_widen_bfloat16, ck_avx2_widen_float16, NULL},                             \
    .pack = {ck_avx2_pack_float32, ck_avx2_pack_bfloat16, ck_avx2_pack_float16, ck_avx2_pack_pairs},  \
    .pair_columns = 1,                                                                                \
    .round_x = ck_avx2_round_x,                                                                       \
    .gather = {ck_avx2_gather_float32, ck_avx2_gather_bfloat16, ck_avx2_gather_float16},              \
    .quant_group = {ck_avx2_quant_group_q8, ck_avx2_quant_group_q4},                                  \
    .quant_x = ck_avx2_quant_x,                                                                       \
    .rms_norm = ck_avx2_rms_norm,                                                                     \
    .swiglu = ck_avx2_swiglu,                                                                         \
    .exp = ck_avx2_exp_n,                                                                             \
    .argmax = ck_avx2_argmax,                                                                         \
    .scan = ck_avx2_scan,                                                                             \
    .select = ck_avx2_select,                                                                         \
    .draw = ck_avx2_draw,                                                                             \
    .sum_weights = ck_avx2_sum_weights,                                                               \
    .kv_tile = {ck_avx2_kv_tile_float32, ck_avx2_kv_tile_float16, ck_avx2_kv_tile_int8},              \
    .kv_store = {ck_avx2_kv_store_float32, ck_avx2_kv_store_float16, ck_kv_store_int8},               \
    .kv_quant_x = ck_avx2_kv_quant_x,                                                                 \
    .kv_widen = {NULL, ck_avx2_widen_float16, NULL},                                                  \
    .softmax_page = ck_avx2_softmax_page,                                                             \
    .merge_span = ck_avx2_merge_span,                                                                 \
    .probe_read = ck_avx2_probe_read,                                                                 \
    .probe_fma = ck_avx2_probe_fma
