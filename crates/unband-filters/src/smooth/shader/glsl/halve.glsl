// 2x2 means; an odd last row or column repeats.
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
