//! Writing a video as numbered images (`out/%04d.png`), one per frame, lossless apart from rounding to RGB.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use unband_image::{Matrix, Model, Range};

use super::ffmpeg::{Args, file_name};
use super::images::around;
use super::{Images, PixelFormat, Samples, VideoError, VideoFile};

/// Image extensions and `FFmpeg`'s encoders for them.
const ENCODERS: [(&str, &str); 4] = [("png", "png"), ("dpx", "dpx"), ("tif", "tiff"), ("tiff", "tiff")];

/// The encoder for a pattern; `None` for other names.
fn encoder(path: &Path) -> Option<&'static str> {
    let (_, behind) = around(path.file_name()?.to_str()?)?;
    let extension = behind.rsplit_once('.')?.1.to_ascii_lowercase();
    ENCODERS.into_iter().find_map(|(known, encoder)| (known == extension).then_some(encoder))
}

/// Whether that name is a pattern for numbered images.
pub(super) fn are_named(path: &Path) -> bool {
    encoder(path).is_some()
}

/// Whether the output exists: the file, or images that match the pattern.
pub fn is_taken(output: &Path) -> bool {
    if !are_named(output) {
        return output.exists();
    }
    // Numbers with gaps exist too, even though they do not form a video.
    !matches!(Images::find(output, (1, 1)), Ok(None) | Err(VideoError::File(_)))
}

/// Adds the arguments for writing frames of that depth as images into a folder, named as in `output`. The
/// first number is that of the input images, or 1.
///
/// # Errors
/// Planes of unknown meaning, and a current directory that no longer exists.
pub(super) fn written(
    video: &VideoFile,
    pixels: &PixelFormat,
    output: &Path,
    folder: &Path,
    args: &mut Args,
) -> Result<(), VideoError> {
    let encoder = encoder(output).unwrap_or("png");
    let color = video.color()?;
    let scale = "scale=flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp";
    let meant = if let (Model::Yuv { matrix, range, .. }, Samples::Yuv(_) | Samples::Gray) =
        (color.model, pixels.samples)
    {
        let matrix = match matrix {
            Matrix::Bt601 => "bt601",
            Matrix::Bt709 => "bt709",
            Matrix::Bt2020 => "bt2020",
        };
        let range = if range == Range::Full { "pc" } else { "tv" };
        format!(":in_color_matrix={matrix}:in_range={range}")
    } else {
        String::new()
    };
    let first = video.images.as_ref().map_or(1, Images::first).to_string();
    // Images have no times. Those of the video may fall together in units of its rate, and FFmpeg ends then.
    let filters = format!("{scale}{meant},settb=1/25,setpts=N");
    args.put(&["-c:0", encoder, "-vf", &filters, "-enc_time_base", "1/25"]);
    args.put(&["-pix_fmt", format(encoder, pixels)]);
    args.put(&["-fps_mode", "passthrough", "-start_number", &first, "-f", "image2"]);
    let name = output.file_name().unwrap_or_default();
    let folder = folder.to_string_lossy().replace('%', "%%");
    args.push(file_name(&Path::new(&folder).join(name))?);
    Ok(())
}

/// The pixel format that an image encoder accepts for these frames.
fn format(encoder: &str, pixels: &PixelFormat) -> &'static str {
    let gray = pixels.samples == Samples::Gray;
    match (encoder, pixels.bits, pixels.alpha, gray) {
        (_, 8, false, true) => "gray",
        (_, 8, false, false) => "rgb24",
        (_, 8, true, _) => "rgba",
        ("dpx", 9 | 10, false, _) => "gbrp10be",
        ("dpx", 11 | 12, false, _) => "gbrp12be",
        ("tiff", _, false, true) => "gray16le",
        ("tiff", _, false, false) => "rgb48le",
        ("tiff", _, true, _) => "rgba64le",
        (_, _, false, true) => "gray16be",
        (_, _, false, false) => "rgb48be",
        (_, _, true, _) => "rgba64be",
    }
}

/// The image format for frames of that depth, in a few words: "PNG RGB 16 bits".
pub(super) fn words(output: &Path, pixels: &PixelFormat) -> String {
    let encoder = encoder(output).unwrap_or("png");
    let stored = format(encoder, pixels);
    let bits = match stored {
        "gbrp10be" => 10,
        "gbrp12be" => 12,
        name if name.contains("16") || name.contains("48") || name.contains("64") => 16,
        _ => 8,
    };
    let samples = if stored.starts_with("gray") { "grey" } else { "RGB" };
    let alpha = if pixels.alpha { " with alpha" } else { "" };
    format!("{} {samples} {bits} bits{alpha}", encoder.to_ascii_uppercase())
}

/// Number of images in a folder.
pub(super) fn count(folder: &Path) -> io::Result<u64> {
    Ok(fs::read_dir(folder)?.count() as u64)
}

/// Moves a written video into place: a file, or the images in a folder. Users who may not read the input
/// cannot read the result either.
///
/// # Errors
/// Operating-system errors.
pub fn put_in_place(written: &Path, output: &Path, video: &Path) -> io::Result<()> {
    let put = |from: &Path, to: &Path| {
        // Windows writes a file to the disk only for those who may write it.
        let file = File::options().read(true).write(true).open(from)?;
        unband_io::Access::from_paths([video]).narrow(&file)?;
        file.sync_all()?;
        fs::rename(from, to)
    };
    if let Some(folder) = output.parent() {
        unband_io::stale::remove(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    }
    if !written.is_dir() {
        return put(written, output);
    }
    for entry in fs::read_dir(written)? {
        let entry = entry?;
        put(&entry.path(), &output.with_file_name(entry.file_name()))?;
    }
    fs::remove_dir(written)
}
