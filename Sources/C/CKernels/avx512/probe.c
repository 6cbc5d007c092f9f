#if defined(__x86_64__)
#include "vector.h"

CK_AVX512_BEGIN

CK_INLINE __m512i load(const char *p) { return _mm512_load_si512((const void *)p); }

uint64_t ck_avx512_probe_read(const void *memory, size_t bytes) {
    const size_t quarter = bytes / 256 * 64;
    const char *p = memory;
    __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;
    for (size_t i = 0; i < quarter; i += 64) {
        a = _mm512_xor_si512(a, load(p + i));
        b = _mm512_xor_si512(b, load(p + quarter + i));
        c = _mm512_xor_si512(c, load(p + 2 * quarter + i));
        d = _mm512_xor_si512(d, load(p + 3 * quarter + i));
    }
    a = _mm512_xor_si512(_mm512_xor_si512(a, b), _mm512_xor_si512(c, d));
    const __m256i half = _mm512_extracti64x4_epi64(a, 1);
    return (uint64_t)_mm256_extract_epi64(half, 0) ^ (uint64_t)_mm256_extract_epi64(half, 3);
}

double ck_avx512_probe_fma(size_t rounds, float *result) {
    __m512 chains[12];
    const __m512 a = _mm512_set1_ps(*result);
    for (size_t c = 0; c < 12; c++) chains[c] = _mm512_set1_ps((float)c);  // equal chains could be made one
    for (size_t i = 0; i < rounds; i++) {
#pragma clang loop unroll(full)
        for (size_t c = 0; c < 12; c++) chains[c] = _mm512_fmadd_ps(chains[c], a, a);
    }
    __m512 sum = _mm512_setzero_ps();
    for (size_t c = 0; c < 12; c++) sum = _mm512_add_ps(sum, chains[c]);
    *result = _mm512_reduce_add_ps(sum);
    return 2.0 * 192.0 * (double)rounds;
}

double ck_avx512_probe_dot(size_t rounds, int32_t *result) {
    __m512i chains[12];
    const __m512i a = _mm512_set1_epi8((char)(*result & 127));
    for (size_t c = 0; c < 12; c++) chains[c] = _mm512_setzero_si512();
    for (size_t i = 0; i < rounds; i++) {
#pragma clang loop unroll(full)
        for (size_t c = 0; c < 12; c++) chains[c] = _mm512_dpbusd_epi32(chains[c], a, a);
    }
    __m512i sum = _mm512_setzero_si512();
    for (size_t c = 0; c < 12; c++) sum = _mm512_add_epi32(sum, chains[c]);
    *result = _mm512_reduce_add_epi32(sum);
    return 2.0 * 12.0 * 64.0 * (double)rounds;
}

CK_AVX512_END
#endif
