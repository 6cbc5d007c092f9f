// Tokens in the order in which products read them: transposed tile by tile, and rounded where the storage asks for it.
#include "internal.h"

typedef float four __attribute__((vector_size(16)));

size_t ck_x_words(const ck_kernels *kernels, ck_storage storage, size_t columns) {
    const size_t together = ck_word_columns(kernels, storage);
    return (columns + together - 1) / together;
}

// Four words of four tokens: out[k * width + t] = x[t * stride + k].
CK_INLINE void transpose_four(const float *x, size_t stride, size_t width, float *out) {
    four row[4], half[4];
    for (size_t t = 0; t < 4; t++) memcpy(&row[t], x + t * stride, sizeof row[t]);
    for (size_t i = 0; i < 2; i++) {
        half[2 * i] = __builtin_shufflevector(row[2 * i], row[2 * i + 1], 0, 4, 1, 5);
        half[2 * i + 1] = __builtin_shufflevector(row[2 * i], row[2 * i + 1], 2, 6, 3, 7);
    }
    for (size_t i = 0; i < 2; i++) {
        const four even = __builtin_shufflevector(half[i], half[2 + i], 0, 1, 4, 5);
        const four odd = __builtin_shufflevector(half[i], half[2 + i], 2, 3, 6, 7);
        memcpy(out + 2 * i * width, &even, sizeof even);
        memcpy(out + (2 * i + 1) * width, &odd, sizeof odd);
    }
}

static void transpose(const float *x, size_t stride, size_t width, size_t words, float *out) {
    size_t k = 0;
    for (; width >= 4 && k + 4 <= words; k += 4) {
        // The last four tokens may have been written in part: the same words again.
        for (size_t t = 0; t < width; t += 4) {
            const size_t token = t + 4 <= width ? t : width - 4;
            transpose_four(x + token * stride + k, stride, width, out + k * width + token);
        }
    }
    for (; k < words; k++) {
        for (size_t t = 0; t < width; t++) memcpy(out + k * width + t, x + t * stride + k, sizeof *out);
    }
}

void ck_pack_x(const ck_kernels *kernels, ck_storage storage, const float *x, size_t x_stride, size_t width,
               size_t columns, float *out) {
    if (storage != CK_BFLOAT16_PAIRS) return transpose(x, x_stride, width, columns, out);
    if (width == 1) return kernels->round_x(x, columns, out);
    enum { columns_together = 128 };
    float words[CK_TILE_TOKENS][columns_together];
    for (size_t k = 0; k < columns; k += columns_together) {
        const size_t n = columns - k < columns_together ? columns - k : columns_together;
        for (size_t t = 0; t < width; t++) kernels->round_x(x + t * x_stride + k, n, words[t]);
        float *to = out + ck_x_words(kernels, storage, k) * width;
        transpose(words[0], columns_together, width, ck_x_words(kernels, storage, n), to);
    }
}

void ck_pack_tile(const ck_kernels *kernels, ck_storage storage, const float *x, size_t x_stride, size_t tokens,
                  size_t columns, size_t tile, float *out) {
    const size_t begin = ck_tile_begin(kernels, tokens, tile), end = ck_tile_begin(kernels, tokens, tile + 1);
    float *to = out + begin * ck_x_words(kernels, storage, columns);
    ck_pack_x(kernels, storage, x + begin * x_stride, x_stride, end - begin, columns, to);
}
