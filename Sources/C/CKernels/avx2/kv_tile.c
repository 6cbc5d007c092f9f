// The two products of attention over one page of floats: the register tile with lanes from the cache.
#if defined(__x86_64__)
#include "../common/kv_tile.h"
#include "tile.h"

CK_AVX2_BEGIN

// Lane blocks stand in for panels: 32 or 64 lanes at once where the width leaves room, so that the chains of few rows
// hide the latency of the multiply-add.
CK_INLINE size_t lanes_of(const ck_lanes format, const size_t blocks, const size_t width, const ck_kv_tile *a,
                          size_t lane) {
    const size_t bytes = format == ck_lanes_float32 ? 4 : 2;
    for (; lane + 16 * blocks <= a->lanes; lane += 16 * blocks) {
        ck_tile(format, format != ck_lanes_float32, 2, blocks, width, a->ahead, a->w + lane * bytes, 16 * bytes,
                a->w_stride * bytes, a->n, a->x, 1, a->x_stride, a->acc + lane, 16, a->acc_stride);
    }
    return lane;
}

CK_INLINE void width_of(const ck_lanes format, const size_t width, const ck_kv_tile *a) {
    size_t lane = 0;
    if (width == 1) lane = lanes_of(format, 4, 1, a, lane);
    if (width <= 2) lane = lanes_of(format, 2, width, a, lane);
    lanes_of(format, 1, width, a, lane);
}

#define CK_KV_TILE(element)                                                                                           \
    void ck_avx2_kv_tile_##element(const void *w, size_t w_stride, size_t lanes, size_t n, const void *next,          \
                                   const float *x, size_t x_stride, size_t rows, float *acc, size_t acc_stride) {     \
        const ck_kv_tile a = ck_make_kv_tile(w, w_stride, lanes, n, next, x, x_stride, acc, acc_stride);              \
        CK_KV_EACH_WIDTH(rows, width_of(ck_lanes_##element, width, &a))                                               \
    }

CK_KV_TILE(float32)
CK_KV_TILE(float16)

CK_AVX2_END
#endif
