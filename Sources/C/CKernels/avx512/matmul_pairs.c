// Without AVX512_BF16: two multiply-adds a pair.
#if defined(__x86_64__)
#define CK_PAIR_DOT 0
#define CK_PAIRS_BEGIN CK_AVX512_BEGIN
#include "pairs.h"

CK_AVX512_BEGIN

void ck_avx512_matmul_pairs(const ck_matrix *w, size_t panel, size_t panels, size_t k_begin, size_t k_end,
                            const float *x, size_t width, float *acc) {
    const unsigned control = ck_flush_denormals();
    ck_pairs_matmul(w, panel, panels, k_begin, k_end, x, width, acc);
    ck_restore_denormals(control);
}

CK_AVX512_END
#endif
