// The state in which the sweeps of a level begin.
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(VALUE_SIZE));
    T v = VALUE(p), d = start(p, v);
#if CHANNELS == 1
    // Differences to the right and below, for the links.
    vec2 steps = vec2(VALUE(p + ivec2(1, 0)) - v, VALUE(p + ivec2(0, 1)) - v);
#endif
    return STATE_OF(clamp(steps, -FAR, FAR), d);
}
