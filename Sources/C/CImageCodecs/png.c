// PNG through libpng, to the modes and samples that Pillow gives.
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "cimagecodecs.h"
#include "reason.h"

/// What zlib says of data whose Adler-32 is another, and what we say.
#define ZLIB_WRONG_SUM "incorrect data check"
#define WRONG_SUM "its pixels do not have the sum that the file tells"

/// A file of which libpng sees the signature and the chunks that pixels depend on.
///
/// Pillow passes over everything else, whatever it holds, and over everything behind the pixels; libpng would refuse files
/// for it. What is not unpacked can be no bomb either.
struct reader {
    const uint8_t *bytes;
    /// Bytes of the file, where reading stands, and where the present chunk ends, its sum included.
    size_t count, at, end;
    /// The present chunk's length and name as libpng is to see them, and how much of them it has not seen.
    uint8_t head[8];
    size_t head_left;
    bool has_header, has_data;
    /// Rows that hold pixels and have not been decoded.
    uint64_t rows_left;
    /// The pixels were decoded, but their sum is another: some of them are wrong.
    bool has_wrong_sum;
    char *reason;
    int status;
};

static struct reader reader_of(const uint8_t *bytes, size_t count, char *reason) {
    return (struct reader){
        .bytes = bytes, .count = count, .end = 8 < count ? 8 : count, .rows_left = UINT64_MAX, .reason = reason};
}

/// Goes to the next chunk that libpng is to see; false at the end of the file.
static bool find_chunk(struct reader *reader) {
    while (reader->count - reader->at >= 8) {
        const uint8_t *start = reader->bytes + reader->at;
        size_t length = (size_t)start[0] << 24 | (size_t)start[1] << 16 | (size_t)start[2] << 8 | start[3];
        size_t left = reader->count - reader->at - 8;
        bool is_header = memcmp(start + 4, "IHDR", 4) == 0 && !reader->has_header;
        bool is_data = memcmp(start + 4, "IDAT", 4) == 0;
        bool is_palette = memcmp(start + 4, "PLTE", 4) == 0 && !reader->has_data;
        bool is_cut = length + 4 >= left;
        if (is_header || is_data || is_palette) {
            reader->has_header |= is_header;
            reader->has_data |= is_data;
            // libpng takes the data of pixels by the chunk: of the last one of a cut file it gets what there is.
            if (is_data && length > left) length = left;
            for (int i = 0; i < 4; i++) reader->head[i] = (uint8_t)(length >> (24 - 8 * i));
            memcpy(reader->head + 4, start + 4, 4);
            reader->head_left = 8;
            reader->at += 8;
            reader->end = is_cut ? reader->count : reader->at + length + 4;
            return true;
        }
        if (is_cut || memcmp(start + 4, "IEND", 4) == 0) return false;
        reader->at += length + 12;
    }
    return false;
}

static void read_bytes(png_structp png, png_bytep into, size_t count) {
    struct reader *reader = png_get_io_ptr(png);
    while (count > 0) {
        if (reader->at == reader->end && reader->head_left == 0 && !find_chunk(reader)) png_error(png, IMAGE_TRUNCATED);
        bool in_head = reader->head_left > 0;
        const uint8_t *from = in_head ? reader->head + 8 - reader->head_left : reader->bytes + reader->at;
        size_t left = in_head ? reader->head_left : reader->end - reader->at;
        size_t part = count < left ? count : left;
        if (part == 0) png_error(png, IMAGE_TRUNCATED);
        memcpy(into, from, part);
        if (in_head)
            reader->head_left -= part;
        else
            reader->at += part;
        into += part;
        count -= part;
    }
}

static void leave(png_structp png, png_const_charp text) {
    struct reader *reader = png_get_error_ptr(png);
    // Behind the last row nothing is missed: not the sum, the end of the data, nor IEND.
    if (reader->status == IMAGE_OK && reader->rows_left > 0) {
        reader->status = strstr(text, "emory") ? IMAGE_OUT_OF_MEMORY : IMAGE_DAMAGED;
        image_say(reader->reason, strstr(text, ZLIB_WRONG_SUM) ? WRONG_SUM : text);
    }
    png_longjmp(png, 1);
}

/// Warnings are not told, but one of them is that the pixels do not add up.
static void notice(png_structp png, png_const_charp text) {
    struct reader *reader = png_get_error_ptr(png);
    if (strstr(text, ZLIB_WRONG_SUM)) reader->has_wrong_sum = true;
}

/// Called with every row that is decoded, once nothing more can fail about it.
static void count_row(png_structp png, png_row_infop info, png_bytep row) {
    struct reader *reader = png_get_user_transform_ptr(png);
    (void)info;
    (void)row;
    reader->rows_left--;
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
    // Some writers claim a smaller window than they use.
    png_set_option(png, PNG_MAXIMUM_INFLATE_WINDOW, PNG_OPTION_ON);
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

/// The rows that a file has: those of each pass that has columns.
static uint64_t row_count(png_structp png, png_infop info) {
    uint32_t width = png_get_image_width(png, info), height = png_get_image_height(png, info);
    if (png_get_interlace_type(png, info) == PNG_INTERLACE_NONE) return height;
    uint64_t count = 0;
    for (int pass = 0; pass < PNG_INTERLACE_ADAM7_PASSES; pass++)
        if (PNG_PASS_COLS(width, pass) > 0) count += PNG_PASS_ROWS(height, pass);
    return count;
}

/// The pixels and the palette; leaves by longjmp when that fails, and may do so when it does not.
static void read_samples(
    png_structp png, png_infop info, const struct image_header *header, uint8_t *samples, uint8_t *palette) {
    struct reader *reader = png_get_io_ptr(png);
    set_transformations(png, info);
    // The sum of the pixels, which inflate checks, is what counts; that of a chunk of them Pillow does not look at either.
    png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
    png_set_read_user_transform_fn(png, count_row);
    png_set_user_transform_info(png, reader, 0, 0);
    reader->rows_left = row_count(png, info);
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
}

static int finish(struct reader *reader) {
    if (reader->status == IMAGE_OK && reader->has_wrong_sum) {
        reader->status = IMAGE_DAMAGED;
        image_say(reader->reason, WRONG_SUM);
    }
    return reader->status;
}

/// Reads the header alone when `samples` is NULL; in one function, because setjmp's frame must stay.
static int read_png(
    struct reader *reader, struct image_header *found, const struct image_header *expected, uint8_t *samples,
    uint8_t *palette) {
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, leave, notice);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_read_struct(&png, NULL, NULL);
        return IMAGE_OUT_OF_MEMORY;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        return finish(reader);
    }
    png_set_read_fn(png, reader, read_bytes);
    read_header(png, info, found);
    if (samples) {
        if (memcmp(found, expected, sizeof *found) != 0) png_error(png, "its header changed between two readings");
        read_samples(png, info, expected, samples, palette);
    }
    png_destroy_read_struct(&png, &info, NULL);
    return finish(reader);
}

int image_png_header(const uint8_t *bytes, size_t count, struct image_header *header, char *reason) {
    struct reader reader = reader_of(bytes, count, reason);
    return read_png(&reader, header, NULL, NULL, NULL);
}

int image_png_decode(
    const uint8_t *bytes, size_t count, const struct image_header *header, uint8_t *samples, uint8_t *palette,
    char *reason) {
    struct reader reader = reader_of(bytes, count, reason);
    struct image_header found = {0};
    return read_png(&reader, &found, header, samples, palette);
}
