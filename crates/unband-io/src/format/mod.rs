//! Image formats, one module each, and their registry.

mod auxiliary;
#[cfg(feature = "avif")]
mod avif;
mod bmp;
mod dropped;
#[cfg(feature = "exr")]
mod exr;
#[cfg(feature = "gif")]
mod gif;
mod hdr;
mod heic;
mod heif;
mod iptc;
pub(crate) mod jpeg;
#[cfg(feature = "jxl")]
mod jxl;
mod pfm;
pub(crate) mod png;
mod pnm;
#[cfg(feature = "tiff")]
mod tiff;
mod unread;
#[cfg(feature = "webp")]
pub(crate) mod webp;
pub(crate) mod y4m;

use std::cell::Cell;
use std::fmt;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use unband_image::{Density, Depth, Image, Model};

use crate::limits::LONGEST_PROFILE;
use crate::{Error, Limits, exif, orient, xmp_parts};
pub use dropped::{Dropped, Item};

/// When a property of a written format applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum When {
    /// Never.
    Never,
    /// With a quality, which makes the format lossy.
    WithQuality,
    /// Always.
    Always,
}

impl When {
    /// Whether it applies, with or without a requested quality.
    pub fn holds(self, with_quality: bool) -> bool {
        self == Self::Always || self == Self::WithQuality && with_quality
    }
}

/// All depths of whole codes.
const EVERY_DEPTH: &[Depth] = &[
    Depth::Int(1),
    Depth::Int(2),
    Depth::Int(3),
    Depth::Int(4),
    Depth::Int(5),
    Depth::Int(6),
    Depth::Int(7),
    Depth::Int(8),
    Depth::Int(9),
    Depth::Int(10),
    Depth::Int(11),
    Depth::Int(12),
    Depth::Int(13),
    Depth::Int(14),
    Depth::Int(15),
    Depth::Int(16),
];

/// Writing capabilities of a format.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools)] // a table row of what fits, each column its own fact
#[non_exhaustive]
pub struct Writes {
    /// Available sample depths; an integer depth in between is widened exactly to the next.
    pub depths: &'static [Depth],
    /// When it is lossy. A quality then controls the loss.
    pub lossy: When,
    /// When [`WriteOptions::effort`] affects its encoder.
    pub effort: When,
    /// Whether grey images stay grey.
    pub gray: bool,
    /// Whether colour images are stored, as RGB.
    pub color: bool,
    /// Whether planes Y, Cb and Cr are stored as they are, subsampled chroma included.
    pub yuv: bool,
    /// Whether transparency is stored.
    pub alpha: bool,
    /// Whether ICC profiles are stored.
    pub icc: bool,
    /// Whether Exif is stored.
    pub exif: bool,
    /// Whether XMP is stored.
    pub xmp: bool,
    /// Whether IPTC is stored.
    pub iptc: bool,
    /// Whether code points of primaries and transfer are stored, with gamma and the light levels of HDR.
    pub cicp: bool,
    /// Whether chromaticities are stored numerically.
    pub chromaticities: bool,
    /// Whether physical density is stored.
    pub density: bool,
    /// Whether texts with keywords are stored; formats with comments only keep those called "Comment".
    pub text: bool,
    /// Whether the content of TIFF files is stored that no other format has: tags, further bands, signs.
    pub tiff: bool,
    /// Whether gain maps of JPEG files are stored.
    pub gain_map: bool,
    /// Memory of its encoder, in bytes per byte of the image's planes: 1 for one that works in strips.
    pub memory: u64,
}

impl Writes {
    /// Grey and RGB without loss, and no other data.
    const SAMPLES: Self = Self {
        depths: &[Depth::EIGHT],
        lossy: When::Never,
        effort: When::Never,
        gray: true,
        color: true,
        yuv: false,
        alpha: false,
        icc: false,
        exif: false,
        xmp: false,
        iptc: false,
        cicp: false,
        chromaticities: false,
        density: false,
        text: false,
        tiff: false,
        gain_map: false,
        // Interleaved codes, their copy in the encoder's layout, and the file.
        memory: 3,
    };

    /// Whether images of that model can be written. Grey always can, as three equal planes where necessary.
    pub fn holds(&self, model: Model) -> bool {
        match model {
            Model::Gray => true,
            Model::Rgb => self.color,
            Model::Yuv { .. } => self.yuv,
        }
    }

    /// The depth of a file for samples of `depth`.
    pub(crate) fn container(&self, depth: Depth, format: &'static str) -> Result<Depth, Error> {
        let fits = |d: &&Depth| match (**d, depth) {
            (Depth::F32, _) => true,
            (Depth::Int(_), Depth::F32) => false,
            (Depth::Int(holds), Depth::Int(bits)) => holds >= bits,
        };
        let found = self.depths.iter().filter(fits).min_by_key(|d| d.bits());
        let most = self.depths.iter().max_by_key(|d| d.bits()).copied().unwrap_or(Depth::EIGHT);
        found.copied().ok_or_else(|| Error::depth(format, most, depth))
    }
}

/// Options for writing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteOptions {
    /// Quality 1..=100 of lossy formats; by default a high one (JPEG 95, WebP 95, AVIF 95).
    pub quality: Option<u8>,
    /// Lossless WebP. By default true, unless a quality is given.
    pub lossless: Option<bool>,
    /// Compression effort, 0 (fastest) to 9 (smallest), for PNG and for other formats whose encoder has such
    /// a setting ([`Writes::effort`]). The samples of lossless files are the same at every level.
    pub effort: Option<u8>,
    /// Threads of multithreaded encoders; 0 for all cores. The file is the same with any number.
    pub threads: usize,
}

/// An image format.
pub struct FormatEntry {
    /// Its name ("PNG").
    pub name: &'static str,
    /// Extensions without a dot, the preferred one first.
    pub extensions: &'static [&'static str],
    /// Whether it can be read.
    pub reads: bool,
    /// Writing capabilities, if it can be written.
    pub writes: Option<Writes>,
    pub(crate) is: fn(&[u8]) -> bool,
    pub(crate) read: ReadFn,
    pub(crate) write: WriteFn,
}

pub(crate) type ReadFn = fn(&[u8], &Limits) -> Result<Image, Error>;

pub(crate) type WriteFn = fn(&Image, &WriteOptions, &mut dyn Write, &mut Vec<Dropped>) -> Result<(), Error>;

impl fmt::Debug for FormatEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for FormatEntry {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// All formats.
pub static FORMATS: &[FormatEntry] = &[
    png::ENTRY,
    jpeg::ENTRY,
    #[cfg(feature = "tiff")]
    tiff::ENTRY,
    #[cfg(feature = "webp")]
    webp::ENTRY,
    #[cfg(feature = "avif")]
    avif::ENTRY,
    #[cfg(feature = "jxl")]
    jxl::ENTRY,
    pnm::PNM,
    pnm::PBM,
    pnm::PGM,
    pnm::PPM,
    pnm::PAM,
    pfm::ENTRY,
    #[cfg(feature = "exr")]
    exr::ENTRY,
    y4m::ENTRY,
    #[cfg(feature = "gif")]
    gif::ENTRY,
    heic::ENTRY,
    bmp::ENTRY,
    hdr::ENTRY,
];

#[cfg(feature = "fuzzing")]
pub(crate) use iptc::records as iptc_records;

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside a decoder. A panic there becomes an [`Error::Damaged`], so a panic hook can
/// stay silent.
pub fn is_decoding() -> bool {
    DECODING.get()
}

pub(crate) fn read(format: &'static FormatEntry, bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    read_by(format.read, format, bytes, limits)
}

/// As [`read`], but of a truncated JPEG file the part that can be read.
pub(crate) fn read_partly(
    format: &'static FormatEntry,
    bytes: &[u8],
    limits: &Limits,
) -> Result<Image, Error> {
    let reader = if *format == jpeg::ENTRY { jpeg::read_partly } else { format.read };
    read_by(reader, format, bytes, limits)
}

fn read_by(
    reader: ReadFn,
    format: &'static FormatEntry,
    bytes: &[u8],
    limits: &Limits,
) -> Result<Image, Error> {
    let (mut image, orientation) = decoded(reader, format, bytes, limits)?;
    orient::apply(&mut image, orientation)?;
    Ok(image)
}

/// As [`read`], but not turned: with the orientation that its Exif declares.
pub(crate) fn decoded(
    reader: ReadFn,
    format: &'static FormatEntry,
    bytes: &[u8],
    limits: &Limits,
) -> Result<(Image, u8), Error> {
    // The decoders are third-party code; if one panics, a single damaged file must not end a batch.
    let outer = DECODING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(|| reader(bytes, limits)));
    DECODING.set(outer);
    let mut image = result.unwrap_or_else(|_| Err(Error::damaged(format.name, "its decoder failed")))?;
    image.origin.format = format.name;
    settle(&mut image);
    let orientation = image.metadata.exif.as_deref().map_or(1, exif::orientation);
    Ok((image, orientation))
}

/// Removes the metadata of all formats that is too long, or no longer true of the image alone.
fn settle(image: &mut Image) {
    let metadata = &mut image.metadata;
    if let Some(icc) = &metadata.icc {
        let plausible = icc_plausible(icc, image.color.model);
        if icc.len() > LONGEST_PROFILE {
            metadata.unread.push(too_long_profile());
            metadata.icc = None;
        } else if !plausible {
            metadata.unread.push("ICC profile (not one of the image's colour space)".to_owned());
            metadata.icc = None;
        }
    }
    if metadata.xmp.as_mut().is_some_and(|packet| !xmp_parts::leave_the_image_alone(packet)) {
        metadata.unread.push("XMP (damaged)".to_owned());
        metadata.xmp = None;
    }
}

/// The name of a profile that is not kept.
fn too_long_profile() -> String {
    format!("ICC profile (more than {} MiB)", LONGEST_PROFILE >> 20)
}

pub(crate) fn write(
    image: &Image,
    format: &'static FormatEntry,
    options: &WriteOptions,
    out: &mut dyn Write,
) -> Result<Vec<Dropped>, Error> {
    let writes = format.writes.as_ref().ok_or(Error::ReadOnly { format: format.name })?;
    writes.container(image.depth, format.name)?;
    crate::check_model(image.color.model, format)?;
    let mut dropped = dropped::plainly(image, writes);
    let mut watched = Watched { out, failed: None };
    let result = (format.write)(image, options, &mut watched, &mut dropped);
    match watched.failed {
        Some(source) => Err(Error::Io { action: "write", source }),
        None => result.map(|()| dropped),
    }
}

/// The gamma that PNG stores for sRGB's curve.
const SRGB_GAMMA: u32 = 45_455;
/// White, red, green and blue of sRGB, in 1/100000. Source: IEC 61966-2-1.
const SRGB_CHROMATICITIES: [u32; 8] = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000];

/// Remembers the first failure: some encoders finish in a destructor and cannot report it.
struct Watched<'a> {
    out: &'a mut dyn Write,
    failed: Option<io::Error>,
}

impl Watched<'_> {
    fn watch<T>(&mut self, act: impl FnOnce(&mut dyn Write) -> io::Result<T>) -> io::Result<T> {
        if self.failed.is_some() {
            return Err(io::Error::other("an earlier write failed"));
        }
        act(self.out).map_err(|error| {
            let kind = error.kind();
            if kind != io::ErrorKind::Interrupted {
                self.failed = Some(error);
            }
            kind.into()
        })
    }
}

impl Write for Watched<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.watch(|out| out.write(buffer))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.watch(|out| out.flush())
    }
}

/// Width and height of an image, which a format holds up to `most` pixels per side.
fn sides(image: &Image, format: &'static str, most: u32) -> Result<(u32, u32), Error> {
    let (width, height) = (image.width(), image.height());
    let side = |side: usize| u32::try_from(side).ok().filter(|&side| side <= most);
    side(width).zip(side(height)).ok_or(Error::Size { format, most, width, height })
}

/// The writer of read-only formats; [`write`] has refused before.
fn read_only(_: &Image, _: &WriteOptions, _: &mut dyn Write, _: &mut Vec<Dropped>) -> Result<(), Error> {
    Err(Error::ReadOnly { format: "this format" })
}

/// Whether a text is the one that formats with comments store.
fn is_comment(keyword: &str) -> bool {
    keyword.eq_ignore_ascii_case("comment")
}

/// Whether an ICC profile describes samples of this model. Source: ICC.1:2022, 7.2.6 data colour space field.
fn icc_fits(icc: &[u8], model: Model) -> bool {
    match icc.get(16..20) {
        Some(b"GRAY") => model == Model::Gray,
        // The RGB that luma and chroma represent.
        Some(b"RGB ") => model != Model::Gray,
        _ => false,
    }
}

/// Whether a profile is worth keeping. An RGB profile on a grey image is common and understood. A CMYK
/// profile on an image converted to RGB is wrong, and so are bytes too short for a profile.
fn icc_plausible(icc: &[u8], model: Model) -> bool {
    icc_fits(icc, model) || (model == Model::Gray && icc_fits(icc, Model::Rgb))
}

/// Factor that makes both terms of a ratio whole, or nearly whole.
fn ratio_scale(density: Density) -> f64 {
    let whole = |scale: &&f64| {
        [density.x, density.y].iter().all(|v| (v * **scale - (v * **scale).round()).abs() < 1e-6)
    };
    let scales = [1.0, 2.0, 3.0, 10.0, 33.0, 100.0, 1000.0];
    *scales.iter().find(whole).unwrap_or(&1000.0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    static BROKEN: FormatEntry = FormatEntry {
        name: "broken",
        extensions: &[],
        reads: true,
        writes: None,
        is: |_| false,
        read: |bytes, _| Err(Error::damaged("broken", bytes[1])),
        write: read_only,
    };

    #[test]
    fn a_decoder_that_panics_is_an_error() {
        let error = read(&BROKEN, b"", &Limits::default()).unwrap_err();
        assert_eq!(error.to_string(), "damaged broken file: its decoder failed");
    }

    #[test]
    fn depths_widen_to_the_next_container() {
        let writes = png::ENTRY.writes.unwrap();
        for (asked, container) in [(1, 1), (3, 4), (5, 8), (8, 8), (9, 16), (16, 16)] {
            assert_eq!(writes.container(Depth::Int(asked), "PNG").unwrap(), Depth::Int(container));
        }
        assert!(writes.container(Depth::F32, "PNG").is_err());
        assert_eq!(pfm::ENTRY.writes.unwrap().container(Depth::EIGHT, "PFM").unwrap(), Depth::F32);
    }

    #[test]
    fn ratios_become_whole_numbers() {
        let scale = |x, y| ratio_scale(Density { x, y, unit: unband_image::DensityUnit::Aspect });
        assert!((scale(2.0, 1.0) - 1.0).abs() < 1e-9);
        assert!((scale(1.5, 1.0) - 2.0).abs() < 1e-9);
        assert!((scale(1.0, 1.0 / 33.0) - 33.0).abs() < 1e-9);
    }
}
