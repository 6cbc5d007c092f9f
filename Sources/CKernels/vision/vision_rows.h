// The definition of the row operations, included once per instruction set with CK_VISION(name) naming the copies.
// Vectors of eight are written out, so both copies add in the same order whatever registers they get.

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Eight floats in an argument mean another calling convention without AVX; every such function is inlined.
#pragma clang diagnostic ignored "-Wpsabi"

enum { LANES = 8 };
typedef float lanes __attribute__((vector_size(32)));
typedef int32_t int_lanes __attribute__((vector_size(32)));
#define INLINE static inline __attribute__((always_inline))

INLINE lanes load(const float *p) {
    lanes v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void store(float *p, lanes v) { memcpy(p, &v, sizeof v); }

// The last, incomplete vector of a row, filled up with `rest`.
INLINE lanes load_part(const float *p, size_t count, float rest) {
    float part[LANES] = {rest, rest, rest, rest, rest, rest, rest, rest};
    memcpy(part, p, count * sizeof(float));
    return load(part);
}

INLINE void store_part(float *p, lanes v, size_t count) { memcpy(p, &v, count * sizeof(float)); }

INLINE lanes splat(float value) { return (lanes){value, value, value, value, value, value, value, value}; }

INLINE lanes choose(int_lanes mask, lanes yes, lanes no) {
    return (lanes)(((int_lanes)yes & mask) | ((int_lanes)no & ~mask));
}

INLINE float sum_of(lanes v) { return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7])); }

// exp for arguments up to 0; below -87 it is exp(-87), which is 1.6e-38; within 2 ulp.
// x = n ln 2 + r, |r| <= ln 2 / 2, with ln 2 in two parts; the polynomial is that of Cephes' expf.
INLINE lanes exp_lanes(lanes x) {
    x = choose(x < -87.0f, splat(-87.0f), x);
    const float round_to_integer = 12582912.0f;  // 1.5 * 2^23: adding it leaves no bits below 1
    lanes n = (x * 1.44269504f + round_to_integer) - round_to_integer;
    lanes r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
    lanes p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    int_lanes exponent = (__builtin_convertvector(n, int_lanes) + 127) << 23;
    return p * (lanes)exponent;
}

INLINE float max_of_row(const float *row, size_t columns) {
    lanes best = splat(row[0]);
    size_t i = 0;
    for (; i + LANES <= columns; i += LANES) {
        lanes v = load(row + i);
        best = choose(v > best, v, best);
    }
    lanes rest = load_part(row + i, columns - i, row[0]);
    best = choose(rest > best, rest, best);
    float max = best[0];
    for (int lane = 1; lane < LANES; lane++) max = best[lane] > max ? best[lane] : max;
    return max;
}

// The sum of (x - mean)^2.
INLINE float spread(const float *x, size_t columns, float mean) {
    lanes sum = splat(0);
    size_t i = 0;
    for (; i + LANES <= columns; i += LANES) {
        lanes v = load(x + i) - mean;
        sum += v * v;
    }
    lanes rest = load_part(x + i, columns - i, mean) - mean;
    return sum_of(sum + rest * rest);
}

void CK_VISION(softmax)(float *row, size_t columns) {
    float max = max_of_row(row, columns);
    lanes sum = splat(0);
    size_t i = 0;
    for (; i + LANES <= columns; i += LANES) {
        lanes e = exp_lanes(load(row + i) - max);
        store(row + i, e);
        sum += e;
    }
    float total = 0;
    if (i < columns) {
        lanes e = exp_lanes(load_part(row + i, columns - i, max) - max);
        store_part(row + i, e, columns - i);
        for (size_t lane = 0; lane < columns - i; lane++) total += e[lane];
    }
    float scale = 1.0f / (sum_of(sum) + total);
    for (i = 0; i < columns; i++) row[i] *= scale;
}

void CK_VISION(layer_norm)(float *x, const float *weight, const float *bias, size_t columns, float epsilon) {
    lanes sum = splat(0);
    size_t i = 0;
    for (; i + LANES <= columns; i += LANES) sum += load(x + i);
    float mean = sum_of(sum + load_part(x + i, columns - i, 0)) / (float)columns;
    float scale = 1.0f / sqrtf(spread(x, columns, mean) / (float)columns + epsilon);
    for (i = 0; i < columns; i++) x[i] = (x[i] - mean) * scale * weight[i] + bias[i];
}

// Scalar: the projector has half a million of these in a tile, the softmaxes three hundred million exponentials.
void CK_VISION(gelu)(float *x, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] = 0.5f * x[i] * (1.0f + erff(x[i] * 0.70710678f));
}

void CK_VISION(widen_bfloat16)(const void *from, float *to, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, (const char *)from + 2 * i, 2);
        uint32_t bits = (uint32_t)half << 16;
        memcpy(to + i, &bits, 4);
    }
}

// Both cases are computed and one is kept, without float32 subnormals on the way, which are slow on many CPUs.
void CK_VISION(widen_float16)(const void *from, float *to, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, (const char *)from + 2 * i, 2);
        uint32_t magnitude = (uint32_t)(half & 0x7fff) << 13, exponent = half & 0x7c00;
        uint32_t normal = magnitude + (exponent == 0x7c00 ? 224u << 23 : 112u << 23);
        uint32_t offset = magnitude + (113u << 23);  // 2^-14 + value, exactly
        float subnormal;
        memcpy(&subnormal, &offset, 4);
        subnormal -= 6.103515625e-05f;
        uint32_t small;
        memcpy(&small, &subnormal, 4);
        uint32_t bits = (exponent == 0 ? small : normal) | (uint32_t)(half & 0x8000) << 16;
        memcpy(to + i, &bits, 4);
    }
}
