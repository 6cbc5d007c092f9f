#include "kernels.h"

size_t ck_ref_argmax(const float *x, size_t n, float *max) {
    float largest = -INFINITY;
    for (size_t i = 0; i < n; i++) largest = x[i] > largest ? x[i] : largest;
    size_t index = 0;
    while (index < n && x[index] != largest) index++;
    if (index == n) index = 0;  // nothing but NaN
    *max = x[index];
    return index;
}
