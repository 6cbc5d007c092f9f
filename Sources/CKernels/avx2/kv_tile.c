// The two products of attention over one page: the register tile with lanes from the cache.
#if defined(__x86_64__)
#include "tile.h"

CK_AVX2_BEGIN

// Lane blocks stand in for panels: 32 or 64 lanes at once where the width leaves room, so that the chains of few rows
// hide the latency of the multiply-add.
CK_INLINE size_t lanes_of(const ck_lanes format, const size_t blocks, const size_t width, const char *w, size_t step,
                          size_t bytes, size_t lanes, size_t lane, size_t n, const float *x, float *acc,
                          size_t acc_stride) {
    for (; lane + 16 * blocks <= lanes; lane += 16 * blocks) {
        ck_tile(format, 2, blocks, width, 0, w + lane * bytes, 16 * bytes, step, n, x, acc + lane, 16, acc_stride);
    }
    return lane;
}

CK_INLINE void width_of(const ck_lanes format, const size_t width, const void *w, size_t w_stride, size_t lanes,
                        size_t n, const float *x, float *acc, size_t acc_stride) {
    const size_t bytes = format == ck_lanes_float32 ? 4 : 2, step = w_stride * bytes;
    size_t lane = 0;
    if (width == 1) lane = lanes_of(format, 4, 1, w, step, bytes, lanes, lane, n, x, acc, acc_stride);
    if (width <= 2) lane = lanes_of(format, 2, width, w, step, bytes, lanes, lane, n, x, acc, acc_stride);
    lane = lanes_of(format, 1, width, w, step, bytes, lanes, lane, n, x, acc, acc_stride);
    if (lane < lanes) {
        ck_tile(format, 1, 1, width, 0, (const char *)w + lane * bytes, 0, step, n, x, acc + lane, 0, acc_stride);
    }
}

CK_INLINE void tile(const ck_lanes format, const void *w, size_t w_stride, size_t lanes, size_t n, const float *x,
                    size_t width, float *acc, size_t acc_stride) {
    switch (width) {
        case 1: width_of(format, 1, w, w_stride, lanes, n, x, acc, acc_stride); break;
        case 2: width_of(format, 2, w, w_stride, lanes, n, x, acc, acc_stride); break;
        case 3: width_of(format, 3, w, w_stride, lanes, n, x, acc, acc_stride); break;
        case 4: width_of(format, 4, w, w_stride, lanes, n, x, acc, acc_stride); break;
        case 5: width_of(format, 5, w, w_stride, lanes, n, x, acc, acc_stride); break;
        default: width_of(format, 6, w, w_stride, lanes, n, x, acc, acc_stride); break;
    }
}

void ck_avx2_kv_tile_float32(const void *w, size_t w_stride, size_t lanes, size_t n, const float *x, size_t width,
                             float *acc, size_t acc_stride) {
    tile(ck_lanes_float32, w, w_stride, lanes, n, x, width, acc, acc_stride);
}

void ck_avx2_kv_tile_float16(const void *w, size_t w_stride, size_t lanes, size_t n, const float *x, size_t width,
                             float *acc, size_t acc_stride) {
    tile(ck_lanes_float16, w, w_stride, lanes, n, x, width, acc, acc_stride);
}

CK_AVX2_END
#endif
