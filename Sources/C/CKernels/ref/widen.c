// Stored numbers as floats.
#include "kernels.h"

CK_INLINE void widen(ck_storage storage, const char *w, size_t n, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = ck_weight(storage, w, i / CK_PANEL_ROWS, i % CK_PANEL_ROWS);
}

void ck_ref_widen_bfloat16(const void *w, size_t n, float *out) { widen(CK_BFLOAT16, w, n, out); }
void ck_ref_widen_float16(const void *w, size_t n, float *out) { widen(CK_FLOAT16, w, n, out); }
