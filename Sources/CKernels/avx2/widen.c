// Weights of a panel as floats.
#if defined(__x86_64__)
#include "tile.h"

CK_AVX2_BEGIN

CK_INLINE void widen(const ck_lanes format, const char *w, size_t columns, float *out) {
    for (size_t k = 0; k < columns; k++) {
        __m256 lanes[2];
        ck_load_lanes(format, 2, w + k * CK_PANEL_ROWS * sizeof(uint16_t), lanes);
        _mm256_storeu_ps(out + k * CK_PANEL_ROWS, lanes[0]);
        _mm256_storeu_ps(out + k * CK_PANEL_ROWS + 8, lanes[1]);
    }
}

void ck_avx2_widen_bfloat16(const char *w, size_t columns, float *out) { widen(ck_lanes_bfloat16, w, columns, out); }
void ck_avx2_widen_float16(const char *w, size_t columns, float *out) { widen(ck_lanes_float16, w, columns, out); }

CK_AVX2_END
#endif
