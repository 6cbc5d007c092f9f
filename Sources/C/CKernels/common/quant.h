// Where things are in a quantised matrix and in quantised activations.
#pragma once
#include "internal.h"

enum { ck_scale_bytes = 64 };  // the scales of two groups

// Bytes ahead that are prefetched. Measured: one stream that runs this far ahead is faster than two or four streams with
// the same number of lines under way (q8, one token: 50 GB/s against 45 and 43), and 4 KiB are too few for 8 tokens. With
// VNNI to the second-level cache, as few lines can be on their way to the first at once, and then to the first: q8 reads
// 85 to 89 % of the bandwidth instead of 78 with 8 tokens, q4 93 % instead of 87 with one.
enum { ck_quant_ahead = 8192, ck_quant_near = 1024 };

// How far ahead of `w` to prefetch, `ahead` bytes: behind the end of a run of panels, `jump` bytes more, to where the next
// one begins. What lies between the two belongs to other threads or to later, and would be read in vain: up to 44 % of a
// run of 16 panels by a leaf of 128 columns in q4.
CK_INLINE ptrdiff_t ck_quant_reach(ptrdiff_t ahead, const uint8_t *w, const uint8_t *end, ptrdiff_t jump) {
    return end - w > ahead ? ahead : ahead + jump;
}

// The scale of a group with a NaN.
#define CK_QUANT_HALF_NAN 0x7e00u
// What the float that integers are read as begins at.
#define CK_QUANT_START 0x1.8p23f
#define CK_QUANT_START_BITS 0x4b400000
// Activations below this count as zero, so that 127 / m is finite.
#define CK_QUANT_LEAST 0x1p-100f

CK_INLINE size_t ck_value_bytes(ck_quant quant) {
    return CK_GROUP_COLUMNS * CK_PANEL_ROWS / (quant == CK_Q4 ? 2 : 1);
}

CK_INLINE size_t ck_pair_bytes(ck_quant quant) { return ck_scale_bytes + 2 * ck_value_bytes(quant); }

CK_INLINE size_t ck_block_groups(size_t columns) { return (columns + CK_GROUP_COLUMNS - 1) / CK_GROUP_COLUMNS; }

// Columns of a block of a matrix: the last one may have fewer than the others.
CK_INLINE size_t ck_block_columns(const ck_quant_matrix *m, size_t block) {
    const size_t rest = m->columns - block * m->block_columns;
    return rest < m->block_columns ? rest : m->block_columns;
}

CK_INLINE const uint8_t *ck_panel_of_block(const ck_quant_matrix *m, size_t block, size_t panel) {
    const size_t bytes = ck_quant_panel_bytes(m->quant, ck_block_columns(m, block));
    return (const uint8_t *)m->blocks + block * m->block_bytes + panel * bytes;
}

// The scales ([16] half) and the values of a group of a panel.
CK_INLINE uint8_t *ck_group_scales(ck_quant quant, const uint8_t *panel, size_t group) {
    return (uint8_t *)panel + group / 2 * ck_pair_bytes(quant) + group % 2 * (ck_scale_bytes / 2);
}
CK_INLINE uint8_t *ck_group_values(ck_quant quant, const uint8_t *panel, size_t group) {
    return (uint8_t *)panel + group / 2 * ck_pair_bytes(quant) + ck_scale_bytes + group % 2 * ck_value_bytes(quant);
}

// Weight (column, row) of a group.
CK_INLINE int32_t ck_group_weight(ck_quant quant, const uint8_t *values, size_t column, size_t row) {
    if (quant == CK_Q8) return (int8_t)values[(column / 4 * CK_PANEL_ROWS + row) * 4 + column % 4];
    const uint8_t both = values[(column % 16 / 4 * CK_PANEL_ROWS + row) * 4 + column % 4];
    return (column < 16 ? both & 15 : both >> 4) - 8;
}

// The largest finite half, in either direction: no scale is infinite.
CK_INLINE float ck_clamp_half(float scale) {
    const float largest = 65504.0f;
    return scale > largest ? largest : scale < -largest ? -largest : scale;
}
