// The choice of an instruction set, made once.
#include "internal.h"
#if defined(__x86_64__)
#include "../avx512bf16/kernels.h"
#endif
#include <pthread.h>
#include <stdlib.h>

static const ck_kernels *active_kernels;
static pthread_once_t choice = PTHREAD_ONCE_INIT;

const ck_kernels *ckernels_named(const char *name) {
    if (!strcmp(name, ck_ref_kernels.name)) return &ck_ref_kernels;
#if defined(__x86_64__)
    __builtin_cpu_init();
    const int able = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    if (able && !strcmp(name, ck_avx2_kernels.name)) return &ck_avx2_kernels;
    const int wide = able && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                     __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                     __builtin_cpu_supports("avx512vnni");
    if (wide && !strcmp(name, ck_avx512_kernels.name)) return &ck_avx512_kernels;
    const int pairs = wide && __builtin_cpu_supports("avx512bf16");
    if (pairs && !strcmp(name, ck_avx512bf16_kernels.name) && ck_avx512bf16_is_chain()) return &ck_avx512bf16_kernels;
#endif
    return NULL;
}

static void choose(void) {
    const char *wanted = getenv("FLOTILLA_ISA");
    active_kernels = wanted ? ckernels_named(wanted) : NULL;
#if defined(__x86_64__)
    if (!active_kernels && (active_kernels = ckernels_named("avx512bf16")) && !ck_avx512bf16_is_faster()) {
        active_kernels = NULL;
    }
#endif
    if (!active_kernels) active_kernels = ckernels_named("avx512");
    if (!active_kernels) active_kernels = ckernels_named("avx2");
    if (!active_kernels) active_kernels = &ck_ref_kernels;
}

const ck_kernels *ckernels_active(void) {
    pthread_once(&choice, choose);
    return active_kernels;
}

const char *ckernels_isa_name(void) { return ckernels_active()->name; }
