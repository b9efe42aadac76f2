//! Video compression of single images by real encoders.

use super::planes::{Planes420, RgbRounding, Upsampling};
use unband_image::{Image, Matrix, Range, Rng, params};
use unband_io::Program;

use super::{Degradation, DegradeError, Pair, check_rgb, noise};

/// Pan per frame in samples, across and down.
const PAN: [usize; 2] = [3, 1];

const FFMPEG: Program = Program { names: &["ffmpeg"], purpose: "this degradation", install: "install it" };

/// Runs ffmpeg with only error messages, overwriting without a question. Returns its standard output.
///
/// # Errors
/// It is not installed, or failed.
pub fn ffmpeg(args: &[&str], input: &[u8]) -> Result<Vec<u8>, DegradeError> {
    let quiet = ["-hide_banner", "-loglevel", "error", "-y"];
    Ok(FFMPEG.pass(&[&quiet[..], args].concat(), input)?)
}

/// Encodes an image as 8-bit 4:2:0 video and decodes it. Colour is converted here with exact rounding; the
/// encoder sees only planes.
pub struct Codec {
    /// ffmpeg arguments that select the encoder and its rate.
    pub args: &'static [&'static str],
    /// Luma weights.
    pub matrix: Matrix,
    /// Code range.
    pub range: Range,
}

/// H.264 at quantiser 24.
pub(crate) const X264_24: Codec = video(&["-c:v", "libx264", "-threads", "1", "-qp", "24"]);
/// H.264 at quantiser 34.
pub(crate) const X264_34: Codec = video(&["-c:v", "libx264", "-threads", "1", "-qp", "34"]);
/// H.265 at rate factor 28.
pub(crate) const X265_28: Codec =
    video(&["-c:v", "libx265", "-x265-params", "log-level=none:pools=1", "-crf", "28"]);
/// VP9 at rate factor 36.
pub(crate) const VP9_36: Codec = video(&["-c:v", "libvpx-vp9", "-crf", "36", "-b:v", "0", "-cpu-used", "2"]);
const AOM: [&str; 8] = ["-c:v", "libaom-av1", "-b:v", "0", "-cpu-used", "5", "-still-picture", "1"];
/// AV1 video at rate factor 34.
pub(crate) const AV1_34: Codec =
    video(&[AOM[0], AOM[1], AOM[2], AOM[3], AOM[4], AOM[5], AOM[6], AOM[7], "-crf", "34"]);
/// AV1 still image at rate factor 30: full range, BT.601.
pub(crate) const AVIF_30: Codec = Codec {
    args: &[AOM[0], AOM[1], AOM[2], AOM[3], AOM[4], AOM[5], AOM[6], AOM[7], "-crf", "30"],
    matrix: Matrix::Bt601,
    range: Range::Full,
};

const fn video(args: &'static [&'static str]) -> Codec {
    Codec { args, matrix: Matrix::Bt709, range: Range::Limited }
}

impl Degradation for Codec {
    fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<(), DegradeError> {
        let planes = Planes420::from_rgb(&pair.lq, self.matrix, self.range)?;
        if let Some(last) = through(&[planes], self.args)? {
            pair.lq = last.to_rgb(Upsampling::drawn(rng), RgbRounding::Nearest);
        }
        Ok(())
    }
}

/// Encodes and decodes frames of one size. Returns the last one.
///
/// # Errors
/// When ffmpeg or the encoder is missing, fails or returns too little.
pub fn through(frames: &[Planes420], args: &[&str]) -> Result<Option<Planes420>, DegradeError> {
    let Some(first) = frames.first() else { return Ok(None) };
    // Encoders of 4:2:0 need even sides.
    let even = |n: usize| n.next_multiple_of(2);
    let size = format!("{}x{}", even(first.width), even(first.height));
    let bytes: Vec<u8> = frames.iter().flat_map(Planes420::even_bytes).collect();
    let raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", &size, "-i", "-"];
    let stream = ffmpeg(&[&raw[..], args, &["-f", "nut", "-"]].concat(), &bytes)?;
    let decode = ["-f", "nut", "-i", "-", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"];
    let bytes = ffmpeg(&decode, &stream)?;
    let one = even(first.width) * even(first.height) * 3 / 2;
    if bytes.len() != one * frames.len() {
        let what = format!("{} bytes for {} frames of {size} in 4:2:0", bytes.len(), frames.len());
        return Err(DegradeError::Answer { program: "ffmpeg", what });
    }
    Ok(bytes.chunks_exact(one).last().map(|frame| first.with_even_bytes(frame)))
}

/// Settings common to all encoders.
pub(super) struct Clip {
    /// ffmpeg arguments, separated by spaces.
    pub args: String,
    pub frames: usize,
    pub noise_codes: f32,
    pub matrix: Matrix,
    pub range: Range,
    pub upsampling: Upsampling,
}

impl Clip {
    /// Turns the image into a short clip, which starts with a key frame and has a constant quantiser. The
    /// last frame is kept.
    pub(super) fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<(), DegradeError> {
        let args: Vec<&str> = self.args.split(' ').collect();
        let frame =
            |number| Planes420::from_rgb(&self.frame(&pair.lq, number, rng)?, self.matrix, self.range);
        let frames = (0..self.frames).map(frame).collect::<Result<Vec<_>, _>>()?;
        if let Some(last) = through(&frames, &args)? {
            pair.lq = last.to_rgb(self.upsampling, RgbRounding::Nearest);
        }
        Ok(())
    }

    /// The image some frames before the last one: shifted, edges repeated, with noise of its own.
    fn frame(&self, image: &Image, frame: usize, rng: Rng) -> Result<Image, DegradeError> {
        check_rgb(image)?;
        let before = self.frames - 1 - frame;
        let mut out = image.clone();
        if before == 0 {
            return Ok(out);
        }
        let (width, height) = (image.width(), image.height());
        let noise = noise::normals(rng, 16 + frame as u32, width, height);
        for (plane, source) in out.planes.iter_mut().zip(&image.planes) {
            for y in 0..height {
                let row = source.row((y + before * PAN[1]).min(height - 1));
                for (x, v) in plane.row_mut(y).iter_mut().enumerate() {
                    let n = self.noise_codes / 255.0 * noise[y * width + x];
                    *v = (row[(x + before * PAN[0]).min(width - 1)] + n).clamp(0.0, 1.0);
                }
            }
        }
        Ok(out)
    }
}

macro_rules! encoder {
    ($(#[doc = $doc:expr])* $name:ident, $quantiser:literal, $range:expr, $args:expr) => {
        params! {
            $(#[doc = $doc])*
            pub struct $name {
                /// The encoder's constant quantiser. Higher loses more: smooth areas become blocks of one
                /// value.
                quantiser: u32 = $quantiser, $range;
                /// Frames of the clip, a slow pan over the image; the last one is kept. 1 gives an intra
                /// frame, more give a frame predicted from earlier ones.
                frames in "frames": u32 = 1, 1..=12;
                /// Independent noise of each earlier frame, in 8-bit codes; without it prediction is perfect.
                noise_codes in "8-bit codes": f32 = 0.5, 0.0..=8.0;
                /// Luma weights.
                matrix: Matrix = Matrix::Bt709;
                /// Code range: the codes of black and white.
                range: Range = Range::Limited;
                /// Chroma upsampling.
                upsampling: Upsampling = Upsampling::Repeat;
            }
        }

        impl Degradation for $name {
            fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<(), DegradeError> {
                let args = $args.replace("{q}", &self.quantiser.to_string());
                let clip = Clip {
                    args: args.replace("{frames}", &self.frames.to_string()),
                    frames: self.frames.max(1) as usize,
                    noise_codes: self.noise_codes,
                    matrix: self.matrix,
                    range: self.range,
                    upsampling: self.upsampling,
                };
                clip.apply(pair, rng)
            }
        }
    };
}

encoder!(
    /// Settings of `mpeg4`.
    Mpeg4, 5, 1..=31,
    "-c:v mpeg4 -threads 1 -q:v {q} -g {frames} -sc_threshold 1000000000"
);
encoder!(
    /// Settings of `x264`.
    X264, 28, 0..=51,
    "-c:v libx264 -threads 1 -qp {q} -x264-params keyint={frames}:min-keyint={frames}:scenecut=0:bframes=0"
);
encoder!(
    /// Settings of `x265`.
    X265, 30, 0..=51,
    "-c:v libx265 -x265-params qp={q}:keyint={frames}:min-keyint={frames}:scenecut=0:open-gop=0:bframes=0:pools=1:frame-threads=1:log-level=none"
);
encoder!(
    /// Settings of `vp9`.
    Vp9, 40, 0..=63,
    "-c:v libvpx-vp9 -threads 1 -b:v 0 -crf {q} -qmin {q} -qmax {q} -g {frames} -keyint_min {frames} -lag-in-frames 0 -auto-alt-ref 0 -cpu-used 4"
);
encoder!(
    /// Settings of `av1`.
    Av1, 40, 0..=63,
    "-c:v libaom-av1 -threads 1 -b:v 0 -crf {q} -qmin {q} -qmax {q} -g {frames} -keyint_min {frames} -lag-in-frames 0 -cpu-used 6"
);
