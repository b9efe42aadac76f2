//! Samples of arrays: buffers of Python to planes, and planes back to buffers.

use pyo3::buffer::{Element, PyBuffer};
use pyo3::prelude::*;
use unband::{Context, Depth, Image, Model, Plane};
use unband_simd::py::samples::{bytes_of_planes, planes_of_bytes, planes_of_words, words_of_planes};

use crate::fault::{ErrorKind, Fault};

/// Pixels from which several threads convert them.
const MANY: usize = 1 << 16;

/// Samples in one of the types that arrays may have here.
#[derive(Clone, Debug)]
pub(crate) enum Data {
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
#[pyclass(frozen, module = "unband._unband")]
#[derive(Clone, Debug)]
pub struct Samples {
    data: Data,
    /// Rows.
    #[pyo3(get)]
    height: usize,
    /// Columns.
    #[pyo3(get)]
    width: usize,
    /// Samples of a pixel.
    #[pyo3(get)]
    channels: usize,
    /// Are the channels planes of their own?
    #[pyo3(get)]
    planar: bool,
    /// Bits of a code; 32 for values.
    #[pyo3(get)]
    bits: u8,
}

fn read<T: Element>(py: Python<'_>, array: &Bound<'_, PyAny>) -> PyResult<Vec<T>> {
    PyBuffer::<T>::get(array)?.to_vec(py)
}

#[pymethods]
impl Samples {
    /// Copies a contiguous array of `uint8`, `uint16` or `float32` in native byte order. `bits` is the depth
    /// of its codes.
    #[new]
    fn new(
        py: Python<'_>,
        array: &Bound<'_, PyAny>,
        size: (usize, usize, usize),
        planar: bool,
        bits: u8,
    ) -> PyResult<Self> {
        let data = match bits {
            32 => Data::F32(read(py, array)?),
            _ => match read(py, array) {
                Ok(codes) => Data::U8(codes),
                Err(_) => Data::U16(read(py, array)?),
            },
        };
        let (height, width, channels) = size;
        let samples = Self { data, height, width, channels, planar, bits };
        samples.check()?;
        Ok(samples)
    }

    /// Copies the samples into a contiguous, writable array of their type.
    fn copy_to(&self, py: Python<'_>, array: &Bound<'_, PyAny>) -> PyResult<()> {
        match &self.data {
            Data::U8(data) => PyBuffer::<u8>::get(array)?.copy_from_slice(py, data),
            Data::U16(data) => PyBuffer::<u16>::get(array)?.copy_from_slice(py, data),
            Data::F32(data) => PyBuffer::<f32>::get(array)?.copy_from_slice(py, data),
        }
    }

    /// Lowest and highest value where floating-point samples are not values of 0 to 1: most are above 1, or a
    /// quarter is below 0, or all are whole numbers. None where they are.
    #[getter]
    fn outside(&self) -> Option<(f32, f32)> {
        let Data::F32(data) = &self.data else { return None };
        let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
        let (mut finite, mut above, mut below, mut whole) = (0_usize, 0_usize, 0_usize, true);
        for &value in data.iter().filter(|value| value.is_finite()) {
            finite += 1;
            above += usize::from(value > 1.0);
            below += usize::from(value < 0.0);
            whole &= value.fract() == 0.0;
            (low, high) = (low.min(value), high.max(value));
        }
        let codes = whole && high > 1.0;
        (2 * above > finite || 4 * below > finite || codes).then_some((low, high))
    }

    /// Name of the type of the samples.
    #[getter]
    fn dtype(&self) -> &'static str {
        match self.data {
            Data::U8(_) => "uint8",
            Data::U16(_) => "uint16",
            Data::F32(_) => "float32",
        }
    }
}

impl Samples {
    /// Are the channels planes of their own?
    pub fn is_planar(&self) -> bool {
        self.planar
    }

    fn len(&self) -> usize {
        match &self.data {
            Data::U8(data) => data.len(),
            Data::U16(data) => data.len(),
            Data::F32(data) => data.len(),
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let needed = self.height.checked_mul(self.width).and_then(|n| n.checked_mul(self.channels));
        if needed != Some(self.len()) || self.len() == 0 || !(1..=4).contains(&self.channels) {
            return Err(
                Fault::new(ErrorKind::Input, "the array does not have the size of the image").about("image")
            );
        }
        let highest = match &self.data {
            Data::U8(data) if self.bits < 8 => data.iter().copied().max().map(u32::from),
            Data::U16(data) if self.bits < 16 => data.iter().copied().max().map(u32::from),
            _ => None,
        };
        let most = Depth::Int(self.bits.clamp(1, 16)).max_code();
        match highest {
            Some(code) if code > most => Err(Fault::new(
                ErrorKind::Input,
                format!("a code of {} bits is at most {most}, got {code}", self.bits),
            )
            .about("bits")),
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
        let mut planes: Vec<Vec<f32>> = if self.planar || matches!(self.data, Data::F32(_)) {
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
                Data::U8(data) => planes_of_bytes(ctx.level, &mut planes, &data[codes], max),
                Data::U16(data) => planes_of_words(ctx.level, &mut planes, &data[codes], max),
                Data::F32(_) => {}
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
            Data::U8(data) => data[own].iter().map(|&code| f32::from(code) / max).collect(),
            Data::U16(data) => data[own].iter().map(|&code| f32::from(code) / max).collect(),
            Data::F32(data) if self.planar || self.channels == 1 => data[own].to_vec(),
            Data::F32(data) => match self.channels {
                2 => pick::<2>(data, channel),
                3 => pick::<3>(data, channel),
                _ => pick::<4>(data, channel),
            },
        }
    }

    /// The samples of an RGB or grey image, on the grid of its depth.
    pub fn of(image: &Image, planar: bool, ctx: &Context<'_>) -> Self {
        let planes: Vec<&[f32]> =
            image.planes.iter().chain(&image.alpha).map(|plane| &plane.data[..]).collect();
        let depth = image.depth;
        let (level, max) = (ctx.level, depth.max_code() as f32);
        let data = match depth {
            Depth::F32 => Data::F32(join(&planes, planar, ctx, &|to, from| interleave(to, from))),
            Depth::Int(..=8) => Data::U8(join(&planes, planar, ctx, &|to, from| {
                bytes_of_planes(level, to, from, max);
            })),
            Depth::Int(_) => Data::U16(join(&planes, planar, ctx, &|to, from| {
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
