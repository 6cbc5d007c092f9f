#if defined(__x86_64__)
#include "vector.h"

CK_AVX2_BEGIN

CK_INLINE __m256i load(const char *p) { return _mm256_load_si256((const __m256i *)p); }

uint64_t ck_avx2_probe_read(const void *memory, size_t bytes) {
    const size_t quarter = bytes / 256 * 64;
    const char *p = memory;
    __m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;
    for (size_t i = 0; i < quarter; i += 32) {
        a = _mm256_xor_si256(a, load(p + i));
        b = _mm256_xor_si256(b, load(p + quarter + i));
        c = _mm256_xor_si256(c, load(p + 2 * quarter + i));
        d = _mm256_xor_si256(d, load(p + 3 * quarter + i));
    }
    a = _mm256_xor_si256(_mm256_xor_si256(a, b), _mm256_xor_si256(c, d));
    return (uint64_t)_mm256_extract_epi64(a, 0) ^ (uint64_t)_mm256_extract_epi64(a, 3);
}

double ck_avx2_probe_fma(size_t rounds, float *result) {
    __m256 chains[12];
    const __m256 a = _mm256_set1_ps(*result);
    for (size_t c = 0; c < 12; c++) chains[c] = _mm256_setzero_ps();
    for (size_t i = 0; i < rounds; i++) {
#pragma clang loop unroll(full)
        for (size_t c = 0; c < 12; c++) chains[c] = _mm256_fmadd_ps(chains[c], a, a);
    }
    __m256 sum = _mm256_setzero_ps();
    for (size_t c = 0; c < 12; c++) sum = _mm256_add_ps(sum, chains[c]);
    *result = ck_sum8(sum);
    return 2.0 * 96.0 * (double)rounds;
}

double ck_avx2_probe_dot(size_t rounds, int32_t *result) {
    __m256i chains[12];
    const __m256i a = _mm256_set1_epi8((char)(*result & 127));
    for (size_t c = 0; c < 12; c++) chains[c] = _mm256_set1_epi8((char)c);
    for (size_t i = 0; i < rounds; i++) {
#pragma clang loop unroll(full)
        for (size_t c = 0; c < 12; c++) chains[c] = _mm256_add_epi16(chains[c], _mm256_maddubs_epi16(chains[c], a));
    }
    __m256i sum = _mm256_setzero_si256();
    for (size_t c = 0; c < 12; c++) sum = _mm256_add_epi16(sum, chains[c]);
    *result = _mm256_extract_epi32(sum, 0) ^ _mm256_extract_epi32(sum, 7);
    return 2.0 * 12.0 * 32.0 * (double)rounds;
}

CK_AVX2_END
#endif
