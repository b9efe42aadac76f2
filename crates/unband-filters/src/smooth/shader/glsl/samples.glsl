// CHANNELS of a plane are processed at once, in units of their quantisation steps.
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
// A state: differences to the right and below (of one channel), and the correction.
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
// Steps per unit, read once.
T cells;
T original(ivec2 p) { return stored(p) * cells; }
// Means and surfaces are kept in half floats: whole steps and their fraction, or of three channels the rest by
// 64 steps. The share of samples off the 8-bit codes is beside them.
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
