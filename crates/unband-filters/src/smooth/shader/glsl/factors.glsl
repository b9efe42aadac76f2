// The table of the gate with the strength applied.
vec4 hook() {
    float factor = GATE_MOST * textureLod(UNBAND_GATE, HOOKED_pos, 0.0).x;
    return vec4(STRENGTH <= 1.0 ? factor * STRENGTH : pow(factor, 1.0 / (STRENGTH * STRENGTH)));
}
