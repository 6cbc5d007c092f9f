// Image files to samples and back, and the inner loops of Pillow's resize.
//
// The libraries report errors by longjmp, which must not cross Swift frames: every jump starts and ends in here.
// No function allocates what another one frees: the caller reads the header, checks the size against its limits,
// brings the memory, and the decoder refuses a stream that does not match that header.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Pillow's modes, as far as JPEG, PNG and WebP files open in them.
enum image_mode {
    IMAGE_MODE_BILEVEL = 1,     // "1": one byte a pixel, 0 or 255
    IMAGE_MODE_GREY = 2,        // "L"
    IMAGE_MODE_GREY16 = 3,      // "I;16": two bytes a pixel, in the machine's order
    IMAGE_MODE_GREY_ALPHA = 4,  // "LA"
    IMAGE_MODE_PALETTE = 5,     // "P": one index a pixel, whatever the depth of the file
    IMAGE_MODE_RGB = 6,         // "RGB"
    IMAGE_MODE_RGBA = 7,        // "RGBA"
    IMAGE_MODE_CMYK = 8,        // "CMYK", after Adobe's inversion
};

enum image_status {
    IMAGE_OK = 0,
    IMAGE_DAMAGED = 1,        // the reason says what is wrong with the data
    IMAGE_UNSUPPORTED = 2,    // the reason says what the file uses
    IMAGE_OUT_OF_MEMORY = 3,  // the library could not allocate its work area
};

struct image_header {
    uint32_t width, height;
    int32_t mode;
};

/// Room for a reason, with its final zero.
#define IMAGE_REASON_BYTES 200

/// More scans than this make a progressive JPEG a bomb: each costs a pass over all blocks and may take few bytes.
///
/// Encoders write 6 to 20. Large images get fewer, but at least 25 up to 64 megapixels: some two seconds of work.
#define IMAGE_JPEG_MAX_SCANS 100
#define IMAGE_JPEG_MAX_SCANNED_PIXELS 1600000000

/// Bytes of one pixel of `mode` in the samples that the decoders write.
size_t image_bytes_per_pixel(int32_t mode);

int image_jpeg_header(const uint8_t *bytes, size_t count, struct image_header *header, char *reason);
int image_png_header(const uint8_t *bytes, size_t count, struct image_header *header, char *reason);
int image_webp_header(const uint8_t *bytes, size_t count, struct image_header *header, char *reason);

/// Each writes width·height·bytes-per-pixel samples, row by row without padding.
int image_jpeg_decode(
    const uint8_t *bytes, size_t count, const struct image_header *header, uint8_t *samples, char *reason);
/// `palette`: 256 RGB triples; the entries that the file does not define stay as they are.
int image_png_decode(
    const uint8_t *bytes, size_t count, const struct image_header *header, uint8_t *samples, uint8_t *palette,
    char *reason);
int image_webp_decode(
    const uint8_t *bytes, size_t count, const struct image_header *header, uint8_t *samples, char *reason);

/// Takes the bytes of a file piece by piece.
typedef void image_sink(void *context, const uint8_t *piece, size_t count);

/// An RGB PNG of `width`·`height` pixels; hands its bytes to `sink` piece by piece.
int image_png_encode(
    const uint8_t *rgb, uint32_t width, uint32_t height, image_sink *sink, void *context, char *reason);

/// One axis of a resize: output i is a weighted sum of `counts[i]` inputs from `starts[i]` on.
///
/// Its weights start at `i * stride`; those after `counts[i]` are zero up to `stride`, a multiple of 4.
struct image_axis {
    const int32_t *starts, *counts, *fixed;  // fixed: weights · 2²²
    const double *real;                      // for 16-bit samples
    size_t stride, outputs;
};

/// Bytes of one pixel between the passes: 4 lanes, or one 16-bit sample.
size_t image_bytes_per_work_pixel(int32_t mode);

/// A row of samples into work pixels; alpha is premultiplied as by Pillow's "RGBa" and "La".
void image_work_from_samples(int32_t mode, const uint8_t *samples, size_t width, uint8_t *work);
/// Back, and on to RGB as Pillow's convert("RGB") does it.
void image_rgb_from_work(int32_t mode, const uint8_t *work, size_t width, uint8_t *rgb);
/// A row that is not resized: Pillow then does not go through premultiplied alpha.
void image_rgb_from_samples(
    int32_t mode, const uint8_t *samples, size_t width, const uint8_t *palette, uint8_t *rgb);
/// Nearest neighbour, for "1" and "P": `columns[x]` is the sample that output x shows.
void image_rgb_by_columns(
    int32_t mode, const uint8_t *samples, const int32_t *columns, size_t width, const uint8_t *palette, uint8_t *rgb);

/// `work` must be readable for 16 bytes beyond the row: weights of zero may touch them.
void image_resample_horizontal(int32_t mode, const struct image_axis *axis, const uint8_t *work, uint8_t *out);
/// `rows`: the `axis->counts[output]` work rows that the output row is made of, `width` pixels each.
void image_resample_vertical(
    int32_t mode, const struct image_axis *axis, size_t output, const uint8_t *const *rows, size_t width, uint8_t *out);
