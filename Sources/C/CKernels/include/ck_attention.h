// Causal grouped-query attention over a paged key-value cache.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum {
    CK_KV_PAGE_TOKENS = 64,  // keys of a page
    CK_KV_SPAN_PAGES = 8,    // pages of a span: 512 keys
    CK_ATTENTION_ROWS = 48,  // most (query, head) rows of one ck_attention call
    CK_ATTENTION_TILE = 6,   // most rows of one register tile
    CK_KV_INT8_SUM = 512,    // most numbers of a sum of CK_KV_INT8: more could be beyond 32 bits
};

typedef enum { CK_KV_FLOAT32 = 0, CK_KV_FLOAT16 = 1, CK_KV_INT8 = 2 } ck_kv_element;
enum { CK_KV_ELEMENTS = 3 };

// The cache of one layer: page p, KV head g at base + p * page_bytes + g * head_bytes. There the keys
// [head_dim][64 tokens] (a lane is a key), then the values [64 tokens][value_stride] (a lane is a dimension). CK_KV_INT8
// has four of what is summed side by side, keys [head_dim / 4, rounded up][64][4] and values [16][value_stride][4], each
// number an integer of -127 ... 127 plus 128 (instructions multiply bytes without a sign by such with one); behind them
// the scales of the keys [64] and of the values [64], float: a number is its integer times its scale.
typedef struct {
    ck_kv_element element;
    size_t kv_heads, head_dim;
    size_t value_stride;  // head_dim rounded up to 16; what is beyond head_dim is never written
    size_t value_offset;  // bytes from a head's keys to its values
    size_t head_bytes, page_bytes;
    void *base;
} ck_kv_layer;

// Query tokens of one sequence at positions start ..< start + tokens; query i is row first_row + i of q and out.
typedef struct {
    size_t first_row, tokens, start;
    const int32_t *pages;  // page of positions 64 i ..< 64 (i + 1)
} ck_attention_run;

// q and out are [rows, query_heads, head_dim], strides in floats. Local query head h reads local KV head
// (head_offset + h) / group_size: head_offset is the place of the first local query head inside its group.
typedef struct {
    ck_kv_layer kv;
    const float *q;
    float *out;
    size_t q_stride, out_stride, query_heads, group_size, head_offset;
    float scale;
} ck_attention;

struct ck_kernels;

// acc[t][lane] = fmaf(w[i][lane], x[t][i], acc[t][lane]), i = 0 ..< n in increasing order; w is [n][w_stride] elements
// of the cache, lanes a multiple of 16, x is [width][x_stride], acc is [width][acc_stride], width at most
// CK_ATTENTION_TILE. `next` is what will be read after this, as much of it, and is brought nearer meanwhile.
//
// CK_KV_INT8: w is [n / 4][w_stride][4], x are rows that ck_kv_quant_x_kernel quantised, n at most CK_KV_INT8_SUM:
// acc[t][lane] = fmaf((float)(sum over i of the integers w[i][lane] * x[t][i], exact), scale of x[t], acc[t][lane]).
typedef void ck_kv_tile_kernel(const void *w, size_t w_stride, size_t lanes, size_t n, const void *next, const float *x,
                               size_t x_stride, size_t width, float *acc, size_t acc_stride);

// Quantises one row x[n] to 16 bits for ck_kv_tile_kernel of CK_KV_INT8: scale = m / 32639, m the largest magnitude;
// q[i] = x[i] * (32639 / m) rounded to nearest even. m < 2^-100: all zeros. With an infinity or a NaN the scale is a NaN,
// so that the sums are. `out` is CK_KV_X_FLOATS(n) floats; how they lie there is an affair between the two kernels.
typedef void ck_kv_quant_x_kernel(const float *x, size_t n, float *out);
#define CK_KV_X_FLOATS(n) (2 + ((n) + 15) / 16 * 8)

// One page of online softmax of one row, state [o: n, m, l]: s = scores * scale over the first `valid` of 64, at least
// one; m' = max(m, s); scores become exp(s - m') and +0 beyond `valid`; their sum has the lanes and order of
// ck_rms_norm_kernel; c = exp(m - m'); o = o * c, l = fmaf(l, c, sum), m = m'. `scales` is NULL, or [64] by which scores
// are multiplied first, and [64] by which they are multiplied at last, when they have been summed: beyond `valid`
// that may be anything.
typedef void ck_softmax_page_kernel(float *scores, const float *scales, size_t valid, float scale, float *state,
                                    size_t n);

// Adds a later span to what earlier spans gave. Both are [o: n, m, l]:
// m' = max(m, m2), a = exp(m - m'), b = exp(m2 - m'), l = fmaf(l2, b, l * a), o = fmaf(o2, b, o * a).
typedef void ck_merge_span_kernel(float *total, const float *span, size_t n);

// out[i] = the cache element nearest to x[i] (ties to even), the largest finite one for what is beyond it, so that an
// overflow stays a number; step elements from one to the next. Returns the scale: 1; for CK_KV_INT8 the largest magnitude
// over 127, when out[i] is 128 plus the integer nearest to x[i] * (127 / largest magnitude), which is 0 for all if that is
// below 2^-100, and the scale is a NaN if an x[i] is one.
typedef float ck_kv_store_kernel(const float *x, size_t n, void *out, size_t step);

void ck_kv_layer_init(ck_kv_layer *layer, ck_kv_element element, size_t kv_heads, size_t head_dim);

// Writes the keys and values [tokens, kv_heads, head_dim] of positions run->start ... of KV head `kv_head`;
// k and v are the first token's rows (first_row is not used), strides in floats.
void ck_kv_append(const struct ck_kernels *kernels, const ck_kv_layer *kv, const ck_attention_run *run, size_t kv_head,
                  const float *k, const float *v, size_t stride);

// Rows of one KV head in one run: (token, query head of the group), the heads of one token side by side.
size_t ck_attention_row_count(const ck_attention *a, const ck_attention_run *run, size_t kv_head);
// Spans of 512 keys that the run's last token sees.
size_t ck_attention_span_count(const ck_attention_run *run);
// Floats of scratch of one call; floats of one row's partial result of one span (o, m, l).
size_t ck_attention_scratch(const ck_attention *a);
size_t ck_attention_partial(const ck_attention *a);

// Rows row_begin ..< row_end (at most CK_ATTENTION_ROWS) of one KV head over all keys that they see.
//
// The definition of a (query, head): score[t] = chain over d of fmaf(k[d][t], q[d]), times scale; inside a span of 512
// keys pages of 64 go through ck_softmax_page_kernel in order, each followed by o[d] = fmaf(v[t][d], p[t], o[d]) over
// the visible t in increasing order; spans are added in order by ck_merge_span_kernel, the first one as it is; at last
// o / l.
//
// CK_KV_INT8: q and, of each page, the p times the scales of its values are quantised by ck_kv_quant_x_kernel. Then
// score[t] = (the exact sum over d of the integers) * q's scale * the key's scale * scale, where head_dim is beyond
// CK_KV_INT8_SUM in parts that are added by fmaf; and a page adds o[d] = fmaf(the exact sum over t of the integers, the
// scale of the page's p, o[d]).
void ck_attention_rows(const struct ck_kernels *kernels, const ck_attention *a, const ck_attention_run *run,
                       size_t kv_head, size_t row_begin, size_t row_end, float *scratch);

// The same in two steps, so that spans can be computed in parallel: partials is [rows of the run and KV head][spans].
void ck_attention_span(const struct ck_kernels *kernels, const ck_attention *a, const ck_attention_run *run,
                       size_t kv_head, size_t row_begin, size_t row_end, size_t span, float *partials, float *scratch);
void ck_attention_join(const struct ck_kernels *kernels, const ck_attention *a, const ck_attention_run *run,
                       size_t kv_head, size_t row_begin, size_t row_end, const float *partials, float *scratch);
