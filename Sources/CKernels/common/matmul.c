// The product with a sum tree: leaves, stack machine and cache blocks around the register tiles of an instruction set.
#include "internal.h"

// Columns of one pass over a block of tiles: a tile's panels of them (8 KiB each in bfloat16, 16 KiB in float32) stay in
// the first-level cache, the tokens of the block (96 KiB for 96) in the second. Cutting a chain here changes no bit: it
// goes on in memory.
static const size_t block_columns = 256;

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

size_t ck_tile_count(const ck_kernels *kernels, size_t tokens) {
    return (tokens + kernels->tile_tokens - 1) / kernels->tile_tokens;
}

size_t ck_tile_begin(const ck_kernels *kernels, size_t tokens, size_t tile) {
    return tokens * tile / ck_tile_count(kernels, tokens);
}

size_t ck_matmul_scratch(const ck_kernels *kernels, const ck_sum_tree *tree, size_t tiles) {
    return tree->depth * CK_GROUP_PANELS * CK_PANEL_ROWS * tiles * kernels->tile_tokens;
}

// What one call works on: a group of panels and a block of tiles.
typedef struct {
    const ck_kernels *kernels;
    const ck_matrix *w;
    ck_tile_kernel *tile;
    const float *x;
    size_t token_words, word_columns;  // of x
    size_t tokens, tile_begin, tile_end, first_token, block_tokens;
    size_t panel, panels;
} block;

static size_t tile_begin(const block *b, size_t tile) { return ck_tile_begin(b->kernels, b->tokens, tile); }

// Adds columns begin ..< end to acc, [tile][panel][width][16].
static void columns_of_leaf(const block *b, size_t begin, size_t end, float *acc) {
    const int one_tile = b->tile_end - b->tile_begin == 1;
    const size_t step = one_tile ? b->w->columns + 1 : block_columns;
    const size_t panel_step = one_tile ? b->panels : b->kernels->tile_panels;
    // Blocks begin at even columns, so that no pair is cut.
    for (size_t k = begin, next; k < end; k = next) {
        next = min_size(k / 2 * 2 + step, end);
        for (size_t p = 0; p < b->panels; p += panel_step) {
            const size_t panels = min_size(panel_step, b->panels - p);
            for (size_t tile = b->tile_begin; tile < b->tile_end; tile++) {
                const size_t first = tile_begin(b, tile), width = tile_begin(b, tile + 1) - first;
                float *to = acc + ((first - b->first_token) * b->panels + p * width) * CK_PANEL_ROWS;
                b->tile(b->w, b->panel + p, panels, k, next,
                        b->x + first * b->token_words + k / b->word_columns * width, width, to);
            }
        }
    }
}

static void add_to(float *a, const float *b, size_t n) {
    for (size_t i = 0; i < n; i++) a[i] = a[i] + b[i];
}

// -0 and the bits of a NaN may tell where a chain of pairs was cut: every zero becomes +0, every NaN the same.
static void settle(float *acc, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const float sum = acc[i] + 0.0f;
        acc[i] = sum == sum ? sum : ck_from_bits(CK_NAN);
    }
}

static void store(const block *b, const float *acc, float *y, size_t y_stride) {
    for (size_t tile = b->tile_begin; tile < b->tile_end; tile++) {
        const size_t first = tile_begin(b, tile), width = tile_begin(b, tile + 1) - first;
        const float *from = acc + (first - b->first_token) * b->panels * CK_PANEL_ROWS;
        for (size_t p = 0; p < b->panels; p++) {
            const size_t row = (b->panel + p) * CK_PANEL_ROWS, rows = min_size(CK_PANEL_ROWS, b->w->rows - row);
            for (size_t t = 0; t < width; t++) {
                memcpy(y + (first + t) * y_stride + row, from + (p * width + t) * CK_PANEL_ROWS, rows * sizeof *y);
            }
        }
    }
}

static void group(const block *b, const ck_sum_tree *tree, float *y, size_t y_stride, size_t y_partial_stride,
                  float *scratch) {
    const size_t level = b->panels * CK_PANEL_ROWS * b->block_tokens;
    size_t depth = 0, column = 0;
    for (size_t leaf = 0; leaf < tree->leaves; leaf++) {
        float *acc = scratch + depth * level;
        memset(acc, 0, level * sizeof *acc);
        columns_of_leaf(b, column, tree->leaf_end[leaf], acc);
        if (b->w->storage == CK_BFLOAT16_PAIRS) settle(acc, level);
        column = tree->leaf_end[leaf];
        depth++;
        for (int32_t merge = 0; merge < tree->merges[leaf]; merge++) {
            depth--;
            add_to(scratch + (depth - 1) * level, scratch + depth * level, level);
        }
    }
    for (size_t partial = 0; partial < depth; partial++) {
        store(b, scratch + partial * level, y + partial * y_partial_stride, y_stride);
    }
}

void ck_matmul(const ck_kernels *kernels, const ck_matrix *w, size_t panel_begin, size_t panel_end, const float *x,
               size_t tokens, size_t tile_begin, size_t tile_end, const ck_sum_tree *tree, float *y, size_t y_stride,
               size_t y_partial_stride, float *scratch) {
    const size_t first = ck_tile_begin(kernels, tokens, tile_begin);
    block b = {.kernels = kernels, .w = w, .tile = kernels->matmul_tile[w->storage], .x = x,
               .token_words = ck_x_words(kernels, w->storage, w->columns),
               .word_columns = ck_word_columns(kernels, w->storage), .tokens = tokens,
               .tile_begin = tile_begin, .tile_end = tile_end, .first_token = first,
               .block_tokens = ck_tile_begin(kernels, tokens, tile_end) - first};
    for (size_t panel = panel_begin; panel < panel_end; panel += CK_GROUP_PANELS) {
        b.panel = panel;
        b.panels = min_size(CK_GROUP_PANELS, panel_end - panel);
        group(&b, tree, y, y_stride, y_partial_stride, scratch);
    }
}
