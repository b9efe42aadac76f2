//! Video encoders on one picture.

use unband_image::{Matrix, Range, Rng};

use super::planes::{Planes420, Rounding, Upsampling};
use super::{Degradation, DegradeError, Pair, program};

/// Through a video encoder as 8-bit 4:2:0 and back. Colour is converted here, exactly rounded; the encoder sees
/// only planes.
pub struct Codec {
    /// ffmpeg's arguments that choose the encoder and its rate.
    pub args: &'static [&'static str],
    /// Luma weights.
    pub matrix: Matrix,
    /// Code range.
    pub range: Range,
}

/// H.264 at quantiser 24.
pub const X264_24: Codec = video(&["-c:v", "libx264", "-threads", "1", "-qp", "24"]);
/// H.264 at quantiser 34.
pub const X264_34: Codec = video(&["-c:v", "libx264", "-threads", "1", "-qp", "34"]);
/// H.265.
pub const X265: Codec = video(&["-c:v", "libx265", "-x265-params", "log-level=none:pools=1", "-crf", "28"]);
/// VP9.
pub const VP9: Codec = video(&["-c:v", "libvpx-vp9", "-crf", "36", "-b:v", "0", "-cpu-used", "2"]);
const AOM: [&str; 8] = ["-c:v", "libaom-av1", "-b:v", "0", "-cpu-used", "5", "-still-picture", "1"];
/// AV1 as video has it.
pub const AV1: Codec = video(&[AOM[0], AOM[1], AOM[2], AOM[3], AOM[4], AOM[5], AOM[6], AOM[7], "-crf", "34"]);
/// AV1 as still pictures have it: full range, BT.601.
pub const AVIF: Codec = Codec {
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
        // Encoders of 4:2:0 want even sides.
        let (width, height) = (planes.width, planes.height);
        if width % 2 == 1 || height % 2 == 1 {
            let what = format!("nothing: 4:2:0 needs even sides, got {width}×{height}");
            return Err(DegradeError::Answer { program: "ffmpeg", what });
        }
        let size = format!("{width}x{height}");
        let raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", &size, "-i", "-"];
        let stream = program::ffmpeg(&[&raw[..], self.args, &["-f", "nut", "-"]].concat(), &planes.bytes())?;
        let decode = ["-f", "nut", "-i", "-", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"];
        let bytes = program::ffmpeg(&decode, &stream)?;
        let decoded = planes.with_bytes(&bytes).ok_or_else(|| DegradeError::Answer {
            program: "ffmpeg",
            what: format!("{} bytes for {size} samples of 4:2:0", bytes.len()),
        })?;
        pair.lq = decoded.to_rgb(Upsampling::drawn(rng), Rounding::Nearest);
        Ok(())
    }
}
