// The register tile of the quantised products: 16 rows, 1 to 8 tokens.
#pragma once
#include "../common/quant.h"
#include "vector.h"

CK_AVX512_BEGIN

CK_INLINE __m512i ck_word(const uint8_t *p) {
    int32_t word;
    memcpy(&word, p, sizeof word);
    return _mm512_set1_epi32(word);
}

// Adds one group to a sum: the integers, which are the bits of CK_QUANT_START + dot, times both scales.
CK_INLINE __m512 ck_add_group(__m512i dot, __m512 scale, __m512 less, const uint8_t *x, __m512 sum) {
    const __m512 scaled = _mm512_fmadd_ps(_mm512_castsi512_ps(dot), scale, less);
    return _mm512_fmadd_ps(scaled, _mm512_castsi512_ps(ck_word(x + 32)), sum);
}

// The same with a conversion. Where weights come from memory, more of them come so: with eight tokens in q8 88 % of the
// bandwidth instead of 80, in q4 less (Emerald Rapids, in turns), for no reason that shows in the code.
CK_INLINE __m512 ck_add_converted(__m512i dot, __m512 scale, const uint8_t *x, __m512 sum) {
    const __m512 integers = _mm512_cvtepi32_ps(_mm512_sub_epi32(dot, _mm512_set1_epi32(CK_QUANT_START_BITS)));
    const __m512 scaled = _mm512_fmadd_ps(integers, scale, _mm512_sub_ps(scale, scale));
    return _mm512_fmadd_ps(scaled, _mm512_castsi512_ps(ck_word(x + 32)), sum);
}

// What the integers of rows of this scale are too large by, negative.
CK_INLINE __m512 ck_less(__m512 scale) { return _mm512_mul_ps(scale, _mm512_set1_ps(-CK_QUANT_START)); }

// One group. The instruction multiplies unsigned by signed bytes; so weights get 128 added (or are nibbles, 8 too large),
// and dot begins with what that is too much, which the activations know.
CK_INLINE void ck_quant_step(const ck_quant quant, const size_t width, const uint8_t *scales, const uint8_t *values,
                             ptrdiff_t far, ptrdiff_t near, const uint8_t *x, __m512 sum[CK_QUANT_TILE_TOKENS]) {
    const __m512i flip = _mm512_set1_epi8((char)0x80), mask = _mm512_set1_epi8(15);
    __m512i dot[CK_QUANT_TILE_TOKENS];
#pragma clang loop unroll(full)
    for (size_t t = 0; t < width; t++) dot[t] = ck_word(x + t * CK_QUANT_X_BYTES + 36);
#pragma clang loop unroll(full)
    for (size_t quad = 0; quad < (quant == CK_Q8 ? 8 : 4); quad++) {
        const __m512i w = _mm512_loadu_si512((const void *)(values + 64 * quad));
        _mm_prefetch((const char *)(values + 64 * quad + far), _MM_HINT_T1);
        _mm_prefetch((const char *)(values + 64 * quad + near), _MM_HINT_T0);
        const __m512i low = quant == CK_Q8 ? _mm512_xor_si512(w, flip) : _mm512_and_si512(w, mask);
        const __m512i high = _mm512_and_si512(_mm512_srli_epi16(w, 4), mask);
#pragma clang loop unroll(full)
        for (size_t t = 0; t < width; t++) {
            const uint8_t *token = x + t * CK_QUANT_X_BYTES + 4 * quad;
            dot[t] = _mm512_dpbusd_epi32(dot[t], low, ck_word(token));
            if (quant == CK_Q4) dot[t] = _mm512_dpbusd_epi32(dot[t], high, ck_word(token + 16));
        }
    }
    const __m512 scale = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)scales)), less = ck_less(scale);
#pragma clang loop unroll(full)
    for (size_t t = 0; t < width; t++) {
        const uint8_t *token = x + t * CK_QUANT_X_BYTES;
        sum[t] = quant == CK_Q8 && width > 4 ? ck_add_converted(dot[t], scale, token, sum[t])
                                             : ck_add_group(dot[t], scale, less, token, sum[t]);
    }
}

// Where a NaN stands in a sum, the one that is always stored.
CK_INLINE __m512 ck_quant_result(__m512 sum) {
    const __m512 nan = _mm512_castsi512_ps(_mm512_set1_epi32((int)CK_NAN));
    return _mm512_mask_mov_ps(sum, _mm512_cmp_ps_mask(sum, sum, _CMP_UNORD_Q), nan);
}

// One panel. `quant` and `width` are constants at the call.
CK_INLINE void ck_quant_panel(const ck_quant quant, const size_t width, const uint8_t *w, size_t groups,
                              const uint8_t *end, ptrdiff_t jump, const uint8_t *x, float *acc, bool fresh) {
    __m512 sum[CK_QUANT_TILE_TOKENS];
#pragma clang loop unroll(full)
    for (size_t t = 0; t < width; t++) sum[t] = _mm512_maskz_loadu_ps(fresh ? 0 : 0xffff, acc + t * CK_PANEL_ROWS);
    const size_t step = width * CK_QUANT_X_BYTES, bytes = ck_value_bytes(quant);
    for (; groups >= 2; groups -= 2) {
        const uint8_t *values = w + ck_scale_bytes;
        const ptrdiff_t far = ck_quant_reach(ck_quant_ahead, w, end, jump);
        const ptrdiff_t near = ck_quant_reach(ck_quant_near, w, end, jump);
        _mm_prefetch((const char *)(w + far), _MM_HINT_T1);
        ck_quant_step(quant, width, w, values, far, near, x, sum);
        ck_quant_step(quant, width, w + ck_scale_bytes / 2, values + bytes, far, near, x + step, sum);
        w += ck_pair_bytes(quant);
        x += 2 * step;
    }
    if (groups) {
        const ptrdiff_t far = ck_quant_reach(ck_quant_ahead, w, end, jump);
        ck_quant_step(quant, width, w, w + ck_scale_bytes, far, ck_quant_reach(ck_quant_near, w, end, jump), x, sum);
    }
#pragma clang loop unroll(full)
    for (size_t t = 0; t < width; t++) _mm512_storeu_ps(acc + t * CK_PANEL_ROWS, ck_quant_result(sum[t]));
}

#include "../common/quant_panels.h"

CK_AVX512_END
