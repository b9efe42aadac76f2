//! HEVC still images: parameter sets, the checks before decoding, and decoding.
//!
//! Source: ITU-T H.265, 7.3.1 (NAL units), ISO/IEC 14496-15, 8.3.3.1 (`hvcC`).

use heic_rs::Error as Wrong;
use heic_rs::hevc::{ChromaFormat, Frame, decode_still};
use unband_image::{Plane, Subsampling};

use super::NAME;
use super::sps::SequenceSet;
use crate::format::heif::{Container, Decoded, HeifItem, ItemCodec, StillHeader};
use crate::isobmff::BoxType;
use crate::{Error, Limits};

/// A block of 64×64 takes at least a bit: the index of its prediction is stored as it is.
const MOST_PIXELS_PER_BYTE: u64 = 1 << 15;
/// Limit on bytes per pixel. Samples of 12 bits without any coding take 2.25, coded ones at most 5/3 of that.
const MOST_BYTES_PER_PIXEL: u64 = 8;
/// Limit on the bytes of parameter sets, of which real files have a hundred.
const MOST_SET_BYTES: usize = 1 << 14;
/// Bytes that an item may have for other purposes.
const SPARE: u64 = 1 << 16;
/// Limit on slices; each could claim the whole image.
const MOST_SLICES: usize = 64;
/// Side of the largest block, to which coded sizes are rounded up.
const LARGEST_BLOCK: u32 = 64;
/// Side of the smallest coding block.
const SMALLEST_BLOCK: u32 = 8;
/// First and last types of NAL units with coded samples.
const SAMPLES: std::ops::RangeInclusive<u8> = 0..=31;
const SEQUENCE_SET: u8 = 33;
/// Types of video, sequence and image parameter sets.
const SETS: std::ops::RangeInclusive<u8> = 32..=34;

/// HEVC in the items of HEIC.
pub(super) struct Hevc;

/// The units of an item.
#[derive(Default)]
struct Units<'d> {
    sets: Vec<&'d [u8]>,
    slices: Vec<&'d [u8]>,
}

impl<'d> Units<'d> {
    /// Sorts in a unit of the base layer; those of other kinds are passed over.
    fn put(&mut self, unit: &'d [u8], sets: bool) -> Result<(), Error> {
        let [head, layer, ..] = unit else { return Err(Error::damaged(NAME, "an empty unit of HEVC")) };
        let kind = head >> 1 & 63;
        if head & 1 == 1 || layer >> 3 > 0 {
            return Ok(());
        }
        if SETS.contains(&kind) {
            // The same set may be stored again, in the stream or in the property.
            if sets && !self.sets.contains(&unit) {
                self.sets.push(unit);
            }
        } else if SAMPLES.contains(&kind) {
            self.slices.push(unit);
        }
        if self.sets.iter().map(|set| set.len()).sum::<usize>() > MOST_SET_BYTES {
            return Err(Error::damaged(NAME, "its parameter sets are too long"));
        }
        if self.slices.len() > MOST_SLICES {
            return Err(Error::unsupported(NAME, format!("more than {MOST_SLICES} slices")));
        }
        Ok(())
    }

    /// The header, once the sets agree with the declared size and with the limits.
    fn header(&self, size: (u32, u32), limits: &Limits) -> Result<StillHeader, Error> {
        let mut sequences = self.sets.iter().filter(|set| set[0] >> 1 & 63 == SEQUENCE_SET);
        let set = sequences.next().ok_or_else(|| Error::damaged(NAME, "it has no sequence parameter set"))?;
        if sequences.next().is_some() {
            return Err(Error::unsupported(NAME, "several sequence parameter sets"));
        }
        let set = SequenceSet::read(set)
            .ok_or_else(|| Error::damaged(NAME, "its sequence parameter set is unreadable"))?;
        let SequenceSet { coded, shown, chroma, bits, siting, cicp } = set;
        limits.check(coded.0.into(), coded.1.into(), if chroma == 0 { 1 } else { 3 })?;
        if shown != size {
            let (width, height) = shown;
            let text = format!("its declared size is {}×{}, its image is {width}×{height}", size.0, size.1);
            return Err(Error::damaged(NAME, text));
        }
        if !coded.0.is_multiple_of(SMALLEST_BLOCK) || !coded.1.is_multiple_of(SMALLEST_BLOCK) {
            return Err(Error::damaged(NAME, "its coded size is not a number of whole blocks"));
        }
        let pixels = |size: (u32, u32)| u64::from(size.0) * u64::from(size.1);
        let rounded = coded.0 - shown.0 < LARGEST_BLOCK && coded.1 - shown.1 < LARGEST_BLOCK;
        if !rounded && pixels(coded) > 2 * pixels(shown) {
            let text =
                format!("its declared size is {}×{}, it codes {}×{}", size.0, size.1, coded.0, coded.1);
            return Err(Error::damaged(NAME, text));
        }
        let subsampling = match chroma {
            0 | 1 => Subsampling::HALF,
            2 => return Err(Error::unsupported(NAME, "4:2:2 chroma")),
            _ => return Err(Error::unsupported(NAME, "4:4:4 chroma")),
        };
        if !matches!(bits.0, 8..=12) || (chroma > 0 && bits.0 != bits.1) {
            return Err(Error::unsupported(NAME, format!("samples of {} and {} bits", bits.0, bits.1)));
        }
        let coded_bytes: usize = self.slices.iter().map(|slice| slice.len()).sum();
        if pixels(coded) / MOST_PIXELS_PER_BYTE > coded_bytes as u64 {
            return Err(Error::Truncated { format: NAME });
        }
        Ok(StillHeader { bits: bits.0 as u8, mono: chroma == 0, subsampling, siting, cicp })
    }
}

/// Calls `act` with the units of an item.
fn with_units<T>(
    container: &Container<'_>,
    item: &HeifItem<'_>,
    size: (u32, u32),
    act: impl FnOnce(&Units<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let pixels = u64::from(size.0) * u64::from(size.1);
    if container.max_length(item) > pixels * MOST_BYTES_PER_PIXEL + SPARE {
        return Err(Error::damaged(NAME, "an item is longer than its image can be"));
    }
    let missing = || Error::damaged(NAME, "an item has no decoder configuration");
    let mut config = container.property(item, *b"hvcC").ok_or_else(missing)?;
    config.take(21)?;
    let prefix = usize::from(config.u8()? & 3) + 1;
    let mut units = Units::default();
    for _ in 0..config.u8()? {
        config.u8()?; // their type, which is in each unit too
        for _ in 0..config.u16()? {
            let length = config.u16()?;
            units.put(config.take(length.into())?, true)?;
        }
    }
    let data = container.data(item)?;
    let mut stream = container.cursor(&data);
    // In `hvc1`, the property has all sets.
    let sets = &item.kind == b"hev1";
    while !stream.rest.is_empty() {
        let length = usize::try_from(stream.number(prefix)?).unwrap_or(usize::MAX);
        units.put(stream.take(length)?, sets)?;
    }
    act(&units)
}

impl ItemCodec for Hevc {
    const FORMAT: &'static str = NAME;
    const ITEMS: &'static [&'static BoxType] = &[b"hvc1", b"hev1"];
    /// ISO/IEC 23000-22, 7.3.11.4.2. What a tile costs does not depend on its size below.
    const SMALLEST_TILE: u32 = 64;
    /// ISO/IEC 23008-12, 6.5.8: alpha has no range.
    const ALPHA_IS_FULL: bool = true;
    type Image = Frame;

    fn header(
        container: &Container<'_>,
        item: &HeifItem<'_>,
        size: (u32, u32),
        limits: &Limits,
    ) -> Result<StillHeader, Error> {
        with_units(container, item, size, |units| units.header(size, limits))
    }

    fn decode(
        container: &Container<'_>,
        item: &HeifItem<'_>,
        size: (u32, u32),
        limits: &Limits,
    ) -> Result<(StillHeader, Frame), Error> {
        with_units(container, item, size, |units| {
            let header = units.header(size, limits)?;
            let frame = decode_still(&units.sets, &units.slices).map_err(|error| wrong(&error))?;
            frame.validate().map_err(|error| wrong(&error))?;
            let mono = frame.chroma == ChromaFormat::Monochrome;
            let own = (frame.width, frame.height, frame.bit_depth, mono);
            if own != (size.0, size.1, header.bits, header.mono) {
                return Err(Error::damaged(NAME, "an image does not match its header"));
            }
            Ok((header, frame))
        })
    }
}

fn wrong(error: &Wrong) -> Error {
    match error {
        Wrong::Unsupported(what) => Error::unsupported(NAME, *what),
        Wrong::Truncated(_) => Error::Truncated { format: NAME },
        other => Error::damaged(NAME, other),
    }
}

impl Decoded for Frame {
    fn put(&self, component: usize, to: &mut Plane, x: usize, y: usize, values: &[f32]) {
        let (codes, stride, width) = match component {
            0 => (&self.y, self.y_stride, self.width),
            1 => (&self.cb, self.c_stride, self.c_stride),
            _ => (&self.cr, self.c_stride, self.c_stride),
        };
        let value = |code: u16| values.get(usize::from(code)).copied().unwrap_or(1.0);
        for (codes, y) in codes.chunks_exact((stride as usize).max(1)).zip(y..to.height) {
            let row = to.row_mut(y).iter_mut().skip(x);
            row.zip(codes.iter().take(width as usize)).for_each(|(to, &code)| *to = value(code));
        }
    }
}
