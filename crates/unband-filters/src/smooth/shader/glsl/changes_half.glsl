// Means of the level changes over 2x2 samples, to the right and below.
vec4 hook() {
    cells = CELLS;
    ivec2 p = 2 * ivec2(HOOKED_pos * vec2((VALUE_SIZE + 1) / 2));
    T rows[9];
    for (int i = 0; i < 9; i++) rows[i] = VALUE(p + ivec2(i % 3, i / 3));
    T sum = T(0.0);
    for (int i = 0; i < 5; i++) {
        if (i == 2) continue;
        sum += min(abs(APART(rows[i + 1] - rows[i])), 2.0) + min(abs(APART(rows[i + 3] - rows[i])), 2.0);
    }
    return SPREAD(JOINT(0.25 * sum));
}
