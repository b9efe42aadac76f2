//! Conversion between interleaved codes of files and planes of samples.

use unband_image::{Depth, Image, Model, Plane};
use unband_simd::Level;
use unband_simd::image::codes::to_codes_u16;

use crate::{Error, limits};

/// Converts premultiplied colour to straight alpha. Where alpha is not positive, the stored colour is kept.
#[cfg(any(feature = "exr", feature = "jxl"))]
pub(crate) fn divide_alpha_out(image: &mut Image) {
    let Some(alpha) = &image.alpha else { return };
    for plane in &mut image.planes {
        for (value, &alpha) in plane.data.iter_mut().zip(&alpha.data) {
            if alpha > 0.0 {
                *value /= alpha;
            }
        }
    }
}

/// Planes filled row by row.
pub(crate) struct Planes {
    planes: Vec<Plane>,
}

impl Planes {
    /// Allocates them; the caller has checked the limits.
    pub(crate) fn new(channels: usize, width: usize, height: usize) -> Result<Self, Error> {
        let planes = (0..channels).map(|_| limits::new_plane(width, height)).collect::<Result<_, _>>()?;
        Ok(Self { planes })
    }

    /// Spreads one row of interleaved codes, `code / max`, over the planes, from column `x` on. Samples past
    /// the right edge are padding of the file and are ignored.
    pub(crate) fn put<T: Copy + Into<u32>>(&mut self, x: usize, y: usize, row: &[T], depth: Depth) {
        let max = depth.max_code() as f32;
        if size_of::<T>() > 1 {
            return self.put_with(x, y, row, |code| code.into() as f32 / max);
        }
        // A table lookup takes a third of the time of a division.
        let values: [f32; 256] = std::array::from_fn(|code| code as f32 / max);
        self.put_with(x, y, row, |code| values[code.into() as usize & 0xff]);
    }

    /// As [`Planes::put`], with a custom mapping from code to value.
    pub(crate) fn put_with<T: Copy>(&mut self, x: usize, y: usize, row: &[T], value: impl Fn(T) -> f32) {
        match self.planes.len() {
            1 => self.spread::<1, T>(x, y, row, value),
            2 => self.spread::<2, T>(x, y, row, value),
            3 => self.spread::<3, T>(x, y, row, value),
            4 => self.spread::<4, T>(x, y, row, value),
            channels => {
                for (channel, plane) in self.planes.iter_mut().enumerate() {
                    let from = row.iter().skip(channel).step_by(channels);
                    plane.row_mut(y).iter_mut().skip(x).zip(from).for_each(|(to, &from)| *to = value(from));
                }
            }
        }
    }

    /// The same with the number of channels known at compile time.
    fn spread<const CHANNELS: usize, T: Copy>(
        &mut self,
        x: usize,
        y: usize,
        row: &[T],
        value: impl Fn(T) -> f32,
    ) {
        let (pixels, _) = row.as_chunks::<CHANNELS>();
        for (channel, plane) in self.planes.iter_mut().enumerate() {
            let to = plane.row_mut(y).iter_mut().skip(x);
            to.zip(pixels).for_each(|(to, pixel)| *to = value(pixel[channel]));
        }
    }

    /// Part of a row of one channel; samples past the right edge are ignored.
    pub(crate) fn put_channel(
        &mut self,
        channel: usize,
        x: usize,
        y: usize,
        values: impl Iterator<Item = f32>,
    ) {
        let row = self.planes[channel].row_mut(y).iter_mut().skip(x);
        row.zip(values).for_each(|(to, value)| *to = value);
    }

    /// Sets one sample.
    pub(crate) fn set(&mut self, channel: usize, x: usize, y: usize, value: f32) {
        let plane = &mut self.planes[channel];
        plane.data[y * plane.width + x] = value;
    }

    /// Removes the planes from number `at` on.
    pub(crate) fn split_off(&mut self, at: usize) -> Vec<Plane> {
        self.planes.split_off(at.min(self.planes.len()))
    }

    pub(crate) fn all(&mut self) -> &mut [Plane] {
        &mut self.planes
    }

    /// Grey or RGB, by the number of planes; with two or four, the last is alpha.
    pub(crate) fn into_image(mut self, depth: Depth) -> Image {
        let alpha = if self.planes.len().is_multiple_of(2) { self.planes.pop() } else { None };
        let model = if self.planes.len() == 1 { Model::Gray } else { Model::Rgb };
        let mut image = Image::new(self.planes, model, depth);
        image.alpha = alpha;
        image
    }
}

/// Rows of an image as interleaved codes of a container's depth.
pub(crate) struct Rows<'a> {
    planes: Vec<&'a Plane>,
    from: Depth,
    to: Depth,
}

impl<'a> Rows<'a> {
    /// `colors` is 1 or 3: grey is repeated if three are requested.
    pub(crate) fn new(image: &'a Image, colors: usize, alpha: bool, to: Depth) -> Self {
        let mut planes: Vec<&Plane> =
            (0..colors).map(|c| &image.planes[c.min(image.planes.len() - 1)]).collect();
        if alpha && let Some(alpha) = &image.alpha {
            planes.push(alpha);
        }
        Self { planes, from: image.depth, to }
    }

    /// The same, and these planes after the others.
    pub(crate) fn with(mut self, further: &'a [Plane]) -> Self {
        self.planes.extend(further);
        self
    }

    /// Samples per row.
    pub(crate) fn samples(&self) -> usize {
        self.planes.len() * self.planes[0].width
    }

    /// One row. Codes of fewer bits are widened to the container's nearest code: the same fraction of full
    /// scale, whose upper bits give the original code.
    pub(crate) fn codes<T: Copy + Default>(&self, y: usize, out: &mut Vec<T>, code: impl Fn(u32) -> T) {
        let channels = self.planes.len();
        out.resize(self.samples(), T::default());
        let (from, to) = (self.from.max_code(), self.to.max_code());
        let mut codes = vec![0; self.planes[0].width];
        for (channel, plane) in self.planes.iter().enumerate() {
            codes_of_row(plane.row(y), self.from, &mut codes);
            let to_codes = out.iter_mut().skip(channel).step_by(channels).zip(&codes);
            if from == to {
                to_codes.for_each(|(to_code, &own)| *to_code = code(own.into()));
            } else {
                to_codes.for_each(|(to_code, &own)| *to_code = code(widen(own.into(), from, to)));
            }
        }
    }

    /// One row of floating-point values, unchanged.
    pub(crate) fn values(&self, y: usize, out: &mut Vec<f32>) {
        let channels = self.planes.len();
        out.clear();
        out.resize(self.samples(), 0.0);
        for (channel, plane) in self.planes.iter().enumerate() {
            for (to, &value) in out.iter_mut().skip(channel).step_by(channels).zip(plane.row(y)) {
                *to = value;
            }
        }
    }
}

/// [`Depth::code`] of each sample; `depth` has at most 16 bits.
pub(crate) fn codes_of_row(row: &[f32], depth: Depth, codes: &mut [u16]) {
    let highest = depth.max_code() as u16;
    to_codes_u16(Level::best(), codes, row, f32::from(highest), 0.0, highest);
}

/// The code of maximum `to` nearest to `code` of maximum `from`; both maxima have at most 16 bits.
pub(crate) fn widen(code: u32, from: u32, to: u32) -> u32 {
    ((u64::from(code) * u64::from(to) + u64::from(from / 2)) / u64::from(from)) as u32
}

/// Whether any sample of the alpha plane is not opaque.
pub(crate) fn has_transparency(image: &Image) -> bool {
    image.alpha.as_ref().is_some_and(|a| a.data.iter().any(|&v| v < 1.0 || v.is_nan()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upper_bits_of_a_widened_code_are_the_code() {
        for bits in 1..=16u32 {
            for wide in [8u32, 16].into_iter().filter(|w| *w >= bits) {
                let (from, to) = ((1 << bits) - 1, (1 << wide) - 1);
                for code in 0..=from {
                    let got = widen(code, from, to);
                    assert_eq!(got >> (wide - bits), code, "{code} of {bits} bits in {wide}");
                    assert!(
                        (f64::from(got) / f64::from(to) - f64::from(code) / f64::from(from)).abs()
                            <= 0.5 / f64::from(to) + 1e-12
                    );
                }
            }
        }
    }

    #[test]
    fn eight_bits_become_sixteen_exactly() {
        for code in 0..=255 {
            assert_eq!(widen(code, 255, 65535), code * 257);
            assert_eq!(Depth::SIXTEEN.code(Depth::EIGHT.value(code)), code * 257);
        }
    }
}
