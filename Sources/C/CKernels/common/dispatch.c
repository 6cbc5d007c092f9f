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
    const int bytes = able && __builtin_cpu_supports("avxvnni");
    if (bytes && !strcmp(name, ck_avxvnni_kernels.name)) return &ck_avxvnni_kernels;
    const int wide = able && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                     __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                     __builtin_cpu_supports("avx512vnni");
    if (wide && !strcmp(name, ck_avx512_kernels.name)) return &ck_avx512_kernels;
    const int pairs = wide && __builtin_cpu_supports("avx512bf16");
    if (pairs && !strcmp(name, ck_avx512bf16_kernels.name) && ck_avx512bf16_is_chain()) return &ck_avx512bf16_kernels;
#endif
    return NULL;
}

const char *ckernels_name(size_t index) {
    static const char *const names[] = {"ref", "avx2", "avxvnni", "avx512", "avx512bf16"};
    return index < sizeof names / sizeof *names ? names[index] : NULL;
}

#define CK_WHOLE(set, operation) \
    if (!(set)->operation) return #operation
#define CK_WHOLE_ALL(set, operation)                                                          \
    for (size_t i = 0; i < sizeof (set)->operation / sizeof *(set)->operation; i++) {         \
        if (!(set)->operation[i]) return #operation;                                          \
    }

const char *ckernels_hole(const ck_kernels *set) {
    CK_WHOLE(set, name);
    CK_WHOLE(set, tile_tokens);
    CK_WHOLE(set, tile_panels);
    CK_WHOLE(set, pair_columns);
    CK_WHOLE_ALL(set, matmul_tile);
    CK_WHOLE_ALL(set, pack);
    CK_WHOLE(set, widen[CK_BFLOAT16]);
    CK_WHOLE(set, widen[CK_FLOAT16]);
    CK_WHOLE(set, round_x);
    CK_WHOLE_ALL(set, gather);
    CK_WHOLE_ALL(set, quant_group);
    CK_WHOLE(set, quant_x);
    CK_WHOLE_ALL(set, quant_tile);
    CK_WHOLE(set, rms_norm);
    CK_WHOLE(set, swiglu);
    CK_WHOLE(set, exp);
    CK_WHOLE(set, argmax);
    CK_WHOLE(set, scan);
    CK_WHOLE(set, select);
    CK_WHOLE(set, draw);
    CK_WHOLE(set, sum_weights);
    CK_WHOLE_ALL(set, kv_tile);
    CK_WHOLE_ALL(set, kv_store);
    CK_WHOLE(set, kv_quant_x);
    CK_WHOLE(set, kv_widen[CK_KV_FLOAT16]);
    CK_WHOLE(set, softmax_page);
    CK_WHOLE(set, merge_span);
    CK_WHOLE(set, probe_read);
    CK_WHOLE(set, probe_fma);
    CK_WHOLE(set, probe_dot);
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
    if (!active_kernels) active_kernels = ckernels_named("avxvnni");
    if (!active_kernels) active_kernels = ckernels_named("avx2");
    if (!active_kernels) active_kernels = &ck_ref_kernels;
}

const ck_kernels *ckernels_active(void) {
    pthread_once(&choice, choose);
    return active_kernels;
}

const char *ckernels_isa_name(void) { return ckernels_active()->name; }
