// A Jacobi sweep between neighbours at most one level apart, pulled towards the middle of the interval.
T link(T step) { return clamp((LINK_TO - abs(step)) / LINK_WIDTH, 0.0, 1.0); }
T moved(T d, T sum, T weights) {
    T pull = T(CHANNELS == 2 ? PULL_OF_COLOUR : PULL) / max(STRENGTH, 1.0);
    return clamp((1.0 - pull) * (d + sum / (1.0 + weights)), -0.5, 0.5);
}
// Places and states of a sample and its neighbours, and the differences to them.
struct Cross { ivec2 left, right, up, down; vec4 here, l, r, u, d; T steps[4]; vec4 open; };
Cross cross_at(ivec2 p) {
    Cross c;
    ivec2 low = max(p - 1, ivec2(0)), high = min(p + 1, STATE_SIZE - 1);
    c.left = ivec2(low.x, p.y);
    c.right = ivec2(high.x, p.y);
    c.up = ivec2(p.x, low.y);
    c.down = ivec2(p.x, high.y);
    c.here = texelFetch(STATE, p, 0);
    c.l = texelFetch(STATE, c.left, 0);
    c.r = texelFetch(STATE, c.right, 0);
    c.u = texelFetch(STATE, c.up, 0);
    c.d = texelFetch(STATE, c.down, 0);
#if CHANNELS == 1
    c.steps = float[](-c.l.x, c.here.x, -c.u.y, c.here.y);
#else
    T v = VALUE(p);
    T left = APART(VALUE(c.left) - v), right = APART(VALUE(c.right) - v);
    c.steps = T[](left, right, APART(VALUE(c.up) - v), APART(VALUE(c.down) - v));
#endif
    // Beyond the border is nothing.
    c.open = vec4(p.x > 0, p.x < STATE_SIZE.x - 1, p.y > 0, p.y < STATE_SIZE.y - 1);
    return c;
}
// The weighted mean of the neighbours' corrections.
T mean_of(Cross c, T d, T l, T r, T u, T b) {
    T wl = link(c.steps[0]) * c.open.x, wr = link(c.steps[1]) * c.open.y;
    T wu = link(c.steps[2]) * c.open.z, wb = link(c.steps[3]) * c.open.w;
    T sum = wl * (c.steps[0] + l - d) + wr * (c.steps[1] + r - d);
    sum += wu * (c.steps[2] + u - d) + wb * (c.steps[3] + b - d);
    return moved(d, sum, wl + wr + wu + wb);
}
T swept(Cross c) {
    return mean_of(c, CORRECTION(c.here), CORRECTION(c.l), CORRECTION(c.r), CORRECTION(c.u), CORRECTION(c.d));
}
