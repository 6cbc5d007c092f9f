// The two passes of Pillow's resize (libImaging, Resample.c).
//
// 8-bit samples: 32-bit sums of value · weight · 2²², so every order of addition and every width of vector gives the
// same bits. 16-bit samples: sums in double precision, in Pillow's order.
#include <string.h>

#include "cimagecodecs.h"

#define PRECISION 22
#define HALF (1 << (PRECISION - 1))

typedef uint8_t u8x8 __attribute__((vector_size(8)));
typedef uint8_t u8x16 __attribute__((vector_size(16)));
typedef int32_t i32x8 __attribute__((vector_size(32)));
typedef int32_t i32x16 __attribute__((vector_size(64)));

static inline uint8_t clip8(int32_t sum) {
    int32_t value = sum >> PRECISION;
    return value < 0 ? 0 : value > 255 ? 255 : (uint8_t)value;
}

/// Two pixels of four lanes at a time, twice: the two sums hide the multiplier's latency.
__attribute__((always_inline)) static inline void horizontal_8(
    const struct image_axis *axis, const uint8_t *work, uint8_t *out) {
    for (size_t x = 0; x < axis->outputs; x++, out += 4) {
        const uint8_t *in = work + 4 * (size_t)axis->starts[x];
        const int32_t *k = axis->fixed + x * axis->stride;
        i32x8 even = {HALF, HALF, HALF, HALF}, odd = {0};
        for (int32_t i = 0; i < axis->counts[x]; i += 4) {
            u8x8 a, b;
            memcpy(&a, in + 4 * i, 8);
            memcpy(&b, in + 4 * i + 8, 8);
            i32x8 ka = {k[i], k[i], k[i], k[i], k[i + 1], k[i + 1], k[i + 1], k[i + 1]};
            i32x8 kb = {k[i + 2], k[i + 2], k[i + 2], k[i + 2], k[i + 3], k[i + 3], k[i + 3], k[i + 3]};
            even += __builtin_convertvector(a, i32x8) * ka;
            odd += __builtin_convertvector(b, i32x8) * kb;
        }
        even += odd;
        for (int lane = 0; lane < 4; lane++) out[lane] = clip8(even[lane] + even[lane + 4]);
    }
}

__attribute__((always_inline)) static inline void vertical_8(
    const int32_t *k, size_t count, const uint8_t *const *rows, size_t bytes, uint8_t *out) {
    size_t x = 0;
    for (; x + 16 <= bytes; x += 16) {
        i32x16 sum = {0};
        for (size_t y = 0; y < count; y++) {
            u8x16 v;
            memcpy(&v, rows[y] + x, 16);
            sum += __builtin_convertvector(v, i32x16) * k[y];
        }
        for (int lane = 0; lane < 16; lane++) out[x + (size_t)lane] = clip8(sum[lane] + HALF);
    }
    for (; x < bytes; x++) {
        int32_t sum = HALF;
        for (size_t y = 0; y < count; y++) sum += rows[y][x] * k[y];
        out[x] = clip8(sum);
    }
}

#if defined(__x86_64__)
// The baseline has no 32-bit multiply of vectors; the same code compiled for AVX2 is several times faster.
__attribute__((target("avx2"))) static void horizontal_8_avx2(
    const struct image_axis *axis, const uint8_t *work, uint8_t *out) {
    horizontal_8(axis, work, out);
}
__attribute__((target("avx2"))) static void vertical_8_avx2(
    const int32_t *k, size_t count, const uint8_t *const *rows, size_t bytes, uint8_t *out) {
    vertical_8(k, count, rows, bytes, out);
}
static int has_avx2(void) { return __builtin_cpu_supports("avx2"); }
#else
#define horizontal_8_avx2 horizontal_8
#define vertical_8_avx2 vertical_8
static int has_avx2(void) { return 0; }
#endif

static inline double sample_16(const uint8_t *work, size_t x) {
    uint16_t value;
    memcpy(&value, work + 2 * x, 2);
    return value;
}

static inline void put_16(uint8_t *out, double sum) {
    int32_t rounded = (int32_t)(sum >= 0.0 ? sum + 0.5 : sum - 0.5);
    uint16_t value = rounded < 0 ? 0 : rounded > 65535 ? 65535 : (uint16_t)rounded;
    memcpy(out, &value, 2);
}

static void horizontal_16(const struct image_axis *axis, const uint8_t *work, uint8_t *out) {
    for (size_t x = 0; x < axis->outputs; x++) {
        const double *k = axis->real + x * axis->stride;
        double sum = 0;
        for (int32_t i = 0; i < axis->counts[x]; i++) sum += sample_16(work, (size_t)(axis->starts[x] + i)) * k[i];
        put_16(out + 2 * x, sum);
    }
}

static void vertical_16(const double *k, size_t count, const uint8_t *const *rows, size_t width, uint8_t *out) {
    for (size_t x = 0; x < width; x++) {
        double sum = 0;
        for (size_t y = 0; y < count; y++) sum += sample_16(rows[y], x) * k[y];
        put_16(out + 2 * x, sum);
    }
}

void image_resample_horizontal(int32_t mode, const struct image_axis *axis, const uint8_t *work, uint8_t *out) {
    if (mode == IMAGE_MODE_GREY16) {
        horizontal_16(axis, work, out);
    } else if (has_avx2()) {
        horizontal_8_avx2(axis, work, out);
    } else {
        horizontal_8(axis, work, out);
    }
}

void image_resample_vertical(
    int32_t mode, const struct image_axis *axis, size_t output, const uint8_t *const *rows, size_t width,
    uint8_t *out) {
    size_t count = (size_t)axis->counts[output], weights = output * axis->stride;
    if (mode == IMAGE_MODE_GREY16) {
        vertical_16(axis->real + weights, count, rows, width, out);
    } else if (has_avx2()) {
        vertical_8_avx2(axis->fixed + weights, count, rows, 4 * width, out);
    } else {
        vertical_8(axis->fixed + weights, count, rows, 4 * width, out);
    }
}
