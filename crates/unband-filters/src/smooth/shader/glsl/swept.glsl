// The state after one sweep, or after two: small levels repeat the first one for each neighbour.
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(STATE_SIZE));
    Cross c = cross_at(p);
    T d = swept(c);
#ifdef TWICE
    T left = swept(cross_at(c.left)), right = swept(cross_at(c.right));
    T up = swept(cross_at(c.up)), down = swept(cross_at(c.down));
    d = mean_of(c, d, left, right, up, down);
#endif
#ifdef SURFACE
    return PACKED(VALUE(p) + d, 0.0);
#else
    return STATE_OF(c.here.xy, d);
#endif
}
