// An RGB image as a PNG file, for people to look at.
#include <setjmp.h>
#include <string.h>

#include <png.h>

#include "cimagecodecs.h"
#include "reason.h"

struct writer {
    image_sink *sink;
    void *context;
    char *reason;
};

static void write_bytes(png_structp png, png_bytep piece, size_t count) {
    struct writer *writer = png_get_io_ptr(png);
    writer->sink(writer->context, piece, count);
}

static void flush_nothing(png_structp png) { (void)png; }

static void leave(png_structp png, png_const_charp text) {
    struct writer *writer = png_get_error_ptr(png);
    image_say(writer->reason, text);
    png_longjmp(png, 1);
}

static void stay_silent(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

int image_png_encode(
    const uint8_t *rgb, uint32_t width, uint32_t height, image_sink *sink, void *context, char *reason) {
    struct writer writer = {.sink = sink, .context = context, .reason = reason};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &writer, leave, stay_silent);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_write_struct(&png, NULL);
        return IMAGE_OUT_OF_MEMORY;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        return IMAGE_DAMAGED;
    }
    png_set_write_fn(png, &writer, write_bytes, flush_nothing);
    png_set_IHDR(
        png, info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
        PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (uint32_t y = 0; y < height; y++) png_write_row(png, rgb + (size_t)y * width * 3);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    return IMAGE_OK;
}
