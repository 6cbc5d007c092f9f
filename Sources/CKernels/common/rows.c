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

// One chunk of the stack machine of ck_sum_tree; out may be one of the partials.
static void combine_chunk(const float *const *partials, size_t count, const int32_t *merges, float *out, size_t begin,
                          size_t n) {
    float stack[CK_SUM_TREE_DEPTH][chunk];
    size_t depth = 0;
    for (size_t i = 0; i < count; i++) {
        memcpy(stack[depth++], partials[i] + begin, n * sizeof(float));
        for (int32_t merge = 0; merge < merges[i]; merge++) {
            depth--;
            ck_add(stack[depth - 1], stack[depth], n);
        }
    }
    memcpy(out + begin, stack[0], n * sizeof(float));
}

void ck_tree_combine(const float *const *partials, size_t count, const int32_t *merges, float *out, size_t n) {
    for (size_t begin = 0; begin < n; begin += chunk) {
        combine_chunk(partials, count, merges, out, begin, n - begin < chunk ? n - begin : chunk);
    }
}
