// The product with a sum tree: leaves, stack machine and cache blocks around the register tiles of an instruction set.
#include "internal.h"

enum {
    // Columns of one pass over a block of tiles: a tile's panels of them (8 KiB each in bfloat16, 16 KiB in float32) stay
    // in the first-level cache, the tokens of the block (96 KiB for 96) in the second. Cutting a chain here changes no
    // bit: it goes on in memory.
    block_columns = 256,
    // Tiles of a block from which on a pass widens its weights once for all of them: conversions in each tile take the
    // place of one multiply-add in twelve.
    widening_tiles = 4,
};

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

size_t ck_tile_count(const ck_kernels *kernels, size_t tokens) {
    return (tokens + kernels->tile_tokens - 1) / kernels->tile_tokens;
}

size_t ck_tile_begin(const ck_kernels *kernels, size_t tokens, size_t tile) {
    return tokens * tile / ck_tile_count(kernels, tokens);
}

size_t ck_matmul_scratch(const ck_kernels *kernels, const ck_sum_tree *tree, size_t tiles) {
    return CK_WIDE_FLOATS + tree->depth * CK_GROUP_PANELS * CK_PANEL_ROWS * tiles * kernels->tile_tokens;
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
    ck_widen_kernel *widen;  // NULL where tiles read the weights as they are stored
    float *wide;             // [panel][columns of a pass][16]
} block;

// Columns k ..< end of `panels` panels from number p of the group on.
typedef struct {
    size_t k, end, p, panels;
} pass;

static size_t tile_begin(const block *b, size_t tile) { return ck_tile_begin(b->kernels, b->tokens, tile); }

// The pass after one whose leaf covers columns ..< end; of no panels at the end of the leaf.
static pass next_pass(const block *b, pass now, size_t step, size_t end) {
    const size_t most = b->kernels->tile_panels;
    const bool further = now.p + now.panels >= b->panels;
    pass next = {now.k, now.end, now.p + now.panels, 0};
    if (further) next = (pass){now.end, min_size(now.end / 2 * 2 + step, end), 0, 0};
    if (next.k < end) next.panels = min_size(most, b->panels - next.p);
    return next;
}

// Brings a part of a pass's weights nearer: each tile fetches some of what the pass after its own will widen.
static void prefetch_part(const block *b, pass next, size_t part, size_t parts) {
    const size_t line = 64, column = ck_column_bytes(b->w->storage), bytes = (next.end - next.k) * column;
    const size_t begin = bytes * part / parts / line * line, end = bytes * (part + 1) / parts;
    for (size_t p = next.p; p < next.p + next.panels; p++) {
        const char *w = ck_panel(b->w, b->panel + p) + next.k * column;
        for (size_t at = begin; at < end; at += line) __builtin_prefetch(w + at, 0, 2);
    }
}

// One pass for all tiles of the block, with its weights as floats. The chains are those of the stored weights.
static void widened_pass(const block *b, pass now, pass next, float *acc) {
    const size_t n = now.end - now.k, tiles = b->tile_end - b->tile_begin;
    const ck_matrix wide = {CK_FLOAT32, now.panels * CK_PANEL_ROWS, n, n * CK_PANEL_ROWS * sizeof *b->wide, b->wide};
    for (size_t p = 0; p < now.panels; p++) {
        const char *stored = ck_panel(b->w, b->panel + now.p + p) + now.k * ck_column_bytes(b->w->storage);
        b->widen(stored, n * CK_PANEL_ROWS, b->wide + p * n * CK_PANEL_ROWS);
    }
    for (size_t tile = b->tile_begin; tile < b->tile_end; tile++) {
        const size_t first = tile_begin(b, tile), width = tile_begin(b, tile + 1) - first;
        prefetch_part(b, next, tile - b->tile_begin, tiles);
        b->kernels->matmul_tile[CK_FLOAT32](&wide, 0, now.panels, 0, n, b->x + first * b->token_words + now.k * width, width,
                                            acc + ((first - b->first_token) * b->panels + now.p * width) * CK_PANEL_ROWS);
    }
}

static void stored_pass(const block *b, pass now, float *acc) {
    for (size_t tile = b->tile_begin; tile < b->tile_end; tile++) {
        const size_t first = tile_begin(b, tile), width = tile_begin(b, tile + 1) - first;
        b->tile(b->w, b->panel + now.p, now.panels, now.k, now.end,
                b->x + first * b->token_words + now.k / b->word_columns * width, width,
                acc + ((first - b->first_token) * b->panels + now.p * width) * CK_PANEL_ROWS);
    }
}

// Adds columns begin ..< end to acc, [tile][panel][width][16].
static void columns_of_leaf(const block *b, size_t begin, size_t end, float *acc) {
    if (b->tile_end - b->tile_begin == 1) return stored_pass(b, (pass){begin, end, 0, b->panels}, acc);
    const size_t panels = b->kernels->tile_panels;
    const size_t step = b->widen ? CK_WIDE_FLOATS / CK_PANEL_ROWS / panels : block_columns;
    // Passes begin at even columns, so that no pair is cut.
    pass now = {begin, min_size(begin / 2 * 2 + step, end), 0, min_size(panels, b->panels)};
    while (now.k < end) {
        const pass next = next_pass(b, now, step, end);
        if (b->widen) {
            widened_pass(b, now, next, acc);
        } else {
            stored_pass(b, now, acc);
        }
        now = next;
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
                float *to = y + (first + t) * y_stride + row;
                const float *sums = from + (p * width + t) * CK_PANEL_ROWS;
                // A copy of known size needs no call.
                if (rows == CK_PANEL_ROWS) memcpy(to, sums, CK_PANEL_ROWS * sizeof *y);
                else memcpy(to, sums, rows * sizeof *y);
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
               .block_tokens = ck_tile_begin(kernels, tokens, tile_end) - first, .wide = scratch};
    if (tile_end - tile_begin >= widening_tiles) b.widen = kernels->widen[w->storage];
    for (size_t panel = panel_begin; panel < panel_end; panel += CK_GROUP_PANELS) {
        b.panel = panel;
        b.panels = min_size(CK_GROUP_PANELS, panel_end - panel);
        group(&b, tree, y, y_stride, y_partial_stride, scratch + CK_WIDE_FLOATS);
    }
}
