//! HDR light metadata and colours of a video track, written as container boxes.
//!
//! The boxes are `mdcv` (mastering display), `clli` (content light level) and `colr` (colours and range).
//! `FFmpeg` copies them into Matroska, MP4 and `QuickTime`, whatever the codec stores itself. FFV1 stores
//! nothing, and for it `FFmpeg` writes no range in `QuickTime`.
//!
//! Source: ISO/IEC 14496-12, 12.1.5 and 12.1.6, colour codes ITU-T H.273; the order of primaries is that of
//! Rec. ITU-T H.265, D.3.28: green, blue, red.

use std::ops::Range;

use unband_image::{Colorimetry, Mastering};

use super::boxes::{BoxType, boxed, damaged, inside, with};
use unband_io::Error;

/// Path from a `moov` to the sample description of a track.
const WAY: [&BoxType; 5] = [b"trak", b"mdia", b"minf", b"stbl", b"stsd"];
/// Bytes in an `stsd` before the first description.
const STSD_HEAD: usize = 8;
/// Fields of a visual sample description, before the boxes in it.
const FIELDS: usize = 78;

/// Codes of primaries, transfer and matrix, and whether the range is full.
pub(super) type Colours = ([u8; 3], bool);

/// The content of a `moov`, with the video's light metadata and colours in the sample description of its
/// first video track. Existing light metadata is kept; colours are replaced.
///
/// # Errors
/// Missing or contradictory boxes.
pub(super) fn with_light(
    moov: &[u8],
    light: &Colorimetry,
    colours: Option<Colours>,
) -> Result<Vec<u8>, Error> {
    change(moov, &WAY, &|description| {
        let fields = description.get(..FIELDS).ok_or_else(|| damaged("a track has no sample description"))?;
        // Some programs write zeros after the boxes.
        let there = inside(description, FIELDS..description.len()).unwrap_or_default();
        let mut new = fields.to_vec();
        for (kind, content) in [
            (b"mdcv", light.mastering.as_ref().map(mastering)),
            (b"clli", light.content_light.map(content_light)),
        ] {
            if let Some(content) = content.filter(|_| there.iter().all(|(k, _)| k != kind)) {
                new.extend(boxed(*kind, &content));
            }
        }
        let Some(colours) = colours else {
            new.extend(&description[FIELDS..]);
            return Ok(new);
        };
        new.extend(boxed(*b"colr", &numbers_of(colours)));
        let mut at = FIELDS;
        for (_, range) in there.iter().filter(|(kind, _)| kind == b"colr") {
            new.extend(&description[at..range.start.saturating_sub(8).max(at)]);
            at = range.end;
        }
        new.extend(&description[at..]);
        Ok(new)
    })
}

/// Content of a `colr` box of type `nclx`, which includes the range.
fn numbers_of((numbers, full): Colours) -> Vec<u8> {
    [b"nclx".to_vec(), with(&numbers.map(u64::from), 2), vec![u8::from(full) << 7]].concat()
}

/// The content of a box with a new sample description, which is found along the path `way`.
fn change(
    content: &[u8],
    way: &[&BoxType],
    description: &impl Fn(&[u8]) -> Result<Vec<u8>, Error>,
) -> Result<Vec<u8>, Error> {
    let (first, wanted) = match way {
        [] => (STSD_HEAD, None),
        [kind, ..] => (0, Some(*kind)),
    };
    let missing = || damaged("a track is not described");
    let boxes = inside(content, first..content.len().max(first))?;
    // The first video track of several.
    let fits = |(kind, range): &&(BoxType, Range<usize>)| {
        wanted.is_none_or(|wanted| wanted == kind) && (kind != b"trak" || !is_other(&content[range.clone()]))
    };
    let found = boxes.iter().find(fits);
    let (kind, range): &(BoxType, Range<usize>) = found.ok_or_else(missing)?;
    let inner = &content[range.clone()];
    let new = if way.is_empty() { description(inner)? } else { change(inner, &way[1..], description)? };
    // Box headers have eight bytes here: FFmpeg writes longer ones only around samples.
    let start = range.start.checked_sub(8).ok_or_else(missing)?;
    Ok([&content[..start], &boxed(*kind, &new), &content[range.end..]].concat())
}

/// Whether a track is declared as something other than video.
fn is_other(track: &[u8]) -> bool {
    let inner = |bytes: &[u8], kind: &BoxType| -> Option<Vec<u8>> {
        let boxes = inside(bytes, 0..bytes.len()).ok()?;
        boxes.into_iter().find(|(k, _)| k == kind).map(|(_, range)| bytes[range].to_vec())
    };
    let handler = inner(track, b"mdia").and_then(|media| inner(&media, b"hdlr"));
    handler.and_then(|handler| Some(handler.get(8..12)? != b"vide")).unwrap_or(false)
}

fn mastering(display: &Mastering) -> Vec<u8> {
    let [rx, ry, gx, gy, bx, by, wx, wy] = display.chromaticities.map(u64::from);
    let luminance = [display.max_luminance, display.min_luminance].map(u64::from);
    [with(&[gx, gy, bx, by, rx, ry, wx, wy], 2), with(&luminance, 4)].concat()
}

/// Maximum and frame-average light level, in whole cd/m².
fn content_light((greatest, mean): (u32, u32)) -> Vec<u8> {
    let whole = |light: u32| u64::from(light.div_ceil(10_000)).min(u64::from(u16::MAX));
    with(&[whole(greatest), whole(mean)], 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use unband_image::With;

    fn light() -> Colorimetry {
        Colorimetry::with(|new| {
            new.mastering = Some(Mastering {
                chromaticities: [1, 2, 3, 4, 5, 6, 7, 8],
                max_luminance: 10_000_000,
                min_luminance: 50,
            });
            new.content_light = Some((10_000_000, 4_000_001));
        })
    }

    /// A `moov` with a header before its track, and these bytes after the fields of the sample description.
    fn moov(in_description: &[u8]) -> Vec<u8> {
        let description = boxed(*b"vp09", &[&[7; FIELDS], in_description].concat());
        let mut content = boxed(*b"stsd", &[&[0, 0, 0, 0, 0, 0, 0, 1], &description[..]].concat());
        for kind in WAY.iter().rev().skip(1) {
            content = boxed(**kind, &[boxed(*b"free", b"before"), content, boxed(*b"free", b"")].concat());
        }
        [boxed(*b"mvhd", b"head"), content].concat()
    }

    #[test]
    fn light_goes_into_the_description_and_nothing_else_changes() {
        let own = boxed(*b"colr", b"nclx");
        let Ok(new) = with_light(&moov(&own), &light(), None) else { panic!("refused") };
        let display = [0, 3, 0, 4, 0, 5, 0, 6, 0, 1, 0, 2, 0, 7, 0, 8, 0, 0x98, 0x96, 0x80, 0, 0, 0, 50];
        let content = [1000_u16.to_be_bytes(), 401_u16.to_be_bytes()].concat();
        let boxes = [boxed(*b"mdcv", &display), boxed(*b"clli", &content)].concat();
        assert!(new == moov(&[boxes, own].concat()));
        let Ok(again) = with_light(&new, &light(), None) else { panic!("refused") };
        assert!(again == new, "it is written once");
        let Ok(none) = with_light(&moov(b""), &Colorimetry::default(), None) else { panic!("refused") };
        assert!(none == moov(b""));
    }

    #[test]
    fn colours_take_the_place_of_those_without_a_range() {
        let [other, old] = [boxed(*b"pasp", b"aspect"), boxed(*b"colr", b"nclc\0\x01\0\x01\0\x01")];
        let new = boxed(*b"colr", b"nclx\0\x09\0\x10\0\x02\x80");
        for before in [[&other[..], &old[..]].concat(), [&old[..], &other[..]].concat(), other.clone()] {
            let colours = Some(([9, 16, 2], true));
            let Ok(out) = with_light(&moov(&before), &Colorimetry::default(), colours) else {
                panic!("refused")
            };
            assert!(out == moov(&[&new[..], &other[..]].concat()));
        }
    }

    #[test]
    fn a_head_that_is_cut_is_refused() {
        let whole = moov(b"");
        for cut in 0..whole.len() {
            assert!(with_light(&whole[..cut], &light(), Some(([1, 1, 1], false))).is_err(), "{cut}");
        }
    }
}
