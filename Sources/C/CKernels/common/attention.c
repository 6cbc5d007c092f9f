// Attention of a block of rows: pages outside, tiles of rows inside, so that a page is read once for all of them.
#include "internal.h"

enum {
    page_tokens = CK_KV_PAGE_TOKENS,
    tile_rows = CK_ATTENTION_TILE,
    // Tiles of a block from which on a page is widened once for all of them, and not in each one's registers: 2 to 3 of
    // 100 parts of the peak more on a Xeon, with AVX-512 and with AVX2.
    widening_tiles = 3,
    // Bytes of the next page that are brought nearer before a row's softmax, which reads nothing: without that 8 bits
    // read 3 of 100 parts of the bandwidth less, and halves as much as with it.
    softmax_ahead = 1024,
};

// The rows of one KV head in one run, and the work area of one call.
typedef struct {
    const ck_kernels *kernels;
    const ck_attention *a;
    const ck_attention_run *run;
    size_t kv_head, first_head, heads;  // the query heads of this KV head that are here
    size_t begin, rows;                 // the block's rows
    size_t state;                       // floats of a row's state: [o: value_stride, m, l]
    size_t q_stride;
    float *q;                           // [rows][q_stride], quantised for CK_KV_INT8
    float *span;                        // [rows][state] of the span that is being computed
    float *total;                       // [rows][state] of the spans before it
    float *scores;                      // [rows of a tile][64]
    float *page;                        // its keys and values as floats, or, for CK_KV_INT8, the scores quantised
} block;

// What the products of a page read.
typedef struct {
    ck_kv_element element;
    const char *keys, *values;
    const float *scales;  // [64] of the keys, [64] of the values; NULL but for CK_KV_INT8
} page_data;

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

// Rows in tiles of equal width within one.
static size_t tile_count(size_t rows) { return (rows + tile_rows - 1) / tile_rows; }
static size_t tile_begin(size_t rows, size_t tile) { return rows * tile / tile_count(rows); }

static void group_heads(const ck_attention *a, size_t kv_head, size_t *first, size_t *count) {
    const size_t begin = kv_head * a->group_size, end = begin + a->group_size;
    *first = begin > a->head_offset ? begin - a->head_offset : 0;
    const size_t limit = end > a->head_offset ? min_size(end - a->head_offset, a->query_heads) : 0;
    *count = limit > *first ? limit - *first : 0;
}

size_t ck_attention_row_count(const ck_attention *a, const ck_attention_run *run, size_t kv_head) {
    size_t first, count;
    group_heads(a, kv_head, &first, &count);
    return run->tokens * count;
}

size_t ck_attention_span_count(const ck_attention_run *run) {
    const size_t span_tokens = page_tokens * CK_KV_SPAN_PAGES;
    return (run->start + run->tokens + span_tokens - 1) / span_tokens;
}

size_t ck_attention_partial(const ck_attention *a) { return a->kv.value_stride + 2; }

// Floats of a row of n numbers that the products of a page multiply: as they are, or in quantised parts.
static size_t x_floats(const ck_attention *a, size_t n) {
    if (a->kv.element != CK_KV_INT8) return n;
    const size_t rest = n % CK_KV_INT8_SUM;
    return n / CK_KV_INT8_SUM * CK_KV_X_FLOATS(CK_KV_INT8_SUM) + (rest ? CK_KV_X_FLOATS(rest) : 0);
}

// Floats of a page that has been widened, or of the quantised weights of a tile, which no call has both of.
static size_t page_floats(const ck_attention *a) {
    if (a->kv.element == CK_KV_INT8) return tile_rows * x_floats(a, page_tokens);
    return page_tokens * (a->kv.head_dim + a->kv.value_stride);
}

size_t ck_attention_scratch(const ck_attention *a) {
    const size_t rows = CK_ATTENTION_ROWS * (x_floats(a, a->kv.head_dim) + 2 * ck_attention_partial(a));
    return rows + tile_rows * page_tokens + page_floats(a);
}

static size_t token_of(const block *b, size_t row) { return (b->begin + row) / b->heads; }

// Keys that a row sees.
static size_t visible(const block *b, size_t row) { return b->run->start + token_of(b, row) + 1; }

static size_t place(const block *b, size_t row, size_t stride) {
    const size_t head = b->first_head + (b->begin + row) % b->heads;
    return (b->run->first_row + token_of(b, row)) * stride + head * b->a->kv.head_dim;
}

static block make_block(const ck_kernels *kernels, const ck_attention *a, const ck_attention_run *run, size_t kv_head,
                        size_t row_begin, size_t row_end, float *scratch) {
    block b = {.kernels = kernels, .a = a, .run = run, .kv_head = kv_head, .begin = row_begin,
               .rows = row_end - row_begin, .state = ck_attention_partial(a)};
    group_heads(a, kv_head, &b.first_head, &b.heads);
    b.q = scratch;
    b.q_stride = x_floats(a, a->kv.head_dim);
    b.span = b.q + CK_ATTENTION_ROWS * b.q_stride;
    b.total = b.span + CK_ATTENTION_ROWS * b.state;
    b.scores = b.total + CK_ATTENTION_ROWS * b.state;
    b.page = b.scores + tile_rows * page_tokens;
    return b;
}

static void load_queries(const block *b) {
    const size_t head_dim = b->a->kv.head_dim;
    for (size_t row = 0; row < b->rows; row++) {
        const float *from = b->a->q + place(b, row, b->a->q_stride);
        float *to = b->q + row * b->q_stride;
        if (b->a->kv.element != CK_KV_INT8) {
            memcpy(to, from, head_dim * sizeof *to);
            continue;
        }
        for (size_t d = 0; d < head_dim; d += CK_KV_INT8_SUM) {
            b->kernels->kv_quant_x(from + d, min_size(CK_KV_INT8_SUM, head_dim - d), to + x_floats(b->a, d));
        }
    }
}

static page_data page_of(const block *b, size_t page) {
    const ck_kv_layer *kv = &b->a->kv;
    const char *keys = (const char *)kv->base + (size_t)b->run->pages[page] * kv->page_bytes + b->kv_head * kv->head_bytes;
    const char *values = keys + kv->value_offset;
    const float *scales =
        kv->element == CK_KV_INT8 ? (const float *)(values + page_tokens * kv->value_stride) : NULL;
    return (page_data){kv->element, keys, values, scales};
}

// The same page with its numbers as floats in this thread's memory, which changes no bit.
static page_data widened(const block *b, page_data page) {
    ck_widen_kernel *widen = b->kernels->kv_widen[page.element];
    if (!widen) return page;
    const size_t keys = b->a->kv.head_dim * page_tokens;
    widen(page.keys, keys, b->page);
    widen(page.values, page_tokens * b->a->kv.value_stride, b->page + keys);
    return (page_data){CK_KV_FLOAT32, (const char *)b->page, (const char *)(b->page + keys), page.scales};
}

// What a tile of rows needs to know of a page of which each row sees at least one key. Rows are in the order of their
// tokens, so the first one sees the fewest.
typedef struct {
    size_t first, width;
    size_t seen[tile_rows];  // keys
    size_t least, most;
} page_rows;

static page_rows rows_of_page(const block *b, size_t first, size_t width, size_t page) {
    page_rows rows = {.first = first, .width = width};
    for (size_t t = 0; t < width; t++) {
        rows.seen[t] = min_size(page_tokens, visible(b, first + t) - page * page_tokens);
    }
    rows.least = rows.seen[0];
    rows.most = rows.seen[width - 1];
    return rows;
}

// The scores of a page's keys, in parts where a sum of integers could be too large.
static void score_keys(const block *b, page_data data, const page_rows *rows) {
    const size_t head_dim = b->a->kv.head_dim, part = data.element == CK_KV_INT8 ? CK_KV_INT8_SUM : head_dim;
    const size_t lanes = (rows->most + 15) / 16 * 16, row_bytes = page_tokens * ck_kv_bytes(data.element);
    memset(b->scores, 0, rows->width * page_tokens * sizeof(float));
    for (size_t d = 0; d < head_dim; d += part) {
        b->kernels->kv_tile[data.element](data.keys + d * row_bytes, page_tokens, lanes, min_size(part, head_dim - d),
                                          data.values + d * row_bytes, b->q + rows->first * b->q_stride + x_floats(b->a, d),
                                          b->q_stride, rows->width, b->scores, page_tokens);
    }
}

// Adds the page's values by the weights that the scores became. A float that a row does not see would be added whatever
// its weight, and may be no number: what not all rows see goes row by row. An integer by a weight of 0 is none, and the
// sum of a page is one.
static void add_values(const block *b, page_data data, const page_rows *rows, const char *next) {
    const size_t stride = b->a->kv.value_stride, row_bytes = stride * ck_kv_bytes(data.element), least = rows->least;
    ck_kv_tile_kernel *tile = b->kernels->kv_tile[data.element];
    float *states = b->span + rows->first * b->state;
    if (data.element == CK_KV_INT8) {
        const size_t floats = x_floats(b->a, page_tokens);
        for (size_t t = 0; t < rows->width; t++) {
            float *weights = b->scores + t * page_tokens;
            // What nobody has written may have a scale that is no number.
            memset(weights + rows->seen[t], 0, (rows->most - rows->seen[t]) * sizeof *weights);
            b->kernels->kv_quant_x(weights, rows->most, b->page + t * floats);
        }
        tile(data.values, stride, stride, rows->most, next, b->page, floats, rows->width, states, b->state);
        return;
    }
    tile(data.values, stride, stride, least, next, b->scores, page_tokens, rows->width, states, b->state);
    for (size_t t = 0; t < rows->width; t++) {
        if (rows->seen[t] == least) continue;
        tile(data.values + least * row_bytes, stride, stride, rows->seen[t] - least, data.values,
             b->scores + t * page_tokens + least, page_tokens, 1, states + t * b->state, b->state);
    }
}

static void bring(const void *memory, size_t bytes) {
    for (size_t i = 0; i < bytes; i += 64) __builtin_prefetch((const char *)memory + i, 0, 2);
}

// One page for one tile of rows. Each product brings nearer what the next one reads: the keys the values, the values the
// keys of the `next` page.
static void tile_page(const block *b, page_data data, const page_rows *rows, const page_data *next) {
    const bool is_other = next->keys != data.keys;
    score_keys(b, data, rows);
    if (is_other && next->scales) bring(next->scales, 2 * page_tokens * sizeof(float));
    for (size_t t = 0; t < rows->width; t++) {
        if (is_other) bring(next->keys + t * softmax_ahead, softmax_ahead);
        b->kernels->softmax_page(b->scores + t * page_tokens, data.scales, rows->seen[t], b->a->scale,
                                 b->span + (rows->first + t) * b->state, b->a->kv.value_stride);
    }
    add_values(b, data, rows, next->keys);
}

static void compute_span(const block *b, size_t span) {
    const size_t first_page = span * CK_KV_SPAN_PAGES;
    for (size_t row = 0; row < b->rows; row++) {
        float *state = b->span + row * b->state;
        memset(state, 0, b->state * sizeof *state);
        state[b->a->kv.value_stride] = -INFINITY;
    }
    const size_t pages = (visible(b, b->rows - 1) + page_tokens - 1) / page_tokens, tiles = tile_count(b->rows);
    for (size_t page = first_page; page < min_size(pages, first_page + CK_KV_SPAN_PAGES); page++) {
        const page_data stored = page_of(b, page), data = tiles >= widening_tiles ? widened(b, stored) : stored;
        // Of a widened page all tiles read the same memory; the next one is read when it is widened.
        const bool goes_on = data.keys == stored.keys && page + 1 < pages;
        const page_data following = goes_on ? page_of(b, page + 1) : data;
        for (size_t tile = 0; tile < tiles; tile++) {
            size_t first = tile_begin(b->rows, tile);
            const size_t end = tile_begin(b->rows, tile + 1);
            while (first < end && visible(b, first) <= page * page_tokens) first++;
            if (first == end) continue;
            const page_rows rows = rows_of_page(b, first, end - first, page);
            tile_page(b, data, &rows, end == b->rows ? &following : &data);
        }
    }
}

static int sees_span(const block *b, size_t row, size_t span) {
    return visible(b, row) > span * CK_KV_SPAN_PAGES * page_tokens;
}

// Adds a row's state of `span` to its total.
static void add_span(const block *b, size_t row, size_t span, const float *state) {
    float *total = b->total + row * b->state;
    if (!sees_span(b, row, span)) return;
    if (span == 0) {
        memcpy(total, state, b->state * sizeof *total);
    } else {
        b->kernels->merge_span(total, state, b->a->kv.value_stride);
    }
}

static void store_rows(const block *b) {
    for (size_t row = 0; row < b->rows; row++) {
        const float *total = b->total + row * b->state, sum = total[b->a->kv.value_stride + 1];
        float *out = b->a->out + place(b, row, b->a->out_stride);
        for (size_t d = 0; d < b->a->kv.head_dim; d++) out[d] = total[d] / sum;
    }
}

void ck_attention_rows(const ck_kernels *kernels, const ck_attention *a, const ck_attention_run *run, size_t kv_head,
                       size_t row_begin, size_t row_end, float *scratch) {
    const block b = make_block(kernels, a, run, kv_head, row_begin, row_end, scratch);
    load_queries(&b);
    for (size_t span = 0; span < ck_attention_span_count(run); span++) {
        if (!sees_span(&b, b.rows - 1, span)) break;
        compute_span(&b, span);
        for (size_t row = 0; row < b.rows; row++) add_span(&b, row, span, b.span + row * b.state);
    }
    store_rows(&b);
}

void ck_attention_span(const ck_kernels *kernels, const ck_attention *a, const ck_attention_run *run, size_t kv_head,
                       size_t row_begin, size_t row_end, size_t span, float *partials, float *scratch) {
    const block b = make_block(kernels, a, run, kv_head, row_begin, row_end, scratch);
    const size_t spans = ck_attention_span_count(run);
    if (!sees_span(&b, b.rows - 1, span)) return;
    load_queries(&b);
    compute_span(&b, span);
    for (size_t row = 0; row < b.rows; row++) {
        float *partial = partials + ((row_begin + row) * spans + span) * b.state;
        memcpy(partial, b.span + row * b.state, b.state * sizeof *partial);
    }
}

void ck_attention_join(const ck_kernels *kernels, const ck_attention *a, const ck_attention_run *run, size_t kv_head,
                       size_t row_begin, size_t row_end, const float *partials, float *scratch) {
    const block b = make_block(kernels, a, run, kv_head, row_begin, row_end, scratch);
    const size_t spans = ck_attention_span_count(run);
    for (size_t row = 0; row < b.rows; row++) {
        for (size_t span = 0; span < spans; span++) {
            add_span(&b, row, span, partials + ((row_begin + row) * spans + span) * b.state);
        }
    }
    store_rows(&b);
}
