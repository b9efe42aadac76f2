//! AV1 still images: sequence header and decoding.
//!
//! Source: AV1 Bitstream & Decoding Process Specification, 5.3 (OBU), 5.5 (sequence header), 6.4.2 (color
//! config).

use re_rav1d::dav1d::{Decoder, Error as Wrong, Picture, PixelLayout, PlanarImageComponent, Settings};
use unband_image::{Cicp, Plane, Siting, Subsampling};

use super::NAME;
use crate::format::heif::{Bits, Container, Decoded, HeifItem, ItemCodec, StillHeader};
use crate::isobmff::BoxType;
use crate::{Error, Limits};

/// No single image has this many frames: at most four layers, each with a few auxiliary frames.
const MOST_FRAMES: usize = 16;
/// The best encoders need 630 bytes for 67 million pixels of one colour, a little less than half of this
/// limit.
const MOST_PIXELS_PER_BYTE: u64 = 1 << 18;
const SEQUENCE_HEADER: u8 = 1;
const FRAME_HEADER: u8 = 3;
const FRAME: u8 = 6;
/// The code point for "unspecified".
const UNSPECIFIED: u8 = 2;

/// The sequence header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sequence {
    pub(super) profile: u8,
    pub(super) level: u8,
    pub(super) tier: u8,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Bits per sample: 8, 10 or 12.
    pub(super) bits: u8,
    pub(super) mono: bool,
    pub(super) subsampling: Subsampling,
    /// As stored: 0 unknown, 1 left, 2 top left.
    pub(super) siting: u8,
    pub(super) cicp: Cicp,
}

impl Sequence {
    /// Chroma siting. Unknown means between the luma samples, which is how encoders average them.
    fn siting(&self) -> Siting {
        match self.siting {
            1 => Siting::Left,
            2 => Siting::TopLeft,
            _ => Siting::Center,
        }
    }

    fn header(&self) -> StillHeader {
        let Self { bits, mono, subsampling, cicp, .. } = *self;
        StillHeader { bits, mono, subsampling, siting: self.siting(), cicp }
    }

    /// The four bytes that repeat the header in the container (`av1C`).
    pub(super) fn configuration(&self) -> [u8; 4] {
        let bit = |set: bool, shift: u8| u8::from(set) << shift;
        let third = bit(self.tier == 1, 7)
            | bit(self.bits > 8, 6)
            | bit(self.bits == 12, 5)
            | bit(self.mono, 4)
            | bit(self.subsampling.x == 2, 3)
            | bit(self.subsampling.y == 2, 2)
            | self.siting;
        [0x81, self.profile << 5 | self.level, third, 0]
    }
}

/// AV1 in the items of AVIF.
pub(super) struct Av1;

impl ItemCodec for Av1 {
    const FORMAT: &'static str = NAME;
    const ITEMS: &'static [&'static BoxType] = &[b"av01"];
    type Image = Av1Image;

    fn header(
        container: &Container<'_>,
        item: &HeifItem<'_>,
        size: (u32, u32),
        _: &Limits,
    ) -> Result<StillHeader, Error> {
        let data = container.data(item)?;
        check_length(&data, size.0, size.1)?;
        Ok(sequence(&data)?.header())
    }

    fn decode(
        container: &Container<'_>,
        item: &HeifItem<'_>,
        size: (u32, u32),
        _: &Limits,
    ) -> Result<(StillHeader, Av1Image), Error> {
        let data = container.data(item)?;
        let sequence = sequence(&data)?;
        check_length(&data, size.0, size.1)?;
        if container.property(item, *b"lsel").is_some_and(|mut layer| layer.u16().ok() != Some(0xFFFF)) {
            return Err(Error::unsupported(NAME, "layer selection"));
        }
        let point = container.property(item, *b"a1op").map_or(Ok(0), |mut point| point.u8())?;
        if point > 31 {
            return Err(Error::damaged(NAME, "an invalid operating point"));
        }
        let decoded = decode(&data, point, size)?;
        if !decoded.is(&sequence) {
            return Err(Error::damaged(NAME, "an image does not match its header"));
        }
        Ok((sequence.header(), decoded))
    }
}

/// Rejects streams that are too short for their image before memory is allocated for it.
fn check_length(stream: &[u8], width: u32, height: u32) -> Result<(), Error> {
    let least = u64::from(width) * u64::from(height) / MOST_PIXELS_PER_BYTE;
    if least > stream.len() as u64 { Err(Error::Truncated { format: NAME }) } else { Ok(()) }
}

/// The OBUs of a stream: type and content.
struct Units<'a>(&'a [u8]);

impl<'a> Iterator for Units<'a> {
    type Item = Result<(u8, &'a [u8]), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let (&header, mut rest) = self.0.split_first()?;
        self.0 = &[];
        let extended = header >> 2 & 1 == 1;
        let mut unit = || {
            if extended {
                rest = rest.get(1..)?;
            }
            let size = if header >> 1 & 1 == 1 { leb128(&mut rest)? } else { rest.len() };
            let (content, after) = rest.split_at_checked(size)?;
            self.0 = after;
            Some((header >> 3 & 15, content))
        };
        Some(unit().ok_or_else(|| Error::damaged(NAME, "an AV1 unit extends past the end of its item")))
    }
}

fn leb128(bytes: &mut &[u8]) -> Option<usize> {
    let mut value = 0u64;
    for shift in 0..8 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 127) << (7 * shift);
        if byte < 128 {
            return usize::try_from(value).ok();
        }
    }
    None
}

/// The sequence header of a stream with one image.
///
/// # Errors
/// Streams that have no header, are truncated, or have more frames than one image needs.
pub(super) fn sequence(stream: &[u8]) -> Result<Sequence, Error> {
    let (mut header, mut frames) = (None, 0);
    for unit in Units(stream) {
        match unit? {
            (SEQUENCE_HEADER, content) if header.is_none() => header = parse(content),
            (FRAME_HEADER | FRAME, _) => frames += 1,
            _ => {}
        }
    }
    if frames > MOST_FRAMES {
        return Err(Error::unsupported(NAME, format!("{frames} frames in one item")));
    }
    header.ok_or_else(|| Error::damaged(NAME, "its AV1 stream has no readable sequence header"))
}

fn parse(header: &[u8]) -> Option<Sequence> {
    let mut bits = Bits::new(header);
    let profile = bits.read(3)? as u8;
    bits.read(1)?; // still image
    let reduced = bits.flag()?;
    let (level, tier) = if reduced { (bits.read(5)? as u8, 0) } else { operating_points(&mut bits)? };
    let (width_bits, height_bits) = (bits.read(4)? + 1, bits.read(4)? + 1);
    let (width, height) = (bits.read(width_bits)? + 1, bits.read(height_bits)? + 1);
    if !reduced && bits.flag()? {
        bits.read(4 + 3)?; // frame numbers
    }
    bits.read(3)?; // 128×128 blocks, filtered prediction, edge filter
    if !reduced {
        inter_tools(&mut bits)?;
    }
    bits.read(3)?; // superresolution, CDEF, loop restoration
    color_config(&mut bits, profile).map(|color| Sequence { profile, level, tier, width, height, ..color })
}

/// Level and tier of the first operating point.
fn operating_points(bits: &mut Bits<'_>) -> Option<(u8, u8)> {
    let mut delay_bits = None;
    if bits.flag()? {
        bits.read(32)?;
        bits.read(32)?;
        if bits.flag()? {
            bits.uvlc()?;
        }
        if bits.flag()? {
            delay_bits = Some(bits.read(5)? + 1);
            bits.read(32)?;
            bits.read(5 + 5)?;
        }
    }
    let display_delay = bits.flag()?;
    let mut first = None;
    for _ in 0..=bits.read(5)? {
        bits.read(12)?;
        let level = bits.read(5)? as u8;
        let tier = if level > 7 { bits.read(1)? as u8 } else { 0 };
        first.get_or_insert((level, tier));
        if let Some(count) = delay_bits
            && bits.flag()?
        {
            bits.read(count)?;
            bits.read(count)?;
            bits.read(1)?;
        }
        if display_delay && bits.flag()? {
            bits.read(4)?;
        }
    }
    first
}

/// Skips the fields for inter coding.
fn inter_tools(bits: &mut Bits<'_>) -> Option<()> {
    bits.read(4)?;
    let order_hint = bits.flag()?;
    if order_hint {
        bits.read(2)?;
    }
    let screen_content = bits.flag()? || bits.flag()?;
    if screen_content && !bits.flag()? {
        bits.read(1)?;
    }
    if order_hint {
        bits.read(3)?;
    }
    Some(())
}

fn color_config(bits: &mut Bits<'_>, profile: u8) -> Option<Sequence> {
    let high = bits.flag()?;
    let twelve = profile == 2 && high && bits.flag()?;
    let mono = profile != 1 && bits.flag()?;
    let mut codes = [UNSPECIFIED; 3];
    if bits.flag()? {
        for code in &mut codes {
            *code = bits.read(8)? as u8;
        }
    }
    let [primaries, transfer, matrix] = codes;
    let srgb = !mono && codes == [1, 13, 0];
    let full_range = srgb || bits.flag()?;
    let (x, y) = match (profile, twelve) {
        _ if mono => (2, 2),
        _ if srgb => (1, 1),
        (0, _) => (2, 2),
        (1, _) => (1, 1),
        (_, false) => (2, 1),
        (_, true) => {
            let x = bits.flag()?;
            let y = x && bits.flag()?;
            (1 + u8::from(x), 1 + u8::from(y))
        }
    };
    let siting = if !mono && x == 2 && y == 2 { bits.read(2)? as u8 } else { 0 };
    let bits = match (high, twelve) {
        (_, true) => 12,
        (true, _) => 10,
        _ => 8,
    };
    let cicp = Cicp { primaries, transfer, matrix, full_range };
    let subsampling = Subsampling { x, y };
    Some(Sequence { profile, level: 0, tier: 0, width: 0, height: 0, bits, mono, subsampling, siting, cicp })
}

/// A decoded image.
pub(super) struct Av1Image {
    image: Picture,
    bits: u8,
}

/// Decodes the image of a stream at one of its operating points.
///
/// # Errors
/// Damaged streams, and images whose size is not `width` × `height`; no memory is allocated for those.
fn decode(stream: &[u8], operating_point: u8, size: (u32, u32)) -> Result<Av1Image, Error> {
    let mut settings = Settings::new();
    // Threads are per file. If a decoder thread failed, the others would wait forever.
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_all_layers(false);
    settings.set_operating_point(operating_point.into());
    settings.set_frame_size_limit(size.0.saturating_mul(size.1));
    let mut decoder = Decoder::with_settings(&settings).map_err(wrong)?;
    match decoder.send_data(stream.to_vec(), None, None, None) {
        Ok(()) | Err(Wrong::Again) => {}
        Err(error) => return Err(wrong(error)),
    }
    for _ in 0..=MOST_FRAMES {
        match decoder.get_picture() {
            Ok(image) => return Av1Image::new(image, size),
            Err(Wrong::Again) => match decoder.send_pending_data() {
                Ok(()) | Err(Wrong::Again) => {}
                Err(error) => return Err(wrong(error)),
            },
            Err(error) => return Err(wrong(error)),
        }
    }
    Err(Error::damaged(NAME, "its AV1 stream contains no image"))
}

fn wrong(error: Wrong) -> Error {
    match error {
        Wrong::UnsupportedBitstream => Error::unsupported(NAME, "this kind of AV1"),
        Wrong::InvalidArgument => Error::damaged(NAME, "its AV1 stream is inconsistent"),
        other => Error::damaged(NAME, other),
    }
}

impl Av1Image {
    fn new(image: Picture, size: (u32, u32)) -> Result<Self, Error> {
        let found = (image.width(), image.height());
        if found != size {
            let text =
                format!("its declared size is {}×{}, its image is {}×{}", size.0, size.1, found.0, found.1);
            return Err(Error::damaged(NAME, text));
        }
        let bits = image.bits_per_component();
        let bits =
            bits.map(|b| b.0 as u8).ok_or_else(|| Error::unsupported(NAME, "samples of unknown depth"))?;
        Ok(Self { image, bits })
    }

    /// Whether the image matches the sequence header.
    fn is(&self, sequence: &Sequence) -> bool {
        let layout = match (sequence.mono, sequence.subsampling.x, sequence.subsampling.y) {
            (true, ..) => PixelLayout::I400,
            (_, 1, _) => PixelLayout::I444,
            (_, _, 1) => PixelLayout::I422,
            _ => PixelLayout::I420,
        };
        self.bits == sequence.bits && self.image.pixel_layout() == layout
    }

    fn width(&self, component: PlanarImageComponent) -> usize {
        let width = self.image.width() as usize;
        match (component, self.image.pixel_layout()) {
            (PlanarImageComponent::Y, _) | (_, PixelLayout::I444 | PixelLayout::I400) => width,
            _ => width.div_ceil(2),
        }
    }
}

impl Decoded for Av1Image {
    fn put(&self, component: usize, to: &mut Plane, x: usize, y: usize, values: &[f32]) {
        let component = match component {
            0 => PlanarImageComponent::Y,
            1 => PlanarImageComponent::U,
            _ => PlanarImageComponent::V,
        };
        let (stride, rows) = self.image.plane_data_geometry(component);
        let bytes = self.image.plane(component);
        let value = |code: usize| values.get(code).copied().unwrap_or(1.0);
        for (bytes, y) in bytes.chunks_exact((stride as usize).max(1)).take(rows as usize).zip(y..to.height) {
            let row = to.row_mut(y).iter_mut().skip(x);
            // Past the image's own width, rows have padding.
            let width = self.width(component);
            if self.bits > 8 {
                let codes = bytes.chunks_exact(2).map(|pair| u16::from_ne_bytes([pair[0], pair[1]]));
                row.zip(codes.take(width)).for_each(|(to, code)| *to = value(code.into()));
            } else {
                row.zip(bytes.iter().take(width)).for_each(|(to, &code)| *to = value(code.into()));
            }
        }
    }
}
