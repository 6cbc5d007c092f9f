#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq"))), apply_to = function)
#define CK_VISION(name) ck_vision_avx512_##name
#include "vision_rows.h"
#pragma clang attribute pop
#endif
