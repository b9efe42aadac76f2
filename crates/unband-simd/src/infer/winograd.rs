//! 3×3 and 2×2 convolutions by Winograd's minimal filtering, F(4, 3) and F(4, 2) across and down: a quarter,
//! and two fifths, of the multiplications.
//!
//! Four output rows come from six or five input rows, in tiles of 4×4 samples. Samples of a tile are as far
//! apart as the kernel's taps, so dilated kernels are filtered the same way. Source: Lavin & Gray, "Fast
//! Algorithms for Convolutional Neural Networks", CVPR 2016. All levels give equal bits; compared with
//! [`crate::infer::conv`] the sums are rounded in another order.

#[cfg(test)]
mod tests;
mod tiles;
mod transforms;

use crate::infer::conv;
#[cfg(not(target_feature = "simd128"))]
use crate::lanes::Eight;
use crate::precision::Single;
use crate::{Level, Precision};
#[cfg(target_arch = "x86_64")]
use tiles::x86;
use tiles::{Quad, all};
use transforms::{transform_three, transform_two};

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
