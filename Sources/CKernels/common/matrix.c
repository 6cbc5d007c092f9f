// Packed matrices: sizes, packing of ragged panels, unpacking of a row.
#include "internal.h"

size_t ck_panel_bytes(ck_storage storage, size_t columns) {
    return (columns * ck_column_bytes(storage) + 63) / 64 * 64;
}

static void pack_row(const ck_matrix *w, size_t panel, size_t lane, const char *source) {
    char *out = ck_panel(w, panel);
    const size_t bytes = ck_source_bytes(w->storage);
    for (size_t k = 0; k < w->columns; k++) {
        memcpy(out + ck_element(w->storage, k, lane) * bytes, source + k * bytes, bytes);
    }
}

void ck_matrix_pack(const ck_kernels *kernels, const ck_matrix *w, size_t panel, size_t row_begin, size_t row_end,
                    const void *source, size_t source_row_bytes) {
    if (row_end - row_begin == CK_PANEL_ROWS) {
        kernels->pack[w->storage](source, source_row_bytes, w->columns, ck_panel(w, panel));
        return;
    }
    for (size_t row = row_begin; row < row_end; row++) {
        const char *from = (const char *)source + (row - row_begin) * source_row_bytes;
        pack_row(w, panel, row % CK_PANEL_ROWS, from);
    }
}

void ck_matrix_row(const ck_matrix *w, size_t row, float *out) {
    const char *panel = ck_panel(w, row / CK_PANEL_ROWS);
    const size_t lane = row % CK_PANEL_ROWS;
    for (size_t k = 0; k < w->columns; k++) out[k] = ck_weight(w->storage, panel, k, lane);
}
