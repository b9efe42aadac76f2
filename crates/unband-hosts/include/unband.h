/* unband: removes banding (false contours) from images and video, inspects and scores it.
 *
 * Rules of the interface:
 * - Calls that can fail return an unband_status. unband_last_error has the message of the thread's last such call;
 *   it is valid until the next one.
 * - Structs begin with their size: set it to sizeof, as the INIT macros do. Later versions may have more fields.
 * - Nothing is printed, no signal handler is set, nothing exits.
 * - A session may be used by one thread at a time, but for unband_cancel, which any thread may call. Any number
 *   of sessions may work side by side. Options may be shared by threads that do not set them.
 * - A session computes with threads of the library, which stay for the next call. They end with
 *   unband_end_threads, called from none of them, which a host that unloads the library calls before.
 *
 * C99 and C++. Licence: MIT or Apache-2.0, at your option.
 */
#ifndef UNBAND_H
#define UNBAND_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32) && !defined(UNBAND_STATIC)
#define UNBAND_API __declspec(dllimport)
#else
#define UNBAND_API
#endif

typedef enum unband_status {
    UNBAND_OK = 0,
    UNBAND_ERR_ARGUMENT = 1,    /* null, a wrong size or stride, planes that overlap, a wrong order of calls */
    UNBAND_ERR_OPTION = 2,      /* an unknown option or metric, a value outside its range */
    UNBAND_ERR_INPUT = 3,       /* samples that cannot be used */
    UNBAND_ERR_UNSUPPORTED = 4, /* the method or metric does not support such frames */
    UNBAND_ERR_LIMIT = 5,       /* not enough memory */
    UNBAND_ERR_FILE = 6,        /* a file of weights that the system refuses */
    UNBAND_ERR_CANCELLED = 7,   /* unband_cancel was called */
    UNBAND_ERR_OTHER = 8,
    UNBAND_ERR_BUG = 9,         /* a fault of unband; please report the message */
    UNBAND_AGAIN = 10           /* unband_pull: no result yet, or no more */
} unband_status;

typedef enum unband_model { UNBAND_GRAY = 0, UNBAND_RGB = 1, UNBAND_YUV = 2 } unband_model;
typedef enum unband_range { UNBAND_RANGE_DEFAULT = 0, UNBAND_LIMITED = 1, UNBAND_FULL = 2 } unband_range;
typedef enum unband_siting { UNBAND_LEFT = 0, UNBAND_CENTER = 1, UNBAND_TOP_LEFT = 2 } unband_siting;

/* The frames of a session. */
typedef struct unband_format {
    size_t size;
    int32_t width, height;                /* pixels, 1 to 65535 */
    int32_t model;                        /* unband_model: 1 or 3 planes, in the order of the name */
    int32_t bits;                         /* 8 in a byte, 9 to 16 in the low bits of a uint16_t, 32: float */
    int32_t subsampling_x, subsampling_y; /* luma samples per chroma sample, 1, 2 or 4; chroma rounds up */
    int32_t alpha;                        /* 1: a further plane of the image's size, after the others */
    int32_t range;                        /* unband_range; default: limited for YUV, else full. RGB is full */
    int32_t primaries, transfer, matrix;  /* code points of ITU-T H.273; 2: not known. YUV has matrix 1, 2, 5, 6, 9, 12 */
    int32_t siting;                       /* unband_siting of chroma */
    int32_t lossy;                        /* 1: the samples come from lossy coding */
} unband_format;

#define UNBAND_FORMAT_INIT {sizeof(unband_format), 0, 0, UNBAND_RGB, 8, 1, 1, 0, 0, 2, 2, 2, 0, 0}

/* Planes of a frame. Floating point: 0 is black and 1 white, colour differences are centred on 0. */
typedef struct unband_frame {
    size_t size;
    void *planes[4];
    ptrdiff_t strides[4]; /* bytes from row to row, at least those of a row */
} unband_frame;

#define UNBAND_FRAME_INIT {sizeof(unband_frame), {0, 0, 0, 0}, {0, 0, 0, 0}}

/* The findings on a frame. */
typedef struct unband_findings {
    size_t size;
    int32_t grade;          /* 0 none, 1 slight, 2 visible, 3 strong */
    int32_t effective_bits; /* bits per sample that the samples use */
    double share;           /* of the smooth area in bands, 0 to 1 */
    double steps[3];        /* of the planes, in 8-bit codes; 0 where there is no such plane */
    char cause[32];         /* a word such as "levels" or "jpeg"; "none" */
    char text[256];         /* one line for people */
} unband_findings;

#define UNBAND_FINDINGS_INIT {sizeof(unband_findings), 0, 0, 0.0, {0.0, 0.0, 0.0}, {0}, {0}}

typedef struct unband_options unband_options;
typedef struct unband_session unband_session;

/* Version of the library, such as "0.1.0". */
UNBAND_API const char *unband_version(void);

/* Message of the thread's last call that returned a status, with the next action; "" if it succeeded. */
UNBAND_API const char *unband_last_error(void);

/* Options with their defaults. */
UNBAND_API unband_options *unband_options_new(void);
UNBAND_API void unband_options_free(unband_options *options);

/* Sets an option by text, with its meaning on the command line of the program: method ("auto", "smooth",
 * "f3kdb:range=20,y=80"), strength, depth ("keep", "8" to "16", "32f"), dither, seed, faithful, everywhere,
 * truncated, band-bits, band-step, precision, alpha, treat-as, wrap, locked, temporal ("off", "still", "motion"),
 * max-memory, threads (0: all processors). A value that is refused changes nothing. */
UNBAND_API int unband_options_set(unband_options *options, const char *name, const char *value);

/* A session with a copy of the options (null: the defaults) for frames of a format. */
UNBAND_API int unband_session_new(const unband_options *options, const unband_format *format,
                                  unband_session **session);
UNBAND_API void unband_session_free(unband_session *session);

/* Bits of the results: results have the session's format with these. */
UNBAND_API int unband_session_bits(const unband_session *session, int *bits);

/* Debands an image by itself: grey and RGB as the program's images, YUV as its videos' frames. `number`: that of a
 * frame, for methods whose noise moves; 0 for images. The planes of `out` must not overlap each other or `in`. */
UNBAND_API int unband_process(unband_session *session, const unband_frame *in, const unband_frame *out,
                              uint32_t number);

/* Debands a video: frames in, in order, and results out, in order. Results come up to two frames later, or as
 * soon as unband_finish says that no frame follows. The frame is copied.
 * `begins_shot`: 1 yes, 0 no, -1 to find out. `tag` comes back with the result. */
UNBAND_API int unband_push(unband_session *session, const unband_frame *in, int64_t tag, int begins_shot);
UNBAND_API int unband_finish(unband_session *session);

/* The next result; UNBAND_AGAIN if more frames must be pushed first. `tag` may be null. */
UNBAND_API int unband_pull(unband_session *session, const unband_frame *out, int64_t *tag);

/* Ends the session's work soon, with UNBAND_ERR_CANCELLED; from any thread. */
UNBAND_API void unband_cancel(unband_session *session);

/* Begins anew after unband_finish or unband_cancel: frames of a video are forgotten. */
UNBAND_API int unband_reset(unband_session *session);

/* Inspects a frame: as an image, or (`of_video` 1) as a frame of a video. */
UNBAND_API int unband_inspect(unband_session *session, const unband_frame *in, int of_video,
                              unband_findings *findings);

/* A metric of a frame, such as "cambi" or "bband", or of a frame and its reference, such as "psnr". */
UNBAND_API int unband_metric(const char *name, const unband_format *format, const unband_frame *image,
                             const unband_frame *reference, double *value);

/* Ends the library's threads; later calls start new ones. */
UNBAND_API void unband_end_threads(void);

#ifdef __cplusplus
}
#endif

#endif
