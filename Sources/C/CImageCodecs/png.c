// PNG through libpng, to the modes and samples that Pillow gives.
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "cimagecodecs.h"
#include "reason.h"

struct reader {
    const uint8_t *next;
    size_t left, count;
    char *reason;
    int status;
};

static void read_bytes(png_structp png, png_bytep into, size_t count) {
    struct reader *reader = png_get_io_ptr(png);
    if (count > reader->left) png_error(png, IMAGE_TRUNCATED);
    memcpy(into, reader->next, count);
    reader->next += count;
    reader->left -= count;
}

static void leave(png_structp png, png_const_charp text) {
    struct reader *reader = png_get_error_ptr(png);
    if (reader->status == IMAGE_OK) {
        reader->status = strstr(text, "emory") ? IMAGE_OUT_OF_MEMORY : IMAGE_DAMAGED;
        image_say(reader->reason, text);
    }
    png_longjmp(png, 1);
}

static void stay_silent(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

/// Pillow's table of (bit depth, colour type); `tRNS` never changes the mode.
static int mode_of(int depth, int colour) {
    switch (colour) {
    case PNG_COLOR_TYPE_GRAY:
        return depth == 1 ? IMAGE_MODE_BILEVEL : depth == 16 ? IMAGE_MODE_GREY16 : IMAGE_MODE_GREY;
    case PNG_COLOR_TYPE_PALETTE: return IMAGE_MODE_PALETTE;
    case PNG_COLOR_TYPE_RGB: return IMAGE_MODE_RGB;
    case PNG_COLOR_TYPE_GRAY_ALPHA: return depth == 16 ? IMAGE_MODE_RGBA : IMAGE_MODE_GREY_ALPHA;
    default: return IMAGE_MODE_RGBA;
    }
}

/// Everything up to the first IDAT; leaves by longjmp when that fails.
static void read_header(png_structp png, png_infop info, struct image_header *header) {
    struct reader *reader = png_get_io_ptr(png);
    // Text, profiles and other chunks that no pixel depends on are skipped, not unpacked: they are where bombs hide.
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    // The caller's limits decide about the size, not libpng's million.
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_read_info(png, info);
    header->width = png_get_image_width(png, info);
    header->height = png_get_image_height(png, info);
    header->mode = mode_of(png_get_bit_depth(png, info), png_get_color_type(png, info));
    // Deflate reaches 1032 : 1 at best.
    uint64_t row = (uint64_t)png_get_rowbytes(png, info);
    if (row * header->height > 1032 * ((uint64_t)reader->count + 1)) {
        reader->status = IMAGE_DAMAGED;
        image_say_implausible(reader->reason, header->width, header->height, reader->count);
        png_longjmp(png, 1);
    }
}

/// The transformations that Pillow's raw modes make: small greys are stretched, 16-bit colours lose their low byte.
static void set_transformations(png_structp png, png_infop info) {
    int depth = png_get_bit_depth(png, info), colour = png_get_color_type(png, info);
    if (colour == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(png);
    if (colour == PNG_COLOR_TYPE_PALETTE && depth < 8) png_set_packing(png);
    if (depth == 16 && colour != PNG_COLOR_TYPE_GRAY) png_set_strip_16(png);
    if (depth == 16 && colour == PNG_COLOR_TYPE_GRAY_ALPHA) png_set_gray_to_rgb(png);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (depth == 16 && colour == PNG_COLOR_TYPE_GRAY) png_set_swap(png);
#endif
}

/// The pixels and the palette; leaves by longjmp when that fails.
static void read_samples(
    png_structp png, png_infop info, const struct image_header *header, uint8_t *samples, uint8_t *palette) {
    set_transformations(png, info);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    size_t stride = (size_t)header->width * image_bytes_per_pixel(header->mode);
    if (png_get_rowbytes(png, info) != stride) png_error(png, "unexpected row length");
    png_colorp entries = NULL;
    int count = 0;
    if (header->mode == IMAGE_MODE_PALETTE && png_get_PLTE(png, info, &entries, &count))
        memcpy(palette, entries, (size_t)count * 3);
    // A pass of an interlaced file writes some pixels of a row and keeps the others.
    if (passes > 1) memset(samples, 0, stride * header->height);
    for (int pass = 0; pass < passes; pass++)
        for (uint32_t y = 0; y < header->height; y++) png_read_row(png, samples + stride * y, NULL);
    png_read_end(png, NULL);
}

/// Reads the header alone when `samples` is NULL; in one function, because setjmp's frame must stay.
static int read_png(
    struct reader *reader, struct image_header *found, const struct image_header *expected, uint8_t *samples,
    uint8_t *palette) {
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, leave, stay_silent);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_read_struct(&png, NULL, NULL);
        return IMAGE_OUT_OF_MEMORY;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        return reader->status;
    }
    png_set_read_fn(png, reader, read_bytes);
    read_header(png, info, found);
    if (samples) {
        if (memcmp(found, expected, sizeof *found) != 0) png_error(png, "its header changed between two readings");
        read_samples(png, info, expected, samples, palette);
    }
    png_destroy_read_struct(&png, &info, NULL);
    return IMAGE_OK;
}

int image_png_header(const uint8_t *bytes, size_t count, struct image_header *header, char *reason) {
    struct reader reader = {.next = bytes, .left = count, .count = count, .reason = reason};
    return read_png(&reader, header, NULL, NULL, NULL);
}

int image_png_decode(
    const uint8_t *bytes, size_t count, const struct image_header *header, uint8_t *samples, uint8_t *palette,
    char *reason) {
    struct reader reader = {.next = bytes, .left = count, .count = count, .reason = reason};
    struct image_header found = {0};
    return read_png(&reader, &found, header, samples, palette);
}
