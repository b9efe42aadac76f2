// Empties the histograms, and at the start the state, which a host leaves undefined: it may be that of another
// video.
void hook() {
    int thread = int(gl_LocalInvocationIndex);
    // libplacebo counts passes; those of chroma begin after all of luma.
    bool ready = frame > 1 + PASSES * KIND && unband_kept[16 * KIND] == READY;
    for (int i = thread; i < 2048 * HISTOGRAMS; i += 256) {
        unband_codes[2048 * KIND + i] = 0u;
        if (!ready) unband_means[2048 * KIND + i] = 0.0;
    }
    if (thread < 8) unband_seen[8 * KIND + thread] = 0u;
    barrier();
    if (!ready && thread < 16) unband_kept[16 * KIND + thread] = 0.0;
    if (thread == 0) imageStore(out_image, ivec2(0), vec4(0.0));
}
