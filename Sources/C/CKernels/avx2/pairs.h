// What products by pairs of bfloat16 need where they are multiply-adds of floats.
#pragma once
#include "vector.h"

enum { CK_PAIR_BYTES = 64 };  // a pair of columns of a panel

CK_AVX2_BEGIN

// Denormal numbers are zeros from here on, as factors and as results. Returns what ck_restore_denormals takes. Nothing
// that computes moves over either: both may write any memory.
CK_INLINE unsigned ck_flush_denormals(void) {
    const unsigned control = _mm_getcsr();
    _mm_setcsr(control | _MM_FLUSH_ZERO_ON | 0x40);
    __asm__ volatile("" ::: "memory");
    return control;
}

CK_INLINE void ck_restore_denormals(unsigned control) {
    __asm__ volatile("" ::: "memory");
    _mm_setcsr(control);
}

// Columns of panels as a run of whole pairs, and what is cut off from a pair at its ends.
typedef struct {
    const char *w;        // the first pair of the run, in the first panel
    const float *x;       // its word, or words, of x
    size_t first, pairs;  // number of that pair in the matrix, and how many there are
} ck_pair_run;

// One column: the upper halves of its words, or the lower ones.
typedef void ck_pair_column(int lower, size_t panels, size_t width, const char *w, size_t w_panel, const float *x,
                            float *acc);

// Begins with the lone second half of a pair, if k_begin is odd.
CK_INLINE ck_pair_run ck_pair_begin(ck_pair_column *column, const ck_matrix *w, size_t panel, size_t panels,
                                    size_t k_begin, size_t k_end, const float *x, size_t width, float *acc) {
    const char *from = ck_panel(w, panel) + k_begin / 2 * CK_PAIR_BYTES;
    if (k_begin % 2) {
        column(1, panels, width, from, w->panel_bytes, x, acc);
        from += CK_PAIR_BYTES;
        x += width;
        k_begin++;
    }
    return (ck_pair_run){from, x, k_begin / 2, (k_end - k_begin) / 2};
}

// Ends with the lone first half of a pair, if k_end is odd; a pair of x has `words` words.
CK_INLINE void ck_pair_end(ck_pair_column *column, const ck_pair_run *run, const ck_matrix *w, size_t panels,
                           size_t k_end, size_t words, size_t width, float *acc) {
    if (k_end <= 2 * (run->first + run->pairs)) return;
    const char *last = run->w + run->pairs * CK_PAIR_BYTES;
    column(0, panels, width, last, w->panel_bytes, run->x + run->pairs * words * width, acc);
}

// Hidden from the compiler, as in ck_load_lanes.
CK_INLINE __m256i ck_upper_halves(void) {
    __m256i upper = _mm256_set1_epi32((int)0xffff0000);
    __asm__("" : "+x"(upper));
    return upper;
}

// ck_round_bfloat16, eight at a time.
CK_INLINE __m256 ck_round8(__m256 x) {
    const __m256i bits = _mm256_castps_si256(x), one = _mm256_set1_epi32(1);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), one);
    __m256i nearest = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    const __m256i magnitude = _mm256_and_si256(bits, _mm256_set1_epi32(0x7fffffff));
    const __m256i zero = _mm256_cmpgt_epi32(_mm256_set1_epi32(0x800000), magnitude);
    nearest = _mm256_andnot_si256(_mm256_and_si256(zero, _mm256_set1_epi32(0x7fffffff)), nearest);
    const __m256i nan = _mm256_cmpgt_epi32(magnitude, _mm256_set1_epi32(0x7f800000));
    nearest = _mm256_blendv_epi8(nearest, _mm256_or_si256(bits, _mm256_set1_epi32(0x400000)), nan);
    return _mm256_castsi256_ps(_mm256_and_si256(nearest, _mm256_set1_epi32((int)0xffff0000)));
}

CK_AVX2_END
