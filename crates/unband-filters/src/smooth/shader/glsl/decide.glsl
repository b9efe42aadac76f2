// The step of each channel, from running means that start again at a cut.
#define FIRST (2048 * (KIND + c))
#define KEPT(i) unband_kept[16 * KIND + i]
shared float share[2048];
shared float part[256];
shared float change[256];
shared float fit[GRIDS * 5];
shared vec2 novel[256];
shared int neighbours[GRIDS];
shared float exact[GRIDS];
const float PERIOD[GRIDS] = float[](PERIODS);
const float OFFSET[GRIDS] = float[](OFFSETS);
const float CONTROL[4] = float[](0.80, 0.88, 1.14, 1.25);
float code(int bin, float scale) { return 0.25 * float(bin) * scale; }
void hook() {
    vec4 steps = vec4(1.0);
    int thread = int(gl_LocalInvocationIndex);
    for (int c = 0; c < HISTOGRAMS; c++) {
        // Samples in all, and the distance from the means.
        float sum = 0.0;
        for (int i = 0; i < 4; i++) sum += float(unband_codes[FIRST + 1024 + 4 * thread + i]);
        part[thread] = sum;
        barrier();
        float total = 0.0;
        for (int i = 0; i < 256; i++) total += part[i];
        total = max(total, 1.0);
        float moved = 0.0;
        vec2 fresh = vec2(0.0);
        for (int i = 0; i < 4; i++) {
            int bin = FIRST + 1024 + 4 * thread + i;
            float now = float(unband_codes[bin]) / total, mean = unband_means[bin];
            moved += now - mean;
            fresh += max(vec2(now - 8.0 * mean, mean - 8.0 * now), 0.0);
        }
        change[thread] = moved;
        novel[thread] = fresh;
        barrier();
        // Codes that come into use or out of it: the same scene in another depth.
        float distance = 0.0;
        vec2 other = vec2(0.0);
        for (int i = 0; i < 256; i++) other += novel[i];
        for (int i = 0; i < 256; i += 8) {
            float group = 0.0;
            for (int j = 0; j < 8; j++) group += change[i + j];
            distance += 0.5 * abs(group);
        }
        bool first = KEPT(0) != READY;
        float rate = first || distance > CUT || max(other.x, other.y) > OTHER_CODES ? 1.0 : RATE;
        for (int i = 0; i < 8; i++) {
            int bin = 8 * thread + i;
            float mean = mix(unband_means[FIRST + bin], float(unband_codes[FIRST + bin]) / total, rate);
            unband_means[FIRST + bin] = mean;
            share[bin] = mean;
        }
        if (thread < 5 && c == 0) {
            float seen = float(unband_seen[8 * KIND + thread]) / total;
            KEPT(1 + thread) = mix(KEPT(1 + thread), seen, rate);
        }
        memoryBarrierBuffer();
        barrier();
        float windows = KEPT(1), full = KEPT(2), limited = KEPT(3);
        // Codes per bin: 8-bit codes are multiples of 1/255, or of 256/65535 where the host shifted them.
        float unit = full >= limited ? 255.0 : LIMITED, scale = unit / LIMITED;
        bool deep = windows > 0.0005 && max(full, limited) < SHARE_OF_CODES * windows;
        // Phasors of each candidate's levels, and of control periods.
        if (thread < GRIDS * 5) {
            int i = thread / 5, k = thread % 5;
            float turn = 6.2831853 / (PERIOD[i] * (k == 0 ? 1.0 : CONTROL[k - 1]));
            vec2 phasor = vec2(0.0);
            float weights = 0.0;
            for (int bin = 0; bin < 1024; bin++) {
                if (share[bin] < 1e-7) continue;
                float weight = sqrt(share[bin]), angle = turn * (code(bin, scale) - OFFSET[i]);
                phasor += weight * vec2(cos(angle), sin(angle));
                weights += weight;
            }
            fit[thread] = (k == 0 ? phasor.x : length(phasor)) / max(weights, 1e-6);
        } else if (thread >= 64 && thread < 64 + GRIDS) {
            // Levels of flat windows with a level next to them: bands, not flat colours.
            int i = thread - 64, level = -1, before = -9, pairs = 0;
            float flats = 0.0, mass = 0.0;
            for (int bin = 0; bin < 1024; bin++) flats += share[bin];
            for (int bin = 0; bin <= 1024; bin++) {
                int at = bin == 1024 ? -99 : int(floor((code(bin, scale) - OFFSET[i]) / PERIOD[i] + 0.5));
                if (at != level) {
                    if (mass > 0.002 * flats && mass > 4e-5) {
                        if (level == before + 1) pairs++;
                        before = level;
                    }
                    level = at;
                    mass = 0.0;
                }
                if (bin < 1024) mass += share[bin];
            }
            neighbours[i] = flats > 0.001 ? pairs : 0;
        } else if (thread >= 128 && thread < 128 + GRIDS) {
            // Share of all samples on exact levels with at least three pairs of neighbours in use.
            int i = thread - 128, pairs = 0;
            float on = 0.0;
            bool before = false;
            for (int k = 0; k < 128; k++) {
                float level = floor(float(k) * PERIOD[i] + OFFSET[i] + 0.5);
                if (level > 255.0) break;
                int bin = int(round(4.0 * level / scale));
                float mass = 0.0;
                for (int j = max(bin - 1, 0); j <= min(bin + 1, 1023); j++) mass += share[1024 + j];
                on += mass;
                if (before && mass > 4e-5) pairs++;
                before = mass > 4e-5;
            }
            exact[i] = PERIOD[i] > 1.5 && pairs >= 3 ? on : 0.0;
        }
        barrier();
        if (thread == 0) {
            // Chroma follows luma, which comes first.
            if (HISTOGRAMS == 1) KEPT(6) = 7.0 * KEPT(4) > BLOCKY * (KEPT(5) + 1e-5) ? 1.0 : 0.0;
            bool coded = unband_kept[6] > 0.0;
            int best = -1;
            float most = 0.3;
            for (int i = 0; i < GRIDS && best < 0; i++) {
                if (!deep && exact[i] >= 0.995) best = i;
            }
            if (best < 0) {
                for (int i = 0; i < (deep ? GRIDS : GRIDS - 1); i++) {
                    float real = fit[5 * i], control = 0.0;
                    for (int k = 1; k < 5; k++) control = max(control, fit[5 * i + k]);
                    // What was found a moment ago is kept a little longer.
                    if (!first && int(KEPT(8 + c)) == i) real += LINGER;
                    if (real < most + (i < EVEN || best < 0 ? 0.0 : 0.03)) continue;
                    bool clear = real - control >= 0.2 || (!deep && i < COARSE && real >= 0.85);
                    if (neighbours[i] >= 2 && real >= 0.55 && clear) { best = i; most = real; }
                }
            }
            float found = deep ? DEEP : coded ? CODED : 1.0;
            if (best == GRIDS - 1) found = DEEP_STEPS;
            found = best >= 0 && best < GRIDS - 1 ? PERIOD[best] : HISTOGRAMS == 2 ? FINER * found : found;
            if (bits >= 4) found = 255.0 / (exp2(float(bits)) - 1.0);
            if (HISTOGRAMS == 1) steps = vec4(found / unit);
            else steps[c] = found / unit;
            KEPT(8 + c) = float(best);
            if (c == HISTOGRAMS - 1) KEPT(0) = READY;
        }
        barrier();
    }
    // Later passes read a texture, which is faster than a buffer.
    if (thread == 0) {
        imageStore(out_image, ivec2(0, 0), vec4(steps.rgb, unband_kept[6]));
        imageStore(out_image, ivec2(1, 0), 1.0 / max(steps, 1e-6));
    }
}
