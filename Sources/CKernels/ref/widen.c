// Weights of a panel as floats.
#include "kernels.h"

CK_INLINE void widen(ck_storage storage, const char *w, size_t columns, float *out) {
    for (size_t k = 0; k < columns; k++) {
        for (size_t row = 0; row < CK_PANEL_ROWS; row++) out[k * CK_PANEL_ROWS + row] = ck_weight(storage, w, k, row);
    }
}

void ck_ref_widen_bfloat16(const char *w, size_t columns, float *out) { widen(CK_BFLOAT16, w, columns, out); }
void ck_ref_widen_float16(const char *w, size_t columns, float *out) { widen(CK_FLOAT16, w, columns, out); }
