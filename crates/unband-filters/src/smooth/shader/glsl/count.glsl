// Counts codes in quarters: of all samples, and of the means of flat 3x3 windows.
#define QUARTERS(v) uint(clamp(round(4.0 * LIMITED * (v)), 0.0, 1023.0))
shared uint codes[2048];
shared uint seen[5];
void hook() {
    uint thread = gl_LocalInvocationIndex;
    ivec2 size = ivec2(HOOKED_size), corner = 64 * ivec2(gl_WorkGroupID.xy) + 4 * ivec2(gl_LocalInvocationID.xy);
    if (thread < 5u) seen[thread] = 0u;
    for (int c = 0; c < HISTOGRAMS; c++) {
        for (uint i = thread; i < 2048u; i += 256u) codes[i] = 0u;
        barrier();
        // Of large planes a sixteenth, of small ones a quarter, in all places of 8x8 blocks.
        for (int i = 0; i < (size.x * size.y > LARGE ? 1 : 4); i++) {
            ivec2 p = corner + ivec2((int(thread) + int(thread) / 16 + i) % 4, (int(thread) / 2 + i) % 4);
            if (p != inside(p, size)) continue;
            T here = stored(p), sum = T(0.0), least = here, most = here;
            for (int n = 0; n < 9; n++) {
                T there = stored(p + ivec2(n % 3, n / 3) - 1);
                sum += there;
                least = min(least, there);
                most = max(most, there);
            }
            T range = most - least;
            for (int k = 0; k < CHANNELS; k++) {
                if (HISTOGRAMS > 1 && k != c) continue;
                float value = AT(here, k), spread = 255.0 * AT(range, k);
                atomicAdd(codes[1024u + QUARTERS(value)], 1u);
                if (spread < FLAT) atomicAdd(codes[QUARTERS(AT(sum, k) / 9.0)], 1u);
                if (spread > 0.05) {
                    // Is the sample an 8-bit code, by either scale?
                    vec2 off = off_codes(value);
                    atomicAdd(seen[0], 1u);
                    if (off.x < OFF) atomicAdd(seen[1], 1u);
                    if (off.y < OFF) atomicAdd(seen[2], 1u);
                }
            }
#if CHANNELS == 1
            // Small steps on borders of 8x8 blocks, and elsewhere.
            for (int way = 0; way < 2; way++) {
                float step = 255.0 * abs(stored(p + (way == 0 ? ivec2(1, 0) : ivec2(0, 1))) - here);
                if (step > 0.6 && step < 4.0) atomicAdd(seen[p[way] % 8 == 7 ? 3 : 4], 1u);
            }
#endif
        }
        barrier();
        for (uint i = thread; i < 2048u; i += 256u) {
            if (codes[i] > 0u) atomicAdd(unband_codes[uint(2048 * (KIND + c)) + i], codes[i]);
        }
        barrier();
    }
    if (thread < 5u) atomicAdd(unband_seen[uint(8 * KIND) + thread], seen[thread]);
    if (thread == 0u) imageStore(out_image, ivec2(gl_WorkGroupID.xy), vec4(0.0));
}
