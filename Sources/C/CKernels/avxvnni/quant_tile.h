// The register tile of the quantised products: 16 rows, 1 to 8 tokens.
#pragma once
#include "quant_step.h"

CK_AVXVNNI_BEGIN

// One group. The instruction multiplies unsigned by signed bytes; so weights get 128 added (or are nibbles, 8 too
// large). The loop over the columns is not unrolled, so that the compiler keeps the integers in registers.
CK_INLINE void ck_quant_step(const ck_quant quant, const size_t width, const uint8_t *scales, const uint8_t *values,
                             ptrdiff_t far, ptrdiff_t near, const uint8_t *x, float *acc) {
    const __m256i flip = _mm256_set1_epi8((char)0x80), mask = _mm256_set1_epi8(15);
    __m256i dot[2][ck_step_tokens];
    ck_begin_dots(width, x, dot);
#pragma clang loop unroll(disable)
    for (size_t quad = 0; quad < (quant == CK_Q8 ? 8 : 4); quad++) {
        __m256i low[2], high[2];
        _mm_prefetch((const char *)(values + 64 * quad + far), _MM_HINT_T1);
        _mm_prefetch((const char *)(values + 64 * quad + near), _MM_HINT_T0);
#pragma clang loop unroll(full)
        for (size_t h = 0; h < 2; h++) {
            const __m256i w = _mm256_loadu_si256((const __m256i *)(values + 64 * quad + 32 * h));
            low[h] = quant == CK_Q8 ? _mm256_xor_si256(w, flip) : _mm256_and_si256(w, mask);
            high[h] = _mm256_and_si256(_mm256_srli_epi16(w, 4), mask);
        }
        ck_add_dots(width, low, x + 4 * quad, dot);
        if (quant == CK_Q4) ck_add_dots(width, high, x + 16 + 4 * quad, dot);
    }
    const __m256 scale[2] = {_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)scales)),
                             _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(scales + 16)))};
    ck_end_dots(width, scale, x, dot, acc);
}

// One panel. `quant` and `width` are constants at the call.
CK_INLINE void ck_quant_panel(const ck_quant quant, const size_t width, const uint8_t *w, size_t groups,
                              const uint8_t *end, ptrdiff_t jump, const uint8_t *x, float *acc, bool fresh) {
    const size_t half = width > ck_step_tokens ? width / 2 : width;
    if (fresh) memset(acc, 0, width * CK_PANEL_ROWS * sizeof *acc);
    for (size_t g = 0; g < groups; g++) {
        const uint8_t *values = ck_group_values(quant, w, g), *scales = ck_group_scales(quant, w, g);
        const ptrdiff_t far = ck_quant_reach(ck_quant_ahead, values, end, jump);
        const ptrdiff_t near = ck_quant_reach(ck_quant_near, values, end, jump);
        if (g % 2 == 0) _mm_prefetch((const char *)(scales + far), _MM_HINT_T1);
        ck_quant_step(quant, half, scales, values, far, near, x, acc);
        if (half < width) {
            ck_quant_step(quant, width - half, scales, values, far, near, x + half * CK_QUANT_X_BYTES,
                          acc + half * CK_PANEL_ROWS);
        }
        x += width * CK_QUANT_X_BYTES;
    }
    ck_one_nan(acc, width * CK_PANEL_ROWS);
}

#include "../common/quant_panels.h"

CK_AVXVNNI_END
