// One output is one chain of fused multiply-adds over the columns in increasing order.
#include "kernels.h"

void ck_ref_matmul_tile(const ck_matrix *w, size_t panel, size_t panels, size_t k_begin, size_t k_end, const float *x,
                        size_t width, float *acc) {
    for (size_t p = 0; p < panels; p++) {
        const char *weights = ck_panel(w, panel + p);
        for (size_t t = 0; t < width; t++) {
            float *out = acc + (p * width + t) * CK_PANEL_ROWS;
            for (size_t row = 0; row < CK_PANEL_ROWS; row++) {
                float sum = out[row];
                for (size_t k = k_begin; k < k_end; k++) {
                    sum = fmaf(ck_weight(w->storage, weights, k, row), x[(k - k_begin) * width + t], sum);
                }
                out[row] = sum;
            }
        }
    }
}
