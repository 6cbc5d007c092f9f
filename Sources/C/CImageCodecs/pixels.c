// One row of pixels from one mode to another, with Pillow's arithmetic (libImaging, Convert.c).
#include <string.h>

#include "cimagecodecs.h"

size_t image_bytes_per_pixel(int32_t mode) {
    switch (mode) {
    case IMAGE_MODE_GREY16:
    case IMAGE_MODE_GREY_ALPHA: return 2;
    case IMAGE_MODE_RGB: return 3;
    case IMAGE_MODE_RGBA:
    case IMAGE_MODE_CMYK: return 4;
    default: return 1;
    }
}

size_t image_bytes_per_work_pixel(int32_t mode) { return mode == IMAGE_MODE_GREY16 ? 2 : 4; }

/// a·b / 255, rounded.
static inline uint8_t multiply(uint8_t a, uint8_t b) {
    unsigned product = (unsigned)a * b + 128;
    return (uint8_t)((product + (product >> 8)) >> 8);
}

static inline uint8_t unpremultiply(uint8_t value, uint8_t alpha) {
    if (alpha == 255 || alpha == 0) return value;
    unsigned whole = 255u * value / alpha;
    return whole > 255 ? 255 : (uint8_t)whole;
}

static inline void put(uint8_t *rgb, uint8_t r, uint8_t g, uint8_t b) {
    rgb[0] = r;
    rgb[1] = g;
    rgb[2] = b;
}

static inline void put_cmyk(uint8_t *rgb, const uint8_t *cmyk) {
    // multiply(x, white) ≤ white: nothing to clip.
    uint8_t white = 255 - cmyk[3];
    for (int i = 0; i < 3; i++) rgb[i] = (uint8_t)(white - multiply(cmyk[i], white));
}

static inline uint8_t grey_of_16(const uint8_t *sample) {
    uint16_t value;
    memcpy(&value, sample, 2);
    return value > 255 ? 255 : (uint8_t)value;
}

void image_work_from_samples(int32_t mode, const uint8_t *samples, size_t width, uint8_t *work) {
    switch (mode) {
    case IMAGE_MODE_RGB:
        for (size_t x = 0; x < width; x++, samples += 3, work += 4) {
            put(work, samples[0], samples[1], samples[2]);
            work[3] = 0;
        }
        break;
    case IMAGE_MODE_RGBA:
        for (size_t x = 0; x < width; x++, samples += 4, work += 4) {
            for (int i = 0; i < 3; i++) work[i] = multiply(samples[i], samples[3]);
            work[3] = samples[3];
        }
        break;
    case IMAGE_MODE_GREY_ALPHA:
        for (size_t x = 0; x < width; x++, samples += 2, work += 4) {
            put(work, multiply(samples[0], samples[1]), 0, 0);
            work[3] = samples[1];
        }
        break;
    case IMAGE_MODE_GREY:
        for (size_t x = 0; x < width; x++, work += 4) {
            put(work, samples[x], 0, 0);
            work[3] = 0;
        }
        break;
    default: memcpy(work, samples, width * image_bytes_per_pixel(mode));
    }
}

void image_rgb_from_work(int32_t mode, const uint8_t *work, size_t width, uint8_t *rgb) {
    for (size_t x = 0; x < width; x++, rgb += 3, work += image_bytes_per_work_pixel(mode)) {
        switch (mode) {
        case IMAGE_MODE_RGB: put(rgb, work[0], work[1], work[2]); break;
        case IMAGE_MODE_RGBA:
            for (int i = 0; i < 3; i++) rgb[i] = unpremultiply(work[i], work[3]);
            break;
        case IMAGE_MODE_GREY_ALPHA: memset(rgb, unpremultiply(work[0], work[3]), 3); break;
        case IMAGE_MODE_GREY: memset(rgb, work[0], 3); break;
        case IMAGE_MODE_GREY16: memset(rgb, grey_of_16(work), 3); break;
        default: put_cmyk(rgb, work);
        }
    }
}

static inline void put_sample(int32_t mode, const uint8_t *sample, const uint8_t *palette, uint8_t *rgb) {
    switch (mode) {
    case IMAGE_MODE_RGB:
    case IMAGE_MODE_RGBA: memcpy(rgb, sample, 3); break;
    case IMAGE_MODE_PALETTE: memcpy(rgb, palette + 3 * (size_t)sample[0], 3); break;
    case IMAGE_MODE_GREY16: memset(rgb, grey_of_16(sample), 3); break;
    case IMAGE_MODE_CMYK: put_cmyk(rgb, sample); break;
    default: memset(rgb, sample[0], 3);
    }
}

void image_rgb_from_samples(
    int32_t mode, const uint8_t *samples, size_t width, const uint8_t *palette, uint8_t *rgb) {
    size_t pixel = image_bytes_per_pixel(mode);
    for (size_t x = 0; x < width; x++) put_sample(mode, samples + pixel * x, palette, rgb + 3 * x);
}

void image_rgb_by_columns(
    int32_t mode, const uint8_t *samples, const int32_t *columns, size_t width, const uint8_t *palette, uint8_t *rgb) {
    size_t pixel = image_bytes_per_pixel(mode);
    for (size_t x = 0; x < width; x++) put_sample(mode, samples + pixel * (size_t)columns[x], palette, rgb + 3 * x);
}
