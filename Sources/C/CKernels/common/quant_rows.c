// Rows of one quantised matrix taken over into another.
#include "quant.h"

static void copy_row(ck_quant quant, const uint8_t *from, size_t from_lane, uint8_t *to, size_t to_lane, size_t groups) {
    for (size_t group = 0; group < groups; group++) {
        memcpy(ck_group_scales(quant, to, group) + 2 * to_lane, ck_group_scales(quant, from, group) + 2 * from_lane, 2);
        const uint8_t *values = ck_group_values(quant, from, group);
        uint8_t *out = ck_group_values(quant, to, group);
        for (size_t quad = 0; quad < ck_value_bytes(quant) / 64; quad++) {
            memcpy(out + quad * 64 + 4 * to_lane, values + quad * 64 + 4 * from_lane, 4);
        }
    }
}

void ck_quant_copy_rows(const ck_quant_matrix *from, size_t row_begin, size_t row_end, const ck_quant_matrix *to) {
    for (size_t first = 0, block = 0; first < from->columns; first += from->block_columns, block++) {
        const size_t rest = from->columns - first;
        const size_t width = rest < from->block_columns ? rest : from->block_columns;
        const size_t panel_bytes = ck_quant_panel_bytes(from->quant, width);
        const uint8_t *source = (const uint8_t *)from->blocks + block * from->block_bytes;
        uint8_t *target = (uint8_t *)to->blocks + block * to->block_bytes;
        for (size_t row = row_begin; row < row_end; row++) {
            const size_t place = row - row_begin;
            copy_row(from->quant, source + row / CK_PANEL_ROWS * panel_bytes, row % CK_PANEL_ROWS,
                     target + place / CK_PANEL_ROWS * panel_bytes, place % CK_PANEL_ROWS, ck_block_groups(width));
        }
    }
}
