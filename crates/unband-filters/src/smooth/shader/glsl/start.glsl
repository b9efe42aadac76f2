// The coarser surface, bilinear, as the distance from the middle of the interval; far outside of it, none.
T start(ivec2 p, T v) {
    T d = T(0.0);
#ifdef COARSER
    ivec2 near = p >> 1, other = near + 2 * (p & 1) - 1;
    for (int i = 0; i < 4; i++) {
        ivec2 q = ivec2((i & 1) == 0 ? near.x : other.x, (i & 2) == 0 ? near.y : other.y);
        q = inside(q, COARSER_SIZE);
        float weight = ((i & 1) == 0 ? 0.75 : 0.25) * ((i & 2) == 0 ? 0.75 : 0.25);
        d += weight * APART(VALUE_OF(texelFetch(COARSER, q, 0)) - v);
    }
    if (LEVEL + 1 >= LEVELS) d = T(0.0);
#endif
    return clamp(d, -0.5, 0.5) * clamp((FORGET_TO - abs(d)) / FORGET_WIDTH, 0.0, 1.0);
}
