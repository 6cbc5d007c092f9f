// Stored numbers as floats.
#if defined(__x86_64__)
#include "tile.h"

CK_AVX2_BEGIN

CK_INLINE void widen(const ck_lanes format, size_t bytes, const char *w, size_t n, float *out) {
    for (size_t i = 0; i < n; i += 16) {
        __m256 lanes[2];
        ck_load_lanes(format, 2, w + i * bytes, lanes);
        _mm256_storeu_ps(out + i, lanes[0]);
        _mm256_storeu_ps(out + i + 8, lanes[1]);
    }
}

void ck_avx2_widen_bfloat16(const void *w, size_t n, float *out) { widen(ck_lanes_bfloat16, 2, w, n, out); }
void ck_avx2_widen_float16(const void *w, size_t n, float *out) { widen(ck_lanes_float16, 2, w, n, out); }

CK_AVX2_END
#endif
