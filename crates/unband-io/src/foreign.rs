//! File types that are recognised and not read, each with a way to convert it.

use std::path::Path;

use crate::Error;

/// A type of file that is recognised and not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignType {
    /// Its name, with an article: "a DDS texture".
    pub name: &'static str,
    conversion: Conversion,
}

/// A way to a readable file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Conversion {
    /// `ffmpeg -i IN -pix_fmt … OUT.png`, by the depth.
    Ffmpeg,
    /// `magick IN OUT.png`.
    Magick,
    /// A command, with `IN` for the file and `OUT` for its name without extension.
    Command(&'static str),
    /// Another action.
    Action(&'static str),
    /// A video, for commands that take images.
    Video,
}

/// The action for a camera raw file.
pub(crate) const DEVELOP: &str = "develop it to 16-bit TIFF first, for example with darktable or RawTherapee";

/// Commands that take videos.
pub(crate) const VIDEO_COMMANDS: &str =
    "`unband`, `upscale`, `score`, `compare`, `inspect` and `view` take videos";

/// Types by bytes at an offset, the first match decides.
const TYPES: &[(usize, &[u8], &str, Conversion)] = &[
    (4, b"ftypcrx ", "a camera raw file (Canon CR3)", Conversion::Action(DEVELOP)),
    (0, b"FUJIFILMCCD-RAW", "a camera raw file (Fujifilm RAF)", Conversion::Action(DEVELOP)),
    (0, b"IIU\0", "a camera raw file (Panasonic RW2)", Conversion::Action(DEVELOP)),
    (0, b"IIRO", "a camera raw file (Olympus ORF)", Conversion::Action(DEVELOP)),
    (0, b"IIRS", "a camera raw file (Olympus ORF)", Conversion::Action(DEVELOP)),
    (0, b"FOVb", "a camera raw file (Sigma X3F)", Conversion::Action(DEVELOP)),
    (0, b"\0MRM", "a camera raw file (Minolta MRW)", Conversion::Action(DEVELOP)),
    (6, b"HEAPCCDR", "a camera raw file (Canon CRW)", Conversion::Action(DEVELOP)),
    (0, b"DDS ", "a DDS texture", Conversion::Ffmpeg),
    (0, b"8BPS", "a Photoshop document (PSD)", Conversion::Ffmpeg),
    (0, b"qoif", "a QOI image", Conversion::Ffmpeg),
    (0, b"SDPX", "a DPX image", Conversion::Ffmpeg),
    (0, b"XPDS", "a DPX image", Conversion::Ffmpeg),
    (4, b"jP  \r\n\x87\n", "a JPEG 2000 image", Conversion::Ffmpeg),
    (0, b"\xFF\x4F\xFF\x51", "a JPEG 2000 code stream", Conversion::Ffmpeg),
    (0, b"\x01\xDA\x00", "an SGI image", Conversion::Ffmpeg),
    (0, b"\x01\xDA\x01", "an SGI image", Conversion::Ffmpeg),
    (0, b"\x59\xA6\x6A\x95", "a Sun raster image", Conversion::Ffmpeg),
    (0, b"SIMPLE  =", "a FITS image", Conversion::Magick),
    (0, b"\x80\x2A\x5F\xD7", "a Cineon image", Conversion::Magick),
    (0, b"#?RADIANCE", "a Radiance image (HDR)", Conversion::Command("magick IN OUT.exr")),
    (0, b"#?RGBE", "a Radiance image (HDR)", Conversion::Command("magick IN OUT.exr")),
    (0, b"farbfeld", "a farbfeld image", Conversion::Magick),
    (0, b"gimp xcf", "a GIMP document (XCF)", Conversion::Magick),
    (0, b"\0\0\x01\0", "an icon (ICO)", Conversion::Magick),
    (0, b"icns", "an icon (ICNS)", Conversion::Magick),
    (128, b"DICM", "a DICOM image", Conversion::Magick),
    (0, b"\xABKTX ", "a KTX texture", Conversion::Command("ktx extract IN OUT.png")),
    (
        0,
        b"\x93NUMPY",
        "an array of NumPy",
        Conversion::Command(
            "python -c \"import numpy, PIL.Image as i; i.fromarray(numpy.load('IN')).save('OUT.tiff')\"",
        ),
    ),
    (0, b"%PDF", "a PDF document", Conversion::Command("pdftoppm -png IN OUT")),
    (0, b"%!PS", "a PostScript document", Conversion::Magick),
    (0, b"<svg", "an SVG drawing", Conversion::Command("rsvg-convert IN -o OUT.png")),
    (0, b"<!doctype", "a web page", Conversion::Action("download the image itself")),
    (0, b"<html", "a web page", Conversion::Action("download the image itself")),
    (
        0,
        b"version https://git-lfs",
        "a Git LFS pointer",
        Conversion::Action("`git lfs pull` downloads its content"),
    ),
    (0, b"PK\x03\x04", "an archive (ZIP), or a document of Krita or OpenRaster", Conversion::Magick),
];

/// Types without bytes of their own, by extension.
const EXTENSIONS: &[(&str, &str, Conversion)] = &[
    ("tga", "a TGA image", Conversion::Ffmpeg),
    ("pcx", "a PCX image", Conversion::Ffmpeg),
    ("svg", "an SVG drawing", Conversion::Command("rsvg-convert IN -o OUT.png")),
];

/// The type of a file with these first bytes.
fn foreign_type(head: &[u8]) -> Option<ForeignType> {
    // Text may begin with a mark of its encoding and white space, in capital letters.
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let text = text[..text.len().min(32)].to_ascii_lowercase();
    let is = |&&(offset, magic, ..): &&(usize, &[u8], &str, Conversion)| {
        let own = head.get(offset..).is_some_and(|rest| rest.starts_with(magic));
        own || magic.starts_with(b"<") && text.starts_with(magic)
    };
    let known = TYPES.iter().find(is).map(|&(_, _, name, conversion)| ForeignType { name, conversion });
    let video = || {
        crate::begins_video(head).then_some(ForeignType { name: "a video", conversion: Conversion::Video })
    };
    known.or_else(video)
}

/// The error for bytes of no readable format.
pub fn unknown(bytes: &[u8]) -> Error {
    foreign_type(bytes).map_or(Error::UnknownContent, |kind| Error::Foreign { kind })
}

/// The way to convert a file of no recognised bytes, by its extension.
pub(crate) fn by_extension(path: &Path) -> Option<String> {
    let own = path.extension()?.to_str()?.to_ascii_lowercase();
    let &(_, name, conversion) = EXTENSIONS.iter().find(|(extension, ..)| *extension == own)?;
    Some(ForeignType { name, conversion }.hint(Some(path)))
}

impl ForeignType {
    /// The next action for a file of this type.
    pub(crate) fn hint(self, path: Option<&Path>) -> String {
        let (file, stem) = names(path);
        match self.conversion {
            Conversion::Ffmpeg => format!(
                "convert it first: `ffmpeg -i {file} -pix_fmt rgb24 {stem}.png`, or `rgb48be` for more than 8 bits"
            ),
            Conversion::Magick => format!("convert it first: `magick {file} {stem}.png`"),
            Conversion::Command(command) => conversion(command, path),
            Conversion::Action(action) => action.to_owned(),
            Conversion::Video => format!(
                "{VIDEO_COMMANDS}; for other commands write frames: `ffmpeg -i {file} frame_%05d.png`"
            ),
        }
    }
}

/// A path, and the path without extension, for commands.
fn names(path: Option<&Path>) -> (String, String) {
    let shown = |path: &Path| path.display().to_string();
    let path = path.unwrap_or(Path::new("FILE"));
    (shown(path), shown(&path.with_extension("")))
}

/// A command as the next action, with `IN` for the file and `OUT` for its name without extension.
pub(crate) fn conversion(command: &str, path: Option<&Path>) -> String {
    let (file, stem) = names(path);
    let words = command.split(' ').map(|word| match word {
        "IN" => file.clone(),
        word => word.replace("'IN'", &format!("'{file}'")).replace("OUT", &stem),
    });
    format!("convert it first: `{}`", words.collect::<Vec<_>>().join(" "))
}

/// The next action for a file of several frames.
pub(crate) fn animation_hint(format: &str, path: Option<&Path>) -> Option<String> {
    let (file, stem) = names(path);
    match format {
        "GIF" | "PNG" | "WebP" => Some(format!(
            "`unband {file}` and `unband upscale {file}` take animations; for other commands write frames: `magick {file} {stem}_%04d.png`"
        )),
        "JPEG XL" | "AVIF" => Some(format!(
            "write its frames: `magick {file} {stem}_%04d.png`, then `unband '{stem}_%04d.png' -o {stem}.mkv --lossless`"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_is_recognised_and_has_a_way_to_convert_it() {
        for (offset, magic, name, _) in TYPES {
            let mut bytes = vec![0; *offset];
            bytes.extend_from_slice(magic);
            bytes.resize(600, 0);
            let found = foreign_type(&bytes);
            assert_eq!(found.map(|found| found.name), Some(*name));
            let hint = found.map(|found| found.hint(Some(Path::new("a/wall.x")))).unwrap_or_default();
            assert!(!hint.contains("IN ") && !hint.contains("OUT"), "{hint}");
        }
        assert_eq!(foreign_type(b"\n<!DOCTYPE html>").map(|found| found.name), Some("a web page"));
        assert_eq!(foreign_type(b"\0\0\0\x18ftypisom").map(|found| found.name), Some("a video"));
        for other in [&b""[..], b"text", b"\x89PNG\r\n\x1a\n"] {
            assert_eq!(foreign_type(other), None);
        }
        let tga = by_extension(Path::new("wall.TGA"));
        assert!(tga.is_some_and(|hint| hint.contains("`ffmpeg -i wall.TGA -pix_fmt rgb24 wall.png`")));
    }
}
