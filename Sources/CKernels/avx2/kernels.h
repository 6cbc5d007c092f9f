// The kernels of this folder.
#pragma once
#include "../common/internal.h"

ck_tile_kernel ck_avx2_matmul_float32, ck_avx2_matmul_bfloat16, ck_avx2_matmul_float16;
ck_pack_kernel ck_avx2_pack_float32, ck_avx2_pack_bfloat16, ck_avx2_pack_float16;
ck_rms_norm_kernel ck_avx2_rms_norm;
ck_swiglu_kernel ck_avx2_swiglu;
ck_exp_kernel ck_avx2_exp_n;
ck_sum_exp_kernel ck_avx2_sum_exp;
ck_argmax_kernel ck_avx2_argmax;
ck_kv_tile_kernel ck_avx2_kv_tile_float32, ck_avx2_kv_tile_float16;
ck_kv_store_kernel ck_avx2_kv_store_float32, ck_avx2_kv_store_float16;
ck_softmax_page_kernel ck_avx2_softmax_page;
ck_merge_span_kernel ck_avx2_merge_span;
ck_probe_read_kernel ck_avx2_probe_read;
ck_probe_fma_kernel ck_avx2_probe_fma;
