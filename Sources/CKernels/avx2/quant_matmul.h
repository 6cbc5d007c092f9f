// The quantised product of one format: which register tile for which width.
#pragma once
#include "quant_tile.h"

CK_AVX2_BEGIN

#ifndef CK_AHEAD
#define CK_AHEAD 1024
#endif
// Panels together: as many as the accumulators leave room for. For few tokens a panel is a stream of memory, and bytes
// ahead in each are prefetched; many tokens find their weights in the cache.
CK_INLINE size_t ck_quant_together(size_t width) { return width <= 2 ? 4 : width <= 6 ? 2 : 1; }

CK_INLINE void ck_quant_panels(const ck_quant quant, const size_t panels, size_t width, const uint8_t *w,
                               size_t panel_bytes, size_t groups, const uint8_t *x, float *acc, bool fresh) {
#define CK_WIDTH(count)                                                                                          \
    case count:                                                                                                  \
        ck_quant_tile(quant, panels, count, CK_AHEAD, w, panel_bytes, groups, x, acc, fresh);       \
        break;
    switch (width) {
        CK_WIDTH(1)
        CK_WIDTH(2)
        default: break;
    }
    if (panels > 2) return;
    switch (width) {
        CK_WIDTH(3)
        CK_WIDTH(4)
        CK_WIDTH(5)
        CK_WIDTH(6)
        default: break;
    }
    if (panels > 1) return;
    switch (width) {
        CK_WIDTH(7)
        CK_WIDTH(8)
        default: break;
    }
#undef CK_WIDTH
}

CK_INLINE void ck_quant_product(const ck_quant quant, const uint8_t *w, size_t panel_bytes, size_t panels,
                                size_t groups, const uint8_t *x, size_t width, float *acc, bool fresh) {
    const size_t together = ck_quant_together(width), cells = width * CK_PANEL_ROWS;
    size_t p = 0;
    for (; together == 4 && p + 4 <= panels; p += 4) {
        ck_quant_panels(quant, 4, width, w + p * panel_bytes, panel_bytes, groups, x, acc + p * cells, fresh);
    }
    for (; together >= 2 && p + 2 <= panels; p += 2) {
        ck_quant_panels(quant, 2, width, w + p * panel_bytes, panel_bytes, groups, x, acc + p * cells, fresh);
    }
    for (; p < panels; p++) {
        ck_quant_panels(quant, 1, width, w + p * panel_bytes, panel_bytes, groups, x, acc + p * cells, fresh);
    }
}

CK_AVX2_END
