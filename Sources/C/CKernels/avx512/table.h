// What the sets with 512-bit registers have in common.
#pragma once
#include "kernels.h"

// The products of all storages but CK_BFLOAT16_PAIRS.
#define CK_AVX512_TILES ck_avx512_matmul_float32, ck_avx512_matmul_bfloat16, ck_avx512_matmul_float16

#define CK_AVX512_SHARED \
    .tile_tokens = 12,                                                                               \
    .tile_panels = 2,                                                                                \
    .widen = {NULL, ck_avx512_widen_bfloat16, ck_avx512_widen_float16, NULL},                        \
    .pack = {ck_avx2_pack_float32, ck_avx2_pack_bfloat16, ck_avx2_pack_float16, ck_avx2_pack_pairs}, \
    .gather = {ck_avx2_gather_float32, ck_avx2_gather_bfloat16, ck_avx2_gather_float16},             \
    .quant_group = {ck_avx512_quant_group_q8, ck_avx512_quant_group_q4},                             \
    .quant_x = ck_avx512_quant_x,                                                                    \
    .quant_tile = {ck_avx512_quant_tile_q8, ck_avx512_quant_tile_q4},                                \
    .quant_unpack = {ck_avx512_quant_unpack_q8, ck_avx512_quant_unpack_q4},                          \
    .quant_chains = ck_avx512_quant_chains,                                                          \
    .rms_norm = ck_avx2_rms_norm,                                                                    \
    .swiglu = ck_avx512_swiglu,                                                                      \
    .exp = ck_avx2_exp_n,                                                                            \
    .argmax = ck_avx2_argmax,                                                                    \
    .scan = ck_avx512_scan,                                                                      \
    .select = ck_avx512_select,                                                                  \
    .draw = ck_avx512_draw,                                                                      \
    .sum_weights = ck_avx512_sum_weights,                                                        \
    .kv_tile = {ck_avx512_kv_tile_float32, ck_avx512_kv_tile_float16, ck_avx512_kv_tile_int8},       \
    .kv_store = {ck_avx2_kv_store_float32, ck_avx2_kv_store_float16, ck_kv_store_int8},              \
    .kv_quant_x = ck_avx512_kv_quant_x,                                                              \
    .kv_widen = {NULL, ck_avx512_widen_float16, NULL},                                               \
    .softmax_page = ck_avx512_softmax_page,                                                          \
    .merge_span = ck_avx2_merge_span,                                                                \
    .probe_read = ck_avx512_probe_read,                                                              \
    .probe_fma = ck_avx512_probe_fma,                                                                \
    .probe_dot = ck_avx512_probe_dot
