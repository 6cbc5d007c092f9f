// Quantised matrices: sizes, quantisation of ragged panels and blocks, dequantisation of a row.
#include "quant.h"
#include "quant_weighted.h"

int32_t ck_quant_offset(ck_quant quant) { return quant == CK_Q8 ? 128 : 8; }

size_t ck_quant_groups(size_t columns, size_t block_columns) {
    return columns / block_columns * ck_block_groups(block_columns) + ck_block_groups(columns % block_columns);
}

size_t ck_quant_panel_bytes(ck_quant quant, size_t columns) {
    const size_t groups = ck_block_groups(columns);
    return groups * ck_value_bytes(quant) + (groups + 1) / 2 * ck_scale_bytes;
}

size_t ck_quant_block_bytes(ck_quant quant, size_t rows, size_t columns) {
    return (rows + CK_PANEL_ROWS - 1) / CK_PANEL_ROWS * ck_quant_panel_bytes(quant, columns);
}

size_t ck_quant_bytes(ck_quant quant, size_t rows, size_t columns, size_t block_columns) {
    return columns / block_columns * ck_quant_block_bytes(quant, rows, block_columns) +
           ck_quant_block_bytes(quant, rows, columns % block_columns);
}

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

// Columns of rows of the source, as columns[32][16]; what is not filled stays zero.
CK_INLINE void gather(ck_source type, const char *source, size_t row_bytes, size_t row, size_t rows, size_t n,
                      float *columns) {
    for (size_t r = 0; r < rows; r++) {
        const char *from = source + r * row_bytes;
        for (size_t k = 0; k < n; k++) columns[k * CK_PANEL_ROWS + row + r] = ck_widen(type, from, k);
    }
}

// Takes over the given rows of a group, leaving the others as they are.
static void merge_rows(ck_quant quant, const uint16_t *scales, const uint8_t *values, size_t row, size_t rows,
                       uint8_t *to_scales, uint8_t *to_values) {
    memcpy(to_scales + 2 * row, scales + row, 2 * rows);
    for (size_t quad = 0; quad < ck_value_bytes(quant) / 64; quad++) {
        memcpy(to_values + quad * 64 + row * 4, values + quad * 64 + row * 4, 4 * rows);
    }
}

void ck_quant_pack(const ck_kernels *kernels, const ck_quant_matrix *m, size_t panel, size_t row_begin, size_t row_end,
                   const void *source, ck_source type, size_t source_row_bytes, const float *importance) {
    const size_t bytes = ck_number_bytes(type), row = row_begin % CK_PANEL_ROWS, rows = row_end - row_begin;
    float columns[CK_GROUP_COLUMNS * CK_PANEL_ROWS] __attribute__((aligned(64)));
    for (size_t first = 0, block = 0; first < m->columns; first += m->block_columns, block++) {
        const size_t width = min_size(m->block_columns, m->columns - first);
        uint8_t *to = (uint8_t *)m->blocks + block * m->block_bytes + panel * ck_quant_panel_bytes(m->quant, width);
        for (size_t k = 0, group = 0; k < width; k += CK_GROUP_COLUMNS, group++) {
            const char *from = (const char *)source + (first + k) * bytes;
            const size_t n = min_size(CK_GROUP_COLUMNS, width - k);
            if (n < CK_GROUP_COLUMNS || rows < CK_PANEL_ROWS) memset(columns, 0, sizeof columns);
            if (rows == CK_PANEL_ROWS && n == CK_GROUP_COLUMNS) {
                kernels->gather[type](from, source_row_bytes, columns);
            } else if (type == CK_FROM_FLOAT32) {
                gather(CK_FROM_FLOAT32, from, source_row_bytes, row, rows, n, columns);
            } else if (type == CK_FROM_BFLOAT16) {
                gather(CK_FROM_BFLOAT16, from, source_row_bytes, row, rows, n, columns);
            } else {
                gather(CK_FROM_FLOAT16, from, source_row_bytes, row, rows, n, columns);
            }
            uint16_t scales[CK_PANEL_ROWS];
            uint8_t values[CK_GROUP_COLUMNS * CK_PANEL_ROWS] __attribute__((aligned(64)));
            kernels->quant_group[m->quant](columns, scales, values);
            if (importance && m->quant == CK_Q4) {
                float weights[CK_GROUP_COLUMNS] = {0};
                memcpy(weights, importance + first + k, n * sizeof *weights);
                ck_quant_weigh_q4(columns, weights, scales, values);
            }
            merge_rows(m->quant, scales, values, row, rows, ck_group_scales(m->quant, to, group),
                       ck_group_values(m->quant, to, group));
        }
    }
}

void ck_quant_row(const ck_quant_matrix *m, size_t row, float *out) {
    const size_t lane = row % CK_PANEL_ROWS;
    for (size_t first = 0, block = 0; first < m->columns; first += m->block_columns, block++) {
        const size_t width = min_size(m->block_columns, m->columns - first);
        const uint8_t *panel = (const uint8_t *)m->blocks + block * m->block_bytes +
                               row / CK_PANEL_ROWS * ck_quant_panel_bytes(m->quant, width);
        for (size_t k = 0; k < width; k++) {
            const size_t group = k / CK_GROUP_COLUMNS;
            uint16_t scale;
            memcpy(&scale, ck_group_scales(m->quant, panel, group) + 2 * lane, sizeof scale);
            const uint8_t *values = ck_group_values(m->quant, panel, group);
            const int32_t value = ck_group_weight(m->quant, values, k % CK_GROUP_COLUMNS, lane);
            out[first + k] = (float)value * ck_half_to_float(scale);
        }
    }
}
