// Helpers of the AVX-512 files. Included inside `#if defined(__x86_64__)`, before CK_AVX512_BEGIN.
#pragma once
#include "kernels.h"
#include <immintrin.h>

#define CK_AVX512_BEGIN                                                                                         \
    _Pragma("clang attribute push(__attribute__((target(\"avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c\"))), apply_to = function)")
#define CK_AVX512_END _Pragma("clang attribute pop")
