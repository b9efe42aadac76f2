//! 3×3 convolutions by Winograd's minimal filtering, F(4, 3) across and down: a quarter of the
//! multiplications.
//!
//! Four output rows come from six input rows, in tiles of 4×4 samples. Samples of a tile are as far apart as
//! the kernel's taps, so dilated kernels are filtered the same way. Source: Lavin & Gray, "Fast Algorithms
//! for Convolutional Neural Networks", CVPR 2016. All levels give equal bits; compared with
//! [`crate::infer::conv`] the sums are rounded in another order.
// Bodies must be compiled into the functions that have the instructions; indices name frequencies, tiles and
// vectors.
#![allow(clippy::inline_always, clippy::needless_range_loop)]

use std::f64::consts::SQRT_2;

use crate::infer::conv;
#[cfg(not(target_feature = "simd128"))]
use crate::lanes::Eight;
use crate::lanes::Lanes;
use crate::precision::{Products, Single};
use crate::{Level, Precision};

/// The interpolation points besides 0 and infinity: ± these. Their squares are powers of two and inverses of
/// each other, and the error of the sums is half that with 1 and 2, which Lavin & Gray use (Alam et al.,
/// "Winograd Convolution for Deep Neural Networks: Efficient Point Selection", 2022).
const FAR: f32 = std::f32::consts::SQRT_2;
const NEAR: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// Products per tile and direction.
const SIDE: usize = 6;
/// Products per tile.
const FREQUENCIES: usize = SIDE * SIDE;
/// Side of a tile in samples, and number of output rows computed together.
pub const TILE: usize = 4;
/// Maximum number of tiles processed together.
const TOGETHER: usize = 12;
/// Prefetch distance in tiles: a tile's samples are requested this many tiles ahead, since rows are seldom in
/// near caches.
const AHEAD: usize = 2;
/// Floats of the longest vector: a part's channels are read in whole vectors.
pub const LANES: usize = 16;
/// The largest block of outputs.
const LONGEST: usize = 32;

/// Input rows that [`four_rows`] reads.
pub const READ: usize = SIDE;

/// Whether there is a version for the level.
pub fn has(level: Level, precision: Precision) -> bool {
    precision.supported(level)
}

/// Dimensions of a convolution of four output rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Channels of an input sample.
    pub inputs: usize,
    /// Channels of an output sample.
    pub outputs: usize,
    /// Output samples of a row.
    pub width: usize,
    /// Dilation: samples from tap to tap.
    pub dilation: usize,
    /// Precision of the products; the number of channels is even where it is not [`Precision::F32`].
    pub precision: Precision,
}

impl Shape {
    /// Samples that every input row must hold: from `dilation` before the first output on, with zeroes after
    /// the last.
    pub fn samples(self) -> usize {
        let tiles = self.tiles().checked_next_multiple_of(TOGETHER);
        let tiles = tiles.and_then(|tiles| tiles.checked_next_multiple_of(self.dilation));
        tiles.unwrap_or(usize::MAX).saturating_mul(TILE).saturating_add(self.dilation.saturating_mul(2))
    }

    /// Tiles of a row: adjacent ones interlace.
    fn tiles(self) -> usize {
        self.width.div_ceil(self.dilation.saturating_mul(TILE)).saturating_mul(self.dilation)
    }

    /// The first sample of a tile.
    fn start(self, tile: usize) -> usize {
        tile / self.dilation * TILE * self.dilation + tile % self.dilation
    }

    /// Length of the scratch in floats.
    pub fn scratch(self) -> usize {
        let transformed = FREQUENCIES.saturating_mul(apart(TOGETHER, self.inputs.saturating_add(LANES)));
        transformed.saturating_add(TOGETHER * (SIDE + SIDE * TILE) * LONGEST)
    }
}

/// A group of input channels.
#[derive(Clone, Copy, Debug)]
pub struct ChannelGroup<'a> {
    /// Number of channels.
    pub channels: usize,
    /// Floats from sample to sample.
    pub step: usize,
    /// Data from the first of these channels of the first sample on.
    pub rows: [&'a [f32]; READ],
}

impl ChannelGroup<'_> {
    /// Floats that a row must hold.
    fn floats(&self, shape: Shape) -> usize {
        let channels = self.channels.checked_next_multiple_of(LANES).unwrap_or(usize::MAX);
        (shape.samples() - 1).saturating_mul(self.step).saturating_add(channels)
    }
}

/// Floats from frequency to frequency: not a power of two, whose multiples would share a few cache sets.
fn apart(tiles: usize, padded: usize) -> usize {
    tiles.saturating_mul(padded).saturating_add(LANES)
}

/// Floats from tile to tile of the transformed input: the channels, and the excess of a part's last vector.
fn padded(parts: &[ChannelGroup<'_>]) -> usize {
    let (mut before, mut most) = (0, 0);
    for part in parts {
        most = most.max(before + part.channels.next_multiple_of(LANES));
        before += part.channels;
    }
    most
}

/// Transformed weights, in the order in which [`four_rows`] reads them; 16-bit ones as pairs in the bits of a
/// float. `weight(output, tap, input)`, taps row by row.
///
/// # Panics
/// When an odd number of inputs is to be stored in 16 bits.
pub fn pack(
    level: Level,
    precision: Precision,
    outputs: usize,
    inputs: usize,
    weight: impl Fn(usize, usize, usize) -> f32,
) -> Vec<f32> {
    let each = precision.each();
    assert_eq!(inputs % each, 0, "inputs");
    let mut packed = vec![0.0; packed_len(level, outputs, inputs / each)];
    let mut taps = [[0.0; LONGEST]; 9];
    let mut made = [[0.0; LONGEST]; FREQUENCIES];
    let mut rest = &mut packed[..];
    for (first, block) in blocks(level, outputs) {
        let here = block.min(outputs - first);
        let (part, after) = rest.split_at_mut(block * FREQUENCIES * inputs / each);
        rest = after;
        for i in 0..inputs {
            for (t, tap) in taps.iter_mut().enumerate() {
                tap[..here].iter_mut().zip(first..).for_each(|(v, o)| *v = weight(o, t, i));
                tap[here..].fill(0.0);
            }
            transform_taps(level, &mut made, &taps);
            for (f, made) in made.iter().enumerate() {
                let to = &mut part[(f * inputs + i) / each * block..][..block];
                to.iter_mut().zip(made).for_each(|(to, &v)| precision.put(to, i % each, v));
            }
        }
    }
    packed
}

/// Blocks of outputs that are computed together: the first of each, and their number. The last one is half as
/// long where that suffices.
fn blocks(level: Level, outputs: usize) -> impl Iterator<Item = (usize, usize)> {
    let block = conv::block(level);
    (0..outputs)
        .step_by(block)
        .map(move |first| (first, if outputs - first <= block / 2 { block / 2 } else { block }))
}

fn packed_len(level: Level, outputs: usize, inputs: usize) -> usize {
    let floats = |block: usize| (block * FREQUENCIES).saturating_mul(inputs);
    blocks(level, outputs).fold(0usize, |sum, (_, block)| sum.saturating_add(floats(block)))
}

crate::dispatch! {
    /// Frequencies of the nine taps, for adjacent outputs.
    fn transform_taps(level, made: &mut [[f32; LONGEST]; FREQUENCIES],
        taps: &[[f32; LONGEST]; 9]) = transform_taps_body;
}

#[inline(always)]
fn transform_taps_body(made: &mut [[f32; LONGEST]; FREQUENCIES], taps: &[[f32; LONGEST]; 9]) {
    // 1, x and x² of every point, divided by the product of its distances to the others.
    let line = |w: [f64; 3]| {
        let (far, near) = ((w[0] + 2.0 * w[2]) / 6.0, (2.0 * w[0] + w[2]) / 3.0);
        let (odd, small) = (SQRT_2 * w[1] / 6.0, SQRT_2 * w[1] / 3.0);
        [w[0], far + odd, far - odd, -(near + small), small - near, w[2]]
    };
    for o in 0..LONGEST {
        let rows = [0, 1, 2].map(|a| line([0, 1, 2].map(|b| f64::from(taps[3 * a + b][o]))));
        for x in 0..SIDE {
            for (y, v) in line([rows[0][x], rows[1][x], rows[2][x]]).into_iter().enumerate() {
                made[x * SIDE + y][o] = v as f32;
            }
        }
    }
}

/// Four output rows, `dilation` apart, from six input rows as far apart, the first of which is `dilation`
/// rows above the first output row. The channels are those of all parts in order. Rows hold
/// [`Shape::samples`] samples, the last one padded to a whole vector; `scratch` has the length
/// [`Shape::scratch`]; `packed` is for the same level.
///
/// # Panics
/// When a slice is too short, or the level has no version ([`has`]).
pub fn four_rows(
    level: Level,
    shape: Shape,
    out: [&mut [f32]; TILE],
    parts: &[ChannelGroup<'_>],
    packed: &[f32],
    bias: &[f32],
    scratch: &mut [f32],
) {
    let Shape { inputs, outputs, width, precision, .. } = shape;
    assert!(has(level, precision), "no version for {level:?} and {precision:?}");
    assert!(out.iter().all(|row| row.len() >= width.saturating_mul(outputs)), "output rows");
    assert_eq!(parts.iter().map(|part| part.channels).sum::<usize>(), inputs, "input channels");
    let holds = |part: &ChannelGroup<'_>| part.rows.iter().all(|row| row.len() >= part.floats(shape));
    assert!(parts.iter().all(holds), "input rows");
    assert!(scratch.len() >= shape.scratch(), "scratch");
    assert!(bias.len() >= outputs, "bias");
    assert_eq!(inputs % precision.each(), 0, "an even number of channels");
    assert_eq!(packed.len(), packed_len(level, outputs, inputs / precision.each()), "weights");
    let mut quad = Quad { shape, out, parts, padded: padded(parts), packed, bias, scratch };
    #[cfg(target_arch = "x86_64")]
    if conv::fused(level) {
        let wide = conv::block(level) == 32;
        // SAFETY: `fused` says that the processor has AVX2 and FMA, `has` that it has bfloat16 where
        // required; blocks of 32 are AVX-512's; slices were checked.
        unsafe {
            match precision {
                Precision::Bf16 => x86::bf16(&mut quad),
                Precision::F32 if wide => x86::avx512(&mut quad),
                Precision::F32 => x86::avx2(&mut quad),
            }
        }
        return;
    }
    #[cfg(target_arch = "aarch64")]
    if conv::fused(level) {
        // SAFETY: every processor has NEON; slices were checked.
        unsafe { all::<crate::lanes::Pair, Single, 6, 4, 2>(&mut quad) }
        return;
    }
    #[cfg(target_feature = "simd128")]
    // SAFETY: the module is only loaded where the instructions are; slices were checked.
    unsafe {
        all::<crate::lanes::Pair, Single, 2, 2, 2>(&mut quad);
    }
    #[cfg(not(target_feature = "simd128"))]
    // SAFETY: no instructions are needed; slices were checked.
    unsafe {
        all::<Eight, Single, 6, 4, 2>(&mut quad);
    }
}

struct Quad<'a> {
    shape: Shape,
    out: [&'a mut [f32]; TILE],
    parts: &'a [ChannelGroup<'a>],
    padded: usize,
    packed: &'a [f32],
    bias: &'a [f32],
    scratch: &'a mut [f32],
}

/// All tiles of four rows: `P` at a time, the last ones in the smallest group that holds them.
#[inline(always)]
unsafe fn all<V: Lanes, K: Products<V>, const P: usize, const Q: usize, const R: usize>(quad: &mut Quad<'_>) {
    let tiles = quad.shape.tiles();
    let mut first = 0;
    // SAFETY: the caller has the instructions; rows reach to a multiple of `TOGETHER` tiles, and P divides
    // that.
    unsafe {
        while first < tiles {
            let left = tiles - first;
            if left <= R {
                group::<V, K, R>(quad, first);
                first += R;
            } else if left <= Q {
                group::<V, K, Q>(quad, first);
                first += Q;
            } else {
                group::<V, K, P>(quad, first);
                first += P;
            }
        }
    }
}

#[inline(always)]
unsafe fn group<V: Lanes, K: Products<V>, const P: usize>(quad: &mut Quad<'_>, first: usize) {
    let Shape { inputs, outputs, .. } = quad.shape;
    // SAFETY: see `all`; `packed` holds blocks of two vectors, and of one where that suffices.
    unsafe {
        transform::<V, K, P>(quad, first);
        let mut weights = quad.packed.as_ptr();
        let mut start = 0;
        while start < outputs {
            if outputs - start > V::LEN {
                multiply::<V, K, P, 2>(quad, (first, start), weights);
            } else {
                multiply::<V, K, P, 1>(quad, (first, start), weights);
            }
            // Beyond the end after a last block of one vector; nothing is read from there.
            weights = weights.wrapping_add(2 * V::LEN * FREQUENCIES * inputs / K::EACH);
            start += 2 * V::LEN;
        }
    }
}

/// Six samples to six frequencies.
#[inline(always)]
unsafe fn forth<V: Lanes>(d: [V; SIDE]) -> [V; SIDE] {
    // SAFETY: the caller has the instructions.
    unsafe {
        let k = |v: f32| V::splat(v);
        let (even, odd) = (k(-0.5).mul_add(d[2], d[4]), k(-0.5).mul_add(d[1], d[3]));
        let (even2, odd2) = (k(-2.0).mul_add(d[2], d[4]), k(-2.0).mul_add(d[1], d[3]));
        [
            k(-2.5).mul_add(d[2], d[4].add(d[0])),
            k(FAR).mul_add(odd, even),
            k(-FAR).mul_add(odd, even),
            k(NEAR).mul_add(odd2, even2),
            k(-NEAR).mul_add(odd2, even2),
            k(-2.5).mul_add(d[3], d[5].add(d[1])),
        ]
    }
}

/// Six frequencies to four samples.
#[inline(always)]
unsafe fn back<V: Lanes>(q: [V; SIDE]) -> [V; TILE] {
    // SAFETY: the caller has the instructions.
    unsafe {
        let k = |v: f32| V::splat(v);
        let (a, b) = (q[1].add(q[2]), q[1].sub(q[2]));
        let (c, d) = (q[3].add(q[4]), q[3].sub(q[4]));
        let (b, d) = (k(FAR).mul_add(b, k(0.0)), k(NEAR).mul_add(d, k(0.0)));
        [q[0].add(a).add(c), b.add(d), k(0.5).mul_add(c, a.add(a)), k(0.5).mul_add(d, b.add(b).add(q[5]))]
    }
}

/// Input tiles into the scratch: by frequency, tile and channel.
#[inline(always)]
unsafe fn transform<V: Lanes, K: Products<V>, const P: usize>(quad: &mut Quad<'_>, first: usize) {
    let (padded, to) = (quad.padded, quad.scratch.as_mut_ptr().cast::<K::Number>());
    // SAFETY: rows hold the last sample up to a whole vector. A part's last vector may write beyond its
    // channels: that is inside the scratch, and is overwritten by the next part or the next tile, which come
    // later.
    unsafe {
        for p in 0..P {
            let start = quad.shape.start(first + p);
            let mut before = 0;
            for part in quad.parts {
                let step = quad.shape.dilation * part.step;
                let from: [*const f32; READ] =
                    std::array::from_fn(|y| part.rows[y].as_ptr().add(start * part.step));
                let ahead = quad.shape.start(first + p + AHEAD) * part.step;
                for c in (0..part.channels).step_by(V::LEN) {
                    for row in part.rows {
                        for j in SIDE - TILE..SIDE {
                            V::prefetch(row.as_ptr().wrapping_add(ahead + j * step + c));
                        }
                    }
                    // Down first: six of its columns stay in registers.
                    let mut lines = [[V::splat(0.0); SIDE]; SIDE];
                    for (j, line) in lines.iter_mut().enumerate() {
                        *line = forth(std::array::from_fn(|y| V::load(from[y].add(j * step + c))));
                    }
                    for y in 0..SIDE {
                        let across = forth(std::array::from_fn(|j| lines[j][y]));
                        for (x, v) in across.into_iter().enumerate() {
                            K::keep(v, to.add((x * SIDE + y) * apart(P, padded) + p * padded + before + c));
                        }
                    }
                }
                before += part.channels;
            }
        }
    }
}

/// Products of all frequencies for one block of outputs, and the inverse transform to samples.
#[inline(always)]
unsafe fn multiply<V: Lanes, K: Products<V>, const P: usize, const B: usize>(
    quad: &mut Quad<'_>,
    (first, start): (usize, usize),
    weights: *const f32,
) {
    let (inputs, padded) = (quad.shape.inputs, quad.padded);
    // SAFETY: see `all`; a block holds `B` vectors per frequency and input; the scratch holds the products
    // after the tiles.
    unsafe {
        let products = quad.scratch.as_mut_ptr().add(FREQUENCIES * apart(P, padded));
        let halves = products.add(TOGETHER * SIDE * LONGEST);
        let mut w = weights;
        for across in 0..SIDE {
            for down in 0..SIDE {
                let tiles = quad.scratch.as_ptr().cast::<K::Number>();
                let u = tiles.add((across * SIDE + down) * apart(P, padded));
                let mut s = [[V::splat(0.0); B]; P];
                for i in (0..inputs).step_by(K::EACH) {
                    let wv: [V; B] = std::array::from_fn(|n| V::load(w.add(n * V::LEN)));
                    w = w.add(B * V::LEN);
                    for (p, s) in s.iter_mut().enumerate() {
                        let v = K::repeat(u.add(p * padded + i));
                        for (s, &wv) in s.iter_mut().zip(&wv) {
                            *s = K::dot(v, wv, *s);
                        }
                    }
                }
                for (k, v) in s.as_flattened().iter().enumerate() {
                    v.store(products.add((down * P * B + k) * V::LEN));
                }
            }
            for k in 0..P * B {
                let q = std::array::from_fn(|down| V::load(products.add((down * P * B + k) * V::LEN)));
                for (row, v) in back(q).into_iter().enumerate() {
                    v.store(halves.add(((row * SIDE + across) * P * B + k) * V::LEN));
                }
            }
        }
        let starts: [usize; P] = std::array::from_fn(|p| quad.shape.start(first + p));
        for row in 0..TILE {
            for k in 0..P * B {
                let at = |across: usize| halves.add(((row * SIDE + across) * P * B + k) * V::LEN);
                let samples = back(std::array::from_fn(|across| V::load(at(across))));
                place(quad, (row, starts[k / B]), start + k % B * V::LEN, samples);
            }
        }
    }
}

/// Four samples of a tile's row with their bias, clipped to the image.
#[inline(always)]
unsafe fn place<V: Lanes>(quad: &mut Quad<'_>, (row, first): (usize, usize), o: usize, samples: [V; TILE]) {
    let Shape { outputs, width, dilation, .. } = quad.shape;
    if o >= outputs {
        return;
    }
    let here = V::LEN.min(outputs - o);
    let inside = width.saturating_sub(first).div_ceil(dilation).min(TILE);
    let out = quad.out[row].as_mut_ptr();
    // SAFETY: rows of the result hold `width` samples, slices hold a vector where one is read or written.
    unsafe {
        if here == V::LEN {
            // Tiles beyond the image's width have no samples inside.
            let (bias, to) = (V::load(quad.bias.as_ptr().add(o)), out.wrapping_add(first * outputs + o));
            for (j, v) in samples.into_iter().enumerate().take(inside) {
                v.add(bias).store(to.wrapping_add(j * dilation * outputs));
            }
            return;
        }
        let mut whole = [0.0f32; LANES];
        for (j, &v) in samples.iter().enumerate().take(inside) {
            v.store(whole.as_mut_ptr());
            for (n, (&v, &b)) in whole[..here].iter().zip(&quad.bias[o..]).enumerate() {
                *out.add((first + j * dilation) * outputs + o + n) = v + b;
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{__m256, __m512};

    use super::Quad;
    use crate::precision::{Half, Single};

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
    pub(super) unsafe fn avx512(quad: &mut Quad<'_>) {
        // SAFETY: this function has the instructions; the caller checked the slices.
        unsafe { super::all::<__m512, Single, 12, 8, 4>(quad) }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma")]
    pub(super) unsafe fn bf16(quad: &mut Quad<'_>) {
        // SAFETY: as above.
        unsafe { super::all::<__m512, Half, 12, 8, 4>(quad) }
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn avx2(quad: &mut Quad<'_>) {
        // SAFETY: as above.
        unsafe { super::all::<__m256, Single, 6, 4, 2>(quad) }
    }
}

#[cfg(test)]
mod tests;
