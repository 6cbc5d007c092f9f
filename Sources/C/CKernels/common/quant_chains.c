// The product with a sum tree by many tokens, where kernels keep the float sums of whole leaves in registers: three
// panels go through all leaves, pass after pass, before the next three.
#include "quant_chains.h"

enum {
    // Groups of a pass: three panels of them, unpacked (34 KiB), stay in the first-level cache beside the tokens of a
    // tile. A block that has more is cut, at an even group, as a panel's groups stand in pairs; that changes no bit.
    pass_groups = 18,
    cut_groups = 16,
    // At most: every group may be a block of its own, and takes the room of a pair.
    most_lines = pass_groups * CK_QUANT_CHAIN_PANELS * (ck_scale_bytes + 2 * CK_GROUP_COLUMNS * CK_PANEL_ROWS) / 64,
};
_Static_assert(pass_groups * CK_QUANT_CHAIN_PANELS * CK_QUANT_CHAIN_BYTES <= CK_QUANT_UNPACKED_BYTES, "scratch");

// One pass: chains that lie behind one another in the tokens, and where the weights of each are.
typedef struct {
    size_t group, groups;  // of a token
    size_t count;
    ck_quant_chain chains[pass_groups];
    struct {
        size_t block, group;
    } sources[pass_groups];
} pass;

// What has been gone through of a tree.
typedef struct {
    size_t leaf, block, group;  // the group is of its block
    size_t token_group, column, depth;
    bool goes_on;  // in the middle of a leaf
} place;

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

// How many of some panels are taken together: three, or two twice, as one alone has too few chains of its own.
static size_t together(size_t panels) {
    return panels == CK_QUANT_CHAIN_PANELS + 1 ? 2 : min_size(CK_QUANT_CHAIN_PANELS, panels);
}

// Whether anything is left: the next pass, from `at` on, which moves behind it.
static bool next_pass(const ck_quant_product *b, place *at, pass *s) {
    const ck_sum_tree *tree = b->tree;
    *s = (pass){.group = at->token_group};
    while (at->leaf < tree->leaves) {
        const size_t columns = ck_block_columns(b->m, at->block), rest = ck_block_groups(columns) - at->group;
        const bool whole = s->groups + rest <= pass_groups;
        if (!whole && s->count > 0) break;
        const size_t groups = whole ? rest : cut_groups;
        ck_quant_chain *chain = &s->chains[s->count];
        *chain = (ck_quant_chain){.groups = groups, .depth = at->depth, .goes_on = at->goes_on};
        s->sources[s->count].block = at->block;
        s->sources[s->count].group = at->group;
        s->count++;
        s->groups += groups;
        at->token_group += groups;
        at->group += groups;
        at->goes_on = true;
        if (!whole) continue;
        at->group = 0;
        at->block++;
        at->column += columns;
        if (at->column < tree->leaf_end[at->leaf]) continue;
        chain->ends = true;
        chain->merges = (size_t)tree->merges[at->leaf];
        at->depth += 1 - chain->merges;
        at->leaf++;
        at->goes_on = false;
    }
    return s->count > 0;
}

// Where a pass is done: at which panels, and where they are stored, if that is the end of them.
typedef struct {
    size_t panel, panels;
    float *y;
} target;

// The first panel's weights of one chain of a pass, and how many bytes there are of each panel.
typedef struct {
    const uint8_t *w;
    size_t panel_bytes, bytes;
} source;

static source source_of(const ck_quant_product *b, const pass *s, size_t i, size_t panel) {
    const ck_quant quant = b->m->quant;
    const size_t block = s->sources[i].block;
    const uint8_t *w = ck_panel_of_block(b->m, block, panel);
    return (source){ck_group_scales(quant, w, s->sources[i].group),
                    ck_quant_panel_bytes(quant, ck_block_columns(b->m, block)),
                    (s->chains[i].groups + 1) / 2 * ck_pair_bytes(quant)};
}

static void unpack(const ck_quant_product *b, const pass *s, size_t panel, size_t panels) {
    uint8_t *to = b->unpacked;
    for (size_t i = 0; i < s->count; i++) {
        const source from = source_of(b, s, i, panel);
        b->kernels->quant_unpack[b->m->quant](from.w, from.panel_bytes, panels, s->chains[i].groups, to);
        to += s->chains[i].groups * panels * CK_QUANT_CHAIN_BYTES;
    }
}

// The cache lines that a pass unpacks, in the order of their places; their number.
static size_t list_lines(const ck_quant_product *b, const pass *s, const target *at, const uint8_t **lines) {
    size_t count = 0;
    for (size_t i = 0; i < s->count; i++) {
        const source from = source_of(b, s, i, at->panel);
        // Counted, so that the compiler takes several at a time.
        const size_t each = (from.bytes + 63) / 64;
        for (size_t p = 0; p < at->panels; p++) {
            const uint8_t *w = from.w + p * from.panel_bytes;
            for (size_t line = 0; line < each; line++) lines[count + line] = w + line * 64;
            count += each;
        }
    }
    return count;
}

// Copies what the stack holds in the end, where that is not a single value, which kernels store themselves.
static void store(const ck_quant_product *b, size_t panel, size_t panels) {
    const size_t level = b->block_tokens * panels * CK_PANEL_ROWS;
    for (size_t partial = 0; partial < b->tree->partials; partial++) {
        const float *from = b->stack + partial * level;
        for (size_t tile = 0; tile < b->tiles; tile++) {
            const size_t first = b->begin[tile], width = b->begin[tile + 1] - first;
            for (size_t p = 0; p < panels; p++) {
                const size_t row = (panel + p) * CK_PANEL_ROWS, rows = min_size(CK_PANEL_ROWS, b->m->rows - row);
                float *to = b->y + partial * b->y_partial_stride + (b->first_token + first) * b->y_stride + row;
                const float *cells = from + (first * panels + p * width) * CK_PANEL_ROWS;
                for (size_t t = 0; t < width; t++) {
                    memcpy(to + t * b->y_stride, cells + t * CK_PANEL_ROWS, rows * sizeof *to);
                }
            }
        }
    }
}

// Some tokens of a tile; what `job` says of the pass stays.
static void run_tokens(const ck_quant_product *b, const pass *s, const target *at, size_t tile, size_t begin,
                       size_t end, const uint8_t *const *lines, ck_quant_chains_job *job) {
    const size_t first = b->begin[tile], width = b->begin[tile + 1] - first, token = b->first_token + first;
    job->x = b->x + (token * b->groups + s->group * width + begin) * CK_QUANT_X_BYTES;
    job->width = width;
    job->stack = b->stack + (first * at->panels + begin) * CK_PANEL_ROWS;
    job->lines = lines;
    if (at->y) job->y = at->y + (token + begin) * b->y_stride + at->panel * CK_PANEL_ROWS;
    b->kernels->quant_chains(job, at->panels, end - begin);
}

// One pass by every tile, half by half. Meanwhile the weights of the next one are brought to the second-level cache, a
// line a group, as one that asks for many at a time stands still; what is too much for the groups is asked for at once.
static void run_pass(const ck_quant_product *b, const pass *s, const target *at, const pass *next,
                     const target *next_at) {
    const uint8_t *lines[most_lines + pass_groups];
    unpack(b, s, at->panel, at->panels);
    const size_t count = list_lines(b, next, next_at, lines);
    for (size_t i = 0; i < s->groups; i++) lines[count + i] = b->unpacked;
    ck_quant_chains_job job = {
        .wide = b->unpacked,
        .chains = s->chains,
        .count = s->count,
        .level = b->block_tokens * at->panels * CK_PANEL_ROWS,
        .y_stride = b->y_stride,
        .rows = b->m->rows - at->panel * CK_PANEL_ROWS,
    };
    const bool halves = at->panels > 1 && b->begin[1] > CK_QUANT_CHAIN_TOKENS;
    const size_t each = count / (b->tiles * (halves ? 2 : 1)) + 1;
    size_t line = 0;
    for (size_t tile = 0; tile < b->tiles; tile++) {
        const size_t width = b->begin[tile + 1] - b->begin[tile], half = halves ? (width + 1) / 2 : width;
        for (size_t begin = 0; begin < width; begin += half) {
            const size_t end = min_size(line + each, count);
            for (size_t i = line + s->groups; i < end; i++) __builtin_prefetch(lines[i], 0, 2);
            run_tokens(b, s, at, tile, begin, min_size(begin + half, width), lines + line, &job);
            line = end;
        }
    }
}

void ck_quant_run_chains(const ck_quant_product *b, size_t panel_begin, size_t panel_end) {
    const bool single = b->tree->partials == 1;
    place place_in_tree = {0};
    pass passes[2];
    target at = {panel_begin, together(panel_end - panel_begin), NULL};
    next_pass(b, &place_in_tree, &passes[0]);
    for (size_t current = 0; at.panels > 0; current = 1 - current) {
        pass *next = &passes[1 - current];
        target next_at = at;
        const bool last = !next_pass(b, &place_in_tree, next);
        if (last) {
            place_in_tree = (place){0};
            next_pass(b, &place_in_tree, next);
            next_at.panel += at.panels;
            next_at.panels = together(panel_end - next_at.panel);
            if (single) at.y = b->y;
        }
        run_pass(b, &passes[current], &at, next, &next_at);
        if (last && !single) store(b, at.panel, at.panels);
        at = next_at;
    }
}
