vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(STATE_SIZE));
    Cross c = cross_at(p);
    T d = swept(c);
#if defined(SURFACE)
    return PACKED(VALUE(p) + d, 0.0);
#elif CHANNELS == 1
    return vec4(c.here.xy, d, 0.0);
#elif CHANNELS == 2
    return vec4(d, 0.0, 0.0);
#else
    return vec4(d, 0.0);
#endif
}
