//! 3×3 and 2×2 convolutions by Winograd's minimal filtering, F(4, 3) and F(4, 2) across and down: a quarter,
//! and two fifths, of the multiplications.
//!
//! Four output rows come from six or five input rows, in tiles of 4×4 samples. Samples of a tile are as far
//! apart as the kernel's taps, so dilated kernels are filtered the same way. Source: Lavin & Gray, "Fast
//! Algorithms for Convolutional Neural Networks", CVPR 2016. All levels give equal bits; compared with
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

/// Products per tile and direction, at most; one less for 2×2.
const SIDE: usize = 6;
/// Products per tile, at most.
const FREQUENCIES: usize = SIDE * SIDE;
/// Side of a tile in samples, and number of output rows computed together.
pub const TILE: usize = 4;
/// Maximum number of tiles processed together.
const TOGETHER: usize = 12;
/// Floats of weights that stay in a near cache.
const NEAR_CACHE: usize = 1 << 18;
/// Number of tiles per pass over weights that exceed a near cache, a multiple of [`TOGETHER`].
const HEAVY_TILES: usize = 96;
/// Maximum number of outputs of such a pass, a multiple of [`LONGEST`].
const HEAVY_OUTPUTS: usize = 256;
/// Prefetch distance in tiles: a tile's samples are requested this many tiles ahead, since rows are seldom in
/// near caches.
const AHEAD: usize = 2;
/// Prefetch distance in weights, in floats.
const WEIGHTS_AHEAD: usize = 2048;
/// Floats of the longest vector: a part's channels are read in whole vectors.
pub const LANES: usize = 16;
/// The largest block of outputs.
const LONGEST: usize = 32;

/// Input rows that [`four_rows`] reads, at most.
pub const READ: usize = SIDE;

/// Side of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taps {
    /// 2×2. Interpolated at 0, −1, ½, 2 and infinity, the points with the least error of those tried.
    Two,
    /// 3×3.
    Three,
}

impl Taps {
    /// Taps along a side.
    pub const fn side(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Three => 3,
        }
    }

    /// Products per tile and direction, and input rows that [`four_rows`] reads.
    pub const fn products(self) -> usize {
        self.side() + TILE - 1
    }

    /// Products per tile.
    const fn frequencies(self) -> usize {
        self.products() * self.products()
    }
}

/// Whether there is a version for the level.
pub fn has(level: Level, precision: Precision) -> bool {
    precision.supported(level)
}

/// Dimensions of a convolution of four output rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Side of the kernel.
    pub taps: Taps,
    /// Channels of an input sample.
    pub inputs: usize,
    /// Channels of an output sample.
    pub outputs: usize,
    /// Output samples of a row.
    pub width: usize,
    /// Floats between output samples; at least `outputs`.
    pub out_step: usize,
    /// Dilation: samples from tap to tap.
    pub dilation: usize,
    /// Precision of the products; the number of channels is even where it is not [`Precision::F32`].
    pub precision: Precision,
}

impl Shape {
    /// Samples that every input row must hold: from the first tap of the first output on, with zeroes after
    /// the last.
    pub fn samples(self) -> usize {
        let tiles = self.tiles().checked_next_multiple_of(TOGETHER);
        let tiles = tiles.and_then(|tiles| tiles.checked_next_multiple_of(self.dilation));
        tiles
            .unwrap_or(usize::MAX)
            .saturating_mul(TILE)
            .saturating_add(self.dilation.saturating_mul(self.taps.side() - 1))
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
        let (tiles, outputs) = (self.batch(), self.outputs_at_once());
        let transformed = apart(tiles, self.inputs.saturating_add(LANES));
        let products = (tiles * (SIDE + SIDE * TILE)).saturating_mul(outputs);
        self.taps.frequencies().saturating_mul(transformed).saturating_add(products)
    }

    /// Number of bands to pass to [`four_rows`] at once, at most.
    pub fn bands(self) -> usize {
        if self.heavy() { (HEAVY_TILES / self.tiles().max(1)).max(1) } else { 1 }
    }

    /// Whether the weights exceed a near cache: each is read once for as many tiles as possible.
    fn heavy(self) -> bool {
        self.taps.frequencies().saturating_mul(self.inputs).saturating_mul(self.outputs) > NEAR_CACHE
    }

    /// Maximum number of tiles whose transforms are kept at once.
    fn batch(self) -> usize {
        if self.heavy() { HEAVY_TILES } else { TOGETHER }
    }

    /// Maximum number of outputs whose products are kept at once, a multiple of [`LONGEST`].
    fn outputs_at_once(self) -> usize {
        if self.heavy() { self.outputs.next_multiple_of(LONGEST).min(HEAVY_OUTPUTS) } else { LONGEST }
    }
}

/// A group of input channels.
#[derive(Clone, Copy, Debug)]
pub struct ChannelGroup<'a> {
    /// Number of channels.
    pub channels: usize,
    /// Floats from sample to sample.
    pub step: usize,
    /// Data from the first of these channels of the first sample on; for 2×2 the last row is not read.
    pub rows: [&'a [f32]; READ],
}

impl ChannelGroup<'_> {
    /// Floats that a row must hold.
    fn floats(&self, shape: Shape) -> usize {
        let channels = self.channels.checked_next_multiple_of(LANES).unwrap_or(usize::MAX);
        (shape.samples() - 1).saturating_mul(self.step).saturating_add(channels)
    }
}

/// Four output rows, and the input rows that they are computed from.
#[derive(Debug)]
pub struct Band<'a> {
    /// Output rows.
    pub out: [&'a mut [f32]; TILE],
    /// All input channels, in groups of the same sizes in all bands.
    pub parts: &'a [ChannelGroup<'a>],
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
    kernel: Taps,
    outputs: usize,
    inputs: usize,
    weight: impl Fn(usize, usize, usize) -> f32,
) -> Vec<f32> {
    let each = precision.each();
    assert_eq!(inputs % each, 0, "inputs");
    let frequencies = kernel.frequencies();
    let mut packed = vec![0.0; packed_len(level, kernel, outputs, inputs / each)];
    let mut taps = [[0.0; LONGEST]; 9];
    let taps = &mut taps[..kernel.side() * kernel.side()];
    let mut made = [[0.0; LONGEST]; FREQUENCIES];
    let mut rest = &mut packed[..];
    for (first, block) in blocks(level, outputs) {
        let here = block.min(outputs - first);
        let (part, after) = rest.split_at_mut(block * frequencies * inputs / each);
        rest = after;
        for i in 0..inputs {
            for (t, tap) in taps.iter_mut().enumerate() {
                tap[..here].iter_mut().zip(first..).for_each(|(v, o)| *v = weight(o, t, i));
                tap[here..].fill(0.0);
            }
            match kernel {
                Taps::Three => transform_three(level, &mut made, taps),
                Taps::Two => transform_two(level, &mut made, taps),
            }
            for (f, made) in made[..frequencies].iter().enumerate() {
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

fn packed_len(level: Level, taps: Taps, outputs: usize, inputs: usize) -> usize {
    let floats = |block: usize| (block * taps.frequencies()).saturating_mul(inputs);
    blocks(level, outputs).fold(0usize, |sum, (_, block)| sum.saturating_add(floats(block)))
}

crate::dispatch! {
    /// Frequencies of nine taps, for adjacent outputs.
    fn transform_three(level, made: &mut [[f32; LONGEST]; FREQUENCIES],
        taps: &[[f32; LONGEST]]) = transform_three_body;
    /// Frequencies of four taps, for adjacent outputs.
    fn transform_two(level, made: &mut [[f32; LONGEST]; FREQUENCIES],
        taps: &[[f32; LONGEST]]) = transform_two_body;
}

#[inline(always)]
fn transform_three_body(made: &mut [[f32; LONGEST]; FREQUENCIES], taps: &[[f32; LONGEST]]) {
    // 1, x and x² of every point, divided by the product of its distances to the others.
    both_ways(made, taps, |w: [f64; 3]| {
        let (far, near) = ((w[0] + 2.0 * w[2]) / 6.0, (2.0 * w[0] + w[2]) / 3.0);
        let (odd, small) = (SQRT_2 * w[1] / 6.0, SQRT_2 * w[1] / 3.0);
        [w[0], far + odd, far - odd, -(near + small), small - near, w[2]]
    });
}

#[inline(always)]
fn transform_two_body(made: &mut [[f32; LONGEST]; FREQUENCIES], taps: &[[f32; LONGEST]]) {
    // The same of 1 and x.
    both_ways(made, taps, |w: [f64; 2]| {
        [w[0], (w[1] - w[0]) / 4.5, (w[0] + 0.5 * w[1]) / -1.125, (w[0] + 2.0 * w[1]) / 9.0, w[1]]
    });
}

/// Frequencies of `T` × `T` taps from those of a line of taps.
#[inline(always)]
fn both_ways<const T: usize, const S: usize>(
    made: &mut [[f32; LONGEST]; FREQUENCIES],
    taps: &[[f32; LONGEST]],
    line: impl Fn([f64; T]) -> [f64; S],
) {
    for o in 0..LONGEST {
        let row = |a: usize| line(std::array::from_fn(|b| f64::from(taps[T * a + b][o])));
        let rows: [[f64; S]; T] = std::array::from_fn(row);
        for x in 0..S {
            for (y, v) in line(std::array::from_fn(|a| rows[a][x])).into_iter().enumerate() {
                made[x * S + y][o] = v as f32;
            }
        }
    }
}

/// Bands of four output rows, `dilation` apart, from [`Taps::products`] input rows as far apart, the first
/// of which is under the first row of taps. The channels are those of all parts in order. Rows hold
/// [`Shape::samples`] samples, the last one padded to a whole vector; `scratch` has the length
/// [`Shape::scratch`]; `packed` is for the same level.
///
/// # Panics
/// When a slice is too short, or the level has no version ([`has`]).
pub fn four_rows(
    level: Level,
    shape: Shape,
    bands: &mut [Band<'_>],
    packed: &[f32],
    bias: &[f32],
    scratch: &mut [f32],
) {
    let Shape { taps, inputs, outputs, width, out_step, precision, .. } = shape;
    assert!(has(level, precision), "no version for {level:?} and {precision:?}");
    let floats = (width.max(1) - 1).saturating_mul(out_step).saturating_add(outputs);
    let Some(first) = bands.first() else { return };
    let channels: Vec<usize> = first.parts.iter().map(|part| part.channels).collect();
    let padded = padded(first.parts);
    assert_eq!(channels.iter().sum::<usize>(), inputs, "input channels");
    let holds = |part: &ChannelGroup<'_>| {
        part.rows[..taps.products()].iter().all(|row| row.len() >= part.floats(shape))
    };
    for band in bands.iter() {
        assert!(out_step >= outputs && band.out.iter().all(|row| row.len() >= floats), "output rows");
        assert!(band.parts.iter().map(|part| part.channels).eq(channels.iter().copied()), "channel groups");
        assert!(band.parts.iter().all(holds), "input rows");
    }
    assert!(scratch.len() >= shape.scratch(), "scratch");
    assert!(bias.len() >= outputs, "bias");
    assert_eq!(inputs % precision.each(), 0, "an even number of channels");
    assert_eq!(packed.len(), packed_len(level, taps, outputs, inputs / precision.each()), "weights");
    let mut quad = Quad { shape, bands, padded, packed, bias, scratch };
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

struct Quad<'a, 'b> {
    shape: Shape,
    bands: &'a mut [Band<'b>],
    padded: usize,
    packed: &'a [f32],
    bias: &'a [f32],
    scratch: &'a mut [f32],
}

/// All tiles of four rows: `P` at a time, the last ones in the smallest group that holds them.
#[inline(always)]
unsafe fn all<V: Lanes, K: Products<V>, const P: usize, const Q: usize, const R: usize>(
    quad: &mut Quad<'_, '_>,
) {
    // SAFETY: the same as the caller's.
    unsafe {
        match quad.shape.taps {
            Taps::Two => sides::<V, K, 5, P, Q, R>(quad),
            Taps::Three => sides::<V, K, 6, P, Q, R>(quad),
        }
    }
}

/// [`all`] for tiles of `S` products a side.
#[inline(always)]
unsafe fn sides<V: Lanes, K: Products<V>, const S: usize, const P: usize, const Q: usize, const R: usize>(
    quad: &mut Quad<'_, '_>,
) {
    let (tiles, most) = (quad.bands.len() * quad.shape.tiles(), quad.shape.batch());
    // SAFETY: the caller has the instructions; R divides `TOGETHER`.
    unsafe {
        for first in (0..tiles).step_by(most) {
            batch::<V, K, S, P, Q, R>(quad, (first, most.min(tiles - first).next_multiple_of(R)));
        }
    }
}

/// Tiles whose transforms are kept at once: each weight is read once for all of them.
#[inline(always)]
unsafe fn batch<V: Lanes, K: Products<V>, const S: usize, const P: usize, const Q: usize, const R: usize>(
    quad: &mut Quad<'_, '_>,
    tiles: (usize, usize),
) {
    // SAFETY: see `sides`.
    unsafe {
        transform::<V, K, S>(quad, tiles);
        for start in (0..quad.shape.outputs).step_by(quad.shape.outputs_at_once()) {
            multiply::<V, K, S, P, Q, R>(quad, tiles, start);
        }
    }
}

/// Samples to frequencies.
#[inline(always)]
unsafe fn forth<V: Lanes, const S: usize>(d: [V; S]) -> [V; S] {
    // SAFETY: the caller has the instructions.
    unsafe {
        let k = |v: f32| V::splat(v);
        if S == 5 {
            let made = [
                k(-1.5).mul_add(d[1].add(d[2]), d[0].add(d[3])),
                k(-2.5).mul_add(d[2], d[1].add(d[3])),
                k(-2.0).mul_add(d[1], d[3].sub(d[2])),
                k(0.5).mul_add(d[2].sub(d[1]), d[3]),
                k(-1.5).mul_add(d[2].add(d[3]), d[1].add(d[4])),
            ];
            return std::array::from_fn(|i| made[i]);
        }
        let (even, odd) = (k(-0.5).mul_add(d[2], d[4]), k(-0.5).mul_add(d[1], d[3]));
        let (even2, odd2) = (k(-2.0).mul_add(d[2], d[4]), k(-2.0).mul_add(d[1], d[3]));
        let made = [
            k(-2.5).mul_add(d[2], d[4].add(d[0])),
            k(FAR).mul_add(odd, even),
            k(-FAR).mul_add(odd, even),
            k(NEAR).mul_add(odd2, even2),
            k(-NEAR).mul_add(odd2, even2),
            k(-2.5).mul_add(d[3], d[S - 1].add(d[1])),
        ];
        std::array::from_fn(|i| made[i])
    }
}

/// Frequencies to four samples.
#[inline(always)]
unsafe fn back<V: Lanes, const S: usize>(q: [V; S]) -> [V; TILE] {
    // SAFETY: the caller has the instructions.
    unsafe {
        let k = |v: f32| V::splat(v);
        if S == 5 {
            return [
                q[0].add(q[1]).add(q[2].add(q[3])),
                k(2.0).mul_add(q[3], k(0.5).mul_add(q[2], k(0.0).sub(q[1]))),
                k(4.0).mul_add(q[3], k(0.25).mul_add(q[2], q[1])),
                k(8.0).mul_add(q[3], k(0.125).mul_add(q[2], q[4].sub(q[1]))),
            ];
        }
        let (a, b) = (q[1].add(q[2]), q[1].sub(q[2]));
        let (c, d) = (q[3].add(q[4]), q[3].sub(q[4]));
        let (b, d) = (k(FAR).mul_add(b, k(0.0)), k(NEAR).mul_add(d, k(0.0)));
        let last = q[S - 1];
        [q[0].add(a).add(c), b.add(d), k(0.5).mul_add(c, a.add(a)), k(0.5).mul_add(d, b.add(b).add(last))]
    }
}

/// Input tiles into the scratch: by frequency, tile and channel.
#[inline(always)]
unsafe fn transform<V: Lanes, K: Products<V>, const S: usize>(
    quad: &mut Quad<'_, '_>,
    (first, count): (usize, usize),
) {
    let (padded, to) = (quad.padded, quad.scratch.as_mut_ptr().cast::<K::Number>());
    // SAFETY: rows hold the last sample up to a whole vector. A part's last vector may write beyond its
    // channels: that is inside the scratch, and is overwritten by the next part or the next tile, which come
    // later.
    unsafe {
        let across = quad.shape.tiles();
        let tiles = quad.bands.len() * across;
        // Tiles that only fill the last group keep numbers of earlier ones.
        for p in 0..count.min(tiles - first) {
            let (band, tile) = ((first + p) / across, (first + p) % across);
            let start = quad.shape.start(tile);
            let mut before = 0;
            for part in quad.bands[band].parts {
                let step = quad.shape.dilation * part.step;
                let from: [*const f32; S] =
                    std::array::from_fn(|y| part.rows[y].as_ptr().add(start * part.step));
                let ahead = quad.shape.start(tile + AHEAD) * part.step;
                for c in (0..part.channels).step_by(V::LEN) {
                    for row in &part.rows[..S] {
                        for j in S - TILE..S {
                            V::prefetch(row.as_ptr().wrapping_add(ahead + j * step + c));
                        }
                    }
                    // Down first: its columns stay in registers.
                    let mut lines = [[V::splat(0.0); S]; S];
                    for (j, line) in lines.iter_mut().enumerate() {
                        *line = forth::<V, S>(std::array::from_fn(|y| V::load(from[y].add(j * step + c))));
                    }
                    for y in 0..S {
                        let across = forth::<V, S>(std::array::from_fn(|j| lines[j][y]));
                        for (x, v) in across.into_iter().enumerate() {
                            K::keep(v, to.add((x * S + y) * apart(count, padded) + p * padded + before + c));
                        }
                    }
                }
                before += part.channels;
            }
        }
    }
}

/// Products of all frequencies for the outputs from `start` on, and the inverse transform to samples. `P`
/// tiles at a time, the last ones in the smallest group that holds them.
#[inline(always)]
unsafe fn multiply<
    V: Lanes,
    K: Products<V>,
    const S: usize,
    const P: usize,
    const Q: usize,
    const R: usize,
>(
    quad: &mut Quad<'_, '_>,
    (first, count): (usize, usize),
    start: usize,
) {
    let (inputs, padded) = (quad.shape.inputs, quad.padded);
    let here = (quad.shape.outputs - start).min(quad.shape.outputs_at_once());
    let vectors = here.div_ceil(V::LEN);
    let all = count * vectors;
    // SAFETY: see `sides`; blocks of two vectors, and of one where that suffices, hold the weights of all
    // frequencies and inputs; the scratch holds the products after the tiles.
    unsafe {
        let products = quad.scratch.as_mut_ptr().add(S * S * apart(count, padded));
        let halves = products.add(S * all * V::LEN);
        for across in 0..S {
            for down in 0..S {
                let frequency = across * S + down;
                let tiles = quad.scratch.as_ptr().cast::<K::Number>().add(frequency * apart(count, padded));
                for vector in (0..vectors).step_by(2) {
                    let block = (start + vector * V::LEN) * S * S * inputs / K::EACH;
                    let made = products.add((down * all + vector) * V::LEN);
                    let run = Sums { inputs, padded, step: vectors * V::LEN };
                    if vectors - vector > 1 {
                        let w = quad.packed.as_ptr().add(block + frequency * 2 * V::LEN * inputs / K::EACH);
                        groups::<V, K, P, Q, R, 2>(tiles, count, run, w, made);
                    } else {
                        let w = quad.packed.as_ptr().add(block + frequency * V::LEN * inputs / K::EACH);
                        groups::<V, K, P, Q, R, 1>(tiles, count, run, w, made);
                    }
                }
            }
            for k in 0..all {
                let q: [V; S] = std::array::from_fn(|down| V::load(products.add((down * all + k) * V::LEN)));
                for (row, v) in back(q).into_iter().enumerate() {
                    v.store(halves.add(((row * S + across) * all + k) * V::LEN));
                }
            }
        }
        let (tiles, across) = (quad.bands.len() * quad.shape.tiles(), quad.shape.tiles());
        for row in 0..TILE {
            // Tiles that only fill the last group have no place.
            for k in 0..all.min((tiles - first) * vectors) {
                let at = |across: usize| halves.add(((row * S + across) * all + k) * V::LEN);
                let samples = back::<V, S>(std::array::from_fn(|across| V::load(at(across))));
                let (band, tile) = ((first + k / vectors) / across, (first + k / vectors) % across);
                let place_of = (band, row, quad.shape.start(tile));
                place(quad, place_of, start + k % vectors * V::LEN, samples);
            }
        }
    }
}

/// Numbers of channels and floats of [`sums`].
#[derive(Clone, Copy)]
struct Sums {
    inputs: usize,
    /// From tile to tile of the transformed input.
    padded: usize,
    /// From tile to tile of the products.
    step: usize,
}

/// Sums of one frequency of all tiles, for one block of outputs.
#[inline(always)]
unsafe fn groups<V: Lanes, K: Products<V>, const P: usize, const Q: usize, const R: usize, const B: usize>(
    tiles: *const K::Number,
    count: usize,
    run: Sums,
    w: *const f32,
    made: *mut f32,
) {
    let mut tile = 0;
    // SAFETY: see `multiply`.
    unsafe {
        while tile < count {
            let (from, to, left) = (tiles.add(tile * run.padded), made.add(tile * run.step), count - tile);
            tile += if left <= R {
                sums::<V, K, R, B>(from, run, w, to);
                R
            } else if left <= Q {
                sums::<V, K, Q, B>(from, run, w, to);
                Q
            } else {
                sums::<V, K, P, B>(from, run, w, to);
                P
            };
        }
    }
}

/// Sums of one frequency over all channels, of `P` tiles and a block of outputs.
#[inline(always)]
unsafe fn sums<V: Lanes, K: Products<V>, const P: usize, const B: usize>(
    tiles: *const K::Number,
    Sums { inputs, padded, step }: Sums,
    mut w: *const f32,
    to: *mut f32,
) {
    // SAFETY: see `multiply`.
    unsafe {
        let mut s = [[V::splat(0.0); B]; P];
        for i in (0..inputs).step_by(K::EACH) {
            let wv: [V; B] = std::array::from_fn(|n| V::load(w.add(n * V::LEN)));
            w = w.add(B * V::LEN);
            for n in 0..B {
                V::prefetch(w.wrapping_add(WEIGHTS_AHEAD + n * V::LEN));
            }
            for (p, s) in s.iter_mut().enumerate() {
                let v = K::repeat(tiles.add(p * padded + i));
                for (s, &wv) in s.iter_mut().zip(&wv) {
                    *s = K::dot(v, wv, *s);
                }
            }
        }
        for (p, s) in s.iter().enumerate() {
            for (b, v) in s.iter().enumerate() {
                v.store(to.add(p * step + b * V::LEN));
            }
        }
    }
}

/// Four samples of a tile's row with their bias, clipped to the image.
#[inline(always)]
unsafe fn place<V: Lanes>(
    quad: &mut Quad<'_, '_>,
    (band, row, first): (usize, usize, usize),
    o: usize,
    samples: [V; TILE],
) {
    let Shape { outputs, width, out_step, dilation, .. } = quad.shape;
    if o >= outputs {
        return;
    }
    let here = V::LEN.min(outputs - o);
    let inside = width.saturating_sub(first).div_ceil(dilation).min(TILE);
    let out = quad.bands[band].out[row].as_mut_ptr();
    // SAFETY: rows of the result hold `width` samples, slices hold a vector where one is read or written.
    unsafe {
        if here == V::LEN {
            // Tiles beyond the image's width have no samples inside.
            let (bias, to) = (V::load(quad.bias.as_ptr().add(o)), out.wrapping_add(first * out_step + o));
            for (j, v) in samples.into_iter().enumerate().take(inside) {
                v.add(bias).store(to.wrapping_add(j * dilation * out_step));
            }
            return;
        }
        let mut whole = [0.0f32; LANES];
        for (j, &v) in samples.iter().enumerate().take(inside) {
            v.store(whole.as_mut_ptr());
            for (n, (&v, &b)) in whole[..here].iter().zip(&quad.bias[o..]).enumerate() {
                *out.add((first + j * dilation) * out_step + o + n) = v + b;
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
    pub(super) unsafe fn avx512(quad: &mut Quad<'_, '_>) {
        // SAFETY: this function has the instructions; the caller checked the slices.
        unsafe { super::all::<__m512, Single, 12, 8, 4>(quad) }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma")]
    pub(super) unsafe fn bf16(quad: &mut Quad<'_, '_>) {
        // SAFETY: as above.
        unsafe { super::all::<__m512, Half, 12, 8, 4>(quad) }
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn avx2(quad: &mut Quad<'_, '_>) {
        // SAFETY: as above.
        unsafe { super::all::<__m256, Single, 6, 4, 2>(quad) }
    }
}

#[cfg(test)]
mod tests;
