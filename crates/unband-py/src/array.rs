//! Samples of arrays: buffers of Python to planes, and planes back to buffers.

use pyo3::buffer::{Element, PyBuffer};
use pyo3::prelude::*;
use unband::{Context, Depth, Image, Model, Plane};

use crate::fault::{Fault, Kind};

/// Pixels from which several threads convert them.
const MANY: usize = 1 << 16;

/// Samples in one of the types that arrays may have here.
#[derive(Clone, Debug)]
pub enum Data {
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
                Fault::new(Kind::Input, "the array does not have the size of the image").about("image")
            );
        }
        let highest = match &self.data {
            Data::U8(data) => data.iter().copied().max().map(u32::from),
            Data::U16(data) => data.iter().copied().max().map(u32::from),
            Data::F32(_) => None,
        };
        let most = Depth::Int(self.bits.clamp(1, 16)).max_code();
        match highest {
            Some(code) if code > most => Err(Fault::new(
                Kind::Input,
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
        let mut planes = if self.pixels() < MANY {
            (0..self.channels).map(|channel| self.plane(channel, depth)).collect()
        } else {
            ctx.map(self.channels, |channel| self.plane(channel, depth))
        };
        let alpha = if self.channels.is_multiple_of(2) { planes.pop() } else { None };
        let model = if planes.len() == 1 { Model::Gray } else { Model::Rgb };
        Image { alpha, ..Image::new(planes, model, depth) }
    }

    fn plane(&self, channel: usize, depth: Depth) -> Plane {
        let data = match &self.data {
            Data::U8(data) => {
                let mut table = [0.0; 256];
                (0..).zip(&mut table).for_each(|(code, value)| *value = depth.value(code));
                self.channel(data, channel, |code| table[usize::from(code)])
            }
            Data::U16(data) => self.channel(data, channel, |code| depth.value(u32::from(code))),
            Data::F32(data) => self.channel(data, channel, |value| value),
        };
        Plane { width: self.width, height: self.height, data }
    }

    fn channel<T: Copy>(&self, data: &[T], channel: usize, value: impl Fn(T) -> f32) -> Vec<f32> {
        let n = self.pixels();
        if self.planar || self.channels == 1 {
            return data[channel * n..][..n].iter().map(|&sample| value(sample)).collect();
        }
        match self.channels {
            2 => pick::<2, T>(data, channel, value),
            3 => pick::<3, T>(data, channel, value),
            _ => pick::<4, T>(data, channel, value),
        }
    }

    /// The samples of an RGB or grey image, on the grid of its depth.
    pub fn of(image: &Image, planar: bool, ctx: &Context<'_>) -> Self {
        let planes: Vec<&[f32]> =
            image.planes.iter().chain(&image.alpha).map(|plane| &plane.data[..]).collect();
        let depth = image.depth;
        let data = match depth {
            Depth::F32 => Data::F32(join(&planes, planar, ctx, |value| value)),
            Depth::Int(..=8) => Data::U8(join(&planes, planar, ctx, |value| depth.code(value) as u8)),
            Depth::Int(_) => Data::U16(join(&planes, planar, ctx, |value| depth.code(value) as u16)),
        };
        let (height, width) = (image.height(), image.width());
        Self { data, height, width, channels: planes.len(), planar, bits: depth.bits() }
    }
}

/// The values of a channel of interleaved samples.
fn pick<const N: usize, T: Copy>(data: &[T], channel: usize, value: impl Fn(T) -> f32) -> Vec<f32> {
    // Within the pixel for the compiler too, which then checks nothing.
    let channel = channel.min(N - 1);
    data.as_chunks::<N>().0.iter().map(|pixel| value(pixel[channel])).collect()
}

/// Samples of planes one after the other, or of each pixel side by side.
fn join<T: Copy + Default + Send>(
    planes: &[&[f32]],
    planar: bool,
    ctx: &Context<'_>,
    sample: impl Fn(f32) -> T + Sync,
) -> Vec<T> {
    let (n, channels) = (planes.first().map_or(0, |plane| plane.len()), planes.len());
    let mut joined = vec![T::default(); n * channels];
    let fill = |from: usize, part: &mut [T]| match planes {
        [a] => each(&a[from..], part, &sample),
        [a, b, c] => {
            let colors = a[from..].iter().zip(&b[from..]).zip(&c[from..]);
            for (to, ((&a, &b), &c)) in part.chunks_exact_mut(3).zip(colors) {
                to.copy_from_slice(&[sample(a), sample(b), sample(c)]);
            }
        }
        _ => {
            for (i, to) in part.chunks_exact_mut(channels).enumerate() {
                to.iter_mut().zip(planes).for_each(|(to, plane)| *to = sample(plane[from + i]));
            }
        }
    };
    if planar {
        let parts = planes.iter().zip(joined.chunks_mut(n.max(1))).collect();
        ctx.map_parts(parts, |_, (plane, part): (&&[f32], &mut [T])| each(plane, part, &sample));
    } else if n < MANY {
        fill(0, &mut joined);
    } else {
        let parts = joined.chunks_mut(MANY * channels).collect();
        ctx.map_parts(parts, |i, part| fill(i * MANY, part));
    }
    joined
}

fn each<T>(from: &[f32], to: &mut [T], sample: &impl Fn(f32) -> T) {
    to.iter_mut().zip(from).for_each(|(to, &value)| *to = sample(value));
}
