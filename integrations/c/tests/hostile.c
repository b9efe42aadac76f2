/* 1,000 calls that break a rule each return an error; right calls between them work as before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unband.h>

enum { WIDTH = 33, HEIGHT = 17, LUMA = WIDTH * HEIGHT, CHROMA = 17 * 9, BYTES = LUMA + 2 * CHROMA };

static uint32_t state = 1;
static uint32_t draw(uint32_t below) {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % below;
}

static unband_frame planes(unsigned char *bytes) {
    unband_frame frame = UNBAND_FRAME_INIT;
    frame.planes[0] = bytes, frame.strides[0] = WIDTH;
    frame.planes[1] = bytes + LUMA, frame.strides[1] = 17;
    frame.planes[2] = bytes + LUMA + CHROMA, frame.strides[2] = 17;
    return frame;
}

#define EXPECT(condition)                                                                        \
    if (!(condition)) {                                                                          \
        fprintf(stderr, "call %d, fault %d: %s: %s\n", call, fault, #condition, unband_last_error()); \
        return 1;                                                                                \
    }

int main(void) {
    unsigned char *bytes = malloc(BYTES), *made = malloc(BYTES), *first = malloc(BYTES);
    for (int i = 0; i < BYTES; i++) bytes[i] = (unsigned char)(60 + i % WIDTH / 4 * 4);
    unband_format format = UNBAND_FORMAT_INIT;
    format.width = WIDTH, format.height = HEIGHT, format.model = UNBAND_YUV;
    format.subsampling_x = format.subsampling_y = 2;
    unband_options *options = unband_options_new();
    unband_options_set(options, "threads", "1");
    unband_session *session = NULL;
    int call = -1, fault = -1, status;
    EXPECT(unband_session_new(options, &format, &session) == UNBAND_OK);
    unband_frame in = planes(bytes), out = planes(first);
    EXPECT(unband_process(session, &in, &out, 0) == UNBAND_OK);
    int kinds = 24;
    int seen[24] = {0};
    for (call = 0; call < 1000; call++) {
        unband_frame bad = planes(bytes), result = planes(made);
        unband_format wrong = format;
        unband_session *none = NULL;
        double value = 0;
        unband_findings findings = UNBAND_FINDINGS_INIT;
        int p = (int)draw(3), much = (int)draw(100000) + 1;
        fault = (int)draw((uint32_t)kinds);
        seen[fault]++;
        switch (fault) {
        case 0: status = unband_process(NULL, &bad, &result, 0); break;
        case 1: status = unband_process(session, NULL, &result, 0); break;
        case 2: status = unband_process(session, &bad, NULL, 0); break;
        case 3: bad.planes[p] = NULL; status = unband_process(session, &bad, &result, 0); break;
        case 4: result.planes[p] = NULL; status = unband_process(session, &bad, &result, 0); break;
        case 5: bad.size = draw(sizeof bad); status = unband_process(session, &bad, &result, 0); break;
        case 6: bad.strides[p] = -much; status = unband_process(session, &bad, &result, 0); break;
        case 7: result.strides[p] = (ptrdiff_t)draw(17); status = unband_process(session, &bad, &result, 0); break;
        case 8: bad.strides[p] = PTRDIFF_MAX - much; status = unband_process(session, &bad, &result, 0); break;
        case 9: result.planes[p] = bytes + draw(BYTES - CHROMA); status = unband_process(session, &bad, &result, 0); break;
        case 10: result.planes[1] = result.planes[2]; status = unband_process(session, &bad, &result, 0); break;
        case 11: wrong.width = draw(2) ? -much : 70000; status = unband_session_new(options, &wrong, &none); break;
        case 12: wrong.bits = (int)draw(8); status = unband_session_new(options, &wrong, &none); break;
        case 13: wrong.model = 3 + much; status = unband_session_new(options, &wrong, &none); break;
        case 14: wrong.subsampling_x = 3; status = unband_session_new(options, &wrong, &none); break;
        case 15: wrong.size = draw(sizeof wrong); status = unband_session_new(options, &wrong, &none); break;
        case 16: status = unband_session_new(options, NULL, draw(2) ? &none : NULL); break;
        case 17: status = unband_session_new(options, &format, NULL); break;
        case 18: status = unband_options_set(options, draw(2) ? "nosuch" : "strength", "x"); break;
        case 19: status = unband_options_set(options, draw(2) ? NULL : "method", NULL); break;
        case 20: status = unband_options_set(options, "method", draw(2) ? "f3kdb:y=99999999" : "\xff"); break;
        case 21: status = unband_metric(draw(2) ? "nosuch" : "psnr", &format, &bad, NULL, &value); break;
        case 22: findings.size = draw(sizeof findings); status = unband_inspect(session, &bad, 0, &findings); break;
        default: status = unband_push(session, &bad, 0, -1) || unband_finish(session);
            EXPECT(status == UNBAND_OK);
            status = unband_push(session, &bad, 1, -1); /* after the end */
            EXPECT(unband_reset(session) == UNBAND_OK);
            EXPECT(status == UNBAND_ERR_ARGUMENT);
        }
        EXPECT(status != UNBAND_OK && status != UNBAND_ERR_BUG && status != UNBAND_AGAIN && none == NULL);
        if (call % 50 == 0) {
            result = planes(made);
            EXPECT(unband_process(session, &in, &result, 0) == UNBAND_OK);
            EXPECT(!*unband_last_error() && !memcmp(made, first, BYTES));
        }
    }
    for (fault = 0; fault < kinds; fault++) EXPECT(seen[fault] > 10);

    /* Frames without bands come back whole, at their own depth and at another. */
    fault = -1;
    for (int deep = 0; deep < 2; deep++) {
        unsigned char *same = malloc(2 * BYTES);
        unband_session *other;
        EXPECT(unband_options_set(options, "depth", deep ? "16" : "keep") == UNBAND_OK);
        EXPECT(unband_session_new(options, &format, &other) == UNBAND_OK);
        memset(made, 100, BYTES), memset(same, 171, 2 * BYTES);
        unband_frame flat = planes(made), copy = planes(same);
        for (int p = 0; deep && p < 3; p++) copy.strides[p] *= 2;
        copy.planes[1] = same + LUMA * (1 + deep), copy.planes[2] = same + (LUMA + CHROMA) * (1 + deep);
        EXPECT(unband_process(other, &flat, &copy, 0) == UNBAND_OK);
        for (int i = 0; i < BYTES; i++) EXPECT(deep ? ((uint16_t *)(void *)same)[i] == 100 << 8 : same[i] == 100);
        unband_session_free(other);
        free(same);
    }

    /* In the large: frames in and out, cancelled, begun anew. */
    unband_frame result = planes(made);
    int64_t tag, results = 0;
    for (int64_t n = 0; n < 6; n++) {
        EXPECT(unband_push(session, &in, 10 + n, n == 0) == UNBAND_OK);
        while ((status = unband_pull(session, &result, &tag)) == UNBAND_OK) EXPECT(tag == 10 + results++);
        EXPECT(status == UNBAND_AGAIN);
    }
    EXPECT(unband_finish(session) == UNBAND_OK);
    unband_frame tied = planes(made);
    tied.planes[2] = tied.planes[1];
    EXPECT(unband_pull(session, &tied, &tag) == UNBAND_ERR_ARGUMENT);
    while ((status = unband_pull(session, &result, &tag)) == UNBAND_OK) EXPECT(tag == 10 + results++);
    EXPECT(status == UNBAND_AGAIN && results == 6);
    unband_cancel(session);
    unband_findings findings = UNBAND_FINDINGS_INIT;
    EXPECT(unband_process(session, &in, &result, 0) == UNBAND_ERR_CANCELLED);
    EXPECT(unband_inspect(session, &in, 0, &findings) == UNBAND_ERR_CANCELLED);
    EXPECT(unband_reset(session) == UNBAND_OK && unband_process(session, &in, &result, 0) == UNBAND_OK);
    unband_session_free(session);
    unband_session_free(NULL);
    unband_options_free(options);
    unband_end_threads();
    free(bytes), free(made), free(first);
    printf("1000 calls refused\n");
    return 0;
}
