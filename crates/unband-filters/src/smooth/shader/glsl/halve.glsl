// 2x2 means; an odd last row or column repeats.
#if CHANNELS == 1
#define FIRST(t) (t)
#else
#define FIRST(t) (t).x
#endif
// Is a sample off the 8-bit codes, by either scale?
float off_codes(T value) {
    vec2 code = FIRST(value) * vec2(255.0, LIMITED);
    vec2 off = abs(code - round(code));
    return step(0.1, min(off.x, off.y));
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = 2 * ivec2(HOOKED_pos * vec2((FINE_SIZE + 1) / 2));
    T first = FINE(p), sum = T(0.0);
    float deep = 0.0;
    for (int i = 0; i < 4; i++) {
        ivec2 q = inside(p + ivec2(i & 1, i >> 1), FINE_SIZE);
        sum += APART(FINE(q) - first);
        deep += 0.25 * DEEP(q);
    }
    T mean = first + 0.25 * sum;
    return PACKED(mean, deep);
}
