// The passes of sampling over a row, included once per instruction set. Vectors are written out, so that all copies do the
// same operations whatever registers they get.
#pragma once
#include "internal.h"

// Vectors in an argument mean another calling convention without wide registers; every such function is inlined.
#pragma clang diagnostic ignored "-Wpsabi"

enum { CK_LANES = 16 };
typedef float ck_floats __attribute__((vector_size(64)));
typedef int32_t ck_ints __attribute__((vector_size(64)));
typedef uint64_t ck_words __attribute__((vector_size(128)));
typedef float ck_eight_floats __attribute__((vector_size(32)));
typedef double ck_doubles __attribute__((vector_size(64)));
typedef int64_t ck_longs __attribute__((vector_size(64)));

// Sixteen values, or what is left of them and -INFINITY.
CK_INLINE ck_floats ck_load_some(const float *x, size_t left) {
    ck_floats v;
    if (left >= CK_LANES) {
        memcpy(&v, x, sizeof v);
    } else {
        for (size_t i = 0; i < CK_LANES; i++) v[i] = i < left ? x[i] : -INFINITY;
    }
    return v;
}

CK_INLINE ck_floats ck_splat(float value) { return value - (ck_floats){0}; }

CK_INLINE bool ck_any(ck_ints mask) {
    int32_t any = 0;
    for (size_t i = 0; i < CK_LANES; i++) any |= mask[i];
    return any != 0;
}

CK_INLINE bool ck_scan(const float *x, size_t n, float *largest) {
    ck_floats most = ck_splat(-INFINITY);
    ck_ints odd = {0};
    for (size_t i = 0; i < n; i += CK_LANES) {
        const ck_floats v = ck_load_some(x + i, n - i);
        const ck_ints more = v > most;
        most = (ck_floats)(((ck_ints)v & more) | ((ck_ints)most & ~more));
        odd |= v != v;
    }
    *largest = most[0];
    for (size_t i = 1; i < CK_LANES; i++) *largest = most[i] > *largest ? most[i] : *largest;
    return !ck_any(odd);
}

CK_INLINE size_t ck_select(const float *x, size_t n, uint32_t first, size_t k, uint64_t *keys) {
    size_t count = 0;
    bool is_full = false;
    float least = -INFINITY;
    for (size_t i = 0; i < n; i += CK_LANES) {
        const size_t end = n - i < CK_LANES ? n : i + CK_LANES;
        if (is_full && !ck_any(ck_load_some(x + i, n - i) > ck_splat(least))) continue;
        for (size_t j = i; j < end; j++) {
            // An equal value later in the row is worse than the k that are there.
            if (is_full ? !(x[j] > least) : x[j] != x[j]) continue;
            keys[count++] = ck_candidate_key(x[j], first + (uint32_t)j);
            if (count < 2 * k) continue;
            least = ck_candidates_prune(keys, count, k);
            count = k;
            is_full = true;
        }
    }
    if (count <= k) return count;
    ck_candidates_prune(keys, count, k);
    return k;
}

// Of each token the top 24 bits of 1 - u, u as in ck_gumbel_noise: rounded down, so that the noise is at most minus the
// logarithm of what they are, as a fraction.
CK_INLINE ck_ints ck_rest_bits(uint64_t key, uint32_t first) {
    ck_words z;
    const uint64_t step = 0xD1B54A32D192ED03u, begin = key + step * ((uint64_t)first + 1);
    for (size_t i = 0; i < CK_LANES; i++) z[i] = begin + i * step;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z = ~(z ^ (z >> 31)) >> 40;
    return __builtin_convertvector(z, ck_ints);
}

// No noise is larger: -log(2^-54) = 37.43.
#define CK_LARGEST_NOISE 37.5f

CK_INLINE void ck_best_draw(const float *x, size_t n, float temperature, uint64_t key, uint32_t first, ck_draw *best) {
    *best = (ck_draw){-INFINITY, x[0], (int32_t)first};
    for (size_t i = 0; i < n; i += CK_LANES) {
        const ck_floats scaled = ck_load_some(x + i, n - i) / ck_splat(temperature);
        if (i > 0 && !ck_any(scaled + ck_splat(CK_LARGEST_NOISE) >= ck_splat(best->value))) continue;
        // A float's bits over 2^23 are at most 127 plus its binary logarithm. 1e-4 is more than what rounding makes of it.
        const ck_ints bits = (ck_ints)__builtin_convertvector(ck_rest_bits(key, first + (uint32_t)i), ck_floats);
        const ck_floats logarithm = __builtin_convertvector(bits, ck_floats) * 0x1p-23f;
        const ck_floats bound = (151.0f - logarithm) * 0x1.62e44p-1f + 1e-4f;
        const ck_ints out = scaled + bound < ck_splat(best->value);
        if (i > 0 && !ck_any(~out)) continue;
        for (size_t j = 0; j < CK_LANES && i + j < n; j++) {
            if (i > 0 && out[j]) continue;
            const uint32_t token = first + (uint32_t)(i + j);
            const ck_draw draw = {x[i + j] / temperature + ck_gumbel_noise(key, token), x[i + j], (int32_t)token};
            if ((i == 0 && j == 0) || ck_draw_is_better(&draw, best)) *best = draw;
        }
    }
}

// exp(x) within 2 units in the last place for -700 <= x <= 0, 0 below and for NaN: x = n ln 2 + r, |r| <= ln 2 / 2, with
// the Taylor series of exp(r), whose next term is below 2^-52.
CK_INLINE ck_doubles ck_exp_doubles(ck_doubles x) {
    static const double terms[] = {0x1.1eed8eff8d898p-29, 0x1.ae64567f544e4p-26, 0x1.27e4fb7789f5cp-22,
                                   0x1.71de3a556c734p-19, 0x1.a01a01a01a01ap-16, 0x1.a01a01a01a01ap-13,
                                   0x1.6c16c16c16c17p-10, 0x1.1111111111111p-7,  0x1.5555555555555p-5,
                                   0x1.5555555555555p-3,  0.5,                   1.0,
                                   1.0};
    const ck_longs counts = x >= -700.0;
    const ck_doubles shift = 0x1.8p52 - (ck_doubles){0};
    x = (ck_doubles)((ck_longs)x & counts);
    const ck_doubles shifted = x * 0x1.71547652b82fep+0 + shift, n = shifted - shift;
    ck_doubles r = __builtin_elementwise_fma(n, -0x1.62e42fefa3800p-1 - (ck_doubles){0}, x);
    r = __builtin_elementwise_fma(n, -0x1.ef35793c76730p-45 - (ck_doubles){0}, r);
    ck_doubles p = terms[0] - (ck_doubles){0};
    for (size_t i = 1; i < sizeof terms / sizeof *terms; i++) {
        p = __builtin_elementwise_fma(p, r, terms[i] - (ck_doubles){0});
    }
    const ck_longs exponent = ((ck_longs)shifted - (ck_longs)shift + 1023) << 52;
    return (ck_doubles)((ck_longs)(p * (ck_doubles)exponent) & counts);
}

CK_INLINE void ck_sum_weights(const float *x, size_t n, float shift, float temperature, double sums[2]) {
    ck_doubles high = {0}, low = {0};
    for (size_t i = 0; i < n; i += 8) {
        ck_eight_floats v;
        if (n - i >= 8) {
            memcpy(&v, x + i, sizeof v);
        } else {
            for (size_t j = 0; j < 8; j++) v[j] = i + j < n ? x[i + j] : -INFINITY;
        }
        const ck_doubles power = temperature == 0
                                     ? __builtin_convertvector(v, ck_doubles) - (double)shift
                                     : __builtin_convertvector((v - shift) / temperature, ck_doubles);
        const ck_doubles weight = ck_exp_doubles(power);
        // Adding and subtracting rounds to a multiple of 2^-32, and what is left to one of 2^-65.
        const ck_doubles upper = (weight + 0x1.8p20) - 0x1.8p20;
        high += upper;
        low += ((weight - upper) + 0x1.8p-13) - 0x1.8p-13;
    }
    sums[0] = sums[1] = 0;
    for (size_t i = 0; i < 8; i++) {
        sums[0] += high[i];
        sums[1] += low[i];
    }
}

// The kernels of a set.
#define CK_SAMPLING(set)                                                                                           \
    bool ck_##set##_scan(const float *x, size_t n, float *largest) { return ck_scan(x, n, largest); }              \
    size_t ck_##set##_select(const float *x, size_t n, uint32_t first, size_t k, uint64_t *keys) {                 \
        return ck_select(x, n, first, k, keys);                                                                    \
    }                                                                                                              \
    void ck_##set##_draw(const float *x, size_t n, float temperature, uint64_t key, uint32_t first,                \
                         ck_draw *best) {                                                                          \
        ck_best_draw(x, n, temperature, key, first, best);                                                         \
    }                                                                                                              \
    void ck_##set##_sum_weights(const float *x, size_t n, float shift, float temperature, double sums[2]) {        \
        ck_sum_weights(x, n, shift, temperature, sums);                                                            \
    }
