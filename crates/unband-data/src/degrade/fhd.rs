//! Kapoor's full-HD test set, simulated: quantised planes, coded as MPEG-4 part 2.

use unband_image::{Depth, Image, Matrix, Model, Plane, Range, Rng, params, words};

use super::planes::{Planes420, RgbRounding, Upsampling, quantise};
use super::{Degradation, DegradeError, Pair, check_rgb, codec};

/// Frames of the pan; the last one is kept, because it is predicted from earlier ones.
const FRAMES: usize = 5;
/// Pan per frame in samples, across and down.
const PAN: [usize; 2] = [3, 1];
/// Largest frame: width and height.
const LARGEST: [usize; 2] = [1264, 704];
/// Offset that the set's tools add to Y, U and V of the degraded side, in 8-bit codes: measured on full-HD
/// pairs.
pub const TOOL_OFFSET: [f32; 3] = [-0.55, -0.50, -0.51];

words! {
    /// Choice of the clean image.
    pub enum Truth {
        /// The frame of the 8-bit 4:2:0 video before its planes were quantised, converted to RGB once, as the
        /// set's clean frames are.
        Frame = "frame",
        /// That frame with the offset that the set's tools add only to the degraded side, so that both sides
        /// differ only by banding and coding.
        Offset = "offset",
        /// The same frame before any rounding, grain included.
        Photo = "photo",
    }
}

params! {
    /// Settings of `fhd`.
    pub struct Fhd {
        /// Bits of luma; 8 changes nothing. The set has 6 throughout.
        y in "bits": u32 = 6, 3..=8;
        /// Bits of U; 8 changes nothing. The set has 8, 6 and 5.
        u in "bits": u32 = 8, 3..=8;
        /// Bits of V; 8 changes nothing. The set has 8, 6 and 5.
        v in "bits": u32 = 8, 3..=8;
        /// Standard deviation of the video grain in 8-bit codes.
        grain_codes in "8-bit codes": f32 = 0.4, 0.0..=8.0;
        /// MPEG-4 quantiser; higher loses more.
        quantiser: u32 = 3, 1..=31;
        /// The clean side: `frame` (the 8-bit 4:2:0 frame), `offset` (that frame with the tools' offset) or
        /// `photo` (the photo itself).
        truth: Truth = Truth::Frame;
    }
}

/// Video frames as in the full-HD set of Kapoor et al. The steps are: five frames of a slow pan over the
/// image with grain, as 8-bit BT.601 4:2:0; planes quantised to the given bits; conversion to blue, green and
/// red as in `OpenCV`'s `COLOR_YUV2RGB_I420`; MPEG-4 part 2 from these, as in `OpenCV`'s `VideoWriter`;
/// decoding to RGB by ffmpeg's defaults; the fifth frame.
///
/// ffmpeg's default conversion from blue, green and red truncates values: the degraded side loses
/// [`TOOL_OFFSET`], even at 8 bits. Its default conversion to RGB rounds down on both sides.
///
/// Source: akshay-kap/Meng-699-Image-Banding-detection,
/// `Dataset-Generation/Generating-Quantized-frames-from-videos`.
///
/// The degraded side is made from the clean side; earlier changes to it are discarded. The result is smaller
/// than the image: sides are multiples of 16, at most 1264×704, and the pan takes 12×4 samples.
impl Degradation for Fhd {
    fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<(), DegradeError> {
        let size = clip_size(&pair.lq)?;
        *pair = self.pair(&Frames { size, bytes: 3 * size[0] * size[1] }, &pair.gt, rng)?;
        Ok(())
    }
}

/// Width and height of the video made from an image.
fn clip_size(image: &Image) -> Result<[usize; 2], DegradeError> {
    check_rgb(image)?;
    let (width, height) = (image.width(), image.height());
    let side =
        |full: usize, pan: usize, most: usize| (full.saturating_sub(pan * (FRAMES - 1)) / 16 * 16).min(most);
    let size = [side(width, PAN[0], LARGEST[0]), side(height, PAN[1], LARGEST[1])];
    if size.iter().any(|&n| n < 64) {
        let [least_width, least_height] = PAN.map(|p| 64 + p * (FRAMES - 1));
        return Err(DegradeError::TooSmall { width, height, least_width, least_height });
    }
    Ok(size)
}

/// The last frame of the clip; `bytes` is the size of a frame.
fn last(frames: &[u8], bytes: usize) -> &[u8] {
    frames.chunks_exact(bytes).nth(FRAMES - 1).unwrap_or_default()
}

/// Frames of one size.
struct Frames {
    size: [usize; 2],
    /// Bytes of a frame in RGB.
    bytes: usize,
}

impl Frames {
    /// Converts raw frames from one format to another by ffmpeg.
    fn turned(&self, from: &str, to: &[&str], frames: &[u8]) -> Result<Vec<u8>, DegradeError> {
        let size = format!("{}x{}", self.size[0], self.size[1]);
        let raw = ["-f", "rawvideo", "-pix_fmt", from, "-s", &size, "-i", "-"];
        codec::ffmpeg(&[&raw[..], to, &["-"]].concat(), frames)
    }

    fn image(&self, frame: &[u8]) -> Result<Image, DegradeError> {
        let [w, h] = self.size;
        if frame.len() != self.bytes {
            let what = format!("{} bytes for a frame of {w}×{h}", frame.len());
            return Err(DegradeError::Answer { program: "ffmpeg", what });
        }
        Ok(Image::from_rgb8(w, h, frame)?)
    }
}

impl Fhd {
    fn pair(&self, clip: &Frames, clean: &Image, rng: Rng) -> Result<Pair, DegradeError> {
        let frame =
            |i: usize| panned(clean, [i * PAN[0], i * PAN[1]], clip.size, self.grain_codes, rng, i as u32);
        let mut video = Vec::with_capacity(clip.bytes * FRAMES);
        for i in 0..FRAMES {
            video.extend(frame(i).to_rgb8()?);
        }
        let rgb24 = ["-f", "rawvideo", "-pix_fmt", "rgb24"];
        let mut planes = clip.turned("rgb24", &["-f", "rawvideo", "-pix_fmt", "yuv420p"], &video)?;
        let mut gt = match self.truth {
            Truth::Photo => frame(FRAMES - 1),
            Truth::Frame | Truth::Offset => {
                clip.image(&clip.turned("yuv420p", &rgb24, last(&planes, clip.bytes / 2))?)?
            }
        };
        if self.truth == Truth::Offset {
            with_offset(&mut gt);
        }
        for frame in planes.chunks_exact_mut(clip.bytes / 2) {
            let (luma, chroma) = frame.split_at_mut(clip.bytes / 3);
            let (u, v) = chroma.split_at_mut(clip.bytes / 12);
            for (codes, bits) in [luma, u, v].into_iter().zip([self.y, self.u, self.v]) {
                quantise(codes, bits);
            }
        }
        let mut banded = Vec::with_capacity(2 * planes.len());
        for frame in planes.chunks_exact(clip.bytes / 2) {
            banded.extend(bgr(frame, clip.size)?);
        }
        let lq = clip.image(last(&self.coded(clip, &banded)?, clip.bytes))?;
        Ok(Pair { lq, gt })
    }

    /// Encodes and decodes as MPEG-4 part 2; the clip starts with a key frame.
    fn coded(&self, clip: &Frames, frames: &[u8]) -> Result<Vec<u8>, DegradeError> {
        let quantiser = self.quantiser.to_string();
        let key_frames = format!("expr:not(mod(n,{FRAMES}))");
        let keys = ["-force_key_frames", &key_frames];
        let coder =
            ["-pix_fmt", "yuv420p", "-c:v", "mpeg4", "-threads", "1", "-q:v", &quantiser, "-f", "nut"];
        let stream = clip.turned("bgr24", &[&keys[..], &coder].concat(), frames)?;
        let decode = ["-f", "nut", "-i", "-", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"];
        codec::ffmpeg(&decode, &stream)
    }
}

/// Blue, green and red from a frame's planes, chroma repeated: as `OpenCV`'s `cvtColor` with
/// `COLOR_YUV2RGB_I420`.
fn bgr(planes: &[u8], [width, height]: [usize; 2]) -> Result<Vec<u8>, DegradeError> {
    let (luma, chroma) = planes.split_at(width * height);
    let (u, v) = chroma.split_at(chroma.len() / 2);
    let codes = [luma, u, v].map(<[u8]>::to_vec);
    let planes = Planes420 { width, height, matrix: Matrix::Bt601, range: Range::Limited, codes };
    let mut bytes = planes.to_rgb(Upsampling::Repeat, RgbRounding::Nearest).to_rgb8()?;
    bytes.chunks_exact_mut(3).for_each(<[u8]>::reverse);
    Ok(bytes)
}

/// Shifts a clean frame by [`TOOL_OFFSET`].
fn with_offset(frame: &mut Image) {
    let [y, u, v] = TOOL_OFFSET;
    let changes = Matrix::Bt601.to_rgb([y / 219.0, u / 224.0, v / 224.0]);
    for (plane, change) in frame.planes.iter_mut().zip(changes) {
        plane.data.iter_mut().for_each(|value| *value = (*value + change).clamp(0.0, 1.0));
    }
    frame.depth = Depth::F32;
}

/// [`Fhd`] with light grain on half of the images and a quantiser of 2 to 5, both drawn.
pub(crate) struct DrawnFhd {
    bits: [u32; 3],
    truth: Truth,
}

/// [`DrawnFhd`] with the given bits of Y, U and V.
pub(crate) const fn bits(bits: [u32; 3], truth: Truth) -> DrawnFhd {
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

/// A window of an image with grain: the same noise on all channels of a sample.
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

/// A standard normal number at a position (Box and Muller).
fn normal(rng: Rng, frame: u32, x: u32, y: u32) -> f32 {
    let (a, b) = (rng.unit_at(frame, 4, x, y), rng.unit_at(frame, 5, x, y));
    (-2.0 * (1.0 - a).ln()).sqrt() * (std::f32::consts::TAU * b).cos()
}
