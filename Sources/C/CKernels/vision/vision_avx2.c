#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define CK_VISION(name) ck_vision_avx2_##name
#include "vision_rows.h"
#pragma clang attribute pop
#endif
