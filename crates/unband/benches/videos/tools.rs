//! Writing and reading of clips with `FFmpeg`.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use unband_io::Limits;
use unband_video::{DecodeOptions, Decoder, FrameFormat, Programs, VideoFile};

use crate::Result;

/// Width of every clip.
pub(crate) const WIDTH: usize = 640;
/// Height of every clip.
pub(crate) const HEIGHT: usize = 360;
/// Frame rate of every clip.
pub(crate) const RATE: usize = 24;

/// Colour tags of every clip.
const COLORS: [&str; 8] =
    ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv"];

pub(crate) fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| "a path that is not text".into())
}

pub(crate) fn ffmpeg(args: &[&str]) -> Result<()> {
    let output = Command::new("ffmpeg").args(["-v", "error", "-y", "-nostdin"]).args(args).output()?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
    }
}

/// Encodes raw frames in an `FFmpeg` pixel format to a video; `args` are for the encoder.
pub(crate) fn encode(
    frames: impl Iterator<Item = Vec<u8>>,
    pixels: &str,
    args: &[&str],
    to: &Path,
) -> Result<()> {
    let (size, rate) = (format!("{WIDTH}x{HEIGHT}"), RATE.to_string());
    let mut child = Command::new("ffmpeg")
        .args([
            "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", pixels, "-s", &size, "-r", &rate, "-i", "-",
        ])
        .args(args)
        .args(COLORS)
        .arg(text(to)?)
        .stdin(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().ok_or("no pipe")?;
    for frame in frames {
        input.write_all(&frame)?;
    }
    drop(input);
    if child.wait()?.success() { Ok(()) } else { Err("ffmpeg failed".into()) }
}

/// A video and all its frames as stored.
pub(crate) struct Decoded {
    pub clip: VideoFile,
    pub format: FrameFormat,
    pub frames: Vec<Vec<u8>>,
}

impl Decoded {
    pub(crate) fn from_path(path: &Path) -> Result<Self> {
        let clip = unband_video::probe(path, &Programs::default())?;
        let mut decoder = Decoder::open(&clip, &DecodeOptions::default(), &Limits::default())?;
        let format = *decoder.format();
        let (mut frames, mut buffer) = (Vec::new(), Vec::new());
        while decoder.next_frame(&mut buffer)?.is_some() {
            frames.push(buffer.clone());
        }
        Ok(Self { clip, format, frames })
    }
}
