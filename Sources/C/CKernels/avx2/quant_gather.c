// 32 columns of 16 rows, widened and transposed, eight by eight.
#if defined(__x86_64__)
#include "vector.h"

CK_AVX2_BEGIN

CK_INLINE __m256 widened(const ck_source type, const char *source) {
    if (type == CK_FROM_FLOAT32) return _mm256_loadu_ps((const float *)source);
    const __m128i halves = _mm_loadu_si128((const __m128i *)source);
    if (type == CK_FROM_FLOAT16) return _mm256_cvtph_ps(halves);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
}

CK_INLINE void transpose(const __m256 rows[8], float *out) {
    __m256 a[8], b[8];
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i += 2) {
        a[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
        a[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i += 4) {
        b[i] = _mm256_shuffle_ps(a[i], a[i + 2], 0x44);
        b[i + 1] = _mm256_shuffle_ps(a[i], a[i + 2], 0xee);
        b[i + 2] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0x44);
        b[i + 3] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0xee);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
        _mm256_storeu_ps(out + i * CK_PANEL_ROWS, _mm256_permute2f128_ps(b[i], b[i + 4], 0x20));
        _mm256_storeu_ps(out + (i + 4) * CK_PANEL_ROWS, _mm256_permute2f128_ps(b[i], b[i + 4], 0x31));
    }
}

CK_INLINE void gather(const ck_source type, const char *source, size_t row_bytes, float *columns) {
    const size_t bytes = type == CK_FROM_FLOAT32 ? 4 : 2;
    for (size_t half = 0; half < 2; half++) {
        for (size_t k = 0; k < CK_GROUP_COLUMNS; k += 8) {
            __m256 rows[8];
#pragma clang loop unroll(full)
            for (size_t i = 0; i < 8; i++) rows[i] = widened(type, source + (8 * half + i) * row_bytes + k * bytes);
            transpose(rows, columns + k * CK_PANEL_ROWS + 8 * half);
        }
    }
}

void ck_avx2_gather_float32(const void *source, size_t row_bytes, float *columns) {
    gather(CK_FROM_FLOAT32, source, row_bytes, columns);
}

void ck_avx2_gather_bfloat16(const void *source, size_t row_bytes, float *columns) {
    gather(CK_FROM_BFLOAT16, source, row_bytes, columns);
}

void ck_avx2_gather_float16(const void *source, size_t row_bytes, float *columns) {
    gather(CK_FROM_FLOAT16, source, row_bytes, columns);
}

CK_AVX2_END
#endif
