// Exponentials and what is made of them.
#include "exp.h"
#include "kernels.h"

void ck_ref_exp_n(const float *x, float *out, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] = ck_ref_exp(x[i]);
}

void ck_ref_swiglu(const float *gate, const float *up, float *out, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] = gate[i] / (1.0f + ck_ref_exp(-gate[i])) * up[i];
}
