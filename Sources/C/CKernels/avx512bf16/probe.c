#if defined(__x86_64__)
#include "kernels.h"

CK_AVX512BF16_BEGIN

double ck_avx512bf16_probe_bfloat16(size_t rounds, float *result) {
    __m512 chains[24];  // 12 do not hide the latency: 534 GFLOP/s instead of 570 on Zen 5
    const __m512bh a = (__m512bh)_mm512_set1_ps(*result);
    for (size_t c = 0; c < 24; c++) chains[c] = _mm512_set1_ps((float)c);
    for (size_t i = 0; i < rounds; i++) {
#pragma clang loop unroll(full)
        for (size_t c = 0; c < 24; c++) chains[c] = _mm512_dpbf16_ps(chains[c], a, a);
    }
    __m512 sum = _mm512_setzero_ps();
    for (size_t c = 0; c < 24; c++) sum = _mm512_add_ps(sum, chains[c]);
    *result = _mm512_reduce_add_ps(sum);
    return 2.0 * 2.0 * 384.0 * (double)rounds;
}

CK_AVX512_END
#endif
