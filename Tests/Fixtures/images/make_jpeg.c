// Writes the JPEG files that Pillow cannot: any sampling factors, YCCK, no marker.
//
//     make_jpeg WIDTH HEIGHT COMPONENTS COLOURSPACE SAMPLING PROGRESSIVE RESTART MARKER < samples > file.jpg
//
// COLOURSPACE: grey ycc rgb cmyk ycck; SAMPLING: one HxV a component, joined by commas; MARKER: jfif adobe none.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

int main(int argc, char **argv) {
    if (argc != 9) return 2;
    int width = atoi(argv[1]), height = atoi(argv[2]), components = atoi(argv[3]);
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, stdout);
    jpeg.image_width = (JDIMENSION)width;
    jpeg.image_height = (JDIMENSION)height;
    jpeg.input_components = components;
    jpeg.in_color_space = components == 1 ? JCS_GRAYSCALE : components == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&jpeg);
    const char *space = argv[4];
    jpeg_set_colorspace(
        &jpeg, !strcmp(space, "grey")   ? JCS_GRAYSCALE
               : !strcmp(space, "ycc")  ? JCS_YCbCr
               : !strcmp(space, "rgb")  ? JCS_RGB
               : !strcmp(space, "cmyk") ? JCS_CMYK
                                        : JCS_YCCK);
    const char *sampling = argv[5];
    for (int i = 0; i < components; i++, sampling += 4) {
        jpeg.comp_info[i].h_samp_factor = sampling[0] - '0';
        jpeg.comp_info[i].v_samp_factor = sampling[2] - '0';
    }
    if (atoi(argv[6])) jpeg_simple_progression(&jpeg);
    jpeg.restart_interval = (unsigned)atoi(argv[7]);
    jpeg.write_JFIF_header = !strcmp(argv[8], "jfif");
    jpeg.write_Adobe_marker = !strcmp(argv[8], "adobe");
    jpeg_set_quality(&jpeg, 80, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    JSAMPLE *line = malloc((size_t)(width * components));
    for (int y = 0; y < height; y++) {
        if (fread(line, (size_t)components, (size_t)width, stdin) != (size_t)width) return 1;
        jpeg_write_scanlines(&jpeg, &line, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    free(line);
    return 0;
}
