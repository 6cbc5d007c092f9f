// The arguments of ck_kv_tile_kernel as one value, for the folders that choose among many register tiles.
#pragma once
#include "internal.h"

typedef struct {
    const char *w;
    size_t w_stride, lanes, n;
    size_t ahead;  // bytes from w to what will be read next, modulo 2^64
    const float *x;
    size_t x_stride;
    float *acc;
    size_t acc_stride;
} ck_kv_tile;

CK_INLINE ck_kv_tile ck_make_kv_tile(const void *w, size_t w_stride, size_t lanes, size_t n, const void *next,
                                     const float *x, size_t x_stride, float *acc, size_t acc_stride) {
    return (ck_kv_tile){w, w_stride, lanes, n, (uintptr_t)next - (uintptr_t)w, x, x_stride, acc, acc_stride};
}

// Does `tile` for as many rows as there are, which it has as a constant `width`.
#define CK_KV_EACH_WIDTH(rows, tile)                                \
    switch (rows) {                                                 \
        case 1: { enum { width = 1 }; tile; break; }                \
        case 2: { enum { width = 2 }; tile; break; }                \
        case 3: { enum { width = 3 }; tile; break; }                \
        case 4: { enum { width = 4 }; tile; break; }                \
        case 5: { enum { width = 5 }; tile; break; }                \
        default: { enum { width = CK_ATTENTION_TILE }; tile; break; } \
    }
