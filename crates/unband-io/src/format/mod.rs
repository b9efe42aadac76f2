//! The formats, one file each.

use std::fmt;
use std::io::Write;

use unband_image::{Depth, Image, Model};

use crate::{Error, Limits};

/// What a format can be asked to write.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools)] // a table row of what fits, each column its own fact
pub struct Writes {
    /// Depths of its samples; integer depths below are widened exactly to the next.
    pub depths: &'static [Depth],
    /// Loses something even at its best.
    pub lossy: bool,
    /// Grey pictures stay grey.
    pub gray: bool,
    /// Pictures with colour.
    pub color: bool,
    /// Transparency.
    pub alpha: bool,
    /// ICC profiles.
    pub icc: bool,
    /// Exif.
    pub exif: bool,
    /// XMP.
    pub xmp: bool,
    /// IPTC.
    pub iptc: bool,
    /// Code points of primaries and transfer.
    pub cicp: bool,
    /// Physical density.
    pub density: bool,
    /// Texts with keywords; formats with comments only keep those called "Comment".
    pub text: bool,
}

impl Writes {
    /// The depth of the file that holds samples of `depth`.
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

/// How to write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteOptions {
    /// 1..=100 for lossy formats; without it a high one (JPEG 95, WebP 95).
    pub quality: Option<u8>,
    /// WebP: without loss? By default yes, unless a quality is given.
    pub lossless: Option<bool>,
}

/// One format.
pub struct FormatEntry {
    /// Its name ("PNG").
    pub name: &'static str,
    /// Extensions without dot, the preferred first.
    pub extensions: &'static [&'static str],
    /// Can it be read?
    pub reads: bool,
    /// What can be written, if anything.
    pub writes: Option<Writes>,
    pub(crate) is: fn(&[u8]) -> bool,
    pub(crate) read: fn(&[u8], &Limits) -> Result<Image, Error>,
    pub(crate) write: WriteFn,
}

pub(crate) type WriteFn =
    fn(&Image, &WriteOptions, &mut dyn Write, &mut Vec<Dropped>) -> Result<(), Error>;

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

/// A thing that a file says beside its colour samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Item {
    /// Transparency.
    Alpha,
    /// ICC profile.
    Icc,
    /// Exif block.
    Exif,
    /// XMP packet.
    Xmp,
    /// IPTC block.
    Iptc,
    /// CICP code points.
    Cicp,
    /// Physical density.
    Density,
    /// A text.
    Text,
    /// Gamma and chromaticities.
    Colorimetry,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alpha => "alpha",
            Self::Icc => "ICC profile",
            Self::Exif => "Exif",
            Self::Xmp => "XMP",
            Self::Iptc => "IPTC",
            Self::Cicp => "CICP",
            Self::Density => "density",
            Self::Text => "text",
            Self::Colorimetry => "gamma and chromaticities",
        })
    }
}

/// Something that the written format could not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// What.
    pub item: Item,
    /// Which one, or why, where that is not plain.
    pub detail: Option<String>,
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.detail {
            Some(detail) => write!(f, "{} ({detail})", self.item),
            None => write!(f, "{}", self.item),
        }
    }
}

/// All formats.
pub static FORMATS: &[FormatEntry] = &[];

pub(crate) fn write(
    image: &Image,
    format: &'static FormatEntry,
    options: &WriteOptions,
    out: &mut dyn Write,
) -> Result<Vec<Dropped>, Error> {
    let writes = format.writes.as_ref().ok_or(Error::ReadOnly { format: format.name })?;
    writes.container(image.depth, format.name)?;
    let model = image.color.model;
    let fits = match model {
        Model::Gray => true,
        Model::Rgb => writes.color,
        Model::Yuv { .. } => false,
    };
    if !fits {
        return Err(Error::Model { format: format.name, model });
    }
    let mut dropped = Vec::new();
    (format.write)(image, options, out, &mut dropped)?;
    Ok(dropped)
}
