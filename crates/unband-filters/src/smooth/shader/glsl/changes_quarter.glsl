// Means of the level changes over four samples of the half size.
vec4 hook() {
    ivec2 p = 2 * ivec2(HOOKED_pos * vec2((FINE_SIZE + 1) / 2));
    vec4 sum = vec4(0.0);
    for (int i = 0; i < 4; i++) sum += texelFetch(FINE, inside(p + ivec2(i & 1, i >> 1), FINE_SIZE), 0);
    return 0.25 * sum;
}
