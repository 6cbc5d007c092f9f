// Feeds damaged images to the C codecs and the resize kernels, under the sanitizers: see scripts/asan-images.
//
//     images MUTATIONS SEED FILE…       decodes every file as it is, then MUTATIONS damaged copies of them in turn
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <zlib.h>

#include "cimagecodecs.h"

#define MAX_PIXELS 4000000

struct file {
    uint8_t *bytes;
    size_t count;
};

static uint64_t state;
static int decoded, refused;

static uint64_t next_random(void) {
    uint64_t z = (state += 0x9E3779B97F4A7C15u);
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static size_t below(size_t limit) { return limit ? next_random() % limit : 0; }

/// A block of exactly `count` bytes, so that reading past it is seen.
static uint8_t *copy_of(const uint8_t *bytes, size_t count) {
    uint8_t *copy = malloc(count ? count : 1);
    if (!copy) exit(1);
    if (count) memcpy(copy, bytes, count);
    return copy;
}

/// Averages of neighbours: an axis that touches the first and the last input, with weights padded to fours.
static void resize(int32_t mode, const uint8_t *samples, uint32_t width, uint32_t height) {
    enum { outputs = 5, stride = 4 };
    int32_t starts[outputs], counts[outputs], fixed[outputs * stride] = {0};
    double real[outputs * stride] = {0};
    int32_t taps = width < 3 ? (int32_t)width : 3;
    for (int i = 0; i < outputs; i++) {
        starts[i] = (int32_t)(((uint64_t)width - (uint32_t)taps) * (uint32_t)i / (outputs - 1));
        counts[i] = taps;
        for (int t = 0; t < taps; t++) fixed[i * stride + t] = (1 << 22) / taps, real[i * stride + t] = 1.0 / taps;
    }
    struct image_axis axis = {starts, counts, fixed, real, stride, outputs};
    size_t pixel = image_bytes_per_work_pixel(mode), row = (size_t)width * image_bytes_per_pixel(mode);
    uint8_t *work = calloc(width * pixel + 16, 1), *out = malloc(outputs * pixel), *rgb = malloc((size_t)width * 3);
    uint8_t *sums = malloc(width * pixel), palette[768] = {0}, small[outputs * 3];
    if (!work || !out || !rgb || !sums) exit(1);
    image_rgb_from_samples(mode, samples + row * (height - 1), width, palette, rgb);
    if (mode != IMAGE_MODE_BILEVEL && mode != IMAGE_MODE_PALETTE) {
        image_work_from_samples(mode, samples, width, work);
        image_resample_horizontal(mode, &axis, work, out);
        image_rgb_from_work(mode, out, outputs, small);
        const uint8_t *rows[3] = {work, work, work};
        image_resample_vertical(mode, &axis, outputs - 1, rows, width, sums);
    }
    free(work), free(out), free(rgb), free(sums);
}

static void decode(const uint8_t *bytes, size_t count) {
    int (*header_of[3])(const uint8_t *, size_t, struct image_header *, char *) = {
        image_jpeg_header, image_png_header, image_webp_header};
    int format = count > 0 && bytes[0] == 0xFF ? 0 : count > 0 && bytes[0] == 0x89 ? 1 : 2;
    struct image_header header = {0};
    char reason[IMAGE_REASON_BYTES] = "";
    int status = header_of[format](bytes, count, &header, reason);
    if (status == IMAGE_OK && header.width && header.height &&
        (uint64_t)header.width * header.height <= MAX_PIXELS) {
        uint8_t palette[768] = {0};
        uint8_t *samples = malloc((size_t)header.width * header.height * image_bytes_per_pixel(header.mode));
        if (!samples) exit(1);
        status = format == 0   ? image_jpeg_decode(bytes, count, &header, samples, reason)
                 : format == 1 ? image_png_decode(bytes, count, &header, samples, palette, reason)
                               : image_webp_decode(bytes, count, &header, samples, reason);
        if (status == IMAGE_OK) resize(header.mode, samples, header.width, header.height);
        free(samples);
    }
    if (status == IMAGE_OK) decoded++;
    else refused++;
    if (status != IMAGE_OK && status != IMAGE_OUT_OF_MEMORY && !reason[0]) {
        fprintf(stderr, "refused without a reason\n");
        exit(1);
    }
}

/// Makes the checksums of a damaged PNG right again, so that the damage reaches what lies behind them.
static void repair_checksums(uint8_t *bytes, size_t count) {
    for (size_t at = 8; at + 12 <= count;) {
        const uint8_t *p = bytes + at;
        size_t length = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
        if (length > count - at - 12) return;
        uint32_t sum = (uint32_t)crc32(0, p + 4, (uInt)(length + 4));
        for (int i = 0; i < 4; i++) bytes[at + 8 + length + (size_t)i] = (uint8_t)(sum >> (24 - 8 * i));
        at += 12 + length;
    }
}

/// Flips, truncations, lengths that lie, runs of one value, and pieces of another file.
static void damage(const struct file *files, size_t file_count, size_t which) {
    struct file file = files[which];
    size_t count = below(4) == 0 ? below(file.count + 1) : file.count;
    uint8_t *bytes = copy_of(file.bytes, count);
    for (size_t i = 0, times = 1 + below(6); i < times && count > 8; i++) {
        // Half of the damage goes to the beginning, where the structure is.
        size_t at = below(2) ? below(count) : below(count < 200 ? count : 200);
        size_t room = count - at;
        const struct file *other = &files[below(file_count)];
        switch (below(5)) {
        case 0: bytes[at] ^= (uint8_t)(1u << below(8)); break;
        case 1: bytes[at] = (uint8_t)next_random(); break;
        case 2: memset(bytes + at, below(2) ? 0xFF : 0, room < 4 ? room : 4); break;
        case 3: memset(bytes + at, (int)below(256), below(room < 40 ? room : 40)); break;
        default: {
            size_t length = below(room < other->count ? room : other->count);
            memcpy(bytes + at, other->bytes + below(other->count - length + 1), length);
        }
        }
    }
    if (count && bytes[0] == 0x89 && below(4)) repair_checksums(bytes, count);
    decode(bytes, count);
    free(bytes);
}

static struct file load(const char *path) {
    FILE *stream = fopen(path, "rb");
    if (!stream) exit(1);
    struct file file = {malloc(1 << 20), 0};
    if (!file.bytes) exit(1);
    file.count = fread(file.bytes, 1, 1 << 20, stream);
    fclose(stream);
    uint8_t *exact = copy_of(file.bytes, file.count);
    free(file.bytes);
    file.bytes = exact;
    return file;
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    size_t file_count = (size_t)argc - 3, mutations = strtoul(argv[1], NULL, 10);
    state = strtoul(argv[2], NULL, 10);
    struct file *files = malloc(file_count * sizeof *files);
    if (!files) return 1;
    for (size_t i = 0; i < file_count; i++) {
        files[i] = load(argv[i + 3]);
        decode(files[i].bytes, files[i].count);
    }
    printf("%d files: %d decoded, %d refused\n", (int)file_count, decoded, refused);
    if (refused) return 1;
    decoded = 0;
    clock_t worst = 0;
    for (size_t i = 0; i < mutations; i++) {
        clock_t start = clock();
        damage(files, file_count, i % file_count);
        if (clock() - start > worst) worst = clock() - start;
    }
    printf("%zu damaged copies: %d decoded, %d refused, slowest %.0f ms\n", mutations, decoded, refused,
           1000.0 * (double)worst / CLOCKS_PER_SEC);
    for (size_t i = 0; i < file_count; i++) free(files[i].bytes);
    free(files);
    return 0;
}
