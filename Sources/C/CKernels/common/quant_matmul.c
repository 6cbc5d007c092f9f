// The product with a sum tree over quantised weights: leaves, stack machine and cache blocks around the register tiles.
#include "quant_chains.h"

enum {
    // Groups of one pass over several tiles: 16 rows of them (8.5 KiB in q8) stay in the first-level cache. Even, as the
    // groups of a panel stand in pairs. Cutting a chain here changes no bit: it goes on in memory.
    pass_groups = 16,
    wide_panels = 2,    // panels that are unpacked together
    wide_tokens = 17,   // least tokens for which weights are unpacked
    group_panels = 4,   // panels that are worked on together, at least
    most_panels = 32,   // and at most
    group_cells = 512,  // panels * tokens between the two
};

_Static_assert(wide_panels * pass_groups * CK_QUANT_WIDE_BYTES <= CK_QUANT_UNPACKED_BYTES, "scratch");

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

size_t ck_quant_tile_count(size_t tokens) { return (tokens + CK_QUANT_TILE_TOKENS - 1) / CK_QUANT_TILE_TOKENS; }

size_t ck_quant_tile_begin(size_t tokens, size_t tile) { return tokens * tile / ck_quant_tile_count(tokens); }

size_t ck_quant_x_bytes(size_t tokens, size_t columns, size_t block_columns) {
    return tokens * ck_quant_groups(columns, block_columns) * CK_QUANT_X_BYTES;
}

void ck_quant_x(const ck_kernels *kernels, ck_quant quant, size_t columns, size_t block_columns, const float *x,
                size_t tokens, size_t token, uint8_t *out) {
    const size_t tile = ((token + 1) * ck_quant_tile_count(tokens) - 1) / tokens;
    const size_t begin = ck_quant_tile_begin(tokens, tile), width = ck_quant_tile_begin(tokens, tile + 1) - begin;
    const size_t step = width * CK_QUANT_X_BYTES;
    uint8_t *to = out + ck_quant_x_bytes(begin, columns, block_columns) + (token - begin) * CK_QUANT_X_BYTES;
    for (size_t first = 0; first < columns; first += block_columns) {
        const size_t n = min_size(block_columns, columns - first);
        kernels->quant_x(x + first, n, ck_quant_offset(quant), to, step);
        to += ck_block_groups(n) * step;
    }
}

void ck_quant_tile_columns(const ck_kernels *kernels, ck_quant quant, const float *x, size_t stride, size_t width,
                           size_t columns, uint8_t *out) {
    const size_t step = width * CK_QUANT_X_BYTES;
    for (size_t t = 0; t < width; t++) {
        kernels->quant_x(x + t * stride, columns, ck_quant_offset(quant), out + t * CK_QUANT_X_BYTES, step);
    }
}

// Panels that are worked on together: few tokens leave room for many, and longer runs of memory.
static size_t panels_together(size_t tokens) {
    const size_t panels = group_cells / tokens / group_panels * group_panels;
    return panels < group_panels ? group_panels : panels > most_panels ? most_panels : panels;
}

static bool takes_chains(const ck_kernels *kernels, size_t tokens) {
    return kernels->quant_chains && tokens >= wide_tokens;
}

size_t ck_quant_group_panels(const ck_kernels *kernels, size_t tokens) {
    return takes_chains(kernels, tokens) ? CK_QUANT_CHAIN_PANELS : CK_GROUP_PANELS;
}

// Where sums stay in registers no cache has to hold those of a block, and a block may be twice as large, if its tokens are
// a megabyte at most, which a second-level cache has room for.
size_t ck_quant_block_tiles(const ck_kernels *kernels, size_t tokens, size_t columns, size_t block_columns) {
    const size_t tile = ck_quant_x_bytes(CK_QUANT_TILE_TOKENS, columns, block_columns);
    if (!takes_chains(kernels, tokens) || CK_QUANT_BLOCK_TILES * tile > 1 << 20) return CK_QUANT_BLOCK_TILES / 2;
    return CK_QUANT_BLOCK_TILES;
}

size_t ck_quant_scratch(const ck_sum_tree *tree, size_t tokens) {
    const size_t cells = tokens * group_panels > group_cells ? tokens * group_panels : group_cells;
    return tree->depth * cells * CK_PANEL_ROWS + CK_QUANT_UNPACKED_BYTES / sizeof(float);
}

// What one call works on: a group of panels and a block of tiles.
typedef struct {
    const ck_quant_matrix *m;
    ck_quant_tile_kernel *tile;
    ck_quant_widen_kernel *widen;  // NULL where the tiles take the weights as they are
    ck_quant_wide_kernel *wide;
    uint8_t *unpacked;
    const uint8_t *x;
    size_t groups;  // of one token
    size_t tiles, block_tokens;
    size_t first_token;                      // the block's first tile's
    size_t begin[CK_QUANT_BLOCK_TILES + 1];  // of each tile, counted from there
    size_t panel, panels;
} work;

// Bytes from the end of a group of panels in a block to what is read next: the same panels of the next block, or the
// next panels, which the same thread most often goes on with when the call ends. Behind the last ones it stays there.
static ptrdiff_t jump_after(const work *b, size_t block) {
    const size_t behind = b->panel + b->panels;
    const uint8_t *end = ck_panel_of_block(b->m, block, behind);
    if ((block + 1) * b->m->block_columns < b->m->columns) return ck_panel_of_block(b->m, block + 1, b->panel) - end;
    if (behind * CK_PANEL_ROWS < b->m->rows) return ck_panel_of_block(b->m, 0, behind) - end;
    return -ck_quant_ahead;
}

// One pass: some groups of some panels, from group number `group` of the token on, by every tile.
typedef struct {
    const uint8_t *w;
    size_t panel_bytes, panel, panels, group, groups;
    ptrdiff_t jump;
} pass;

// Brings `lines` cache lines of each panel of what the next pass unpacks, the same panels' next groups, which lie behind
// these, to the second-level cache: part number `part`.
static void bring_next(const pass *s, size_t behind, size_t lines, size_t part) {
    for (size_t p = 0; p < s->panels; p++) {
        const uint8_t *next = s->w + p * s->panel_bytes + behind + part * lines * 64;
        for (size_t i = 0; i < lines; i++) __builtin_prefetch(next + i * 64, 0, 2);
    }
}

static void run_pass(const work *b, const pass *s, float *acc, bool fresh, bool last) {
    const size_t bytes = (s->groups + 1) / 2 * ck_pair_bytes(b->m->quant), lines = bytes / 64 / b->tiles + 1;
    if (b->widen) b->widen(s->w, s->panel_bytes, s->panels, s->groups, b->unpacked);
    for (size_t tile = 0; tile < b->tiles; tile++) {
        const size_t first = b->begin[tile], width = b->begin[tile + 1] - first;
        float *to = acc + (first * b->panels + s->panel * width) * CK_PANEL_ROWS;
        const uint8_t *x = b->x + ((b->first_token + first) * b->groups + s->group * width) * CK_QUANT_X_BYTES;
        if (b->widen) {
            bring_next(s, bytes, lines, tile);
            b->wide(b->unpacked, s->panels, s->groups, x, width, to, fresh, last);
        } else {
            b->tile(s->w, s->panel_bytes, s->panels, s->groups, s->jump, x, width, to, fresh);
        }
    }
}

// Adds one column block, whose first group is number `group` of the token, to acc, [tile][panel][width][16].
static void column_block(const work *b, size_t block, size_t group, float *acc, bool fresh) {
    const size_t columns = ck_block_columns(b->m, block), groups = ck_block_groups(columns);
    const uint8_t *w = ck_panel_of_block(b->m, block, b->panel);
    const bool one_tile = b->tiles == 1;
    const size_t step = one_tile ? groups : pass_groups, panel_step = one_tile ? b->panels : b->widen ? wide_panels : 1;
    pass s = {.panel_bytes = ck_quant_panel_bytes(b->m->quant, columns), .jump = one_tile ? jump_after(b, block) : 0};
    for (s.panel = 0; s.panel < b->panels; s.panel += panel_step) {
        s.panels = min_size(panel_step, b->panels - s.panel);
        for (size_t g = 0; g < groups; g += step) {
            s.w = ck_group_scales(b->m->quant, w + s.panel * s.panel_bytes, g);
            s.group = group + g;
            s.groups = min_size(step, groups - g);
            run_pass(b, &s, acc, fresh && g == 0, g + s.groups == groups);
        }
    }
}

static void add_to(float *a, const float *b, size_t n) {
    for (size_t i = 0; i < n; i++) a[i] = a[i] + b[i];
}

static void store(const work *b, const float *acc, float *y, size_t y_stride) {
    for (size_t tile = 0; tile < b->tiles; tile++) {
        const size_t first = b->begin[tile], width = b->begin[tile + 1] - first;
        const float *from = acc + first * b->panels * CK_PANEL_ROWS;
        for (size_t t = 0; t < width; t++) {
            float *row = y + (b->first_token + first + t) * y_stride + b->panel * CK_PANEL_ROWS;
            const size_t rows = min_size(b->panels * CK_PANEL_ROWS, b->m->rows - b->panel * CK_PANEL_ROWS);
            for (size_t p = 0; p < b->panels; p++, row += CK_PANEL_ROWS) {
                const float *cells = from + (p * width + t) * CK_PANEL_ROWS;
                const size_t rest = rows - p * CK_PANEL_ROWS;
                // A length that the compiler knows needs no call.
                if (rest >= CK_PANEL_ROWS) {
                    memcpy(row, cells, CK_PANEL_ROWS * sizeof *row);
                } else {
                    memcpy(row, cells, rest * sizeof *row);
                }
            }
        }
    }
}

static void group_of_panels(const work *b, const ck_sum_tree *tree, float *y, size_t y_stride, size_t y_partial_stride,
                            float *scratch) {
    const size_t level = b->panels * CK_PANEL_ROWS * b->block_tokens;
    size_t depth = 0, column = 0, block = 0, group = 0;
    for (size_t leaf = 0; leaf < tree->leaves; leaf++) {
        for (bool fresh = true; column < tree->leaf_end[leaf]; fresh = false) {
            const size_t columns = ck_block_columns(b->m, block);
            column_block(b, block++, group, scratch + depth * level, fresh);
            column += columns;
            group += ck_block_groups(columns);
        }
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

void ck_quant_matmul(const ck_kernels *kernels, const ck_quant_matrix *m, size_t panel_begin, size_t panel_end,
                     const uint8_t *x, size_t tokens, size_t tile_begin, size_t tile_end, const ck_sum_tree *tree,
                     float *y, size_t y_stride, size_t y_partial_stride, float *scratch) {
    work b = {.m = m, .tile = kernels->quant_tile[m->quant], .x = x,
              .groups = ck_quant_groups(m->columns, m->block_columns), .tiles = tile_end - tile_begin,
              .first_token = ck_quant_tile_begin(tokens, tile_begin)};
    for (size_t i = 0; i <= b.tiles; i++) b.begin[i] = ck_quant_tile_begin(tokens, tile_begin + i) - b.first_token;
    b.block_tokens = b.begin[b.tiles];
    if (b.block_tokens >= wide_tokens) b.widen = kernels->quant_widen[m->quant];
    b.wide = kernels->quant_wide[m->quant];
    b.unpacked = (uint8_t *)scratch;
    scratch += CK_QUANT_UNPACKED_BYTES / sizeof *scratch;
    if (takes_chains(kernels, b.block_tokens)) {
        const ck_quant_product product = {
            .kernels = kernels, .m = m, .tree = tree, .x = x, .groups = b.groups, .tiles = b.tiles,
            .block_tokens = b.block_tokens, .first_token = b.first_token, .begin = b.begin, .y = y,
            .y_stride = y_stride, .y_partial_stride = y_partial_stride, .unpacked = b.unpacked, .stack = scratch,
        };
        return ck_quant_run_chains(&product, panel_begin, panel_end);
    }
    const size_t together = panels_together(b.block_tokens);
    for (size_t panel = panel_begin; panel < panel_end; panel += together) {
        b.panel = panel;
        b.panels = min_size(together, panel_end - panel);
        group_of_panels(&b, tree, y, y_stride, y_partial_stride, scratch);
    }
}
