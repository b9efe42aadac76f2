//! Tags of TIFF files that are kept as they are, and names of those that are not.
//!
//! Source: TIFF 6.0; `BigTIFF` design; `GeoTIFF` 1.1 (OGC 19-008r4), 7.1; GDAL's driver; Library of
//! Congress, "Tags for TIFF and Related Specifications".

use unband_image::{Depth, Image, Plane, TiffTag};

use super::super::dropped::{Dropped, of_tiff};
use super::super::unread::Unread;
use super::directory::{Directory, Entry, LONG};
use super::read::{ICC, IPTC, PHOTOSHOP, PRIMARIES, WHITE_POINT, XMP};
use crate::exif::{self, NO_DATA, describes, is_place};
use crate::limits::LONGEST_PROFILE;

/// `GeoTIFF`'s, GDAL's, and the coefficients of rational polynomials: the place on Earth, and the meaning of
/// the numbers. Their values contain no offsets in the file.
const KEPT: [u16; 9] = [33_550, 33_922, 34_264, 34_735, 34_736, 34_737, 42_112, 42_113, 50_844];

/// Tags that describe only how the samples of this file are stored.
const STORAGE: &[u16] = &[
    254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 274, 277, 278, 279, 280, 281, 284, 288, 289,
    290, 291, 292, 293, 297, 317, 320, 322, 323, 324, 325, 332, 334, 336, 338, 339, 340, 341, 347, 512, 513,
    514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532, 559,
];

/// Content of tags that are not kept, in words.
const KNOWN: &[(u16, &str)] = &[
    (301, "transfer function"),
    (330, "further images"),
    (333, "names of inks"),
    (34_118, "microscope's data"),
    (34_412, "microscope's data"),
    (34_682, "microscope's data"),
    (37_724, "Photoshop's layers"),
    (50_838, "ImageJ's data"),
    (50_839, "ImageJ's data"),
];

/// Blocks of metadata by their tags.
const BLOCKS: [(u16, &str); 4] =
    [(XMP, "XMP"), (IPTC, "IPTC"), (PHOTOSHOP, "Photoshop's resources"), (ICC, "ICC profile")];

/// Longest value that is kept, in bytes.
pub(super) const LONGEST: usize = LONGEST_PROFILE;

/// The entries of the first directory.
#[derive(Default)]
pub(super) struct Tags {
    pub(super) kept: Vec<TiffTag>,
    pub(super) unread: Unread,
}

impl Tags {
    /// Walks the first directory, of a classic TIFF file or a `BigTIFF` one.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut tags = Self::default();
        let _ = tags.walk(bytes);
        tags
    }

    fn walk(&mut self, bytes: &[u8]) -> Option<()> {
        let directory = Directory::from_bytes(bytes);
        for entry in directory.entries() {
            let Entry { tag, kind, .. } = entry;
            if !KEPT.contains(&tag) {
                self.name(&entry, directory.big);
                continue;
            }
            let count = entry.count?;
            let value = directory.value(&entry).filter(|value| (1..=LONGEST).contains(&value.len()));
            // Types of 8 bytes do not exist in classic files.
            match value.filter(|_| !LONG.contains(&kind)) {
                Some(value) => {
                    let value = in_order(value, kind, directory.big_endian);
                    self.kept.push(TiffTag { tag, kind, count: count as u32, value });
                }
                None => self.unread.put(format!("tag {tag} (damaged, or too long)")),
            }
        }
        Some(())
    }

    /// Adds the name of a tag that is neither kept nor read.
    fn name(&mut self, entry: &Entry, big: bool) {
        let tag = entry.tag;
        let block = BLOCKS.iter().find(|block| block.0 == tag);
        if let Some((_, what)) = block.filter(|_| entry.size().is_some_and(|size| size > LONGEST)) {
            self.unread.put(format!("{what} (more than {} MiB)", LONGEST >> 20));
        }
        let read = block.is_some() || [WHITE_POINT, PRIMARIES].contains(&tag);
        // Describing tags become an Exif block, except those of BigTIFF.
        if STORAGE.contains(&tag) || read && !(big && [WHITE_POINT, PRIMARIES].contains(&tag)) {
            return;
        }
        if describes(tag) {
            if big && tag == exif::EXIF_IFD {
                self.unread.put("Exif of BigTIFF");
            } else if big {
                self.unread.put(format!("tag {tag}"));
            }
            return;
        }
        match KNOWN.iter().find(|known| known.0 == tag) {
            Some(known) => self.unread.put(format!("{} (tag {tag})", known.1)),
            None => self.unread.put(format!("tag {tag}")),
        }
    }
}

/// The bytes of a value in little-endian order, from the file's, or the other way round.
pub(super) fn in_order(value: &[u8], kind: u16, big_endian: bool) -> Vec<u8> {
    let unit = match kind {
        // Rationals are two numbers.
        5 | 10 => 4,
        kind => exif::type_size(kind).max(1),
    };
    let mut out = value.to_vec();
    if big_endian {
        out.chunks_exact_mut(unit).for_each(<[u8]>::reverse);
    }
    out
}

/// The content of a TIFF file that still fits an image.
pub(super) struct Fitting<'a> {
    pub(super) tags: Vec<&'a TiffTag>,
    pub(super) bands: &'a [Plane],
    pub(super) signed: bool,
}

impl<'a> Fitting<'a> {
    /// The content that fits, and reports of the rest.
    pub(super) fn from_image(image: &'a Image) -> (Self, Vec<Dropped>) {
        const SIZE: &str = "the size has changed";
        const DEPTH: &str = "the depth has changed";
        let tiff = &image.metadata.tiff;
        let same_size = tiff.size == (image.width(), image.height());
        let same_depth = tiff.depth == Some(image.depth) && matches!(image.depth.bits(), 8 | 16 | 32);
        // Codes keep their share of full scale; floating point has no full scale.
        let scales =
            same_depth || tiff.depth.is_some_and(|depth| depth != Depth::F32) && image.depth != Depth::F32;
        let (places, others): (Vec<_>, Vec<_>) = tiff.tags.iter().partition(|tag| is_place(tag.tag));
        let (no_data, texts): (Vec<_>, Vec<_>) = others.into_iter().partition(|tag| tag.tag == NO_DATA);
        let (mut fitting, mut dropped) =
            (Self { tags: texts, bands: &[], signed: tiff.signed && same_depth }, Vec::new());
        if same_size {
            fitting.tags.extend(places);
        } else {
            dropped.extend(of_tiff(&places, tiff.bands.len(), false, SIZE));
        }
        if same_depth {
            fitting.tags.extend(no_data);
        } else {
            dropped.extend(of_tiff(&no_data, 0, tiff.signed, DEPTH));
        }
        if same_size && scales {
            fitting.bands = &tiff.bands;
        } else if same_size {
            dropped.extend(of_tiff(&[], tiff.bands.len(), false, DEPTH));
        }
        (fitting, dropped)
    }
}

/// The sign bit of a depth: the code of zero in an image of signed samples.
pub(super) fn sign(depth: Depth) -> u32 {
    (depth.max_code() >> 1) + 1
}
