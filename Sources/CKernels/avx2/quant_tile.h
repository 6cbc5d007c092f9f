// The register tile of the quantised products: 16 rows of 1, 2 or 4 panels, 1 to 8 tokens, without VNNI.
#pragma once
#include "../common/quant.h"
#include "vector.h"

CK_AVX2_BEGIN

CK_INLINE __m256i ck_word(const uint8_t *p) {
    int32_t word;
    memcpy(&word, p, sizeof word);
    return _mm256_set1_epi32(word);
}

// The exact integers of eight rows of a q8 group: |w| times x with the sign of w. Two products of 127 * 127 fit int16.
CK_INLINE void ck_dot_q8(const size_t width, const uint8_t *values, const size_t ahead, const uint8_t *x,
                         __m256i dot[8]) {
    const __m256i ones = _mm256_set1_epi16(1);
#pragma clang loop unroll(full)
    for (size_t t = 0; t < width; t++) dot[t] = _mm256_setzero_si256();
#pragma clang loop unroll(full)
    for (size_t quad = 0; quad < 8; quad++) {
        const __m256i w = _mm256_loadu_si256((const __m256i *)(values + 64 * quad)), size = _mm256_abs_epi8(w);
        if (ahead) _mm_prefetch((const char *)(values + 64 * quad + ahead), _MM_HINT_T0);
#pragma clang loop unroll(full)
        for (size_t t = 0; t < width; t++) {
            const __m256i token = _mm256_sign_epi8(ck_word(x + t * CK_QUANT_X_BYTES + 4 * quad), w);
            dot[t] = _mm256_add_epi32(dot[t], _mm256_madd_epi16(_mm256_maddubs_epi16(size, token), ones));
        }
    }
}

// The same of a q4 group: nibbles times x, eight times two products of 15 * 127 in int16, less what the nibbles are too
// large.
CK_INLINE void ck_dot_q4(const size_t width, const uint8_t *values, const size_t ahead, const uint8_t *x,
                         __m256i dot[8]) {
    const __m256i ones = _mm256_set1_epi16(1), mask = _mm256_set1_epi8(15);
#pragma clang loop unroll(full)
    for (size_t t = 0; t < width; t++) dot[t] = _mm256_setzero_si256();
#pragma clang loop unroll(full)
    for (size_t quad = 0; quad < 4; quad++) {
        const __m256i w = _mm256_loadu_si256((const __m256i *)(values + 64 * quad));
        const __m256i low = _mm256_and_si256(w, mask), high = _mm256_and_si256(_mm256_srli_epi16(w, 4), mask);
        if (ahead) _mm_prefetch((const char *)(values + 64 * quad + ahead), _MM_HINT_T0);
#pragma clang loop unroll(full)
        for (size_t t = 0; t < width; t++) {
            const uint8_t *token = x + t * CK_QUANT_X_BYTES + 4 * quad;
            dot[t] = _mm256_add_epi16(dot[t], _mm256_maddubs_epi16(low, ck_word(token)));
            dot[t] = _mm256_add_epi16(dot[t], _mm256_maddubs_epi16(high, ck_word(token + 16)));
        }
    }
#pragma clang loop unroll(full)
    for (size_t t = 0; t < width; t++) {
        dot[t] = _mm256_add_epi32(_mm256_madd_epi16(dot[t], ones), ck_word(x + t * CK_QUANT_X_BYTES + 36));
    }
}

// One group of all panels, eight rows at a time. Sums that have no register left are kept by the compiler in memory.
CK_INLINE void ck_quant_step(const ck_quant quant, const size_t panels, const size_t width, const size_t ahead,
                             const uint8_t *scales, const uint8_t *values, size_t panel_bytes, const uint8_t *x,
                             __m256 sum[4][2][8]) {
#pragma clang loop unroll(full)
    for (size_t p = 0; p < panels; p++) {
#pragma clang loop unroll(full)
        for (size_t h = 0; h < 2; h++) {
            __m256i dot[8];
            const uint8_t *from = values + p * panel_bytes + 32 * h;
            if (quant == CK_Q8) ck_dot_q8(width, from, h == 0 ? ahead : 0, x, dot);
            if (quant == CK_Q4) ck_dot_q4(width, from, h == 0 ? ahead : 0, x, dot);
            const __m128i half = _mm_loadu_si128((const __m128i *)(scales + p * panel_bytes + 16 * h));
            const __m256 scale = _mm256_cvtph_ps(half);
#pragma clang loop unroll(full)
            for (size_t t = 0; t < width; t++) {
                float token;
                memcpy(&token, x + t * CK_QUANT_X_BYTES + 32, sizeof token);
                const __m256 both = _mm256_mul_ps(scale, _mm256_set1_ps(token));
                sum[p][h][t] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot[t]), both, sum[p][h][t]);
            }
        }
        if (ahead) _mm_prefetch((const char *)(scales + p * panel_bytes + ahead), _MM_HINT_T0);
    }
}

// All of quant, panels, width and ahead are constants at the call.
CK_INLINE void ck_quant_tile(const ck_quant quant, const size_t panels, const size_t width, const size_t ahead,
                             const uint8_t *w, size_t panel_bytes, size_t groups, const uint8_t *x, float *acc,
                             bool fresh) {
    __m256 sum[4][2][8];
    const __m256 keep = _mm256_castsi256_ps(_mm256_set1_epi32(fresh ? 0 : -1));
#pragma clang loop unroll(full)
    for (size_t i = 0; i < panels * width * 2; i++) {
        const size_t p = i / (2 * width), t = i / 2 % width;
        sum[p][i % 2][t] = _mm256_and_ps(keep, _mm256_loadu_ps(acc + 8 * i));
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
    const __m256 nan = _mm256_castsi256_ps(_mm256_set1_epi32((int)CK_QUANT_NAN));
#pragma clang loop unroll(full)
    for (size_t i = 0; i < panels * width * 2; i++) {
        const size_t p = i / (2 * width), t = i / 2 % width;
        const __m256 value = sum[p][i % 2][t];
        _mm256_storeu_ps(acc + 8 * i, _mm256_blendv_ps(value, nan, _mm256_cmp_ps(value, value, _CMP_UNORD_Q)));
    }
}

CK_AVX2_END
