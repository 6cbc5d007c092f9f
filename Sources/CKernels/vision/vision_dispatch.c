#include "../include/ck_vision.h"

#include <stdlib.h>
#include <string.h>

// Every operation with its parameters, and their names alone for the call.
#define OPERATIONS(OP)                                                                                              \
    OP(softmax, (float *row, size_t columns), (row, columns))                                                       \
    OP(layer_norm, (float *x, const float *weight, const float *bias, size_t columns, float epsilon),               \
       (x, weight, bias, columns, epsilon))                                                                         \
    OP(gelu, (float *x, size_t count), (x, count))                                                                  \
    OP(widen_bfloat16, (const void *from, float *to, size_t count), (from, to, count))                              \
    OP(widen_float16, (const void *from, float *to, size_t count), (from, to, count))

#define DECLARE_PLAIN(name, parameters, arguments) void ck_vision_plain_##name parameters;
OPERATIONS(DECLARE_PLAIN)

#if defined(__x86_64__)
#define DECLARE_AVX2(name, parameters, arguments) void ck_vision_avx2_##name parameters;
OPERATIONS(DECLARE_AVX2)

// Set before main, so that threads read it without a lock.
static int use_avx2;

__attribute__((constructor)) static void choose_version(void) {
    const char *wanted = getenv("FLOTILLA_ISA");
    __builtin_cpu_init();
    use_avx2 = __builtin_cpu_supports("avx2") && !(wanted && strcmp(wanted, "ref") == 0);
}

#define DISPATCH(name, parameters, arguments)   \
    void ck_vision_##name parameters {          \
        if (use_avx2) {                         \
            ck_vision_avx2_##name arguments;    \
        } else {                                \
            ck_vision_plain_##name arguments;   \
        }                                       \
    }
const char *ck_vision_isa(void) { return use_avx2 ? "avx2" : "plain"; }
#else
#define DISPATCH(name, parameters, arguments) \
    void ck_vision_##name parameters { ck_vision_plain_##name arguments; }
const char *ck_vision_isa(void) { return "plain"; }
#endif

OPERATIONS(DISPATCH)
