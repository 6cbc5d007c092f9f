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
