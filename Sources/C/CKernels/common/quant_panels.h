// The panels of a quantised product, one after another, by `ck_quant_panel` of an instruction set.
//
// It is included where that is defined, between the begin and the end of the set, so that it is compiled for it.
#pragma once

// `width` becomes a constant: it says what is kept in registers.
CK_INLINE void ck_quant_panels(const ck_quant quant, const uint8_t *w, size_t panel_bytes, size_t panels,
                               size_t groups, ptrdiff_t jump, const uint8_t *x, size_t width, float *acc,
                               bool fresh) {
    const uint8_t *end = w + panels * panel_bytes;
    for (; panels > 0; panels--) {
#define CK_WIDTH(count)                                                    \
    case count:                                                            \
        ck_quant_panel(quant, count, w, groups, end, jump, x, acc, fresh); \
        break;
        switch (width) {
            CK_WIDTH(1)
            CK_WIDTH(2)
            CK_WIDTH(3)
            CK_WIDTH(4)
            CK_WIDTH(5)
            CK_WIDTH(6)
            CK_WIDTH(7)
            CK_WIDTH(8)
            default: break;
        }
#undef CK_WIDTH
        w += panel_bytes;
        acc += width * CK_PANEL_ROWS;
    }
}
