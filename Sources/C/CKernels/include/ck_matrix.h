// Weight matrices in panels of 16 rows, and the product with a few or many tokens.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum {
    CK_PANEL_ROWS = 16,       // output rows of a panel: two AVX2 registers
    CK_TILE_TOKENS = 12,      // most tokens of one register tile in any set of kernels
    CK_SUM_TREE_DEPTH = 32,   // most values on the stack of a sum tree
    CK_GROUP_PANELS = 4,      // panels that one pass of ck_matmul takes together: four memory streams
    CK_BLOCK_TILES = 16,      // most tiles of one ck_matmul call: their x stays in the second-level cache
    CK_WIDE_FLOATS = 4096,    // floats of weights that ck_matmul widens at once for several tiles, in its scratch
};

// How the weights of a matrix are stored. k is the column; a panel is k-major.
typedef enum {
    CK_FLOAT32 = 0,   // [k][16] float
    CK_BFLOAT16 = 1,  // [k][8] uint32: low half row j, high half row 8 + j, so that widening is one shift and one and
    CK_FLOAT16 = 2,   // [k][16] uint16
    // [k / 2][16] uint32: high half column k, low half column k + 1, zeros behind an odd last column. The product rounds x
    // to bfloat16 as well.
    CK_BFLOAT16_PAIRS = 3,
} ck_storage;
enum { CK_STORAGES = 4 };

// The type of numbers that a matrix is packed or quantised from.
typedef enum { CK_FROM_FLOAT32 = 0, CK_FROM_BFLOAT16 = 1, CK_FROM_FLOAT16 = 2 } ck_source;
enum { CK_SOURCES = 3 };

// A weight matrix [rows (outputs), columns (inputs)]; the rows of the last panel are padded with zeros.
typedef struct {
    ck_storage storage;
    size_t rows, columns;
    size_t panel_bytes;  // from one panel to the next
    void *panels;        // aligned to 64 bytes
} ck_matrix;

// How the sum over the columns is cut and added. Leaf i covers columns leaf_end[i - 1] ..< leaf_end[i] and is one chain
// of fused multiply-adds from +0. After leaf i is pushed: merges[i] times { b = pop; a = pop; push(a + b) }.
// What the stack holds at the end, `partials` values, are the results, in order.
typedef struct {
    const size_t *leaf_end;
    const int32_t *merges;
    size_t leaves;
    size_t partials;
    size_t depth;  // most values on the stack at any time
} ck_sum_tree;

struct ck_kernels;

// Columns of one panel: acc[p][t][r] = fmaf(w[16 (panel + p) + r][k], x[k - k_begin][t], acc[p][t][r]),
// k = k_begin ..< k_end in increasing order. x is [k][width] from k_begin on, or from the word on that holds k_begin; acc
// is [panels][width][16].
//
// By CK_BFLOAT16_PAIRS, both factors are bfloat16, and denormal numbers are zeros as factors and as results (what
// vdpbf16ps does, and fused multiply-adds with x86's DAZ and FTZ: a result is denormal if it is below 2^-126 after
// rounding to 24 bits). Where a chain is cut only the sign of a zero depends on; ck_matmul ends each leaf with
// acc + 0.0f, and makes every NaN the same.
typedef void ck_tile_kernel(const ck_matrix *w, size_t panel, size_t panels, size_t k_begin, size_t k_end,
                            const float *x, size_t width, float *acc);

// out = n stored numbers as floats, exactly: columns of a panel in the order of its rows, or a part of the key-value
// cache. n is a multiple of 16.
typedef void ck_widen_kernel(const void *w, size_t n, float *out);

// Bytes of one panel, a multiple of 64.
size_t ck_panel_bytes(ck_storage storage, size_t columns);

// Rounds one row of x for CK_BFLOAT16_PAIRS to nearest, ties to even; denormals become zeros, a NaN a quiet one. Into
// words of two columns, the first one in the high half and zeros behind an odd last one, or into floats, as the set of
// kernels multiplies.
typedef void ck_round_kernel(const float *x, size_t columns, float *out);

// Repacks rows of w inside panel `panel` from row-major source rows of its own type; CK_BFLOAT16_PAIRS takes every type,
// rounded to nearest, ties to even. `source` is the first column of row `row_begin`; rows of that panel outside
// row_begin ..< row_end stay as they are. No alignment is required.
void ck_matrix_pack(const struct ck_kernels *kernels, const ck_matrix *w, size_t panel, size_t row_begin,
                    size_t row_end, const void *source, ck_source type, size_t source_row_bytes);

// One row, widened to float: out[columns].
void ck_matrix_row(const ck_matrix *w, size_t row, float *out);

// The tiles of `tokens` tokens: equal widths within one, at most what the set of kernels has registers for. Tile i
// covers tokens ck_tile_begin(i) ..< ck_tile_begin(i + 1).
size_t ck_tile_count(const struct ck_kernels *kernels, size_t tokens);
size_t ck_tile_begin(const struct ck_kernels *kernels, size_t tokens, size_t tile);

// Words of 32 bits that `columns` columns of one token take in packed x: one a column; by CK_BFLOAT16_PAIRS one a pair
// of columns, where the set of kernels has an instruction for them.
size_t ck_x_words(const struct ck_kernels *kernels, ck_storage storage, size_t columns);

// Packs columns of the `width` tokens of a tile for products by a storage: out becomes [ck_x_words(columns)][width].
// Column k of a tile begins at word ck_x_words(k) * width, k even.
void ck_pack_x(const struct ck_kernels *kernels, ck_storage storage, const float *x, size_t x_stride, size_t width,
               size_t columns, float *out);

// Packs all columns of tile `tile` of x for ck_matmul, to out + ck_tile_begin(tile) * ck_x_words(columns). One token
// needs no packing where a word is a column and nothing is rounded: its row is its tile.
void ck_pack_tile(const struct ck_kernels *kernels, ck_storage storage, const float *x, size_t x_stride, size_t tokens,
                  size_t columns, size_t tile, float *out);

// Floats of scratch that ck_matmul needs for `tiles` tiles.
size_t ck_matmul_scratch(const struct ck_kernels *kernels, const ck_sum_tree *tree, size_t tiles);

// y[partial][token][row] for the rows of panels panel_begin ..< panel_end and the tokens of tiles
// tile_begin ..< tile_end (at most CK_BLOCK_TILES). x is packed by ck_pack_tile. Strides are in floats.
void ck_matmul(const struct ck_kernels *kernels, const ck_matrix *w, size_t panel_begin, size_t panel_end,
               const float *x, size_t tokens, size_t tile_begin, size_t tile_end, const ck_sum_tree *tree, float *y,
               size_t y_stride, size_t y_partial_stride, float *scratch);

// out[i] = the one value left by the stack machine of ck_sum_tree over partials[0 ..< count][i].
void ck_tree_combine(const float *const *partials, size_t count, const int32_t *merges, float *out, size_t n);

// x[i] = x[i] + that value.
void ck_tree_combine_add(const float *const *partials, size_t count, const int32_t *merges, float *x, size_t n);
