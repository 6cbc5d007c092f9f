// Whether dot products of bfloat16 are faster here than the multiply-adds they stand for. They need half as many
// instructions, but not every processor issues them as often: Zen 4 and 5 do, Xeons of 2023 one every other cycle, which
// is half the rate of float multiply-adds.
#if defined(__x86_64__)
#include "kernels.h"
#include "../avx512/kernels.h"
#include <time.h>

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double rate(ck_probe_fma_kernel *probe, size_t rounds) {
    float value = 1;
    const double begin = seconds(), operations = probe(rounds, &value), end = seconds();
    return end > begin ? operations / (end - begin) : 0;
}

bool ck_avx512bf16_is_faster(void) {
    double chain = 0, dot = 0;
    // The best of some runs of about 20 µs each, in turns: the clock rises at first, and others may have the processor.
    for (int run = 0; run < 8; run++) {
        chain = fmax(chain, rate(ck_avx512_probe_fma, 8192));
        dot = fmax(dot, rate(ck_avx512bf16_probe_bfloat16, 2048));
    }
    return dot > chain;
}
#endif
