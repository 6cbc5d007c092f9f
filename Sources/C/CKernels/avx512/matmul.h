// The matrix product of one storage: which register tile for which width.
#pragma once
#include "tile.h"

CK_AVX512_BEGIN

enum {
    ck_wide_tokens = 12,  // 2 panels x 12 tokens or 4 x 6: 24 accumulators of the 32 registers
    ck_wide_panels = 2,   // panels of a full tile
    // Bytes ahead of all streams together. Measured on Zen 5: half or twice as many give 10 % less bandwidth.
    ck_wide_prefetch = 8192,
};

// A memory stream a panel is what few tokens need; many need the accumulators for themselves.
CK_INLINE size_t ck_wide_together(size_t width) { return width <= 6 ? 4 : ck_wide_panels; }

// CK_WIDTH(count) for the width, as a constant: up to 12 in a full tile and in a single panel, up to 6 in 4 panels.
#define CK_WIDE_WIDTHS(panels, width)    \
    if ((panels) <= ck_wide_panels) {    \
        switch (width) {                 \
            CK_WIDTH(7)                  \
            CK_WIDTH(8)                  \
            CK_WIDTH(9)                  \
            CK_WIDTH(10)                 \
            CK_WIDTH(11)                 \
            CK_WIDTH(12)                 \
            default: break;              \
        }                                \
    }                                    \
    if ((panels) == ck_wide_panels) return; \
    switch (width) {                     \
        CK_WIDTH(1)                      \
        CK_WIDTH(2)                      \
        CK_WIDTH(3)                      \
        CK_WIDTH(4)                      \
        CK_WIDTH(5)                      \
        CK_WIDTH(6)                      \
        default: break;                  \
    }

// Where to prefetch from, for `n` steps of `step` bytes from number `begin` on: ck_wide_ahead bytes on in the same panel
// for ck_wide_near of them; for the last ones, whose place there would lie behind the panel's end, the beginning of the
// panel that is this stream's next.
CK_INLINE size_t ck_wide_ahead(size_t panels) { return ck_wide_prefetch / panels; }
CK_INLINE size_t ck_wide_near(size_t panels, const ck_matrix *w, size_t step, size_t begin, size_t n) {
    const size_t ahead = ck_wide_ahead(panels);
    const size_t inside = w->panel_bytes > ahead ? (w->panel_bytes - ahead) / step : 0;
    return inside > begin ? (inside - begin < n ? inside - begin : n) : 0;
}

CK_INLINE void ck_wide_columns(const ck_wide_lanes format, const size_t panels, const size_t width, const ck_matrix *w,
                               const char *from, size_t k_begin, size_t n, const float *x, float *acc) {
    const size_t step = ck_column_bytes(w->storage), ahead = ck_wide_ahead(panels);
    const size_t near = ck_wide_near(panels, w, step, k_begin, n);
    ck_wide_tile(format, false, panels, width, near, ahead, ahead + (panels - 1) * w->panel_bytes, from,
                 w->panel_bytes, step, n, x, width, 1, acc, width * CK_PANEL_ROWS, CK_PANEL_ROWS);
}

CK_INLINE void ck_wide_group(const ck_wide_lanes format, const size_t panels, size_t width, const ck_matrix *w,
                             const char *from, size_t k_begin, size_t n, const float *x, float *acc) {
#define CK_WIDTH(count) \
    case count: ck_wide_columns(format, panels, count, w, from, k_begin, n, x, acc); break;
    CK_WIDE_WIDTHS(panels, width)
#undef CK_WIDTH
}

CK_INLINE void ck_wide_matmul(const ck_wide_lanes format, const ck_matrix *w, size_t panel, size_t panels,
                              size_t k_begin, size_t k_end, const float *x, size_t width, float *acc) {
    const size_t together = ck_wide_together(width), n = k_end - k_begin;
    const char *from = ck_panel(w, panel) + k_begin * ck_column_bytes(w->storage);
    size_t p = 0;
    for (; p + together <= panels; p += together) {
        float *to = acc + p * width * CK_PANEL_ROWS;
        if (together == 4) {
            ck_wide_group(format, 4, width, w, from + p * w->panel_bytes, k_begin, n, x, to);
        } else {
            ck_wide_group(format, 2, width, w, from + p * w->panel_bytes, k_begin, n, x, to);
        }
    }
    for (; p < panels; p++) {
        ck_wide_group(format, 1, width, w, from + p * w->panel_bytes, k_begin, n, x, acc + p * width * CK_PANEL_ROWS);
    }
}

CK_AVX512_END
