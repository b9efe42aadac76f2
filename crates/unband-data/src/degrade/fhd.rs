//! The recipe of the field's full-HD test set: planes with too few bits, coded again.

use unband_image::{Depth, Image, Model, Plane, Rng, params, words};

use super::planes::quantise;
use super::{Degradation, DegradeError, Pair, program, rgb};

/// Frames of the pan; the last one is kept, so that it has been predicted from earlier ones.
const FRAMES: usize = 5;
/// Samples the pan moves per frame, across and down.
const PAN: [usize; 2] = [3, 1];
/// Largest frame.
const LARGEST: [usize; 2] = [1264, 704];

words! {
    /// What stands for the clean picture.
    pub enum Truth {
        /// The frame of the 8-bit 4:2:0 film before its planes were put on a grid, converted to RGB once, as the
        /// clean frames of the set are.
        Frame = "frame",
        /// The same frame before any rounding, grain included.
        Photo = "photo",
    }
}

params! {
    /// Settings of `fhd`.
    pub struct Fhd {
        /// Bits of luma; 8 leaves it as it is. The set has 6 throughout.
        y: u32 = 6, 3..=8;
        /// Bits of U; 8 leaves it as it is. The set has 8, 6 and 5.
        u: u32 = 8, 3..=8;
        /// Bits of V; 8 leaves it as it is. The set has 8, 6 and 5.
        v: u32 = 8, 3..=8;
        /// Grain of the film in 8-bit codes.
        grain_codes: f32 = 0.4, 0.0..=8.0;
        /// MPEG-4's quantiser; higher loses more.
        quantiser: u32 = 3, 1..=31;
        /// The clean side: the 8-bit 4:2:0 frame or the photo itself.
        truth: Truth = Truth::Frame;
    }
}

/// Film frames as the full-HD set of Kapoor et al. has them: five frames of a slow pan over the picture with
/// grain, as 8-bit BT.601 4:2:0; planes put on grids of so many bits; converted to
/// RGB, coded as MPEG-4 part 2, decoded to RGB, all conversions by ffmpeg's defaults; the
/// fifth frame. ffmpeg's default conversion to RGB rounds down, so each pass leaves the picture half a code
/// darker.
///
/// The result is smaller than the picture: sides are multiples of 16, at most 1264×704, and the pan takes 12×4.
impl Degradation for Fhd {
    fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<(), DegradeError> {
        rgb(&pair.lq)?;
        let (pw, ph) = (pair.lq.width(), pair.lq.height());
        let side = |full: usize, pan: usize, most: usize| {
            (full.saturating_sub(pan * (FRAMES - 1)) / 16 * 16).min(most)
        };
        let (w, h) = (side(pw, PAN[0], LARGEST[0]), side(ph, PAN[1], LARGEST[1]));
        if w < 64 || h < 64 {
            let [least_width, least_height] = PAN.map(|p| 64 + p * (FRAMES - 1));
            return Err(DegradeError::TooSmall { width: pw, height: ph, least_width, least_height });
        }
        let frame =
            |i: usize| panned(&pair.gt, [i * PAN[0], i * PAN[1]], [w, h], self.grain_codes, rng, i as u32);

        let size = format!("{w}x{h}");
        let raw = |format| ["-f", "rawvideo", "-pix_fmt", format, "-s", &size, "-i", "-"];
        let out = |format| ["-f", "rawvideo", "-pix_fmt", format, "-"];
        let mut video = Vec::with_capacity(w * h * 3 * FRAMES);
        for i in 0..FRAMES {
            video.extend(frame(i).to_rgb8()?);
        }
        let mut planes = program::ffmpeg(&[&raw("rgb24")[..], &out("yuv420p")].concat(), &video)?;
        let gt = match self.truth {
            Truth::Photo => frame(FRAMES - 1),
            Truth::Frame => {
                let last = planes.len().saturating_sub(w * h * 3 / 2);
                let rgb = program::ffmpeg(&[&raw("yuv420p")[..], &out("rgb24")].concat(), &planes[last..])?;
                Image::from_rgb8(w, h, &rgb)?
            }
        };
        for frame in planes.chunks_exact_mut(w * h * 3 / 2) {
            let (luma, chroma) = frame.split_at_mut(w * h);
            let (u, v) = chroma.split_at_mut(w * h / 4);
            for (codes, bits) in [luma, u, v].into_iter().zip([self.y, self.u, self.v]) {
                quantise(codes, bits);
            }
        }
        let banded = program::ffmpeg(&[&raw("yuv420p")[..], &out("rgb24")].concat(), &planes)?;
        let quantiser = self.quantiser.to_string();
        let coder =
            ["-pix_fmt", "yuv420p", "-c:v", "mpeg4", "-threads", "1", "-q:v", &quantiser, "-f", "nut", "-"];
        let stream = program::ffmpeg(&[&raw("rgb24")[..], &coder].concat(), &banded)?;
        let decoded = program::ffmpeg(&[&["-f", "nut", "-i", "-"][..], &out("rgb24")].concat(), &stream)?;
        let Some(last) = decoded.chunks_exact(w * h * 3).nth(FRAMES - 1) else {
            let what = format!("{} bytes for {FRAMES} frames of {size}", decoded.len());
            return Err(DegradeError::Answer { program: "ffmpeg", what });
        };
        let lq = Image::from_rgb8(w, h, last)?;
        *pair = Pair { lq, gt };
        Ok(())
    }
}

/// [`Fhd`] with light grain on half of the pictures and a quantiser of 2 to 5, drawn.
pub struct DrawnFhd {
    bits: [u32; 3],
    truth: Truth,
}

/// So many bits for Y, U and V.
pub const fn bits(bits: [u32; 3], truth: Truth) -> DrawnFhd {
    DrawnFhd { bits, truth }
}

impl Degradation for DrawnFhd {
    fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<(), DegradeError> {
        let ([y, u, v], truth) = (self.bits, self.truth);
        let grain_codes = [0.0, 0.4, 0.0, 0.8][rng.at(0, 2, 0, 0) as usize % 4];
        let quantiser = 2 + rng.at(0, 3, 0, 0) % 4;
        Fhd { y, u, v, grain_codes, quantiser, truth }.apply(pair, rng)
    }
}

/// A window of a picture with grain: the same amount on all channels of a sample.
fn panned(image: &Image, at: [usize; 2], size: [usize; 2], sigma_codes: f32, rng: Rng, frame: u32) -> Image {
    let [w, h] = size;
    let grain: Vec<f32> = (0..w * h)
        .map(|i| {
            if sigma_codes > 0.0 {
                sigma_codes / 255.0 * normal(rng, frame, (i % w) as u32, (i / w) as u32)
            } else {
                0.0
            }
        })
        .collect();
    let planes = image.planes.iter().map(|p| {
        let rows = (0..h).flat_map(|y| p.row(y + at[1])[at[0]..at[0] + w].iter());
        Plane { width: w, height: h, data: rows.zip(&grain).map(|(v, g)| (v + g).clamp(0.0, 1.0)).collect() }
    });
    Image::new(planes.collect(), Model::Rgb, Depth::F32)
}

/// A standard normal number of a place (Box and Muller).
fn normal(rng: Rng, frame: u32, x: u32, y: u32) -> f32 {
    let (a, b) = (rng.unit_at(frame, 4, x, y), rng.unit_at(frame, 5, x, y));
    (-2.0 * (1.0 - a).ln()).sqrt() * (std::f32::consts::TAU * b).cos()
}
