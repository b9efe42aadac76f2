// Level changes of luma, for chroma, and the share of samples off the 8-bit codes.
vec4 hook() { return vec4(textureLod(CHANGES_MAP, HOOKED_pos, 0.0).x, DEEP_SHARE, 0.0, 0.0); }
