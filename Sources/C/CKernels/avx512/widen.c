// Stored numbers as floats.
#if defined(__x86_64__)
#include "tile.h"

CK_AVX512_BEGIN

CK_INLINE void widen(const ck_wide_lanes format, size_t bytes, const char *w, size_t n, float *out) {
    const __m512i spread = ck_wide_spread();
    for (size_t i = 0; i < n; i += 16) _mm512_storeu_ps(out + i, ck_load16(format, w + i * bytes, spread));
}

void ck_avx512_widen_bfloat16(const void *w, size_t n, float *out) { widen(ck_wide_bfloat16, 2, w, n, out); }
void ck_avx512_widen_float16(const void *w, size_t n, float *out) { widen(ck_wide_float16, 2, w, n, out); }

CK_AVX512_END
#endif
