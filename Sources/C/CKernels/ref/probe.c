#include "kernels.h"

uint64_t ck_ref_probe_read(const void *memory, size_t bytes) {
    const size_t words = bytes / 32;
    const uint64_t *p = memory;
    uint64_t a = 0, b = 0, c = 0, d = 0;
    for (size_t i = 0; i < words; i++) {
        a ^= p[i];
        b ^= p[words + i];
        c ^= p[2 * words + i];
        d ^= p[3 * words + i];
    }
    return a ^ b ^ c ^ d;
}

double ck_ref_probe_fma(size_t rounds, float *result) {
    float chains[12] = {0};
    const float a = *result;
    for (size_t i = 0; i < rounds; i++) {
        for (size_t c = 0; c < 12; c++) chains[c] = fmaf(chains[c], a, a);
    }
    float sum = 0;
    for (size_t c = 0; c < 12; c++) sum += chains[c];
    *result = sum;
    return 2.0 * 12.0 * (double)rounds;
}

double ck_ref_probe_dot(size_t rounds, int32_t *result) {
    uint32_t chains[12] = {0};
    const uint32_t a = (uint32_t)*result & 127;
    for (size_t i = 0; i < rounds; i++) {
        for (size_t c = 0; c < 12; c++) chains[c] += (chains[c] & 255) * a + 1;
    }
    uint32_t sum = 0;
    for (size_t c = 0; c < 12; c++) sum += chains[c];
    *result = (int32_t)(sum >> 1);
    return 2.0 * 12.0 * (double)rounds;
}
