// Two panels side by side for one token, where two streams are read faster than one: on Intel's processors, 98 % of
// what a thread can read instead of 95 (q8, Emerald Rapids). AMD's read one better (two threads on Zen 5: 50 GB/s
// against 45).
#pragma once
#include "quant_tile.h"

CK_AVX512_BEGIN

enum {
    ck_two_ahead = ck_quant_ahead / 2,  // of each stream, to the first-level cache
    ck_two_least = 2 * ck_quant_ahead,  // bytes of a panel; shorter ones are one stream, panel after panel
};

// As ck_quant_step, of panels `panel_bytes` apart.
CK_INLINE void ck_two_step(const ck_quant quant, const uint8_t *scales, const uint8_t *values, size_t panel_bytes,
                           ptrdiff_t reach, const uint8_t *x, __m512 sum[2]) {
    const __m512i flip = _mm512_set1_epi8((char)0x80), mask = _mm512_set1_epi8(15);
    __m512i dot[2] = {ck_word(x + 36), ck_word(x + 36)};
#pragma clang loop unroll(full)
    for (size_t quad = 0; quad < (quant == CK_Q8 ? 8 : 4); quad++) {
        const __m512i token = ck_word(x + 4 * quad), later = ck_word(x + 4 * quad + (quant == CK_Q4 ? 16 : 0));
#pragma clang loop unroll(full)
        for (size_t p = 0; p < 2; p++) {
            const uint8_t *from = values + 64 * quad + p * panel_bytes;
            const __m512i w = _mm512_loadu_si512((const void *)from);
            _mm_prefetch((const char *)(from + reach), _MM_HINT_T0);
            const __m512i low = quant == CK_Q8 ? _mm512_xor_si512(w, flip) : _mm512_and_si512(w, mask);
            const __m512i high = _mm512_and_si512(_mm512_srli_epi16(w, 4), mask);
            dot[p] = _mm512_dpbusd_epi32(dot[p], low, token);
            if (quant == CK_Q4) dot[p] = _mm512_dpbusd_epi32(dot[p], high, later);
        }
    }
#pragma clang loop unroll(full)
    for (size_t p = 0; p < 2; p++) {
        const __m512 scale = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(scales + p * panel_bytes)));
        sum[p] = ck_add_group(dot[p], scale, ck_less(scale), x, sum[p]);
    }
}

// As ck_quant_panel for one token; `beyond` is how far ahead to prefetch where that is behind a panel's end.
CK_INLINE void ck_two_panels(const ck_quant quant, const uint8_t *w, size_t panel_bytes, size_t groups,
                             ptrdiff_t beyond, const uint8_t *x, float *acc, bool fresh) {
    __m512 sum[2];
#pragma clang loop unroll(full)
    for (size_t p = 0; p < 2; p++) sum[p] = _mm512_maskz_loadu_ps(fresh ? 0 : 0xffff, acc + p * CK_PANEL_ROWS);
    const uint8_t *end = w + panel_bytes;
    const size_t bytes = ck_value_bytes(quant);
    for (; groups >= 2; groups -= 2) {
        const uint8_t *values = w + ck_scale_bytes;
        const ptrdiff_t reach = end - w > ck_two_ahead ? ck_two_ahead : beyond;
        _mm_prefetch((const char *)(w + reach), _MM_HINT_T0);
        _mm_prefetch((const char *)(w + panel_bytes + reach), _MM_HINT_T0);
        ck_two_step(quant, w, values, panel_bytes, reach, x, sum);
        ck_two_step(quant, w + ck_scale_bytes / 2, values + bytes, panel_bytes, reach, x + CK_QUANT_X_BYTES, sum);
        w += ck_pair_bytes(quant);
        x += 2 * CK_QUANT_X_BYTES;
    }
    if (groups) ck_two_step(quant, w, w + ck_scale_bytes, panel_bytes, beyond, x, sum);
#pragma clang loop unroll(full)
    for (size_t p = 0; p < 2; p++) _mm512_storeu_ps(acc + p * CK_PANEL_ROWS, ck_quant_result(sum[p]));
}

// As many panels of a call as are worth it, from the first on: their number.
CK_INLINE size_t ck_quant_two(const ck_quant quant, const uint8_t *w, size_t panel_bytes, size_t panels, size_t groups,
                              ptrdiff_t jump, const uint8_t *x, size_t width, float *acc, bool fresh) {
    if (width != 1 || panel_bytes < ck_two_least || !__builtin_cpu_is("intel")) return 0;
    size_t done = 0;
    for (; done + 2 <= panels; done += 2) {
        const ptrdiff_t beyond = ck_two_ahead + (ptrdiff_t)panel_bytes + (done + 2 == panels ? jump : 0);
        ck_two_panels(quant, w + done * panel_bytes, panel_bytes, groups, beyond, x, acc + done * CK_PANEL_ROWS, fresh);
    }
    return done;
}

CK_AVX512_END
