// Sums and rotations whose plain C is the same in every instruction set: separate products and sums, nothing fused,
// so that the compiler's own vectors keep the bits.
#include "internal.h"

void ck_add(float *x, const float *y, size_t n) {
    for (size_t i = 0; i < n; i++) x[i] = x[i] + y[i];
}

void ck_rope(float *x, size_t heads, size_t half, const float *cosine, const float *sine) {
    for (size_t head = 0; head < heads; head++) {
        float *a = x + head * 2 * half, *b = a + half;
        for (size_t i = 0; i < half; i++) {
            const float first = a[i], second = b[i];
            a[i] = first * cosine[i] - second * sine[i];
            b[i] = second * cosine[i] + first * sine[i];
        }
    }
}

enum { chunk = 256 };

static void add_into(float *restrict sum, const float *restrict a, const float *restrict b, size_t n) {
    for (size_t i = 0; i < n; i++) sum[i] = a[i] + b[i];
}

// One chunk of the stack machine of ck_sum_tree: the place of the value that is left. A value lies where it was pushed
// from until it is added to another; `sums` has a place for each height of the stack.
static const float *combine_chunk(const float *const *partials, size_t count, const int32_t *merges, size_t begin,
                                  size_t n, float sums[][chunk]) {
    const float *values[CK_SUM_TREE_DEPTH];
    size_t depth = 0;
    for (size_t i = 0; i < count; i++) {
        values[depth++] = partials[i] + begin;
        for (int32_t merge = 0; merge < merges[i]; merge++) {
            depth--;
            if (values[depth - 1] == sums[depth - 1]) {
                ck_add(sums[depth - 1], values[depth], n);
            } else {
                add_into(sums[depth - 1], values[depth - 1], values[depth], n);
                values[depth - 1] = sums[depth - 1];
            }
        }
    }
    return values[0];
}

void ck_tree_combine(const float *const *partials, size_t count, const int32_t *merges, float *out, size_t n) {
    float sums[CK_SUM_TREE_DEPTH][chunk];
    for (size_t begin = 0; begin < n; begin += chunk) {
        const size_t length = n - begin < chunk ? n - begin : chunk;
        memmove(out + begin, combine_chunk(partials, count, merges, begin, length, sums), length * sizeof(float));
    }
}

void ck_tree_combine_add(const float *const *partials, size_t count, const int32_t *merges, float *x, size_t n) {
    float sums[CK_SUM_TREE_DEPTH][chunk];
    for (size_t begin = 0; begin < n; begin += chunk) {
        const size_t length = n - begin < chunk ? n - begin : chunk;
        ck_add(x + begin, combine_chunk(partials, count, merges, begin, length, sums), length);
    }
}
