// Removes banding from a video: YUV4MPEG2 of 8-bit 4:2:0 from standard input to standard output.
//
//   c++ y4m.cpp $(pkg-config --cflags --libs unband) -o unband-y4m
//   ffmpeg -i in.mkv -f yuv4mpegpipe - | unband-y4m [NAME=VALUE ...] | ffmpeg -i - out.mkv
#include <unband.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

[[noreturn]] void fail(const std::string &what) {
    std::fprintf(stderr, "unband-y4m: %s\n", what.c_str());
    std::exit(1);
}

void check(int status) {
    if (status != UNBAND_OK) fail(unband_last_error());
}

// A line without its end; empty at the end of the stream.
std::string line() {
    std::string text;
    for (int c; (c = std::getchar()) != EOF && c != '\n';) text += static_cast<char>(c);
    return text;
}

// The planes of a frame, one after the other.
unband_frame planes(std::vector<unsigned char> &bytes, int width, int height) {
    unband_frame frame = UNBAND_FRAME_INIT;
    int half = (width + 1) / 2, chroma = half * ((height + 1) / 2);
    unsigned char *at = bytes.data();
    for (int p = 0; p < 3; p++) {
        frame.planes[p] = at;
        frame.strides[p] = p ? half : width;
        at += p ? chroma : width * height;
    }
    return frame;
}

}  // namespace

int main(int argc, char **argv) {
    unband_options *options = unband_options_new();
    for (int i = 1; i < argc; i++) {
        std::string text = argv[i];
        auto end = text.find('=');
        if (end == std::string::npos) fail("options are NAME=VALUE");
        check(unband_options_set(options, text.substr(0, end).c_str(), text.c_str() + end + 1));
    }
    std::string header = line();
    int width = 0, height = 0;
    if (header.rfind("YUV4MPEG2", 0) != 0 || std::sscanf(header.c_str(), "YUV4MPEG2 W%d H%d", &width, &height) != 2)
        fail("the input must be YUV4MPEG2");
    auto chroma = header.find(" C");
    bool deep = header.find(" C420p1") != std::string::npos || header.find(" C420p9") != std::string::npos;
    if (chroma != std::string::npos && (header.compare(chroma, 5, " C420") || deep))
        fail("the input must be 8-bit 4:2:0");

    unband_format format = UNBAND_FORMAT_INIT;
    format.width = width, format.height = height;
    format.model = UNBAND_YUV, format.subsampling_x = format.subsampling_y = 2;
    format.lossy = 1;
    unband_session *session;
    check(unband_session_new(options, &format, &session));
    int bits;
    check(unband_session_bits(session, &bits));
    if (bits != 8) fail("the result must have 8 bits: omit depth");

    std::size_t size = static_cast<std::size_t>(width) * height + 2 * ((width + 1) / 2) * ((height + 1) / 2);
    std::vector<unsigned char> bytes(size), made(size);
    unband_frame from = planes(bytes, width, height), to = planes(made, width, height);
    std::printf("%s\n", header.c_str());
    auto pull = [&] {
        int status;
        while ((status = unband_pull(session, &to, nullptr)) == UNBAND_OK)
            if (std::fputs("FRAME\n", stdout) < 0 || std::fwrite(made.data(), 1, size, stdout) != size)
                fail("the result cannot be written");
        if (status != UNBAND_AGAIN) check(status);
    };
    for (int64_t n = 0; line().rfind("FRAME", 0) == 0; n++) {
        if (std::fread(bytes.data(), 1, size, stdin) != size) fail("the video ends within a frame");
        check(unband_push(session, &from, n, -1));
        pull();
    }
    check(unband_finish(session));
    pull();
    unband_session_free(session);
    unband_options_free(options);
    return std::fflush(stdout) ? 1 : 0;
}
