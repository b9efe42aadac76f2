//! 8-bit 4:2:0 planes, and too few bits on them.

use unband_image::{Depth, Image, Matrix, Plane, Range, Rng, params, words};

use super::{Degradation, DegradeError, Pair, rgb};

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
    /// How chroma is brought back to full size.
    pub enum Upsampling {
        /// Each sample four times, as fast video converters do.
        Repeat = "repeat",
        /// Linear between centres, as careful ones do.
        Linear = "linear",
    }
}

words! {
    /// How the converter to RGB rounds.
    pub enum Rounding {
        /// To the nearest code.
        Nearest = "nearest",
        /// To the code below, as ffmpeg's quick converters do: the image becomes half a code darker.
        Down = "down",
    }
}

impl Upsampling {
    /// One or the other.
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
    /// From an RGB image: chroma is the mean of 2×2, everything rounded once.
    ///
    /// # Errors
    /// When the image is not RGB.
    pub fn from_rgb(image: &Image, matrix: Matrix, range: Range) -> Result<Self, DegradeError> {
        rgb(image)?;
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

    /// To an 8-bit RGB image.
    pub fn to_rgb(&self, upsampling: Upsampling, rounding: Rounding) -> Image {
        let (w, h) = (self.width, self.height);
        let (cw, ch) = (w.div_ceil(2), h.div_ceil(2));
        let (ys, yo) = scale(self.range, false);
        let (cs, co) = scale(self.range, true);
        let mut planes = vec![Plane::filled(w, h, 0.0); 3];
        let rounded = |v: f32| match rounding {
            Rounding::Nearest => Depth::EIGHT.code(v),
            // A thousandth of a code, so that values that are whole stay.
            Rounding::Down => (v * 255.0 + 0.001).clamp(0.0, 255.0) as u32,
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

    /// Puts each plane on the grid of so many bits: `q = rint(v (2^b − 1)/255)`, `v' = rint(255 q/(2^b − 1))`.
    pub fn quantise(&mut self, bits: [u32; 3]) {
        for (codes, bits) in self.codes.iter_mut().zip(bits) {
            quantise(codes, bits);
        }
    }

    /// The three planes one after the other, as raw video has them.
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

    /// Planes like these from bytes that [`Self::even_bytes`] could have given.
    pub(super) fn with_even_bytes(&self, bytes: &[u8]) -> Self {
        let (w, h) = (self.width, self.height);
        let (luma, chroma) = bytes.split_at(w.next_multiple_of(2) * h.next_multiple_of(2));
        let (u, v) = chroma.split_at(chroma.len() / 2);
        let rows = luma.chunks_exact(w.next_multiple_of(2)).take(h);
        let luma = rows.flat_map(|row| &row[..w]).copied().collect();
        Self { codes: [luma, u.to_vec(), v.to_vec()], ..*self }
    }

    /// Replaces the codes by raw video bytes; `None` when there are too few.
    #[must_use]
    pub fn with_bytes(mut self, bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        for codes in &mut self.codes {
            let (mine, others) = rest.split_at_checked(codes.len())?;
            codes.copy_from_slice(mine);
            rest = others;
        }
        Some(self)
    }
}

/// Puts codes on the grid of 255/(2^bits − 1).
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
    /// Settings of `planes`.
    pub struct PlaneBits {
        /// Bits of luma; 8 leaves it as it is. Fewer give wider and higher steps.
        y: u32 = 8, 3..=8;
        /// Bits of U (blue); 8 leaves it as it is. Neutral grey is no level of the grids below 8: greys take on colour.
        u: u32 = 8, 3..=8;
        /// Bits of V (red); 8 leaves it as it is.
        v: u32 = 8, 3..=8;
        /// Luma weights.
        matrix: Matrix = Matrix::Bt601;
        /// Which codes stand for black and white.
        range: Range = Range::Limited;
        /// How chroma is brought back to full size.
        upsampling: Upsampling = Upsampling::Repeat;
        /// How the converter to RGB rounds.
        rounding: Rounding = Rounding::Nearest;
    }
}

/// 8-bit 4:2:0 with so many bits for Y, U and V, then 8-bit RGB.
impl Degradation for PlaneBits {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        let mut planes = Planes420::from_rgb(&pair.lq, self.matrix, self.range)?;
        planes.quantise([self.y, self.u, self.v]);
        pair.lq = planes.to_rgb(self.upsampling, self.rounding);
        Ok(())
    }
}

/// [`PlaneBits`] with one of both ways to bring chroma back, drawn.
pub struct DrawnPlanes {
    bits: [u32; 3],
}

/// So many bits for Y, U and V; BT.601, limited range.
pub const fn bits(y: u32, u: u32, v: u32) -> DrawnPlanes {
    DrawnPlanes { bits: [y, u, v] }
}

impl Degradation for DrawnPlanes {
    fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<(), DegradeError> {
        let [y, u, v] = self.bits;
        PlaneBits { y, u, v, upsampling: Upsampling::drawn(rng), ..PlaneBits::default() }.apply(pair, rng)
    }
}
