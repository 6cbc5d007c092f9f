// Weights of a panel as floats.
#if defined(__x86_64__)
#include "tile.h"

CK_AVX512_BEGIN

CK_INLINE void widen(const ck_wide_lanes format, const char *w, size_t columns, float *out) {
    const __m512i spread = ck_wide_spread();
    for (size_t k = 0; k < columns; k++) {
        const char *column = w + k * CK_PANEL_ROWS * sizeof(uint16_t);
        _mm512_storeu_ps(out + k * CK_PANEL_ROWS, ck_load16(format, column, spread));
    }
}

void ck_avx512_widen_bfloat16(const char *w, size_t columns, float *out) { widen(ck_wide_bfloat16, w, columns, out); }
void ck_avx512_widen_float16(const char *w, size_t columns, float *out) { widen(ck_wide_float16, w, columns, out); }

CK_AVX512_END
#endif
