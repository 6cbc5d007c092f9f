#if defined(__x86_64__)
#include "kernels.h"

CK_AVXVNNI_BEGIN

double ck_avxvnni_probe_dot(size_t rounds, int32_t *result) {
    __m256i chains[12];
    const __m256i a = _mm256_set1_epi8((char)(*result & 127));
    for (size_t c = 0; c < 12; c++) chains[c] = _mm256_set1_epi32((int)c);  // equal chains could be made one
    for (size_t i = 0; i < rounds; i++) {
#pragma clang loop unroll(full)
        for (size_t c = 0; c < 12; c++) chains[c] = _mm256_dpbusd_avx_epi32(chains[c], a, a);
    }
    __m256i sum = _mm256_setzero_si256();
    for (size_t c = 0; c < 12; c++) sum = _mm256_add_epi32(sum, chains[c]);
    *result = _mm256_extract_epi32(sum, 0) ^ _mm256_extract_epi32(sum, 7);
    return 2.0 * 12.0 * 32.0 * (double)rounds;
}

CK_AVXVNNI_END
#endif
