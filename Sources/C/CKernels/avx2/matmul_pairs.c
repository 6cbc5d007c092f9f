// Products by pairs of bfloat16 as two multiply-adds, whose x is rounded floats.
#if defined(__x86_64__)
#include "matmul.h"
#include "pairs.h"

CK_AVX2_BEGIN

// As ck_tile, two columns a step: both halves of a pair's words become floats.
CK_INLINE void pairs_tile(const size_t panels, const size_t width, size_t ahead, const char *w, size_t w_panel,
                          size_t pairs, const float *x, float *acc) {
    __m256 sum[4][6][2];
    const __m256i upper = ck_upper_halves();
#pragma clang loop unroll(full)
    for (size_t i = 0; i < panels * width * 2; i++) {
        sum[i / (2 * width)][i / 2 % width][i % 2] = _mm256_loadu_ps(acc + 8 * i);
    }
    for (size_t i = 0; i < pairs; i++) {
#pragma clang loop unroll(full)
        for (size_t p = 0; p < panels; p++) {
            const __m256i *word = (const __m256i *)(w + p * w_panel);
            _mm_prefetch(w + p * w_panel + ahead, _MM_HINT_T0);
#pragma clang loop unroll(full)
            for (size_t column = 0; column < 2; column++) {
                __m256 lanes[2];
#pragma clang loop unroll(full)
                for (size_t h = 0; h < 2; h++) {
                    const __m256i words = _mm256_loadu_si256(word + h);
                    lanes[h] = _mm256_castsi256_ps(column ? _mm256_slli_epi32(words, 16) : _mm256_and_si256(words, upper));
                }
#pragma clang loop unroll(full)
                for (size_t t = 0; t < width; t++) {
                    const __m256 value = _mm256_broadcast_ss(x + column * width + t);
                    sum[p][t][0] = _mm256_fmadd_ps(lanes[0], value, sum[p][t][0]);
                    sum[p][t][1] = _mm256_fmadd_ps(lanes[1], value, sum[p][t][1]);
                }
            }
        }
        w += CK_PAIR_BYTES;
        x += 2 * width;
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < panels * width * 2; i++) {
        _mm256_storeu_ps(acc + 8 * i, sum[i / (2 * width)][i / 2 % width][i % 2]);
    }
}

CK_INLINE void pairs_panels(const size_t panels, size_t width, const char *w, size_t w_panel, size_t pairs,
                            const float *x, float *acc) {
#define CK_WIDTH(count) \
    case count: pairs_tile(panels, count, ck_prefetch(panels, count), w, w_panel, pairs, x, acc); return;
    if (panels <= 4) {
        switch (width) { CK_WIDTH(1) default: break; }
    }
    if (panels <= 2) {
        switch (width) { CK_WIDTH(2) default: break; }
    }
    if (panels > 1) return;
    switch (width) {
        CK_WIDTH(3)
        CK_WIDTH(4)
        CK_WIDTH(5)
        CK_WIDTH(6)
        default: break;
    }
#undef CK_WIDTH
}

static void pairs_column(int lower, size_t panels, size_t width, const char *w, size_t w_panel, const float *x,
                         float *acc) {
    const __m256i upper = ck_upper_halves();
    for (size_t i = 0; i < panels * width * 2; i++) {
        const char *word = w + i / (2 * width) * w_panel + i % 2 * 32;
        const __m256i words = _mm256_loadu_si256((const __m256i *)word);
        const __m256i lanes = lower ? _mm256_slli_epi32(words, 16) : _mm256_and_si256(words, upper);
        const __m256 value = _mm256_broadcast_ss(x + i / 2 % width);
        _mm256_storeu_ps(acc + 8 * i, _mm256_fmadd_ps(_mm256_castsi256_ps(lanes), value, _mm256_loadu_ps(acc + 8 * i)));
    }
}

void ck_avx2_matmul_pairs(const ck_matrix *w, size_t panel, size_t panels, size_t k_begin, size_t k_end, const float *x,
                          size_t width, float *acc) {
    const unsigned control = ck_flush_denormals();
    const ck_pair_run run = ck_pair_begin(pairs_column, w, panel, panels, k_begin, k_end, x, width, acc);
    const size_t together = ck_panels_together(width);
    for (size_t p = 0; run.pairs > 0 && p < panels;) {
        const char *first = run.w + p * w->panel_bytes;
        float *to = acc + p * width * CK_PANEL_ROWS;
        if (together == 4 && p + 4 <= panels) {
            pairs_panels(4, width, first, w->panel_bytes, run.pairs, run.x, to);
            p += 4;
        } else if (together >= 2 && p + 2 <= panels) {
            pairs_panels(2, width, first, w->panel_bytes, run.pairs, run.x, to);
            p += 2;
        } else {
            pairs_panels(1, width, first, w->panel_bytes, run.pairs, run.x, to);
            p++;
        }
    }
    ck_pair_end(pairs_column, &run, w, panels, k_end, 2, width, acc);
    ck_restore_denormals(control);
}

void ck_avx2_round_x(const float *x, size_t columns, float *out) {
    size_t k = 0;
    for (; k + 8 <= columns; k += 8) _mm256_storeu_ps(out + k, ck_round8(_mm256_loadu_ps(x + k)));
    for (; k < columns; k++) out[k] = ck_round_bfloat16(x[k]);
}

CK_AVX2_END
#endif
