#include "../common/internal.h"
#include "../include/ck_vision.h"

// Every operation with its parameters, and their names alone for the call.
#define OPERATIONS(OP)                                                                                              \
    OP(softmax, (float *x, size_t stride, size_t rows, size_t columns, float factor, float *divisors),              \
       (x, stride, rows, columns, factor, divisors))                                                                \
    OP(layer_norm, (float *x, const float *weight, const float *bias, size_t columns, float epsilon),               \
       (x, weight, bias, columns, epsilon))                                                                         \
    OP(gelu, (float *x, size_t count), (x, count))

#define DECLARE_PLAIN(name, parameters, arguments) void ck_vision_plain_##name parameters;
OPERATIONS(DECLARE_PLAIN)

#if defined(__x86_64__)
#define DECLARE_WIDE(name, parameters, arguments) \
    void ck_vision_avx2_##name parameters;        \
    void ck_vision_avx512_##name parameters;
OPERATIONS(DECLARE_WIDE)

#define DISPATCH(name, parameters, arguments)                                         \
    void ck_vision_##name parameters {                                                \
        const ck_kernels *set = ckernels_active();                                    \
        if (set == &ck_avx512_kernels || set == &ck_avx512bf16_kernels) {             \
            ck_vision_avx512_##name arguments;                                        \
        } else if (set == &ck_avx2_kernels || set == &ck_avxvnni_kernels) {                                         \
            ck_vision_avx2_##name arguments;                                          \
        } else {                                                                      \
            ck_vision_plain_##name arguments;                                         \
        }                                                                             \
    }
#else
#define DISPATCH(name, parameters, arguments) \
    void ck_vision_##name parameters { ck_vision_plain_##name arguments; }
#endif

OPERATIONS(DISPATCH)
