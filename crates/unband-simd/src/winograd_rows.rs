//! 3×3 convolutions by Winograd's minimal filtering, F(4, 3) across and F(2, 3) down: a third of the multiplications.
//!
//! Two output rows come from four input rows, in tiles of four samples. Source: Lavin & Gray, "Fast Algorithms for
//! Convolutional Neural Networks", CVPR 2016. All vector lengths give equal bits; against [`crate::conv_rows`] the sums are
//! rounded in another order.
// Bodies must be compiled into the functions that have the instructions; indices name frequencies, tiles and vectors.
#![allow(clippy::inline_always, clippy::needless_range_loop, clippy::manual_midpoint)]

use crate::Level;
use crate::conv_rows;
#[cfg(any(target_arch = "x86_64", test))]
use crate::lanes::Lanes;

/// Products per tile: 6 across times 4 down.
const FREQUENCIES: usize = 24;
/// Samples of a tile, across.
const TILE: usize = 4;
/// Tiles worked on together.
const TOGETHER: usize = 12;
/// Lanes to which the channels of transformed input are filled up.
const LANES: usize = 16;

/// Samples to each side whose values can change the last bits of an output: those of its tile and one around.
pub const REACH: usize = TILE;

/// Whether there is a version for the level.
pub fn has(level: Level) -> bool {
    conv_rows::fused(level)
}

/// Two rows of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Channels of an input sample.
    pub inputs: usize,
    /// Channels of an output sample.
    pub outputs: usize,
    /// Output samples of a row.
    pub width: usize,
}

impl Shape {
    /// Floats that every input row must hold: the samples from one before the first output on, zeroes after the last.
    pub fn row(self) -> usize {
        (self.width.div_ceil(TILE * TOGETHER) * TILE * TOGETHER + 2) * self.inputs + LANES
    }

    /// Floats of the scratch.
    pub fn scratch(self) -> usize {
        FREQUENCIES * TOGETHER * self.inputs.next_multiple_of(LANES)
    }
}

/// Transformed weights, in the order in which [`row_pair`] reads them. `weight(output, tap, input)`, taps row by row.
pub fn pack(
    level: Level,
    outputs: usize,
    inputs: usize,
    weight: impl Fn(usize, usize, usize) -> f32,
) -> Vec<f32> {
    let block = conv_rows::block(level);
    let mut packed = vec![0.0; outputs.div_ceil(block) * block * FREQUENCIES * inputs];
    let mut taps = [[0.0; LONGEST]; 9];
    let mut made = [[0.0; LONGEST]; FREQUENCIES];
    for (b, first) in (0..outputs).step_by(block).enumerate() {
        let here = block.min(outputs - first);
        for i in 0..inputs {
            for (t, tap) in taps.iter_mut().enumerate() {
                tap[..here].iter_mut().zip(first..).for_each(|(v, o)| *v = weight(o, t, i));
                tap[here..].fill(0.0);
            }
            transform_taps(level, &mut made, &taps);
            for (f, made) in made.iter().enumerate() {
                packed[((b * FREQUENCIES + f) * inputs + i) * block..][..block]
                    .copy_from_slice(&made[..block]);
            }
        }
    }
    packed
}

/// The largest block of outputs.
const LONGEST: usize = 32;

crate::dispatch! {
    /// Frequencies of the nine taps, for outputs side by side.
    fn transform_taps(level, made: &mut [[f32; LONGEST]; FREQUENCIES], taps: &[[f32; LONGEST]; 9]) = transform_taps_body;
}

#[inline(always)]
fn transform_taps_body(made: &mut [[f32; LONGEST]; FREQUENCIES], taps: &[[f32; LONGEST]; 9]) {
    let across = |w: [f64; 3]| {
        let (even, odd) = (w[0] + w[2], w[1]);
        let (far, odd2) = (w[0] / 24.0 + w[2] / 6.0, w[1] / 12.0);
        [w[0] / 4.0, -(even + odd) / 6.0, (odd - even) / 6.0, far + odd2, far - odd2, w[2]]
    };
    let down = |w: [f64; 3]| [w[0], (w[0] + w[1] + w[2]) / 2.0, (w[0] - w[1] + w[2]) / 2.0, w[2]];
    for o in 0..LONGEST {
        let rows = [0, 1, 2].map(|a| across([0, 1, 2].map(|b| f64::from(taps[3 * a + b][o]))));
        for x in 0..6 {
            for (y, v) in down([rows[0][x], rows[1][x], rows[2][x]]).into_iter().enumerate() {
                made[x * 4 + y][o] = v as f32;
            }
        }
    }
}

/// Two output rows from four input rows, of which the first lies one row above the first output row. Rows are as
/// [`Shape::row`] says, `scratch` as [`Shape::scratch`]; `packed` is of the same level.
///
/// # Panics
/// When a slice is too short, or the level has no version ([`has`]).
pub fn row_pair(
    level: Level,
    shape: Shape,
    out: [&mut [f32]; 2],
    rows: [&[f32]; 4],
    packed: &[f32],
    bias: &[f32],
    scratch: &mut [f32],
) {
    let Shape { inputs, outputs, width } = shape;
    let block = conv_rows::block(level);
    assert!(has(level), "no version for {level:?}");
    assert!(out.iter().all(|row| row.len() >= width * outputs), "output rows");
    assert!(rows.iter().all(|row| row.len() >= shape.row()), "input rows");
    assert!(scratch.len() >= shape.scratch(), "scratch");
    assert!(bias.len() >= outputs, "bias");
    assert_eq!(packed.len(), outputs.div_ceil(block) * block * FREQUENCIES * inputs, "weights");
    #[cfg(target_arch = "x86_64")]
    {
        let mut pair = Pair { shape, out, rows, packed, bias, scratch };
        // SAFETY: `has` says that the processor has AVX2 and FMA, `block` is 32 only with AVX-512; slices were checked.
        unsafe { if block == 32 { x86::avx512(&mut pair) } else { x86::avx2(&mut pair) } }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (out, rows, scratch);
}

#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
struct Pair<'a> {
    shape: Shape,
    out: [&'a mut [f32]; 2],
    rows: [&'a [f32]; 4],
    packed: &'a [f32],
    bias: &'a [f32],
    scratch: &'a mut [f32],
}

/// All tiles of a pair of rows: `P` together, then fewer; blocks of `B` vectors.
#[cfg(any(target_arch = "x86_64", test))]
#[inline(always)]
unsafe fn all<V: Lanes, const P: usize, const B: usize>(pair: &mut Pair<'_>) {
    let tiles = pair.shape.width.div_ceil(TILE);
    let mut first = 0;
    // SAFETY: the caller has the instructions; rows reach to a multiple of `TOGETHER` tiles, and P divides that.
    unsafe {
        while first + P <= tiles {
            group::<V, P, B>(pair, first);
            first += P;
        }
        while first < tiles {
            group::<V, 2, B>(pair, first);
            first += 2;
        }
    }
}

#[cfg(any(target_arch = "x86_64", test))]
#[inline(always)]
unsafe fn group<V: Lanes, const P: usize, const B: usize>(pair: &mut Pair<'_>, first: usize) {
    let Shape { inputs, outputs, .. } = pair.shape;
    let padded = inputs.next_multiple_of(LANES);
    // SAFETY: see `all`.
    unsafe {
        transform::<V, P>(pair, first, padded);
        let size = FREQUENCIES * inputs * B * V::LEN;
        for (number, start) in (0..outputs).step_by(B * V::LEN).enumerate() {
            let weights = pair.packed[number * size..][..size].as_ptr();
            multiply::<V, P, B>(pair, (first, start), padded, weights);
        }
    }
}

/// Input tiles into the scratch: by frequency, tile and channel.
#[cfg(any(target_arch = "x86_64", test))]
#[inline(always)]
unsafe fn transform<V: Lanes, const P: usize>(pair: &mut Pair<'_>, first: usize, padded: usize) {
    let inputs = pair.shape.inputs;
    let to = pair.scratch.as_mut_ptr();
    // SAFETY: rows hold `LANES` floats more than their samples, the scratch is `padded` wide.
    unsafe {
        let (two, four, five) = (V::splat(2.0), V::splat(4.0), V::splat(5.0));
        let zero = V::splat(0.0);
        for p in 0..P {
            let mut c = 0;
            while c < inputs {
                let mut lines = [[zero; 6]; 4];
                for (line, row) in lines.iter_mut().zip(pair.rows) {
                    let at = row.as_ptr().add(TILE * (first + p) * inputs + c);
                    let d: [V; 6] = std::array::from_fn(|j| V::load(at.add(j * inputs)));
                    let minus = |v: V| zero.sub(v);
                    let even = minus(d[2]).mul_add(four, d[4]);
                    let odd = minus(d[1]).mul_add(four, d[3]);
                    let near = d[4].sub(d[2]);
                    let wide = two.mul_add(d[3].sub(d[1]), zero);
                    *line = [
                        d[0].mul_add(four, minus(d[2]).mul_add(five, d[4])),
                        even.add(odd),
                        even.sub(odd),
                        near.add(wide),
                        near.sub(wide),
                        d[1].mul_add(four, minus(d[3]).mul_add(five, d[5])),
                    ];
                }
                for f in 0..6 {
                    let [a, b, c_, d] = [lines[0][f], lines[1][f], lines[2][f], lines[3][f]];
                    let down = [a.sub(c_), b.add(c_), c_.sub(b), b.sub(d)];
                    for (y, v) in down.into_iter().enumerate() {
                        v.store(to.add(((f * 4 + y) * P + p) * padded + c));
                    }
                }
                c += V::LEN;
            }
        }
    }
}

/// Products of all frequencies for one block of outputs, and back to samples.
#[cfg(any(target_arch = "x86_64", test))]
#[inline(always)]
unsafe fn multiply<V: Lanes, const P: usize, const B: usize>(
    pair: &mut Pair<'_>,
    (first, start): (usize, usize),
    padded: usize,
    weights: *const f32,
) {
    let Shape { inputs, outputs, width } = pair.shape;
    // SAFETY: see `all`; a block holds `B` vectors per frequency and input.
    unsafe {
        let zero = V::splat(0.0);
        let mut w = weights;
        let mut half = [[[[zero; B]; P]; 6]; 2];
        for across in 0..6 {
            let mut sums = [[[zero; B]; P]; 4];
            for (down, sums) in sums.iter_mut().enumerate() {
                let mut s = [[zero; B]; P];
                let u = pair.scratch.as_ptr().add((across * 4 + down) * P * padded);
                for i in 0..inputs {
                    let wv: [V; B] = std::array::from_fn(|n| V::load(w.add(n * V::LEN)));
                    w = w.add(B * V::LEN);
                    for (p, s) in s.iter_mut().enumerate() {
                        let v = V::splat(*u.add(p * padded + i));
                        for (s, &wv) in s.iter_mut().zip(&wv) {
                            *s = v.mul_add(wv, *s);
                        }
                    }
                }
                *sums = s;
            }
            for p in 0..P {
                for n in 0..B {
                    let plus = sums[1][p][n].add(sums[2][p][n]);
                    let minus = sums[1][p][n].sub(sums[2][p][n]);
                    half[0][across][p][n] = sums[0][p][n].add(plus);
                    half[1][across][p][n] = minus.sub(sums[3][p][n]);
                }
            }
        }
        let (two, four, eight) = (V::splat(2.0), V::splat(4.0), V::splat(8.0));
        let mut whole = [0.0f32; 32];
        for (row, out) in pair.out.iter_mut().enumerate() {
            for p in 0..P {
                for n in 0..B {
                    let o = start + n * V::LEN;
                    if o >= outputs {
                        continue;
                    }
                    let here = V::LEN.min(outputs - o);
                    let q = |f: usize| half[row][f][p][n];
                    let (a, b) = (q(1).add(q(2)), q(1).sub(q(2)));
                    let (c, d) = (q(3).add(q(4)), q(3).sub(q(4)));
                    let samples = [
                        q(0).add(a).add(c),
                        d.mul_add(two, b),
                        c.mul_add(four, a),
                        d.mul_add(eight, b).add(q(5)),
                    ];
                    for (j, &v) in samples.iter().enumerate() {
                        let x = TILE * (first + p) + j;
                        if x >= width {
                            break;
                        }
                        let to = &mut out[x * outputs + o..][..here];
                        if here == V::LEN {
                            v.add(V::load(pair.bias.as_ptr().add(o))).store(to.as_mut_ptr());
                        } else {
                            v.store(whole.as_mut_ptr());
                            for ((to, &v), &b) in to.iter_mut().zip(&whole).zip(&pair.bias[o..]) {
                                *to = v + b;
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{__m256, __m512};

    use super::Pair;

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
    pub unsafe fn avx512(pair: &mut Pair<'_>) {
        // SAFETY: this function has the instructions; the caller checked the slices.
        unsafe { super::all::<__m512, 12, 2>(pair) }
    }

    #[target_feature(enable = "avx2,fma")]
    pub unsafe fn avx2(pair: &mut Pair<'_>) {
        // SAFETY: as above.
        unsafe { super::all::<__m256, 6, 2>(pair) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_numbers::random as numbers;

    /// The scalar twin: eight floats, one after the other.
    #[derive(Clone, Copy)]
    struct Eight([f32; 8]);

    impl Lanes for Eight {
        const LEN: usize = 8;
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: the caller's pointer leads to 8 floats.
            Self(std::array::from_fn(|i| unsafe { *from.add(i) }))
        }
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: as above.
            (0..8).for_each(|i| unsafe { *to.add(i) = self.0[i] });
        }
        unsafe fn splat(v: f32) -> Self {
            Self([v; 8])
        }
        unsafe fn mul_add(self, b: Self, c: Self) -> Self {
            Self(std::array::from_fn(|i| self.0[i].mul_add(b.0[i], c.0[i])))
        }
        unsafe fn add(self, b: Self) -> Self {
            Self(std::array::from_fn(|i| self.0[i] + b.0[i]))
        }
        unsafe fn sub(self, b: Self) -> Self {
            Self(std::array::from_fn(|i| self.0[i] - b.0[i]))
        }
    }

    #[test]
    fn all_levels_equal_the_twin_and_are_near_the_direct_sums() {
        for (inputs, outputs, width) in [(16, 32, 48), (5, 3, 7), (64, 48, 61), (33, 70, 50), (3, 16, 1)] {
            let shape = Shape { inputs, outputs, width };
            let data: Vec<Vec<f32>> = (0..4)
                .map(|r| {
                    let mut row = vec![0.0; shape.row()];
                    row[inputs..(width + 1) * inputs].copy_from_slice(&numbers(width * inputs, r));
                    row
                })
                .collect();
            let rows = [&data[0][..], &data[1], &data[2], &data[3]];
            let (w, bias) = (numbers(outputs * 9 * inputs, 7), numbers(outputs, 9));
            let weight = |o: usize, t: usize, i: usize| w[(o * 9 + t) * inputs + i];
            let run = |level: Option<Level>| {
                let mut out = [vec![f32::NAN; width * outputs], vec![f32::NAN; width * outputs]];
                let [a, b] = &mut out;
                let mut scratch = vec![0.0; shape.scratch()];
                let packed = pack(level.unwrap_or(Level::Scalar), outputs, inputs, weight);
                if let Some(level) = level {
                    row_pair(level, shape, [a, b], rows, &packed, &bias, &mut scratch);
                } else {
                    let out: [&mut [f32]; 2] = [a, b];
                    let scratch = &mut scratch;
                    let mut pair = Pair { shape, out, rows, packed: &packed, bias: &bias, scratch };
                    // SAFETY: no instructions are needed, and the slices are as above.
                    unsafe { all::<Eight, 6, 2>(&mut pair) };
                }
                out.concat()
            };
            let want = run(None);
            let mut direct = Vec::new();
            for y in 0..2 {
                for x in 0..width {
                    for o in 0..outputs {
                        let mut sum = f64::from(bias[o]);
                        for t in 0..9 {
                            for i in 0..inputs {
                                let v = rows[y + t / 3][(x + t % 3) * inputs + i];
                                sum += f64::from(v) * f64::from(weight(o, t, i));
                            }
                        }
                        direct.push(sum);
                    }
                }
            }
            let scale = direct.iter().fold(1.0f64, |m, v| m.max(v.abs()));
            for (a, b) in want.iter().zip(&direct) {
                assert!((f64::from(*a) - b).abs() < 2e-6 * scale, "{shape:?}: {a} instead of {b}");
            }
            for level in Level::all().filter(|&level| has(level)) {
                let got = run(Some(level));
                let equal = got.iter().zip(&want).all(|(a, b)| a.to_bits() == b.to_bits());
                assert!(equal, "{level:?} {shape:?}");
            }
        }
    }
}
