// The matrix product of one storage: which register tile for which width.
#pragma once
#include "tile.h"

CK_AVX2_BEGIN

// Bytes ahead in each stream. One token, measured on Zen 3: 7 % more bandwidth; farther or nearer gains less. Products with
// more tokens want all streams together to be as far ahead as the first-level cache allows (measured on Zen 5: 10 to 25 %
// more for 2 to 8 tokens).
CK_INLINE size_t ck_prefetch(size_t panels, size_t width) { return width == 1 ? 512 : 8192 / panels; }

// Panels together: as many as the accumulators leave room for, since a memory stream a panel is what one token needs.
CK_INLINE size_t ck_panels_together(size_t width) { return width == 1 ? 4 : width == 2 ? 2 : 1; }

CK_INLINE void ck_matmul_panels(const ck_lanes format, const size_t panels, size_t width, const char *w,
                                size_t panel_bytes, size_t step, size_t n, const float *x, float *acc) {
#define CK_WIDTH(count)                                                                                        \
    case count:                                                                                                \
        ck_tile(format, false, 2, panels, count, ck_prefetch(panels, count), w, panel_bytes, step, n, x, count, \
                1, acc, count * CK_PANEL_ROWS, CK_PANEL_ROWS);                                                  \
        break;
    switch (width) {
        CK_WIDTH(1)
        CK_WIDTH(2)
        CK_WIDTH(3)
        default: break;
    }
    if (panels > 1) return;
    switch (width) {
        CK_WIDTH(4)
        CK_WIDTH(5)
        CK_WIDTH(6)
        default: break;
    }
#undef CK_WIDTH
}

CK_INLINE void ck_matmul_storage(const ck_lanes format, const ck_matrix *w, size_t panel, size_t panels,
                                 size_t k_begin, size_t k_end, const float *x, size_t width, float *acc) {
    const size_t step = ck_column_bytes(w->storage), n = k_end - k_begin, together = ck_panels_together(width);
    const char *from = ck_panel(w, panel) + k_begin * step;
    size_t p = 0;
    for (; together == 4 && p + 4 <= panels; p += 4) {
        ck_tile(format, false, 2, 4, 1, ck_prefetch(4, 1), from + p * w->panel_bytes, w->panel_bytes, step, n, x, 1, 1,
                acc + p * CK_PANEL_ROWS, CK_PANEL_ROWS, CK_PANEL_ROWS);
    }
    for (; together >= 2 && p + 2 <= panels; p += 2) {
        ck_matmul_panels(format, 2, width, from + p * w->panel_bytes, w->panel_bytes, step, n, x,
                         acc + p * width * CK_PANEL_ROWS);
    }
    for (; p < panels; p++) {
        ck_matmul_panels(format, 1, width, from + p * w->panel_bytes, w->panel_bytes, step, n, x,
                         acc + p * width * CK_PANEL_ROWS);
    }
}

CK_AVX2_END
