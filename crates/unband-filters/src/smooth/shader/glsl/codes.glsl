// Samples by channel, and their distances from the 8-bit codes by either scale.
#if CHANNELS == 1
#define AT(t, k) (t)
#else
#define AT(t, k) (t)[k]
#endif
vec2 off_codes(float value) {
    vec2 code = value * vec2(255.0, LIMITED);
    return abs(code - round(code));
}
