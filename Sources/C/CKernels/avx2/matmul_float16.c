#if defined(__x86_64__)
#include "matmul.h"

CK_AVX2_BEGIN

void ck_avx2_matmul_float16(const ck_matrix *w, size_t panel, size_t panels, size_t k_begin, size_t k_end,
                            const float *x, size_t width, float *acc) {
    ck_matmul_storage(ck_lanes_float16, w, panel, panels, k_begin, k_end, x, width, acc);
}

CK_AVX2_END
#endif
