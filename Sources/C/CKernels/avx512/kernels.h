// The kernels of this folder; what it lacks comes from avx2/.
#pragma once
#include "../avx2/kernels.h"

ck_tile_kernel ck_avx512_matmul_float32, ck_avx512_matmul_bfloat16, ck_avx512_matmul_float16,
    ck_avx512_matmul_pairs;
ck_widen_kernel ck_avx512_widen_bfloat16, ck_avx512_widen_float16, ck_avx512_widen_int8;
ck_kv_tile_kernel ck_avx512_kv_tile_float32, ck_avx512_kv_tile_float16, ck_avx512_kv_tile_int8;
ck_softmax_page_kernel ck_avx512_softmax_page;
ck_scan_kernel ck_avx512_scan;
ck_select_kernel ck_avx512_select;
ck_draw_kernel ck_avx512_draw;
ck_sum_weights_kernel ck_avx512_sum_weights;
ck_quant_group_kernel ck_avx512_quant_group_q8, ck_avx512_quant_group_q4;
ck_quant_x_kernel ck_avx512_quant_x;
ck_quant_tile_kernel ck_avx512_quant_tile_q8, ck_avx512_quant_tile_q4;
ck_quant_widen_kernel ck_avx512_quant_widen_q8, ck_avx512_quant_widen_q4;
ck_quant_wide_kernel ck_avx512_quant_wide;
ck_probe_read_kernel ck_avx512_probe_read;
ck_probe_fma_kernel ck_avx512_probe_fma;
ck_probe_dot_kernel ck_avx512_probe_dot;
