// Quantised weight matrices, and their product with activations that are quantised on the way.
//
// A group is 32 columns of one row: small integers and one scale. A product adds, group after group,
//     acc = fmaf(fmaf((float)dot, weight_scale, +0), activation_scale, acc)
// where dot is the exact integer product of the two groups, so that the only roundings are that of the scaled integer, of
// which every zero is +0, and that of one multiply-add a group, in one order. An infinite weight_scale counts as a NaN.
//
// Kernels begin the integers at the bits of 1.5 * 2^23: dots are smaller than 2^22, so that those bits plus dot are the
// float 1.5 * 2^23 + dot. A weight_scale has 11 bits, so that 1.5 * 2^23 * weight_scale is exact, and
//     fmaf(1.5 * 2^23 + dot, weight_scale, -1.5 * 2^23 * weight_scale)
// is the scaled integer, rounded once: no conversion is needed, and no product of its own.
#pragma once
#include "ck_matrix.h"
#include <stdbool.h>

// How a weight is kept. The scale is half precision, one a group and row: 8.5 and 4.5 bits a weight.
typedef enum {
    CK_Q8 = 0,  // -127 ... 127, the scale is the largest magnitude / 127
    CK_Q4 = 1,  // a nibble 0 ... 15 that stands for -8 ... 7, the scale has the least squared error of those tried
} ck_quant;
enum { CK_QUANTS = 2 };

enum {
    CK_GROUP_COLUMNS = 32,
    CK_QUANT_TILE_TOKENS = 8,    // most tokens of one register tile
    CK_QUANT_BLOCK_TILES = 32,   // most tiles of one ck_quant_matmul call
    CK_QUANT_X_BYTES = 40,       // one group of one token: 32 int8, float scale, int32 start
    CK_QUANT_WIDE_BYTES = 1152,  // one unpacked group of one panel, at most
    CK_QUANT_CHAIN_PANELS = 3,   // most panels of one ck_quant_chains_kernel call
    CK_QUANT_CHAIN_TOKENS = 4,   // and most tokens
    CK_QUANT_CHAIN_BYTES = 640,  // one group of one panel as that kernel takes it
};

// [rows (outputs), columns (inputs)] in blocks of block_columns columns, the last of which may be shorter. A block is
// its panels of 16 rows one after the other. A panel is its groups, two by two: 64 bytes of scales ([2][16] half), then
// the values of each group; a group without a partner has its place for scales too. Values of a group:
//     q8: [8][16 rows][4] int8, column 4 i + b
//     q4: [4][16 rows][4], low nibble column 4 i + b, high nibble column 16 + 4 i + b
// Columns beyond the end of a block are zeros; so are rows beyond the last. No alignment is required; a base aligned to
// 64 keeps every load inside a cache line.
typedef struct {
    ck_quant quant;
    size_t rows, columns, block_columns;
    size_t block_bytes;  // from one block to the next
    const void *blocks;
} ck_quant_matrix;

// Quantises n columns of one token, one group after the other, `step` bytes apart; a last group is filled with zeros.
// Group: scale = m / 127, m the largest magnitude; q[i] = x[i] * (127 / m) rounded to nearest even. m < 2^-100: all
// zeros. A group with an infinity or a NaN: zeros, and a scale that is NaN, so that the output is. start = the bits of
// 1.5 * 2^23 less offset * sum of q, offset being what ck_quant_offset says.
typedef void ck_quant_x_kernel(const float *x, size_t n, int32_t offset, uint8_t *out, size_t step);

// columns[32][16] from 32 columns of 16 rows, widened to float. No alignment is required of the source.
typedef void ck_gather_kernel(const void *source, size_t row_bytes, float *columns);

// Quantises 16 rows of one group, columns[32][16], all of them finite or not: a row with an infinity or a NaN gets a
// NaN scale and zeros.
typedef void ck_quant_group_kernel(const float *columns, uint16_t *scales, uint8_t *values);

// `groups` groups of one block: acc[p][t][r] goes on from its value, or from +0 if `fresh`. w is the first panel's first
// group, which is even in its block; x is [groups][width] quantised groups; acc is [panels][width][16]. A NaN that is
// stored is always the same one. The weights that are read next lie `jump` bytes behind the end of the panels.
typedef void ck_quant_tile_kernel(const uint8_t *w, size_t panel_bytes, size_t panels, size_t groups, ptrdiff_t jump,
                                  const uint8_t *x, size_t width, float *acc, bool fresh);

// Unpacks `groups` groups of some panels, the first of which is even in its block, for products by many tokens: at most
// CK_QUANT_WIDE_BYTES for each. How they lie there is an affair between the two kernels.
// For ck_quant_chains_kernel: [groups][panels], CK_QUANT_CHAIN_BYTES each.
typedef void ck_quant_widen_kernel(const uint8_t *w, size_t panel_bytes, size_t panels, size_t groups, uint8_t *wide);

// As ck_quant_tile_kernel, from what ck_quant_widen_kernel unpacked. Which NaN is stored matters only with `last`.
typedef void ck_quant_wide_kernel(const uint8_t *wide, size_t panels, size_t groups, const uint8_t *x, size_t width,
                                  float *acc, bool fresh, bool last);

// Some groups of a leaf, one after another, as ck_sum_tree adds leaves: a leaf that goes through several blocks, or
// through more than fits a pass, is cut.
typedef struct {
    size_t groups;
    size_t depth;   // values on the stack below it
    size_t merges;  // additions behind the leaf
    bool goes_on;   // from what is stored at its depth; +0 elsewhere
    bool ends;      // the leaf ends here
} ck_quant_chain;

// `count` chains of some panels and some tokens of a tile that is `width` tokens wide. wide is [groups][panels] as the
// set's quant_unpack left them; x is [groups][width], the stack [depth][panels][width][16], both from the first of these
// tokens on, and `level` floats lie between two depths. Where y is not NULL the last chain's value goes there,
// [tokens][rows], instead of to the stack.
typedef struct {
    const uint8_t *wide;
    const ck_quant_chain *chains;
    size_t count;
    const uint8_t *x;
    size_t width;
    float *stack;
    size_t level;
    float *y;
    size_t y_stride;
    size_t rows;  // from the first panel's first on
    const uint8_t *const *lines;  // what is brought to the second-level cache, a line a group
} ck_quant_chains_job;

// 1 ... CK_QUANT_CHAIN_PANELS panels by 1 ... CK_QUANT_CHAIN_TOKENS tokens, or one panel by a whole tile. A value that is
// stored at the end of a leaf is no NaN but one.
typedef void ck_quant_chains_kernel(const ck_quant_chains_job *job, size_t panels, size_t tokens);

int32_t ck_quant_offset(ck_quant quant);

// Groups of a matrix: every block rounds up.
size_t ck_quant_groups(size_t columns, size_t block_columns);

// Bytes of a panel of one block, of one block, and of a matrix; multiples of 64.
size_t ck_quant_panel_bytes(ck_quant quant, size_t columns);
size_t ck_quant_block_bytes(ck_quant quant, size_t rows, size_t columns);
size_t ck_quant_bytes(ck_quant quant, size_t rows, size_t columns, size_t block_columns);

// Quantises rows of m inside panel `panel` from row-major rows; like ck_matrix_pack. With importance[columns], finite and
// not negative, the scales of q4 are those of the least sum of importance times squared error; NULL: of the least sum.
void ck_quant_pack(const struct ck_kernels *kernels, const ck_quant_matrix *m, size_t panel, size_t row_begin,
                   size_t row_end, const void *source, ck_source type, size_t source_row_bytes,
                   const float *importance);

// Takes over rows row_begin ..< row_end as the first rows of another matrix of the same columns and blocks, bit for bit.
void ck_quant_copy_rows(const ck_quant_matrix *from, size_t row_begin, size_t row_end, const ck_quant_matrix *to);

// One row: out[column] = value * scale.
void ck_quant_row(const ck_quant_matrix *m, size_t row, float *out);

// The tiles of `tokens` tokens, as ck_tile_count and ck_tile_begin.
size_t ck_quant_tile_count(size_t tokens);
size_t ck_quant_tile_begin(size_t tokens, size_t tile);

// Bytes of `tokens` quantised tokens.
size_t ck_quant_x_bytes(size_t tokens, size_t columns, size_t block_columns);

// Quantises token number `token` of `tokens`, whose row is x, for ck_quant_matmul by matrices of this format and these
// blocks. `out` is [tile][group][width of the tile] groups.
void ck_quant_x(const struct ck_kernels *kernels, ck_quant quant, size_t columns, size_t block_columns, const float *x,
                size_t tokens, size_t token, uint8_t *out);

// Quantises some whole groups of columns of a tile of `width` tokens, or its last columns: `out` is where ck_quant_x of all
// columns would put the first of these groups of the tile's first token.
void ck_quant_tile_columns(const struct ck_kernels *kernels, ck_quant quant, const float *x, size_t stride, size_t width,
                           size_t columns, uint8_t *out);

// Panels that a product of so many tokens works on together, of which calls should have whole numbers.
size_t ck_quant_group_panels(const struct ck_kernels *kernels, size_t tokens);

// Most tiles of one call for which the tokens stay in the second-level cache, or nearly.
size_t ck_quant_block_tiles(const struct ck_kernels *kernels, size_t tokens, size_t columns, size_t block_columns);

// Floats of scratch that ck_quant_matmul needs for tiles of at most `tokens` tokens altogether.
size_t ck_quant_scratch(const ck_sum_tree *tree, size_t tokens);

// As ck_matmul: y[partial][token][row]. A leaf of the tree is one chain over one or several whole blocks.
void ck_quant_matmul(const struct ck_kernels *kernels, const ck_quant_matrix *m, size_t panel_begin, size_t panel_end,
                     const uint8_t *x, size_t tokens, size_t tile_begin, size_t tile_end, const ck_sum_tree *tree,
                     float *y, size_t y_stride, size_t y_partial_stride, float *scratch);
