/* Removes banding from an image: reads and writes binary PPM of 8 or 16 bits.
 *
 *   cc ppm.c $(pkg-config --cflags --libs unband) -o unband-ppm
 *   unband-ppm banded.ppm smooth.ppm [NAME=VALUE ...]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unband.h>

static int fail(const char *what) {
    fprintf(stderr, "unband-ppm: %s\n", what);
    return 1;
}

/* Splits pixels into planes, and back. Samples of two bytes are big-endian in the file. */
static void split(unsigned char *file, uint16_t *planes, size_t pixels, int bytes, int back) {
    unsigned char *small = (unsigned char *)planes;
    for (size_t i = 0; i < 3 * pixels; i++) {
        size_t at = i % 3 * pixels + i / 3;
        if (bytes == 1 && back) file[i] = small[at];
        else if (bytes == 1) small[at] = file[i];
        else if (back) file[2 * i] = planes[at] >> 8, file[2 * i + 1] = planes[at] & 255;
        else planes[at] = (uint16_t)(file[2 * i] << 8 | file[2 * i + 1]);
    }
}

int main(int argc, char **argv) {
    if (argc < 3) return fail("unband-ppm IN.ppm OUT.ppm [NAME=VALUE ...]");
    unband_options *options = unband_options_new();
    for (int i = 3; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (!value) return fail("options are NAME=VALUE");
        *value++ = 0;
        if (unband_options_set(options, argv[i], value)) return fail(unband_last_error());
    }
    FILE *in = fopen(argv[1], "rb");
    int width, height, highest;
    if (!in || fscanf(in, "P6 %d %d %d", &width, &height, &highest) != 3 || width < 1 || height < 1)
        return fail("the input must be a binary PPM file without comments");
    fgetc(in);

    unband_format format = UNBAND_FORMAT_INIT;
    format.width = width, format.height = height, format.bits = highest > 255 ? 16 : 8;
    unband_session *session;
    int bits;
    if (unband_session_new(options, &format, &session) || unband_session_bits(session, &bits))
        return fail(unband_last_error());
    if (bits != 8 && bits != 16) return fail("a PPM file has 8 or 16 bits");

    size_t pixels = (size_t)width * height;
    int bytes = format.bits > 8 ? 2 : 1, made = bits > 8 ? 2 : 1;
    unsigned char *file = malloc(3 * pixels * 2);
    uint16_t *before = malloc(3 * pixels * 2), *after = malloc(3 * pixels * 2);
    if (!file || !before || !after) return fail("not enough memory");
    if (fread(file, bytes, 3 * pixels, in) != 3 * pixels) return fail("the file ends before the image does");
    fclose(in);
    split(file, before, pixels, bytes, 0);

    unband_frame from = UNBAND_FRAME_INIT, to = UNBAND_FRAME_INIT;
    for (int p = 0; p < 3; p++) {
        from.planes[p] = (char *)before + p * pixels * bytes, from.strides[p] = (ptrdiff_t)width * bytes;
        to.planes[p] = (char *)after + p * pixels * made, to.strides[p] = (ptrdiff_t)width * made;
    }
    unband_findings findings = UNBAND_FINDINGS_INIT;
    if (unband_inspect(session, &from, 0, &findings) || unband_process(session, &from, &to, 0))
        return fail(unband_last_error());
    printf("%s\n", findings.text);

    split(file, after, pixels, made, 1);
    FILE *out = fopen(argv[2], "wb");
    if (!out) return fail("the result cannot be written");
    fprintf(out, "P6\n%d %d\n%d\n", width, height, bits > 8 ? 65535 : 255);
    int failed = fwrite(file, made, 3 * pixels, out) != 3 * pixels;
    if (fclose(out) || failed) return fail("the result cannot be written");
    unband_session_free(session);
    unband_options_free(options);
    free(file), free(before), free(after);
    return 0;
}
