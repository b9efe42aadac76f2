// Their means along a row or column of WIDE samples of the full size, at a quarter of it.
vec4 hook() {
    ivec2 p = ivec2(HOOKED_pos * vec2(NARROW_SIZE));
    float reach = 0.125 * WIDE, count = 0.0;
    vec4 sum = vec4(0.0);
    for (int i = -4; i <= 4; i++) {
        ivec2 q = p + i * ALONG;
        if (q != inside(q, NARROW_SIZE)) continue;
        float weight = clamp(reach + 0.5 - abs(float(i)), 0.0, 1.0);
        sum += weight * texelFetch(NARROW, q, 0);
        count += weight;
    }
    return sum / count;
}
