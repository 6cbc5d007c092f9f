// The exponential function: its definition.
#pragma once
#include "../common/internal.h"

// x = n ln 2 + r with |r| <= ln 2 / 2 and ln 2 in two parts; a polynomial of degree 6 for exp(r) (Cephes, expf); 2^n in
// two factors, so that results below the normal range are rounded once. Beyond -110 and 100 nothing changes any more.
CK_INLINE float ck_ref_exp(float x) {
    const float shift = 0x1.8p23f;  // adding it rounds to an integer, ties to even
    x = -110.0f > x ? -110.0f : x;
    x = 100.0f < x ? 100.0f : x;
    const float shifted = fmaf(x, 0x1.715476p+0f, shift);
    const float n = shifted - shift;
    float r = fmaf(n, -0x1.63p-1f, x);
    r = fmaf(n, 0x1.bd0106p-13f, r);
    float p = 1.9875691500e-4f;
    p = fmaf(p, r, 1.3981999507e-3f);
    p = fmaf(p, r, 8.3334519073e-3f);
    p = fmaf(p, r, 4.1665795894e-2f);
    p = fmaf(p, r, 1.6666665459e-1f);
    p = fmaf(p, r, 5.0000001201e-1f);
    p = fmaf(p, r * r, r) + 1.0f;
    const int32_t exponent = (int32_t)(ck_bits(shifted) - ck_bits(shift)), half = exponent >> 1;
    const float first = ck_from_bits((uint32_t)(half + 127) << 23);
    const float second = ck_from_bits((uint32_t)(exponent - half + 127) << 23);
    return (p * first) * second;
}

// The one order in which eight lanes are added.
CK_INLINE float ck_ref_sum8(const float lanes[8]) {
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}
