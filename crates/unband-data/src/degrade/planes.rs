//! 8-bit 4:2:0 planes, and their quantisation to fewer bits.

use unband_image::{Depth, Image, Matrix, Plane, Range, Rng, params, words};

use super::{Degradation, DegradeError, Pair, check_rgb};

/// Codes of the three planes of an 8-bit 4:2:0 image; chroma sides are rounded up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planes420 {
    /// Luma width.
    pub width: usize,
    /// Luma height.
    pub height: usize,
    /// Y, U and V.
    pub codes: [Vec<u8>; 3],
    /// Luma weights.
    pub matrix: Matrix,
    /// Code range.
    pub range: Range,
}

words! {
    /// Chroma upsampling.
    pub enum Upsampling {
        /// Nearest neighbour: each sample is repeated 2×2, as in fast video converters.
        Repeat = "repeat",
        /// Linear between sample centres, as in accurate converters.
        Linear = "linear",
    }
}

words! {
    /// Rounding of the conversion to RGB.
    pub enum RgbRounding {
        /// To the nearest code.
        Nearest = "nearest",
        /// To the code below, as in ffmpeg's fast converters: the image becomes half a code darker.
        Down = "down",
    }
}

impl Upsampling {
    /// A random choice.
    pub fn drawn(rng: Rng) -> Self {
        if rng.at(0, 1, 0, 0) & 1 == 0 { Self::Repeat } else { Self::Linear }
    }
}

fn scale(range: Range, chroma: bool) -> (f32, f32) {
    match (range, chroma) {
        (Range::Limited, false) => (219.0, 16.0),
        (Range::Limited, true) => (224.0, 128.0),
        (Range::Full, false) => (255.0, 0.0),
        (Range::Full, true) => (255.0, 128.0),
    }
}

impl Planes420 {
    /// Converts an RGB image: chroma is the mean of 2×2, and everything is rounded once.
    ///
    /// # Errors
    /// When the image is not RGB.
    pub fn from_rgb(image: &Image, matrix: Matrix, range: Range) -> Result<Self, DegradeError> {
        check_rgb(image)?;
        let (width, height) = (image.width(), image.height());
        let [r, g, b] = [0, 1, 2].map(|p| &image.planes[p].data);
        let (cw, ch) = (width.div_ceil(2), height.div_ceil(2));
        let mut luma = Vec::with_capacity(width * height);
        let mut sums = [vec![0f32; cw * ch], vec![0f32; cw * ch]];
        let mut counts = vec![0f32; cw * ch];
        let (ys, yo) = scale(range, false);
        for i in 0..width * height {
            let [y, u, v] = matrix.to_yuv([r[i], g[i], b[i]]);
            luma.push(code(y * ys + yo));
            let at = i / width / 2 * cw + i % width / 2;
            sums[0][at] += u;
            sums[1][at] += v;
            counts[at] += 1.0;
        }
        let (cs, co) = scale(range, true);
        let [u, v] = sums.map(|s| s.iter().zip(&counts).map(|(s, n)| code(s / n * cs + co)).collect());
        Ok(Self { width, height, codes: [luma, u, v], matrix, range })
    }

    /// Converts to an 8-bit RGB image.
    pub fn to_rgb(&self, upsampling: Upsampling, rounding: RgbRounding) -> Image {
        let (w, h) = (self.width, self.height);
        let (cw, ch) = (w.div_ceil(2), h.div_ceil(2));
        let (ys, yo) = scale(self.range, false);
        let (cs, co) = scale(self.range, true);
        let mut planes = vec![Plane::filled(w, h, 0.0); 3];
        let rounded = |v: f32| match rounding {
            RgbRounding::Nearest => Depth::EIGHT.code(v),
            // A margin of a thousandth of a code keeps integer values.
            RgbRounding::Down => (v * 255.0 + 0.001).clamp(0.0, 255.0) as u32,
        };
        let chroma = |plane: usize, x: usize, y: usize| {
            let at = |x: usize, y: usize| f32::from(self.codes[plane][y * cw + x]);
            let (cx, cy) = (x / 2, y / 2);
            let value = match upsampling {
                Upsampling::Repeat => at(cx, cy),
                Upsampling::Linear => {
                    let nx = if x.is_multiple_of(2) { cx.saturating_sub(1) } else { (cx + 1).min(cw - 1) };
                    let ny = if y.is_multiple_of(2) { cy.saturating_sub(1) } else { (cy + 1).min(ch - 1) };
                    (9.0 * at(cx, cy) + 3.0 * (at(nx, cy) + at(cx, ny)) + at(nx, ny)) / 16.0
                }
            };
            (value - co) / cs
        };
        for y in 0..h {
            for x in 0..w {
                let luma = (f32::from(self.codes[0][y * w + x]) - yo) / ys;
                let rgb = self.matrix.to_rgb([luma, chroma(1, x, y), chroma(2, x, y)]);
                for (plane, v) in planes.iter_mut().zip(rgb) {
                    plane.data[y * w + x] = Depth::EIGHT.value(rounded(v));
                }
            }
        }
        Image::new(planes, unband_image::Model::Rgb, Depth::EIGHT)
    }

    /// Quantises each plane to `bits`: `q = rint(v (2^b − 1)/255)`, `v' = rint(255 q/(2^b − 1))`.
    pub(crate) fn quantise(&mut self, bits: [u32; 3]) {
        for (codes, bits) in self.codes.iter_mut().zip(bits) {
            quantise(codes, bits);
        }
    }

    /// The three planes in sequence, as in raw video.
    pub fn bytes(&self) -> Vec<u8> {
        self.codes.concat()
    }

    /// As [`Self::bytes`], with sides made even by repeating the last row and column.
    pub(super) fn even_bytes(&self) -> Vec<u8> {
        let (w, h) = (self.width, self.height);
        let mut out = Vec::with_capacity(w.next_multiple_of(2) * h.next_multiple_of(2) * 3 / 2);
        for y in 0..h.next_multiple_of(2) {
            let row = &self.codes[0][y.min(h - 1) * w..][..w];
            out.extend_from_slice(row);
            out.extend_from_slice(if w % 2 == 1 { &row[w - 1..] } else { &[] });
        }
        out.extend_from_slice(&self.codes[1]);
        out.extend_from_slice(&self.codes[2]);
        out
    }

    /// Planes with these dimensions from bytes in the layout of [`Self::even_bytes`].
    pub(super) fn with_even_bytes(&self, bytes: &[u8]) -> Self {
        let (w, h) = (self.width, self.height);
        let (luma, chroma) = bytes.split_at(w.next_multiple_of(2) * h.next_multiple_of(2));
        let (u, v) = chroma.split_at(chroma.len() / 2);
        let rows = luma.chunks_exact(w.next_multiple_of(2)).take(h);
        let luma = rows.flat_map(|row| &row[..w]).copied().collect();
        Self { codes: [luma, u.to_vec(), v.to_vec()], ..*self }
    }

    /// Replaces the codes by raw video bytes; `None` if there are too few.
    #[must_use]
    pub fn with_bytes(mut self, bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        for codes in &mut self.codes {
            let (mine, later) = rest.split_at_checked(codes.len())?;
            codes.copy_from_slice(mine);
            rest = later;
        }
        Some(self)
    }
}

/// Quantises codes to the grid of 255/(2^bits − 1).
pub fn quantise(codes: &mut [u8], bits: u32) {
    let top = ((1u32 << bits.clamp(1, 8)) - 1) as f32;
    let table: Vec<u8> =
        (0..256).map(|v| ((v as f32 * top / 255.0).round() * 255.0 / top).round() as u8).collect();
    for code in codes {
        *code = table[usize::from(*code)];
    }
}

fn code(value: f32) -> u8 {
    (value + 0.5).clamp(0.0, 255.0) as u8
}

params! {
    /// Settings of `planes`: converts to 8-bit 4:2:0, quantises Y, U and V, and converts to 8-bit RGB.
    pub(crate) struct PlaneBits {
        /// Bits of luma; 8 changes nothing. Fewer give wider and higher steps.
        y in "bits": u32 = 8, 3..=8;
        /// Bits of U (blue); 8 changes nothing. The grids below 8 bits have no level for neutral grey, so
        /// greys get a colour cast.
        u in "bits": u32 = 8, 3..=8;
        /// Bits of V (red); 8 changes nothing.
        v in "bits": u32 = 8, 3..=8;
        /// Luma weights.
        matrix: Matrix = Matrix::Bt601;
        /// Code range: the codes of black and white.
        range: Range = Range::Limited;
        /// Chroma upsampling.
        upsampling: Upsampling = Upsampling::Repeat;
        /// Rounding of the conversion to RGB.
        rounding: RgbRounding = RgbRounding::Nearest;
    }
}

impl Degradation for PlaneBits {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        let mut planes = Planes420::from_rgb(&pair.lq, self.matrix, self.range)?;
        planes.quantise([self.y, self.u, self.v]);
        pair.lq = planes.to_rgb(self.upsampling, self.rounding);
        Ok(())
    }
}

/// Planes at few bits, with a random chroma upsampling.
pub struct DrawnPlanes {
    bits: [u32; 3],
}

/// [`DrawnPlanes`] with the given bits of Y, U and V; BT.601, limited range.
pub const fn bits(y: u32, u: u32, v: u32) -> DrawnPlanes {
    DrawnPlanes { bits: [y, u, v] }
}

impl Degradation for DrawnPlanes {
    fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<(), DegradeError> {
        let [y, u, v] = self.bits;
        PlaneBits { y, u, v, upsampling: Upsampling::drawn(rng), ..PlaneBits::default() }.apply(pair, rng)
    }
}
