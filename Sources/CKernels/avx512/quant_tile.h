// The register tile of the quantised products: 16 rows of 1, 2 or 4 panels, 1 to 8 tokens.
#pragma once
#include "../common/quant.h"
#include "vector.h"

CK_AVX512_BEGIN

CK_INLINE __m512i ck_word(const uint8_t *p) {
    int32_t word;
    memcpy(&word, p, sizeof word);
    return _mm512_set1_epi32(word);
}

// One group: dot has the exact integers. The instruction multiplies unsigned by signed bytes; so weights get 128 added
// (or are nibbles, 8 too large), and dot begins with what that is too much, which the activations know.
CK_INLINE void ck_quant_step(const ck_quant quant, const size_t panels, const size_t width, const size_t ahead,
                             const uint8_t *scales, const uint8_t *values, size_t panel_bytes, const uint8_t *x,
                             __m512 sum[4][8]) {
    __m512i dot[4][8];
#pragma clang loop unroll(full)
    for (size_t t = 0; t < width; t++) {
        const __m512i bias = ck_word(x + t * CK_QUANT_X_BYTES + 36);
#pragma clang loop unroll(full)
        for (size_t p = 0; p < panels; p++) dot[p][t] = bias;
    }
#pragma clang loop unroll(full)
    for (size_t quad = 0; quad < (quant == CK_Q8 ? 8 : 4); quad++) {
        __m512i w[4];
#pragma clang loop unroll(full)
        for (size_t p = 0; p < panels; p++) {
            w[p] = _mm512_loadu_si512((const void *)(values + p * panel_bytes + 64 * quad));
            if (ahead) _mm_prefetch((const char *)(values + p * panel_bytes + 64 * quad + ahead), _MM_HINT_T0);
            if (quant == CK_Q8) w[p] = _mm512_xor_si512(w[p], _mm512_set1_epi8((char)0x80));
        }
        const __m512i mask = _mm512_set1_epi8(15);
#pragma clang loop unroll(full)
        for (size_t t = 0; t < width; t++) {
            const uint8_t *token = x + t * CK_QUANT_X_BYTES + 4 * quad;
            const __m512i first = ck_word(token), second = quant == CK_Q8 ? first : ck_word(token + 16);
#pragma clang loop unroll(full)
            for (size_t p = 0; p < panels; p++) {
                if (quant == CK_Q8) {
                    dot[p][t] = _mm512_dpbusd_epi32(dot[p][t], w[p], first);
                } else {
                    dot[p][t] = _mm512_dpbusd_epi32(dot[p][t], _mm512_and_si512(w[p], mask), first);
                    const __m512i high = _mm512_and_si512(_mm512_srli_epi16(w[p], 4), mask);
                    dot[p][t] = _mm512_dpbusd_epi32(dot[p][t], high, second);
                }
            }
        }
    }
#pragma clang loop unroll(full)
    for (size_t p = 0; p < panels; p++) {
        const __m512 scale = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(scales + p * panel_bytes)));
        if (ahead) _mm_prefetch((const char *)(scales + p * panel_bytes + ahead), _MM_HINT_T0);
#pragma clang loop unroll(full)
        for (size_t t = 0; t < width; t++) {
            float token;
            memcpy(&token, x + t * CK_QUANT_X_BYTES + 32, sizeof token);
            const __m512 both = _mm512_mul_ps(scale, _mm512_set1_ps(token));
            sum[p][t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot[p][t]), both, sum[p][t]);
        }
    }
}

// All of quant, panels, width and ahead are constants at the call.
CK_INLINE void ck_quant_tile(const ck_quant quant, const size_t panels, const size_t width, const size_t ahead,
                             const uint8_t *w, size_t panel_bytes, size_t groups, const uint8_t *x, float *acc,
                             bool fresh) {
    __m512 sum[4][8];
#pragma clang loop unroll(full)
    for (size_t p = 0; p < panels; p++) {
#pragma clang loop unroll(full)
        for (size_t t = 0; t < width; t++) {
            sum[p][t] = _mm512_maskz_loadu_ps(fresh ? 0 : 0xffff, acc + (p * width + t) * CK_PANEL_ROWS);
        }
    }
    const size_t step = width * CK_QUANT_X_BYTES, bytes = ck_value_bytes(quant);
    for (; groups >= 2; groups -= 2) {
        ck_quant_step(quant, panels, width, ahead, w, w + ck_scale_bytes, panel_bytes, x, sum);
        ck_quant_step(quant, panels, width, ahead, w + ck_scale_bytes / 2, w + ck_scale_bytes + bytes, panel_bytes,
                      x + step, sum);
        w += ck_pair_bytes(quant);
        x += 2 * step;
    }
    if (groups) ck_quant_step(quant, panels, width, ahead, w, w + ck_scale_bytes, panel_bytes, x, sum);
    const __m512 nan = _mm512_castsi512_ps(_mm512_set1_epi32((int)CK_QUANT_NAN));
#pragma clang loop unroll(full)
    for (size_t p = 0; p < panels; p++) {
#pragma clang loop unroll(full)
        for (size_t t = 0; t < width; t++) {
            const __mmask16 bad = _mm512_cmp_ps_mask(sum[p][t], sum[p][t], _CMP_UNORD_Q);
            _mm512_storeu_ps(acc + (p * width + t) * CK_PANEL_ROWS, _mm512_mask_mov_ps(sum[p][t], bad, nan));
        }
    }
}

CK_AVX512_END
