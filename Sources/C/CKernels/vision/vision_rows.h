// The definition of the row operations, included once per instruction set with CK_VISION(name) naming the copies.
// Vectors of sixteen are written out, so all copies add in the same order whatever registers they get.

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Vectors in an argument mean another calling convention without wide registers; every such function is inlined.
#pragma clang diagnostic ignored "-Wpsabi"

enum { LANES = 16 };
typedef float lanes __attribute__((vector_size(64)));
typedef int32_t int_lanes __attribute__((vector_size(64)));
#define INLINE static inline __attribute__((always_inline))

INLINE lanes load(const float *p) {
    lanes v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void store(float *p, lanes v) { memcpy(p, &v, sizeof v); }

// The last, incomplete vector of a row, filled up with `rest`.
INLINE lanes load_part(const float *p, size_t count, float rest) {
    float part[LANES];
    for (size_t i = 0; i < LANES; i++) part[i] = i < count ? p[i] : rest;
    return load(part);
}

INLINE void store_part(float *p, lanes v, size_t count) { memcpy(p, &v, count * sizeof(float)); }

INLINE lanes splat(float value) { return value - (lanes){0}; }

INLINE lanes choose(int_lanes mask, lanes yes, lanes no) {
    return (lanes)(((int_lanes)yes & mask) | ((int_lanes)no & ~mask));
}

INLINE float sum_of(lanes v) {
    float a[LANES];
    store(a, v);
    for (int half = LANES / 2; half >= 1; half /= 2) {
        for (int i = 0; i < half; i++) a[i] += a[i + half];
    }
    return a[0];
}

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

// A row becomes exp((x - max) * factor); returns their sum.
INLINE float exponentials(float *row, size_t columns, float factor) {
    float max = max_of_row(row, columns);
    lanes sum = splat(0);
    size_t i = 0;
    for (; i + LANES <= columns; i += LANES) {
        lanes e = exp_lanes((load(row + i) - max) * factor);
        store(row + i, e);
        sum += e;
    }
    float total = 0;
    if (i < columns) {
        lanes e = exp_lanes((load_part(row + i, columns - i, max) - max) * factor);
        store_part(row + i, e, columns - i);
        for (size_t lane = 0; lane < columns - i; lane++) total += e[lane];
    }
    return sum_of(sum) + total;
}

void CK_VISION(softmax)(float *x, size_t stride, size_t rows, size_t columns, float factor, float *divisors) {
    for (size_t row = 0; row < rows; row++) divisors[row] = exponentials(x + row * stride, columns, factor);
}

void CK_VISION(layer_norm)(float *x, const float *weight, const float *bias, size_t columns, float epsilon) {
    lanes sum = splat(0);
    size_t i = 0;
    for (; i + LANES <= columns; i += LANES) sum += load(x + i);
    float mean = sum_of(sum + load_part(x + i, columns - i, 0)) / (float)columns;
    float scale = 1.0f / sqrtf(spread(x, columns, mean) / (float)columns + epsilon);
    for (i = 0; i < columns; i++) x[i] = (x[i] - mean) * scale * weight[i] + bias[i];
}

// x/2 erfc(-x / sqrt 2), without the cancellation of 1 + erf: erfc(z) = t exp(-z^2 + p(t)), t = 1 / (1 + z/2), z >= 0,
// within 2e-7 of itself (Numerical Recipes, erfcc).
INLINE lanes gelu_lanes(lanes x) {
    lanes z = (lanes)((int_lanes)x & 0x7fffffff) * 0.70710678f;
    lanes t = 1.0f / (1.0f + 0.5f * z);
    lanes p = t * 0.17087277f - 0.82215223f;
    p = p * t + 1.48851587f;
    p = p * t - 1.13520398f;
    p = p * t + 0.27886807f;
    p = p * t - 0.18628806f;
    p = p * t + 0.09678418f;
    p = p * t + 0.37409196f;
    p = p * t + 1.00002368f;
    p = p * t - 1.26551223f;
    lanes tail = t * exp_lanes(p - z * z);
    return 0.5f * x * choose(x > 0.0f, 2.0f - tail, tail);
}

void CK_VISION(gelu)(float *x, size_t count) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) store(x + i, gelu_lanes(load(x + i)));
    if (i < count) store_part(x + i, gelu_lanes(load_part(x + i, count - i, 0)), count - i);
}
