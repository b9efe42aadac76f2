//! Layout of a TIFF image: the number, form and meaning of its stored samples.

use tiff::tags::Tag;
use unband_image::Depth;

use super::head::{Head, NAME, TagValue, TiffDecoder, wrong};
use crate::Error;

const COLOR_MAP: u16 = 320;

/// Meaning of the stored samples.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Meaning {
    WhiteIsZero,
    Gray,
    Rgb,
    Palette,
    Cmyk,
    Ycc,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Alpha {
    None,
    Straight(usize),
    Associated(usize),
}

fn check_coding(coding: u16) -> Result<(), Error> {
    let named = match coding {
        1 | 4 | 5 | 7 | 8 | 32_773 | 32_946 => return Ok(()),
        2 | 3 => "fax 3 compression".to_owned(),
        6 => "old-style JPEG compression".to_owned(),
        34_712 => "JPEG 2000 compression".to_owned(),
        34_887 => "LERC compression".to_owned(),
        50_000 => "Zstandard compression".to_owned(),
        50_001 => "WebP compression".to_owned(),
        other => format!("compression {other}"),
    };
    Err(Error::unsupported(NAME, named))
}

pub(super) struct Layout {
    pub width: usize,
    pub height: usize,
    pub bits: u8,
    pub samples: usize,
    pub planar: bool,
    pub coding: u16,
    pub meaning: Meaning,
    pub alpha: Alpha,
    pub depth: Depth,
    /// Whether the stored samples have a sign.
    pub signed: bool,
    pub palette: Vec<[f32; 3]>,
}

impl Layout {
    pub(super) fn new(decoder: &mut TiffDecoder<'_>, head: &Head, photometric: u16) -> Result<Self, Error> {
        let decoded = decoder.dimensions().map_err(wrong)?;
        // The decoder may see a size rounded up to whole tiles.
        let stored = |side: Option<TagValue>| side.and_then(|side| u32::try_from(side.value).ok());
        let width = stored(head.width).unwrap_or(decoded.0).min(decoded.0);
        let height = stored(head.height).unwrap_or(decoded.1).min(decoded.1);
        let mut number = |tag, missing: u16| {
            decoder
                .find_tag_unsigned_vec::<u16>(tag)
                .map_err(wrong)
                .map(|v| v.and_then(|v| v.first().copied()).unwrap_or(missing))
        };
        let samples = usize::from(number(Tag::SamplesPerPixel, 1)?);
        let bits = number(Tag::BitsPerSample, 1)?;
        let format = number(Tag::SampleFormat, 1)?;
        let coding = number(Tag::Compression, 1)?;
        let planar = number(Tag::PlanarConfiguration, 1)? == 2;
        let (meaning, colors) = match photometric {
            0 => (Meaning::WhiteIsZero, 1),
            1 => (Meaning::Gray, 1),
            2 => (Meaning::Rgb, 3),
            3 => (Meaning::Palette, 1),
            5 if number(Tag::Unknown(332), 1)? == 1 => (Meaning::Cmyk, 4),
            6 => (Meaning::Ycc, 3),
            32_803 | 34_892 => return Err(Error::unsupported(NAME, "camera raw data")),
            other => return Err(Error::unsupported(NAME, format!("photometric interpretation {other}"))),
        };
        check_coding(coding)?;
        if meaning == Meaning::Ycc && (coding != 7 || bits != 8) {
            return Err(Error::unsupported(NAME, "YCbCr outside JPEG"));
        }
        let depth = match (format, bits) {
            (1 | 4, 1 | 2 | 4 | 8 | 16) => Depth::Int(bits as u8),
            (2, 8 | 16) if matches!(meaning, Meaning::Gray | Meaning::Rgb) && coding != 7 => {
                Depth::Int(bits as u8)
            }
            (3, 16 | 32) if !matches!(meaning, Meaning::Palette | Meaning::Ycc) => Depth::F32,
            (1 | 4, _) => return Err(Error::unsupported(NAME, format!("{bits} bits per sample"))),
            (3, _) => return Err(Error::unsupported(NAME, format!("{bits}-bit floating point"))),
            _ => return Err(Error::unsupported(NAME, "signed samples")),
        };
        if samples < colors {
            return Err(Error::damaged(
                NAME,
                format!("it has {samples} samples per pixel, {colors} are needed"),
            ));
        }
        let extra = decoder.find_tag_unsigned_vec::<u16>(Tag::ExtraSamples).map_err(wrong)?;
        let first = samples - extra.as_ref().map_or(samples - colors, Vec::len).min(samples - colors);
        let alpha = match &extra {
            // A fourth sample of unspecified meaning is taken as alpha, as in most readers.
            None if samples == colors + 1 => Alpha::Straight(colors),
            None => Alpha::None,
            Some(kinds) => match kinds.iter().position(|k| matches!(k, 1 | 2)) {
                Some(i) if kinds[i] == 1 => Alpha::Associated(first + i),
                Some(i) => Alpha::Straight(first + i),
                None => Alpha::None,
            },
        };
        let mut layout = Self {
            width: width as usize,
            height: height as usize,
            bits: bits as u8,
            samples,
            planar,
            coding,
            meaning,
            alpha: if meaning == Meaning::Palette { Alpha::None } else { alpha },
            depth,
            signed: format == 2,
            palette: Vec::new(),
        };
        if meaning == Meaning::Palette {
            layout.take_palette(decoder)?;
        }
        Ok(layout)
    }

    /// Palette entries have 16 bits, all reds first. Entries made of 8-bit colours repeat a byte or, from old
    /// programs, use only one of them; then the image has 8 bits.
    fn take_palette(&mut self, decoder: &mut TiffDecoder<'_>) -> Result<(), Error> {
        let map = decoder.find_tag_unsigned_vec::<u16>(Tag::Unknown(COLOR_MAP)).map_err(wrong)?;
        let map = map.unwrap_or_default();
        let size = map.len() / 3;
        if size == 0 || self.bits > 8 {
            return Err(Error::damaged(NAME, "its palette has the wrong size"));
        }
        let repeats = map.iter().all(|v| v % 257 == 0);
        let bytes = map.iter().all(|&v| v < 256);
        self.depth = if repeats || bytes { Depth::EIGHT } else { Depth::SIXTEEN };
        let value = |at: usize| match (bytes, repeats) {
            (true, _) => Depth::EIGHT.value(map[at].into()),
            (false, true) => Depth::EIGHT.value((map[at] / 257).into()),
            _ => Depth::SIXTEEN.value(map[at].into()),
        };
        self.palette = (0..size).map(|i| [value(i), value(size + i), value(2 * size + i)]).collect();
        Ok(())
    }

    /// Number of stored samples that are colours.
    pub(super) fn colors(&self) -> usize {
        match self.meaning {
            Meaning::WhiteIsZero | Meaning::Gray | Meaning::Palette => 1,
            Meaning::Rgb | Meaning::Ycc => 3,
            Meaning::Cmyk => 4,
        }
    }

    /// Number of planes of the image.
    pub(super) fn channels(&self) -> usize {
        self.color_planes() + usize::from(self.alpha != Alpha::None)
    }

    /// Whether the colours are not those that are stored.
    fn mixed(&self) -> bool {
        matches!(self.meaning, Meaning::Palette | Meaning::Cmyk)
    }

    /// The stored samples of the planes after the colours: alpha, then further bands. Bands next to inks and
    /// palettes are not kept.
    pub(super) fn after_colors(&self) -> Vec<usize> {
        let alpha = self.alpha_sample();
        let band = |sample: &usize| !self.mixed() && Some(*sample) != alpha;
        alpha.into_iter().chain((self.colors()..self.samples).filter(band)).collect()
    }

    /// Number of colour planes of the image.
    pub(super) fn color_planes(&self) -> usize {
        if self.mixed() { 3 } else { self.colors() }
    }

    /// Number of stored bands that are not kept.
    pub(super) fn unread(&self) -> usize {
        self.samples - self.colors() - self.after_colors().len()
    }

    pub(super) fn alpha_sample(&self) -> Option<usize> {
        match self.alpha {
            Alpha::None => None,
            Alpha::Straight(i) | Alpha::Associated(i) => Some(i),
        }
    }
}
