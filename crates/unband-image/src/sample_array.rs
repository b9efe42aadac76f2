//! Samples of whole pixels in one buffer, as arrays and canvases hold them.

use unband_simd::image::samples::{bytes_of_planes, planes_of_bytes, planes_of_words, words_of_planes};

use crate::color::Model;
use crate::context::Context;
use crate::depth::Depth;
use crate::image::{Image, ImageError, Plane};

/// Pixels from which several threads convert them.
const MANY: usize = 1 << 16;

/// Samples in one of the types that buffers have.
#[derive(Clone, Debug, PartialEq)]
pub enum SampleData {
    /// Codes of up to 8 bits.
    U8(Vec<u8>),
    /// Codes of up to 16 bits.
    U16(Vec<u16>),
    /// Values, 0 is black and 1 white.
    F32(Vec<f32>),
}

/// Samples of an image without padding: `height × width × channels`, or `channels × height × width` where
/// `planar`.
///
/// Channels: grey 1, grey and alpha 2, RGB 3, RGB and alpha 4.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleArray {
    data: SampleData,
    height: usize,
    width: usize,
    channels: usize,
    planar: bool,
    bits: u8,
}

impl SampleArray {
    /// From a buffer of `(height, width, channels)`. `bits` is the depth of its codes; values have 32.
    ///
    /// # Errors
    /// Another length than the size needs, channels outside 1 to 4, codes above the depth.
    pub fn new(
        data: SampleData,
        (height, width, channels): (usize, usize, usize),
        planar: bool,
        bits: u8,
    ) -> Result<Self, ImageError> {
        let samples = Self { data, height, width, channels, planar, bits };
        samples.check()?;
        Ok(samples)
    }

    /// Its buffer.
    pub fn data(&self) -> &SampleData {
        &self.data
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Samples of a pixel.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Are the channels planes of their own?
    pub fn is_planar(&self) -> bool {
        self.planar
    }

    /// Bits of a code; 32 for values.
    pub fn bits(&self) -> u8 {
        self.bits
    }

    fn len(&self) -> usize {
        match &self.data {
            SampleData::U8(data) => data.len(),
            SampleData::U16(data) => data.len(),
            SampleData::F32(data) => data.len(),
        }
    }

    fn check(&self) -> Result<(), ImageError> {
        let Self { width, height, channels, bits, .. } = *self;
        if width == 0 || height == 0 {
            return Err(ImageError::Empty { width, height });
        }
        let expected = height.saturating_mul(width).saturating_mul(channels);
        if expected != self.len() || !(1..=4).contains(&channels) {
            return Err(ImageError::Length { width, height, expected, got: self.len() });
        }
        let highest = match &self.data {
            SampleData::U8(data) if bits < 8 => data.iter().copied().max().map(u32::from),
            SampleData::U16(data) if bits < 16 => data.iter().copied().max().map(u32::from),
            _ => None,
        };
        let most = Depth::Int(bits.clamp(1, 16)).max_code();
        match highest {
            Some(got) if got > most => Err(ImageError::Code { bits, most, got }),
            _ => Ok(()),
        }
    }

    /// Number of pixels.
    pub fn pixels(&self) -> usize {
        self.width * self.height
    }

    /// The image of these samples.
    pub fn image(&self, ctx: &Context<'_>) -> Image {
        let depth = if self.bits == 32 { Depth::F32 } else { Depth::Int(self.bits) };
        let mut planes: Vec<Vec<f32>> = if self.planar || matches!(self.data, SampleData::F32(_)) {
            let channel = |channel| self.channel(channel, depth);
            if self.pixels() < MANY {
                (0..self.channels).map(channel).collect()
            } else {
                ctx.map(self.channels, channel)
            }
        } else {
            self.spread(depth, ctx)
        };
        let plane = |data| Plane { width: self.width, height: self.height, data };
        let alpha = if self.channels.is_multiple_of(2) { planes.pop().map(plane) } else { None };
        let model = if planes.len() == 1 { Model::Gray } else { Model::Rgb };
        Image { alpha, ..Image::new(planes.into_iter().map(plane).collect(), model, depth) }
    }

    /// Planes of interleaved codes.
    fn spread(&self, depth: Depth, ctx: &Context<'_>) -> Vec<Vec<f32>> {
        let (n, max) = (self.pixels(), depth.max_code() as f32);
        let mut planes = vec![vec![0.0; n]; self.channels];
        let mut rest: Vec<&mut [f32]> = planes.iter_mut().map(Vec::as_mut_slice).collect();
        let mut parts = Vec::with_capacity(n.div_ceil(MANY));
        for from in (0..n).step_by(MANY) {
            let count = MANY.min(n - from);
            let split = rest.into_iter().map(|plane| plane.split_at_mut(count));
            let (part, after): (Vec<_>, Vec<_>) = split.unzip();
            parts.push(part);
            rest = after;
        }
        let fill = |part: usize, mut planes: Vec<&mut [f32]>| {
            let count = planes.first().map_or(0, |plane| plane.len());
            let codes = part * MANY * self.channels..(part * MANY + count) * self.channels;
            match &self.data {
                SampleData::U8(data) => planes_of_bytes(ctx.level, &mut planes, &data[codes], max),
                SampleData::U16(data) => planes_of_words(ctx.level, &mut planes, &data[codes], max),
                SampleData::F32(_) => {}
            }
        };
        match parts.len() {
            1 => parts.into_iter().for_each(|part| fill(0, part)),
            _ => drop(ctx.map_parts(parts, fill)),
        }
        planes
    }

    /// Values of a channel.
    fn channel(&self, channel: usize, depth: Depth) -> Vec<f32> {
        let n = self.pixels();
        let own = channel * n..(channel + 1) * n;
        let max = depth.max_code() as f32;
        match &self.data {
            SampleData::U8(data) => data[own].iter().map(|&code| f32::from(code) / max).collect(),
            SampleData::U16(data) => data[own].iter().map(|&code| f32::from(code) / max).collect(),
            SampleData::F32(data) if self.planar || self.channels == 1 => data[own].to_vec(),
            SampleData::F32(data) => match self.channels {
                2 => pick::<2>(data, channel),
                3 => pick::<3>(data, channel),
                _ => pick::<4>(data, channel),
            },
        }
    }

    /// The samples of an RGB or grey image, on the grid of its depth.
    pub fn from_image(image: &Image, planar: bool, ctx: &Context<'_>) -> Self {
        let planes: Vec<&[f32]> =
            image.planes.iter().chain(&image.alpha).map(|plane| &plane.data[..]).collect();
        let depth = image.depth;
        let (level, max) = (ctx.level, depth.max_code() as f32);
        let data = match depth {
            Depth::F32 => SampleData::F32(join(&planes, planar, ctx, &|to, from| interleave(to, from))),
            Depth::Int(..=8) => SampleData::U8(join(&planes, planar, ctx, &|to, from| {
                bytes_of_planes(level, to, from, max);
            })),
            Depth::Int(_) => SampleData::U16(join(&planes, planar, ctx, &|to, from| {
                words_of_planes(level, to, from, max);
            })),
        };
        let (height, width) = (image.height(), image.width());
        Self { data, height, width, channels: planes.len(), planar, bits: depth.bits() }
    }
}

/// The values of a channel of interleaved samples.
fn pick<const N: usize>(data: &[f32], channel: usize) -> Vec<f32> {
    // Within the pixel for the compiler too, which then checks nothing.
    let channel = channel.min(N - 1);
    data.as_chunks::<N>().0.iter().map(|pixel| pixel[channel]).collect()
}

fn interleave(to: &mut [f32], planes: &[&[f32]]) {
    for (i, to) in to.chunks_exact_mut(planes.len().max(1)).enumerate() {
        to.iter_mut().zip(planes).for_each(|(to, plane)| *to = plane[i]);
    }
}

/// Samples of planes one after the other, or of each pixel side by side. `fill` interleaves planes.
fn join<T: Copy + Default + Send>(
    planes: &[&[f32]],
    planar: bool,
    ctx: &Context<'_>,
    fill: &(impl Fn(&mut [T], &[&[f32]]) + Sync),
) -> Vec<T> {
    let (n, channels) = (planes.first().map_or(0, |plane| plane.len()), planes.len());
    let mut joined = vec![T::default(); n * channels];
    if planar {
        let parts: Vec<_> = planes.iter().zip(joined.chunks_mut(n.max(1))).collect();
        let own = |_, (plane, part): (&&[f32], &mut [T])| fill(part, &[plane]);
        if n < MANY {
            for part in parts {
                own(0, part);
            }
        } else {
            ctx.map_parts(parts, own);
        }
    } else if n < MANY {
        fill(&mut joined, planes);
    } else {
        let parts = joined.chunks_mut(MANY * channels).collect();
        ctx.map_parts(parts, |i, part: &mut [T]| {
            let count = part.len() / channels;
            let from: Vec<&[f32]> = planes.iter().map(|plane| &plane[i * MANY..][..count]).collect();
            fill(part, &from);
        });
    }
    joined
}
