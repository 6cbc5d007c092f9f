// WebP through libwebp: the whole picture, or the first frame of an animation on its canvas.
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

#include "cimagecodecs.h"
#include "reason.h"

static int damaged(char *reason, const char *text) {
    image_say(reason, text);
    return IMAGE_DAMAGED;
}

/// Pillow opens a file whose header promises alpha as RGBA, every other one as RGB.
static void describe(const WebPDemuxer *demuxer, struct image_header *header) {
    header->width = WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH);
    header->height = WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT);
    header->mode = WebPDemuxGetI(demuxer, WEBP_FF_FORMAT_FLAGS) & ALPHA_FLAG ? IMAGE_MODE_RGBA : IMAGE_MODE_RGB;
}

static WebPDemuxer *open_webp(const uint8_t *bytes, size_t count, char *reason) {
    WebPData data = {bytes, count};
    WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;
    WebPDemuxer *demuxer = WebPDemuxPartial(&data, &state);
    if (demuxer && state == WEBP_DEMUX_DONE) return demuxer;
    WebPDemuxDelete(demuxer);
    image_say(reason, state == WEBP_DEMUX_PARSE_ERROR ? "its chunks do not fit together" : IMAGE_TRUNCATED);
    return NULL;
}

int image_webp_header(const uint8_t *bytes, size_t count, struct image_header *header, char *reason) {
    WebPDemuxer *demuxer = open_webp(bytes, count, reason);
    if (!demuxer) return IMAGE_DAMAGED;
    describe(demuxer, header);
    WebPDemuxDelete(demuxer);
    return IMAGE_OK;
}

static int decode_frame(
    const WebPIterator *frame, const struct image_header *header, uint8_t *samples, char *reason) {
    size_t pixel = image_bytes_per_pixel(header->mode), stride = header->width * pixel;
    if (!frame->complete) return damaged(reason, IMAGE_TRUNCATED);
    if (frame->x_offset < 0 || frame->y_offset < 0 ||
        (uint64_t)frame->x_offset + (uint64_t)frame->width > header->width ||
        (uint64_t)frame->y_offset + (uint64_t)frame->height > header->height)
        return damaged(reason, "its first frame lies outside its canvas");
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) return damaged(reason, "libwebp is another version than its headers");
    if (WebPGetFeatures(frame->fragment.bytes, frame->fragment.size, &config.input) != VP8_STATUS_OK ||
        config.input.width != frame->width || config.input.height != frame->height)
        return damaged(reason, "its first frame has another size than the file says");
    size_t offset = (size_t)frame->y_offset * stride + (size_t)frame->x_offset * pixel;
    config.output.colorspace = header->mode == IMAGE_MODE_RGBA ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = samples + offset;
    config.output.u.RGBA.stride = (int)stride;
    config.output.u.RGBA.size = stride * header->height - offset;
    switch (WebPDecode(frame->fragment.bytes, frame->fragment.size, &config)) {
    case VP8_STATUS_OK: return IMAGE_OK;
    case VP8_STATUS_OUT_OF_MEMORY: return IMAGE_OUT_OF_MEMORY;
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA: return damaged(reason, IMAGE_TRUNCATED);
    default: return damaged(reason, "its bitstream is not valid");
    }
}

int image_webp_decode(
    const uint8_t *bytes, size_t count, const struct image_header *header, uint8_t *samples, char *reason) {
    WebPDemuxer *demuxer = open_webp(bytes, count, reason);
    if (!demuxer) return IMAGE_DAMAGED;
    struct image_header found = {0};
    describe(demuxer, &found);
    WebPIterator frame;
    int status;
    if (memcmp(&found, header, sizeof found) != 0) {
        status = damaged(reason, "its header changed between two readings");
    } else if (!WebPDemuxGetFrame(demuxer, 1, &frame)) {
        status = damaged(reason, "it holds no frame");
    } else {
        // What the first frame of an animation does not cover is transparent black.
        memset(samples, 0, (size_t)header->width * header->height * image_bytes_per_pixel(header->mode));
        status = decode_frame(&frame, header, samples, reason);
        WebPDemuxReleaseIterator(&frame);
    }
    WebPDemuxDelete(demuxer);
    return status;
}
