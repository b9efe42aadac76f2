// The plane and its correction.
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(STATE_SIZE));
    T d = swept(cross_at(p));
    T factor = T(GATHERED(textureLod(GATE, (vec2(p) + 0.5) / (2.0 * vec2(GATE_SIZE)), 0.0)));
#if CHANNELS == 2
    factor *= FOLLOWING;
#endif
    T correction = clamp(factor * d, -0.5, 0.5) * STEP * SHRUNK;
    vec4 color = HOOKED_mul * texelFetch(HOOKED_raw, p, 0);
    if (SHOW == 1) color.CH = 0.5 + 64.0 * correction;
    else if (SHOW == 2) color.CH = factor / GATE_MOST;
    else color.CH += correction;
    return color;
}
