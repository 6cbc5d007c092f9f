#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define CK_WIRE(name) ck_wire_avx2_##name
#include "wire_rows.h"
#pragma clang attribute pop
#endif
