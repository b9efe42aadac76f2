//! Row kernel of libplacebo's deband shader: a stochastic mean of four samples around each, then noise.
//!
//! Every pixel draws its own random numbers, from a state that is its position. Draws, sine, cosine and
//! lookup positions are computed for a block of pixels at once. Only the lookups are done one by one, which
//! on current processors is faster than their gather instructions.

// Bodies must be inlined into each level's function to be compiled for it. Positions are small integers.
// Loops use pixel indices, as several arrays are read and written at once.
#![allow(clippy::inline_always, clippy::cast_possible_wrap, clippy::needless_range_loop)]

use crate::dispatch;

/// Parameters of the shader, in its own units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shader {
    /// Number of means, each from a larger distance.
    pub iterations: u32,
    /// Maximum distance of the first iteration, in samples; the `i`-th uses `i` times that. At least 0.
    pub radius: f32,
    /// Threshold between mean and sample, in thousandths of full scale, for the first iteration; the `i`-th
    /// uses a threshold `i` times smaller.
    pub threshold: f32,
    /// Span of the noise in thousandths of full scale.
    pub grain: f32,
    /// Samples nearer to this value than the span of the noise get less of it.
    pub neutral: f32,
    /// Third word of the random state: the frame number.
    pub index: u32,
}

impl Shader {
    /// Radius of influence, in samples.
    pub fn reach(&self) -> usize {
        if self.iterations == 0 {
            return 0;
        }
        // One more, as positions are rounded.
        (self.radius * self.iterations as f32).ceil() as usize + 1
    }
}

/// Samples around a row, between 0 and 1: a rectangle of a plane that covers everything the row's pixels may
/// read.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// Rows one after another.
    pub samples: &'a [f32],
    /// Samples from one row to the next.
    pub stride: usize,
    /// Position of the first sample in its plane.
    pub first: (usize, usize),
    /// Columns and rows; beyond them the outermost samples are repeated.
    pub size: (usize, usize),
}

impl<'a> Field<'a> {
    /// `count` samples from a position of the plane on.
    fn row(&self, (x, y): (usize, usize), count: usize) -> &'a [f32] {
        assert!(x >= self.first.0 && y >= self.first.1, "the row begins before the field");
        let (column, row) = (x - self.first.0, y - self.first.1);
        assert!(
            column.saturating_add(count) <= self.size.0 && row < self.size.1,
            "the row is outside the field"
        );
        &self.samples[row * self.stride + column..][..count]
    }

    /// All conditions that the unchecked loops below rely on.
    fn check(&self, at: (usize, usize), count: usize) {
        let (w, h) = self.size;
        assert!(w <= self.stride && w > 0 && h > 0, "a field has samples");
        let all = (h - 1).saturating_mul(self.stride).saturating_add(w);
        assert!(all <= self.samples.len(), "the field is not filled");
        assert!(self.samples.len() < i32::MAX as usize, "the field is too large");
        // Positions are computed in f32.
        let end = self.first.0.max(self.first.1).saturating_add(w.max(h));
        assert!(end < MOST_SIDE, "the plane is too large");
        let _ = self.row(at, count);
    }
}

dispatch! {
    /// Debands part of a row of a plane; `at` is the position of its first sample in the plane.
    ///
    /// # Panics
    /// When the field does not contain the row, or has fewer samples than its size requires.
    pub fn deband_row(level, out: &mut [f32], field: &Field<'_>, at: (usize, usize), shader: &Shader) = one;
    /// As [`deband_row`] for three planes of one image: a common position and distance per pixel, separate
    /// noise for each plane.
    ///
    /// # Panics
    /// As [`deband_row`]; and when the rows differ in length, or the fields in position, size or stride.
    pub fn deband_row_of_three(level, out: [&mut [f32]; 3], fields: [&Field<'_>; 3], at: (usize, usize),
        shader: &Shader) = body::<3>;
    /// `code / highest`.
    pub fn units_from_u8(level, out: &mut [f32], codes: &[u8], highest: f32) = units_body;
    /// As [`units_from_u8`], for up to 16 bits.
    pub fn units_from_u16(level, out: &mut [f32], codes: &[u16], highest: f32) = units_body;
    /// `floor(unit * highest + bias)`, without `bias` to the nearest, ties to even; clamped to `0..=highest`
    /// (at most 255). NaN becomes 0.
    pub fn codes_u8(level, out: &mut [u8], units: &[f32], bias: Option<&[f32]>, highest: f32) = codes_u8_body;
    /// As [`codes_u8`], for up to 16 bits.
    pub fn codes_u16(level, out: &mut [u16], units: &[f32], bias: Option<&[f32]>,
        highest: f32) = codes_u16_body;
    /// Units to values on the code grid: rounds `unit * per_unit + offset` as [`codes_u16`] does, then
    /// computes `(code - zero) / scale`.
    pub fn round_row(level, values: &mut [f32], bias: Option<&[f32]>, per_unit: f32, offset: f32,
        highest: f32, scale: f32, zero: f32) = round_body;
    /// Values to units: `(value * scale + zero) / highest`; with `whole`, the code is rounded first.
    pub fn units_from_values(level, out: &mut [f32], values: &[f32], scale: f32, zero: f32, highest: f32,
        whole: bool) = units_from_values_body;
    /// First of the shader's random numbers for a row of pixels from `at` on.
    pub fn noise_row(level, out: &mut [f32], at: (usize, usize), index: u32) = noise_body;
}

/// Planes must be smaller than this on both sides: positions are computed in `f32`.
pub const MOST_SIDE: usize = 1 << 24;

/// Pixels per block.
const BLOCK: usize = 64;

/// Random states of a block.
type State = [[u32; BLOCK]; 3];

/// One word of each state of a block.
type Block = [f32; BLOCK];

#[inline(always)]
fn one(out: &mut [f32], field: &Field<'_>, at: (usize, usize), shader: &Shader) {
    body::<1>([out], [field], at, shader);
}

#[inline(always)]
fn body<const N: usize>(
    mut out: [&mut [f32]; N],
    fields: [&Field<'_>; N],
    (x0, y): (usize, usize),
    shader: &Shader,
) {
    let count = out[0].len();
    for (out, field) in out.iter().zip(fields) {
        field.check((x0, y), count);
        let shape = |f: &Field<'_>| (f.stride, f.first, f.size);
        assert!(out.len() == count && shape(field) == shape(fields[0]), "planes of one image are alike");
    }
    let threshold = shader.threshold / 1000.0;
    let grain = shader.grain / 1000.0;
    for from in (0..count).step_by(BLOCK) {
        let x = x0 + from;
        let part = BLOCK.min(count - from);
        let mut state = start(x, y, shader.index);
        let mut results = [[0.0; BLOCK]; N];
        for (result, field) in results.iter_mut().zip(fields) {
            result[..part].copy_from_slice(field.row((x, y), part));
        }
        for i in 1..=shader.iterations {
            let far = i as f32 * shader.radius;
            let bound = threshold / i as f32;
            let places = places(&mut state, fields[0], (x, y), far);
            for (result, field) in results.iter_mut().zip(fields) {
                let mut sums = [0.0; BLOCK];
                // SAFETY: `places` stays inside the field, and all fields are alike.
                unsafe { look_up(&mut sums, field.samples, &places) };
                for (result, sum) in result.iter_mut().zip(sums) {
                    let mean = sum * 0.25;
                    let apart = (*result - mean).abs();
                    *result = if apart > bound { *result } else { mean };
                }
            }
        }
        if grain > 0.0 {
            let mut noise = [[0.0; BLOCK]; 3];
            for k in 0..BLOCK {
                let drawn = draw(&mut state, k);
                (noise[0][k], noise[1][k], noise[2][k]) = (drawn[0], drawn[1], drawn[2]);
            }
            for (result, noise) in results.iter_mut().zip(&noise) {
                for (result, &noise) in result.iter_mut().zip(noise) {
                    let apart = (*result - shader.neutral).abs();
                    let strength = if apart < grain { apart } else { grain };
                    *result += strength * (noise - 0.5);
                }
            }
        }
        for (out, result) in out.iter_mut().zip(&results) {
            out[from..from + part].copy_from_slice(&result[..part]);
        }
    }
}

/// The states of the pixels from a position on.
#[inline(always)]
fn start(x: usize, y: usize, index: u32) -> State {
    let mut columns = [0; BLOCK];
    for (k, column) in columns.iter_mut().enumerate() {
        *column = (x as u32).wrapping_add(k as u32);
    }
    [columns, [y as u32; BLOCK], [index; BLOCK]]
}

/// The next three numbers of pixel `k`, each from 0 to 1.
///
/// Source: libplacebo, `src/shaders.c`; pcg3d, Jarzynski and Olano, "Hash Functions for GPU Rendering", 2020.
#[inline(always)]
fn draw(state: &mut State, k: usize) -> [f32; 3] {
    let step = |s: u32| s.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    let (mut x, mut y, mut z) = (step(state[0][k]), step(state[1][k]), step(state[2][k]));
    x = x.wrapping_add(y.wrapping_mul(z));
    y = y.wrapping_add(z.wrapping_mul(x));
    z = z.wrapping_add(x.wrapping_mul(y));
    (x, y, z) = (x ^ (x >> 16), y ^ (y >> 16), z ^ (z >> 16));
    x = x.wrapping_add(y.wrapping_mul(z));
    y = y.wrapping_add(z.wrapping_mul(x));
    z = z.wrapping_add(x.wrapping_mul(y));
    (state[0][k], state[1][k], state[2][k]) = (x, y, z);
    // 2^32 - 1 is 2^32 in these numbers.
    [x, y, z].map(|word| word as f32 * (1.0 / 4_294_967_296.0))
}

/// Indices of the four samples that each pixel of a block reads, in the shader's order.
#[inline(always)]
fn places(state: &mut State, field: &Field<'_>, (x, y): (usize, usize), far: f32) -> [[u32; BLOCK]; 4] {
    let (left, top) = (field.first.0 as f32, field.first.1 as f32);
    let (right, bottom) = (left + (field.size.0 - 1) as f32, top + (field.size.1 - 1) as f32);
    let (first_x, first_y) = (field.first.0 as i32, field.first.1 as i32);
    let stride = field.stride as i32;
    let (x, y) = (x as i32, y as i32 as f32 + 0.5);
    let mut places = [[0; BLOCK]; 4];
    for k in 0..BLOCK {
        let [u, v, _] = draw(state, k);
        let distance = u * far;
        let (sine, cosine) = sine_cosine(v * std::f32::consts::TAU);
        let (dx, dy) = (distance * cosine, distance * sine);
        let x = (x + k as i32) as f32 + 0.5;
        let (right, left) = (whole(x + dx, left, right) - first_x, whole(x - dx, left, right) - first_x);
        let (down, up) = (
            (whole(y + dy, top, bottom) - first_y) * stride,
            (whole(y - dy, top, bottom) - first_y) * stride,
        );
        places[0][k] = (down + right) as u32;
        places[1][k] = (down + left) as u32;
        places[2][k] = (up + left) as u32;
        places[3][k] = (up + right) as u32;
    }
    places
}

/// Floor of a value, clamped between two integers from 0 to 2^24.
#[inline(always)]
fn whole(value: f32, low: f32, high: f32) -> i32 {
    // Also catches NaN.
    let value = if value > low { value } else { low };
    let value = if value < high { value } else { high };
    // SAFETY: between 0 and 2^24, as the callers verified for `low` and `high`.
    unsafe { value.to_int_unchecked() }
}

/// Sine and cosine of an angle from 0 to a full turn, with an error below one unit in the last place.
#[inline(always)]
fn sine_cosine(angle: f32) -> (f32, f32) {
    /// Adding it rounds to the nearest integer in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    /// A quarter turn in three parts; multiples of the first two by 1 to 4 are exact.
    const QUARTER: [f32; 3] = [1.570_312_5, 4.837_513e-4, 7.549_79e-8];
    let shifted = angle * std::f32::consts::FRAC_2_PI + ROUND;
    let quadrant = shifted.to_bits();
    let n = shifted - ROUND;
    // The remainder of the angle as a sum of two floats, with the rounding error of each step added back.
    let exact = (angle - n * QUARTER[0]) - n * QUARTER[1];
    let r = exact - n * QUARTER[2];
    let rest = (exact - r) - n * QUARTER[2];
    let r2 = r * r;
    let sine = ((2.755_732e-6 * r2 - 1.984_127e-4) * r2 + 8.333_333e-3) * r2 - 1.666_666_7e-1;
    let sine = r + (sine * (r2 * r) + rest);
    let cosine = ((-2.755_732e-7 * r2 + 2.480_158_7e-5) * r2 - 1.388_888_9e-3) * r2 + 4.166_666_7e-2;
    let half = 0.5 * r2;
    let near = 1.0 - half;
    let cosine = near + (((1.0 - near) - half) + (cosine * (r2 * r2) - r * rest));
    let (s, c) = if quadrant & 1 == 0 { (sine, cosine) } else { (cosine, sine) };
    let sign = |value: f32, negative: u32| f32::from_bits(value.to_bits() ^ (negative << 30 & 0x8000_0000));
    (sign(s, quadrant), sign(c, quadrant.wrapping_add(1)))
}

/// Sums of four samples; a separate function, so that no level turns the loads into a gather.
///
/// # Safety
/// All indices must be inside `samples`.
#[inline(never)]
unsafe fn look_up(sums: &mut Block, samples: &[f32], places: &[[u32; BLOCK]; 4]) {
    for (k, sum) in sums.iter_mut().enumerate() {
        // SAFETY: guaranteed by the caller.
        let at = |i: usize| unsafe { *samples.get_unchecked(places[i][k] as usize) };
        *sum = ((at(0) + at(1)) + at(2)) + at(3);
    }
}

#[inline(always)]
fn units_body<T: Copy + Into<f32>>(out: &mut [f32], codes: &[T], highest: f32) {
    for (out, &code) in out.iter_mut().zip(codes) {
        *out = code.into() / highest;
    }
}

/// `put(i, code)` for each unit; NaN becomes 0.
#[inline(always)]
fn each_code(
    units: &[f32],
    bias: Option<&[f32]>,
    per_unit: f32,
    offset: f32,
    highest: f32,
    mut put: impl FnMut(usize, i32),
) {
    /// Adding it rounds to the nearest integer, ties to even.
    const ROUND: f32 = 8_388_608.0;
    assert!((0.0..=65_535.0).contains(&highest));
    if let Some(bias) = bias {
        for (i, (&unit, &bias)) in units.iter().zip(bias).enumerate() {
            // Values below 0 become 0, so truncation is rounding down.
            put(i, whole(unit * per_unit + (offset + bias), 0.0, highest));
        }
    } else {
        for (i, &unit) in units.iter().enumerate() {
            let code = unit * per_unit + offset;
            let code = if code > 0.0 { code } else { 0.0 };
            let code = if code < highest { code } else { highest };
            put(i, whole((code + ROUND) - ROUND, 0.0, highest));
        }
    }
}

#[inline(always)]
fn codes_u8_body(out: &mut [u8], units: &[f32], bias: Option<&[f32]>, highest: f32) {
    assert!(highest <= 255.0 && out.len() == units.len());
    each_code(units, bias, highest, 0.0, highest, |i, code| out[i] = code as u8);
}

#[inline(always)]
fn codes_u16_body(out: &mut [u16], units: &[f32], bias: Option<&[f32]>, highest: f32) {
    assert_eq!(out.len(), units.len());
    each_code(units, bias, highest, 0.0, highest, |i, code| out[i] = code as u16);
}

#[inline(always)]
fn round_body(
    values: &mut [f32],
    bias: Option<&[f32]>,
    per_unit: f32,
    offset: f32,
    highest: f32,
    scale: f32,
    zero: f32,
) {
    let value = |code: i32| (code as f32 - zero) / scale;
    for (values, from) in values.chunks_mut(BLOCK).zip((0..).step_by(BLOCK)) {
        let mut codes = [0; BLOCK];
        let bias = bias.map(|bias| &bias[from..from + values.len()]);
        each_code(values, bias, per_unit, offset, highest, |i, code| codes[i] = code);
        values.iter_mut().zip(codes).for_each(|(v, code)| *v = value(code));
    }
}

#[inline(always)]
fn units_from_values_body(
    out: &mut [f32],
    values: &[f32],
    scale: f32,
    zero: f32,
    highest: f32,
    whole_codes: bool,
) {
    if whole_codes {
        assert!((0.0..=65_535.0).contains(&highest));
        for (out, &value) in out.iter_mut().zip(values) {
            *out = whole(value * scale + zero + 0.5, 0.0, highest) as f32 / highest;
        }
    } else {
        for (out, &value) in out.iter_mut().zip(values) {
            *out = (value * scale + zero) / highest;
        }
    }
}

#[inline(always)]
fn noise_body(out: &mut [f32], (x, y): (usize, usize), index: u32) {
    for (b, out) in out.chunks_mut(BLOCK).enumerate() {
        let mut state = start(x + b * BLOCK, y, index);
        for (k, out) in out.iter_mut().enumerate() {
            *out = draw(&mut state, k)[0];
        }
    }
}

#[cfg(test)]
mod tests;
