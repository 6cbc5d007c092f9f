// The kernels of this folder, products of bytes on 256-bit registers; what it lacks comes from avx2/.
#pragma once
#include "../avx2/vector.h"

#define CK_AVXVNNI_BEGIN \
    _Pragma("clang attribute push(__attribute__((target(\"avxvnni,avx2,fma,f16c\"))), apply_to = function)")
#define CK_AVXVNNI_END _Pragma("clang attribute pop")

ck_quant_tile_kernel ck_avxvnni_quant_tile_q8, ck_avxvnni_quant_tile_q4;
ck_quant_widen_kernel ck_avxvnni_quant_widen_q8, ck_avxvnni_quant_widen_q4;
ck_quant_wide_kernel ck_avxvnni_quant_wide;
ck_probe_dot_kernel ck_avxvnni_probe_dot;
