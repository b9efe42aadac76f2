// The factor of the correction at half size, from the level changes nearby and farther around.
float gate(float near, float wide) {
    vec2 at = clamp(vec2(wide / WIDE_END, near / NEAR_END), 0.0, 1.0);
    return textureLod(FACTORS, (63.0 * at + 0.5) / 64.0, 0.0).x;
}
vec4 hook() {
    ivec2 p = ivec2(HOOKED_pos * vec2(NARROW_SIZE));
    DENSITY near = DENSITY(0.0);
    for (int i = 0; i < 9; i++) {
        // Five samples across: the middle two, and one and a half at each side.
        ivec2 way = ivec2(i % 3, i / 3) - 1;
        vec2 weight = mix(vec2(0.3), vec2(0.4), equal(way, ivec2(0)));
        near += weight.x * weight.y * GATHERED(texelFetch(NARROW, inside(p + way, NARROW_SIZE), 0));
    }
    DENSITY wide = GATHERED(textureLod(WIDE_MAP, (vec2(p) + 0.5) / (2.0 * vec2(WIDE_MAP_SIZE)), 0.0));
#if CHANNELS == 2
    return vec4(gate(near.x, wide.x), gate(near.y, wide.y), 0.0, 0.0);
#else
    return vec4(gate(near, wide));
#endif
}
