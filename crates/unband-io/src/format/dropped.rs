//! Data that a written format cannot store.

use std::fmt;

use unband_image::{AuxiliaryImage, Image, TiffTag};

use super::{SRGB_CHROMATICITIES, SRGB_GAMMA, Writes};

/// Data in a file besides its colour samples.
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
    /// A second image that defines the brightness on HDR displays.
    GainMap,
    /// Further images after the first: other views, other exposures.
    FurtherImages,
    /// Rows that a truncated file does not have.
    Rows,
    /// Bands after the colours and alpha, such as infrared.
    Bands,
    /// Tags of TIFF files, such as those of `GeoTIFF`.
    Tags,
    /// Samples below zero.
    Signed,
    /// Other data that the reader passed over; the detail names it.
    Unread,
}

impl Item {
    /// Whether no format keeps it, even if the format could store it.
    pub fn never_kept(self) -> bool {
        matches!(self, Self::FurtherImages | Self::Rows | Self::Unread)
    }
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
            Self::GainMap => "HDR gain map",
            Self::FurtherImages => "further images",
            Self::Rows => "rows",
            Self::Bands => "further bands",
            Self::Tags => "TIFF tags",
            Self::Signed => "signed samples",
            Self::Unread => "other data",
        })
    }
}

/// Data that the written format could not store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dropped {
    /// Kind of data.
    pub item: Item,
    /// Which data, or the reason, if not obvious.
    pub detail: Option<String>,
}

impl Dropped {
    pub(crate) fn all(item: Item) -> Self {
        Self { item, detail: None }
    }

    pub(crate) fn because(item: Item, detail: impl Into<String>) -> Self {
        Self { item, detail: Some(detail.into()) }
    }

    /// The texts with these keywords, the first few by name; `None` if there are none.
    pub(crate) fn texts(keywords: &[&str]) -> Option<Self> {
        const NAMED: usize = 3;
        let named: Vec<String> = keywords.iter().take(NAMED).map(|k| format!("\"{k}\"")).collect();
        let more = keywords.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!keywords.is_empty()).then(|| Self::because(Item::Text, named.join(", ") + &more))
    }
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.detail {
            Some(name) if self.item == Item::Unread => f.write_str(name),
            Some(detail) => write!(f, "{} ({detail})", self.item),
            None => write!(f, "{}", self.item),
        }
    }
}

/// Data that the format cannot store at all; its writer adds what is dropped for other reasons.
pub(super) fn plainly(image: &Image, writes: &Writes) -> Vec<Dropped> {
    let metadata = &image.metadata;
    let colors = &metadata.colorimetry;
    // A profile takes precedence over gamma and chromaticities, and images without either are taken as sRGB.
    let described = colors.srgb_intent.is_some() || metadata.icc.is_some();
    let gamma = !described && colors.gamma.is_some_and(|g| g != SRGB_GAMMA);
    let unlike_srgb = |c: [u32; 8]| c.iter().zip(SRGB_CHROMATICITIES).any(|(&a, b)| a.abs_diff(b) > 100);
    let chromaticities = !described && colors.chromaticities.is_some_and(unlike_srgb);
    let light = colors.mastering.is_some() || colors.content_light.is_some();
    let numbers = (!writes.cicp && (gamma || light)) || (!writes.chromaticities && chromaticities);
    let table = [
        (Item::Alpha, !writes.alpha && crate::has_transparency(image)),
        (Item::Icc, !writes.icc && metadata.icc.is_some()),
        (Item::Exif, !writes.exif && metadata.exif.is_some()),
        (Item::Xmp, !writes.xmp && metadata.xmp.is_some()),
        (Item::Iptc, !writes.iptc && metadata.iptc.is_some()),
        (Item::Cicp, !writes.cicp && image.color.cicp.is_some()),
        (Item::Density, !writes.density && metadata.density.is_some()),
        (Item::Text, !writes.text && !metadata.text.is_empty()),
        (Item::Colorimetry, numbers),
        (Item::GainMap, metadata.auxiliary.contains(&AuxiliaryImage::GainMap) && !writes.gain_map),
        (Item::FurtherImages, metadata.auxiliary.contains(&AuxiliaryImage::Further)),
    ];
    let rows = table.into_iter().filter(|row| row.1).map(|row| Dropped::all(row.0));
    let share = |rows: usize| (100.0 * rows as f64 / image.height().max(1) as f64).ceil();
    let rows = rows.chain(metadata.missing_rows.map(|missing| {
        let detail = format!("{missing} of {}, {} %, where the file ends", image.height(), share(missing));
        Dropped::because(Item::Rows, detail)
    }));
    let unread = metadata.unread.iter().map(|name| Dropped::because(Item::Unread, name));
    let tiff = &metadata.tiff;
    let tags: Vec<&TiffTag> = tiff.tags.iter().collect();
    let tiff = (!writes.tiff).then(|| of_tiff(&tags, tiff.bands.len(), tiff.signed, "kept in TIFF alone"));
    rows.chain(unread).chain(tiff.into_iter().flatten()).collect()
}

/// Tags, bands and signs of a TIFF file that are not kept for this reason.
pub(super) fn of_tiff(tags: &[&TiffTag], bands: usize, signed: bool, reason: &str) -> Vec<Dropped> {
    let count = if bands == 1 { "1 band".to_owned() } else { format!("{bands} bands") };
    let numbers: Vec<String> = tags.iter().map(|tag| tag.tag.to_string()).collect();
    let table = [
        (Item::Bands, bands > 0, format!("{count}, {reason}")),
        (Item::Tags, !tags.is_empty(), format!("{}, {reason}", numbers.join(", "))),
        (Item::Signed, signed, format!("the lowest number is code 0; {reason}")),
    ];
    table.into_iter().filter(|row| row.1).map(|row| Dropped::because(row.0, row.2)).collect()
}
