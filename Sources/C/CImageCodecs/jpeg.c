// JPEG through libjpeg, to the modes and samples that Pillow gives: L, RGB, CMYK.
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "cimagecodecs.h"
#include "reason.h"

struct escape {
    struct jpeg_error_mgr manager;  // first: libjpeg hands back a pointer to it
    jmp_buf jump;
    char *reason;
    int status;
};

static void leave(j_common_ptr info) {
    struct escape *escape = (struct escape *)info->err;
    int code = escape->manager.msg_code;
    if (code == JWRN_JPEG_EOF || code == JERR_INPUT_EMPTY || code == JERR_INPUT_EOF) {
        image_say(escape->reason, IMAGE_TRUNCATED);
    } else {
        char text[JMSG_LENGTH_MAX];
        escape->manager.format_message(info, text);
        image_say(escape->reason, text);
    }
    int unsupported = code == JERR_SOF_UNSUPPORTED || code == JERR_BAD_PRECISION || code == JERR_ARITH_NOTIMPL ||
                      code == JERR_CONVERSION_NOTIMPL || code == JERR_FRACT_SAMPLE_NOTIMPL;
    escape->status = code == JERR_OUT_OF_MEMORY ? IMAGE_OUT_OF_MEMORY : unsupported ? IMAGE_UNSUPPORTED : IMAGE_DAMAGED;
    longjmp(escape->jump, 1);
}

/// libjpeg only warns of damaged data and pads with grey; a picture that is half grey must not be answered about.
///
/// Warnings that do not touch the pixels (bytes between markers, an unknown Adobe marker, …) pass.
static void warn(j_common_ptr info, int level) {
    if (level >= 0) return;
    switch (info->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_JPEG_EOF:
    case JWRN_MUST_RESYNC:
    case JWRN_NOT_SEQUENTIAL:
        leave(info);
    default:
        break;
    }
}

static void stay_silent(j_common_ptr info) { (void)info; }

static void count_scans(j_common_ptr info) {
    j_decompress_ptr jpeg = (j_decompress_ptr)info;
    uint64_t pixels = (uint64_t)jpeg->image_width * jpeg->image_height, limit = IMAGE_JPEG_MAX_SCANNED_PIXELS / pixels;
    if (limit > IMAGE_JPEG_MAX_SCANS) limit = IMAGE_JPEG_MAX_SCANS;
    if ((uint64_t)jpeg->input_scan_number <= limit || jpeg->input_scan_number <= 1) return;
    struct escape *escape = (struct escape *)info->err;
    snprintf(escape->reason, IMAGE_REASON_BYTES, "it has more than %d scans", (int)limit);
    escape->status = IMAGE_DAMAGED;
    longjmp(escape->jump, 1);
}

/// Every block of a Huffman-coded file costs at least one bit, the zero blocks too.
static int is_plausible(j_decompress_ptr jpeg, size_t count) {
    if (jpeg->arith_code) return 1;
    uint64_t blocks = 0;
    for (int i = 0; i < jpeg->num_components; i++)
        blocks += (uint64_t)jpeg->comp_info[i].width_in_blocks * jpeg->comp_info[i].height_in_blocks;
    return blocks <= 8 * (uint64_t)count;
}

static int mode_of(j_decompress_ptr jpeg) {
    switch (jpeg->num_components) {
    case 1: return IMAGE_MODE_GREY;
    case 3: return IMAGE_MODE_RGB;
    case 4: return IMAGE_MODE_CMYK;
    default: return 0;
    }
}

/// Everything up to the first scan; leaves by longjmp when that fails.
static void read_header(
    j_decompress_ptr jpeg, struct escape *escape, const uint8_t *bytes, size_t count, struct image_header *header) {
    jpeg_mem_src(jpeg, bytes, (unsigned long)count);
    jpeg_read_header(jpeg, TRUE);
    header->width = jpeg->image_width;
    header->height = jpeg->image_height;
    header->mode = mode_of(jpeg);
    if (header->mode == 0) {
        snprintf(escape->reason, IMAGE_REASON_BYTES, "it has %d colour components", jpeg->num_components);
        escape->status = IMAGE_UNSUPPORTED;
        longjmp(escape->jump, 1);
    }
    if (!is_plausible(jpeg, count)) {
        image_say_implausible(escape->reason, header->width, header->height, count);
        escape->status = IMAGE_DAMAGED;
        longjmp(escape->jump, 1);
    }
}

/// The pixels; leaves by longjmp when that fails.
static void read_samples(j_decompress_ptr jpeg, uint8_t *samples) {
    int mode = mode_of(jpeg);
    jpeg->out_color_space = mode == IMAGE_MODE_GREY ? JCS_GRAYSCALE : mode == IMAGE_MODE_RGB ? JCS_RGB : JCS_CMYK;
    jpeg_start_decompress(jpeg);
    size_t stride = (size_t)jpeg->output_width * image_bytes_per_pixel(mode);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = samples + stride * jpeg->output_scanline;
        jpeg_read_scanlines(jpeg, &row, 1);
        // Pillow takes every four-component file for Adobe's, which stores 255 − ink.
        if (mode == IMAGE_MODE_CMYK)
            for (size_t i = 0; i < stride; i++) row[i] = 255 - row[i];
    }
    jpeg_finish_decompress(jpeg);
}

static void catch_errors(j_decompress_ptr jpeg, struct escape *escape, char *reason) {
    memset(jpeg, 0, sizeof *jpeg);
    memset(escape, 0, sizeof *escape);
    jpeg->err = jpeg_std_error(&escape->manager);
    escape->manager.error_exit = leave;
    escape->manager.emit_message = warn;
    escape->manager.output_message = stay_silent;
    escape->reason = reason;
    escape->status = IMAGE_DAMAGED;
}

int image_jpeg_header(const uint8_t *bytes, size_t count, struct image_header *header, char *reason) {
    struct jpeg_decompress_struct jpeg;
    struct escape escape;
    catch_errors(&jpeg, &escape, reason);
    if (setjmp(escape.jump)) {
        jpeg_destroy_decompress(&jpeg);
        return escape.status;
    }
    jpeg_create_decompress(&jpeg);
    read_header(&jpeg, &escape, bytes, count, header);
    jpeg_destroy_decompress(&jpeg);
    return IMAGE_OK;
}

int image_jpeg_decode(
    const uint8_t *bytes, size_t count, const struct image_header *header, uint8_t *samples, char *reason) {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_progress_mgr progress = {.progress_monitor = count_scans};
    struct image_header found = {0};
    struct escape escape;
    catch_errors(&jpeg, &escape, reason);
    if (setjmp(escape.jump)) {
        jpeg_destroy_decompress(&jpeg);
        return escape.status;
    }
    jpeg_create_decompress(&jpeg);
    jpeg.progress = &progress;
    read_header(&jpeg, &escape, bytes, count, &found);
    if (memcmp(&found, header, sizeof found) != 0) {
        image_say(reason, "its header changed between two readings");
        longjmp(escape.jump, 1);
    }
    read_samples(&jpeg, samples);
    jpeg_destroy_decompress(&jpeg);
    return IMAGE_OK;
}
