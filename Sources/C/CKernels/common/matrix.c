// Packed matrices: sizes, packing of ragged panels and of rounded ones, unpacking of a row.
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

static void round_row(const ck_matrix *w, size_t panel, size_t lane, const char *source, ck_source type, size_t begin) {
    uint16_t *out = (uint16_t *)ck_panel(w, panel);
    for (size_t k = begin; k < w->columns; k++) {
        const uint32_t rounded = ck_bits(ck_round_bfloat16(ck_widen(type, source, k)));
        out[ck_element(CK_BFLOAT16_PAIRS, k, lane)] = (uint16_t)(rounded >> 16);
    }
}

// Sixteen rows of a type that is rounded: groups of 32 columns are widened and transposed at once.
static void round_panel(const ck_kernels *kernels, const ck_matrix *w, size_t panel, const char *source, ck_source type,
                        size_t row_bytes) {
    const size_t bytes = ck_number_bytes(type);
    uint32_t *out = (uint32_t *)ck_panel(w, panel);
    size_t k = 0;
    for (; k + CK_GROUP_COLUMNS <= w->columns; k += CK_GROUP_COLUMNS) {
        float columns[CK_GROUP_COLUMNS * CK_PANEL_ROWS];
        kernels->gather[type](source + k * bytes, row_bytes, columns);
        for (size_t pair = 0; pair < CK_GROUP_COLUMNS / 2; pair++, out += CK_PANEL_ROWS) {
            const float *first = columns + 2 * pair * CK_PANEL_ROWS, *second = first + CK_PANEL_ROWS;
            for (size_t row = 0; row < CK_PANEL_ROWS; row++) {
                out[row] = ck_bits(ck_round_bfloat16(first[row])) | ck_bits(ck_round_bfloat16(second[row])) >> 16;
            }
        }
    }
    for (size_t row = 0; row < CK_PANEL_ROWS; row++) round_row(w, panel, row, source + row * row_bytes, type, k);
}

void ck_matrix_pack(const ck_kernels *kernels, const ck_matrix *w, size_t panel, size_t row_begin, size_t row_end,
                    const void *source, ck_source type, size_t source_row_bytes) {
    const int full = row_end - row_begin == CK_PANEL_ROWS;
    const int rounding = w->storage == CK_BFLOAT16_PAIRS && type != CK_FROM_BFLOAT16;
    if (full && rounding) return round_panel(kernels, w, panel, source, type, source_row_bytes);
    if (full) return kernels->pack[w->storage](source, source_row_bytes, w->columns, ck_panel(w, panel));
    for (size_t row = row_begin; row < row_end; row++) {
        const char *from = (const char *)source + (row - row_begin) * source_row_bytes;
        if (rounding) {
            round_row(w, panel, row % CK_PANEL_ROWS, from, type, 0);
        } else {
            pack_row(w, panel, row % CK_PANEL_ROWS, from);
        }
    }
}

void ck_matrix_row(const ck_matrix *w, size_t row, float *out) {
    const char *panel = ck_panel(w, row / CK_PANEL_ROWS);
    const size_t lane = row % CK_PANEL_ROWS;
    for (size_t k = 0; k < w->columns; k++) out[k] = ck_weight(w->storage, panel, k, lane);
}
