// The kernels of this folder; what it lacks comes from avx2/.
#pragma once
#include "../avx2/kernels.h"

ck_probe_read_kernel ck_avx512_probe_read;
ck_probe_fma_kernel ck_avx512_probe_fma;
