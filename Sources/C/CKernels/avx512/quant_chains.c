// Products of many tokens by groups of weights that are unpacked once for all of them.
//
// An unpacked group of a panel: [16] float scales, [16] of what ck_less makes of them, then [8][16 rows][4] bytes without
// a sign, column 4 i + b: q8 plus 128, q4 its nibbles; both as much too large as the activations know.
#if defined(__x86_64__)
#include "quant_tile.h"

CK_AVX512_BEGIN

enum {
    wide_bytes = CK_QUANT_CHAIN_BYTES,
    wide_values = 128,
    most_panels = CK_QUANT_CHAIN_PANELS,
    most_tokens = CK_QUANT_TILE_TOKENS,
};

CK_INLINE void unpack(const ck_quant quant, const uint8_t *w, size_t panel_bytes, size_t panels, size_t groups,
                      uint8_t *wide) {
    const __m512i flip = _mm512_set1_epi8((char)0x80), mask = _mm512_set1_epi8(15);
    for (size_t p = 0; p < panels; p++, w += panel_bytes) {
        uint8_t *to = wide + p * wide_bytes;
        for (size_t g = 0; g < groups; g++, to += panels * wide_bytes) {
            const uint8_t *scales = ck_group_scales(quant, w, g), *values = ck_group_values(quant, w, g);
            const __m512 scale = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)scales));
            _mm512_storeu_ps(to, scale);
            _mm512_storeu_ps(to + 64, ck_less(scale));
#pragma clang loop unroll(full)
            for (size_t quad = 0; quad < ck_value_bytes(quant) / 64; quad++) {
                const __m512i both = _mm512_loadu_si512(values + 64 * quad);
                uint8_t *quads = to + wide_values + 64 * quad;
                if (quant == CK_Q8) {
                    _mm512_storeu_si512(quads, _mm512_xor_si512(both, flip));
                } else {
                    _mm512_storeu_si512(quads, _mm512_and_si512(both, mask));
                    _mm512_storeu_si512(quads + 64 * 4, _mm512_and_si512(_mm512_srli_epi16(both, 4), mask));
                }
            }
        }
    }
}

void ck_avx512_quant_unpack_q8(const uint8_t *w, size_t panel_bytes, size_t panels, size_t groups, uint8_t *wide) {
    unpack(CK_Q8, w, panel_bytes, panels, groups, wide);
}

void ck_avx512_quant_unpack_q4(const uint8_t *w, size_t panel_bytes, size_t panels, size_t groups, uint8_t *wide) {
    unpack(CK_Q4, w, panel_bytes, panels, groups, wide);
}

// One group of some panels and tokens. Three panels by four tokens are twelve chains of integers, which hide the
// latency, and twelve sums, all in registers, with three words of weights and one of a token.
CK_INLINE void step(const size_t panels, const size_t width, const uint8_t *wide, const uint8_t *x,
                    __m512 sum[most_panels][most_tokens]) {
    __m512i dot[most_panels][most_tokens];
#pragma clang loop unroll(full)
    for (size_t t = 0; t < width; t++) {
#pragma clang loop unroll(full)
        for (size_t p = 0; p < panels; p++) dot[p][t] = ck_word(x + t * CK_QUANT_X_BYTES + 36);
    }
#pragma clang loop unroll(full)
    for (size_t quad = 0; quad < 8; quad++) {
        // No load moves up across this, which would take registers that there are not.
        __asm__ volatile("" ::: "memory");
        __m512i w[most_panels];
#pragma clang loop unroll(full)
        for (size_t p = 0; p < panels; p++) w[p] = _mm512_loadu_si512(wide + p * wide_bytes + wide_values + 64 * quad);
#pragma clang loop unroll(full)
        for (size_t t = 0; t < width; t++) {
            const __m512i token = ck_word(x + t * CK_QUANT_X_BYTES + 4 * quad);
#pragma clang loop unroll(full)
            for (size_t p = 0; p < panels; p++) dot[p][t] = _mm512_dpbusd_epi32(dot[p][t], w[p], token);
        }
    }
    __asm__ volatile("" ::: "memory");
#pragma clang loop unroll(full)
    for (size_t p = 0; p < panels; p++) {
        const __m512 scale = _mm512_loadu_ps(wide + p * wide_bytes), less = _mm512_loadu_ps(wide + p * wide_bytes + 64);
#pragma clang loop unroll(full)
        for (size_t t = 0; t < width; t++) {
            sum[p][t] = ck_add_group(dot[p][t], scale, less, x + t * CK_QUANT_X_BYTES, sum[p][t]);
        }
    }
}

// A NaN becomes the one that is always stored: all else is taken from `sum`.
CK_INLINE __m512 one_nan(__m512 sum) {
    const __m512 nan = _mm512_castsi512_ps(_mm512_set1_epi32((int)CK_NAN));
    return _mm512_fixupimm_ps(nan, sum, _mm512_set1_epi32(0x11111100), 0);
}

// Does something for each sum of a kernel, whose place on the stack is `cell`.
#define EACH_SUM(statement)                                         \
    _Pragma("clang loop unroll(full)")                              \
    for (size_t p = 0; p < panels; p++) {                           \
        _Pragma("clang loop unroll(full)")                          \
        for (size_t t = 0; t < width; t++) {                        \
            float *cell = to + p * panel_cells + t * CK_PANEL_ROWS; \
            statement;                                              \
        }                                                           \
    }

// To the output, where rows may end inside the last panel.
CK_INLINE void store_rows(const size_t panels, const size_t width, const ck_quant_chains_job *job,
                          __m512 sum[most_panels][most_tokens]) {
#pragma clang loop unroll(full)
    for (size_t p = 0; p < panels; p++) {
        const size_t rows = job->rows - p * CK_PANEL_ROWS;
        const __mmask16 mask = (__mmask16)(rows >= CK_PANEL_ROWS ? 0xffffu : (1u << rows) - 1);
        float *row = job->y + p * CK_PANEL_ROWS;
#pragma clang loop unroll(full)
        for (size_t t = 0; t < width; t++) _mm512_mask_storeu_ps(row + t * job->y_stride, mask, sum[p][t]);
    }
}

// `panels` and `width` are constants at the call.
CK_INLINE void chains(const size_t panels, const size_t width, const ck_quant_chains_job *job) {
    const size_t x_step = job->width * CK_QUANT_X_BYTES, panel_cells = job->width * CK_PANEL_ROWS;
    const uint8_t *wide = job->wide, *x = job->x;
    const uint8_t *const *line = job->lines;
    for (size_t i = 0; i < job->count; i++) {
        const ck_quant_chain chain = job->chains[i];
        float *to = job->stack + chain.depth * job->level;
        __m512 sum[most_panels][most_tokens];
        EACH_SUM(sum[p][t] = _mm512_setzero_ps(); (void)cell)
        if (chain.goes_on) EACH_SUM(sum[p][t] = _mm512_loadu_ps(cell))
        for (size_t g = 0; g < chain.groups; g++) {
            _mm_prefetch((const char *)*line++, _MM_HINT_T1);
            step(panels, width, wide, x, sum);
            wide += panels * wide_bytes;
            x += x_step;
        }
        if (chain.ends) EACH_SUM(sum[p][t] = one_nan(sum[p][t]); (void)cell)
        for (size_t merge = 0; merge < chain.merges; merge++) {
            to -= job->level;
            EACH_SUM(sum[p][t] = _mm512_add_ps(sum[p][t], _mm512_loadu_ps(cell)))
        }
        if (job->y && i + 1 == job->count) {
            store_rows(panels, width, job, sum);
        } else {
            EACH_SUM(_mm512_storeu_ps(cell, sum[p][t]))
        }
    }
}
#undef EACH_SUM

#define CHAINS(panels, width)                                                                     \
    static __attribute__((noinline)) void chains_##panels##_##width(const ck_quant_chains_job *job) { \
        chains(panels, width, job);                                                               \
    }
CHAINS(1, 1) CHAINS(1, 2) CHAINS(1, 3) CHAINS(1, 4) CHAINS(1, 5) CHAINS(1, 6) CHAINS(1, 7) CHAINS(1, 8)
CHAINS(2, 1) CHAINS(2, 2) CHAINS(2, 3) CHAINS(2, 4)
CHAINS(3, 1) CHAINS(3, 2) CHAINS(3, 3) CHAINS(3, 4)
#undef CHAINS

void ck_avx512_quant_chains(const ck_quant_chains_job *job, size_t panels, size_t tokens) {
    static void (*const kernels[most_panels][most_tokens])(const ck_quant_chains_job *) = {
        {chains_1_1, chains_1_2, chains_1_3, chains_1_4, chains_1_5, chains_1_6, chains_1_7, chains_1_8},
        {chains_2_1, chains_2_2, chains_2_3, chains_2_4},
        {chains_3_1, chains_3_2, chains_3_3, chains_3_4},
    };
    kernels[panels - 1][tokens - 1](job);
}

CK_AVX512_END
#endif
