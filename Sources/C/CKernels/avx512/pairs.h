// Products by pairs of bfloat16. CK_PAIR_DOT, defined by the file that includes this, says how: 1, dot products of words
// of two columns; 0, two multiply-adds, whose x is rounded floats. CK_PAIRS_BEGIN switches their instructions on.
#pragma once
#include "matmul.h"
#include "../avx2/pairs.h"

CK_PAIRS_BEGIN

// Words of x that a token has for a pair.
enum { ck_pair_words = CK_PAIR_DOT ? 1 : 2 };

// Hidden from the compiler, which would keep one copy of it a use.
CK_INLINE __m512i ck_wide_upper_halves(void) {
    __m512i upper = _mm512_set1_epi32((int)0xffff0000);
    __asm__("" : "+v"(upper));
    return upper;
}

// As ck_wide_tile, a pair of columns a step: sum[p][t] goes on by the word of w[p] and the pair of token t.
CK_INLINE void ck_pairs_tile(const size_t panels, const size_t width, size_t near, size_t ahead, size_t beyond,
                             const char *w, size_t w_panel, size_t pairs, const float *x, float *acc) {
    __m512 sum[4][12];
#if !CK_PAIR_DOT
    const __m512i upper = ck_wide_upper_halves();
#endif
#pragma clang loop unroll(full)
    for (size_t i = 0; i < panels * width; i++) sum[i / width][i % width] = _mm512_loadu_ps(acc + i * CK_PANEL_ROWS);
    for (size_t i = 0, end = near; i < pairs; end = pairs, ahead = beyond) {
#pragma clang loop unroll(disable)
        for (; i < end; i++) {
            __m512i words[4];
#pragma clang loop unroll(full)
            for (size_t p = 0; p < panels; p++) {
                words[p] = _mm512_loadu_si512(w + p * w_panel);
                _mm_prefetch(w + p * w_panel + ahead, _MM_HINT_T0);
            }
#if CK_PAIR_DOT
#pragma clang loop unroll(full)
            for (size_t t = 0; t < width; t++) {
                const __m512bh value = (__m512bh)_mm512_set1_ps(x[t]);
#pragma clang loop unroll(full)
                for (size_t p = 0; p < panels; p++) sum[p][t] = _mm512_dpbf16_ps(sum[p][t], (__m512bh)words[p], value);
            }
#else
#pragma clang loop unroll(full)
            for (size_t column = 0; column < 2; column++) {
                __m512 lanes[4];
#pragma clang loop unroll(full)
                for (size_t p = 0; p < panels; p++) {
                    lanes[p] = (__m512)(column ? _mm512_slli_epi32(words[p], 16) : _mm512_and_si512(words[p], upper));
                }
#pragma clang loop unroll(full)
                for (size_t t = 0; t < width; t++) {
                    const __m512 value = _mm512_set1_ps(x[column * width + t]);
#pragma clang loop unroll(full)
                    for (size_t p = 0; p < panels; p++) sum[p][t] = _mm512_fmadd_ps(lanes[p], value, sum[p][t]);
                }
            }
#endif
            w += CK_PAIR_BYTES;
            x += ck_pair_words * width;
        }
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < panels * width; i++) _mm512_storeu_ps(acc + i * CK_PANEL_ROWS, sum[i / width][i % width]);
}

// What stands in the other halves counts for nothing.
static void ck_pairs_column(int lower, size_t panels, size_t width, const char *w, size_t w_panel, const float *x,
                            float *acc) {
    const __m512i half = _mm512_set1_epi32(lower ? 0xffff : (int)0xffff0000);
    for (size_t i = 0; i < panels * width; i++) {
        const __m512i words = _mm512_and_si512(_mm512_loadu_si512(w + i / width * w_panel), half);
        const __m512 value = _mm512_set1_ps(x[i % width]), sum = _mm512_loadu_ps(acc + i * CK_PANEL_ROWS);
#if CK_PAIR_DOT
        const __m512i other = _mm512_and_si512((__m512i)value, half);
        const __m512 next = _mm512_dpbf16_ps(sum, (__m512bh)words, (__m512bh)other);
#else
        const __m512 next = _mm512_fmadd_ps((__m512)(lower ? _mm512_slli_epi32(words, 16) : words), value, sum);
#endif
        _mm512_storeu_ps(acc + i * CK_PANEL_ROWS, next);
    }
}

CK_INLINE void ck_pairs_columns(const size_t panels, const size_t width, const ck_matrix *w, const char *from,
                                size_t pair, size_t pairs, const float *x, float *acc) {
    const size_t ahead = ck_wide_ahead(panels), near = ck_wide_near(panels, w, CK_PAIR_BYTES, pair, pairs);
    ck_pairs_tile(panels, width, near, ahead, ahead + (panels - 1) * w->panel_bytes, from, w->panel_bytes, pairs, x, acc);
}

CK_INLINE void ck_pairs_group(const size_t panels, size_t width, const ck_matrix *w, const char *from, size_t pair,
                              size_t pairs, const float *x, float *acc) {
#define CK_WIDTH(count) \
    case count: ck_pairs_columns(panels, count, w, from, pair, pairs, x, acc); break;
    CK_WIDE_WIDTHS(panels, width)
#undef CK_WIDTH
}

CK_INLINE void ck_pairs_matmul(const ck_matrix *w, size_t panel, size_t panels, size_t k_begin, size_t k_end,
                               const float *x, size_t width, float *acc) {
    const ck_pair_run run = ck_pair_begin(ck_pairs_column, w, panel, panels, k_begin, k_end, x, width, acc);
    const size_t together = ck_wide_together(width);
    for (size_t p = 0; run.pairs > 0 && p < panels;) {
        const char *first = run.w + p * w->panel_bytes;
        float *to = acc + p * width * CK_PANEL_ROWS;
        if (p + together > panels) {
            ck_pairs_group(1, width, w, first, run.first, run.pairs, run.x, to);
            p++;
        } else if (together == 4) {
            ck_pairs_group(4, width, w, first, run.first, run.pairs, run.x, to);
            p += 4;
        } else {
            ck_pairs_group(2, width, w, first, run.first, run.pairs, run.x, to);
            p += 2;
        }
    }
    ck_pair_end(ck_pairs_column, &run, w, panels, k_end, ck_pair_words, width, acc);
}

CK_AVX512_END
