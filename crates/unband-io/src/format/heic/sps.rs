//! Sequence parameter sets of HEVC, which state what will be allocated, and what samples mean.
//!
//! Source: ITU-T H.265 (V10), 7.3.2.2 (sequence parameter set), 7.3.3, 7.3.4, 7.3.7, E.2.1 (VUI).

use unband_image::{Cicp, Siting};

use crate::format::heif::Bits;

/// The code point for "unspecified".
const UNSPECIFIED: u8 = 2;

/// What a sequence parameter set says of the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SequenceSet {
    /// Size of the decoded planes.
    pub(super) coded: (u32, u32),
    /// Size of the conformance window, which is all that is shown.
    pub(super) shown: (u32, u32),
    /// 0: grey, 1: 4:2:0, 2: 4:2:2, 3: 4:4:4.
    pub(super) chroma: u32,
    /// Bits per sample, of luma and of chroma.
    pub(super) bits: (u32, u32),
    pub(super) siting: Siting,
    pub(super) cicp: Cicp,
}

impl SequenceSet {
    /// Reads the set from a NAL unit; `None` if it is damaged or of a video.
    pub(super) fn read(unit: &[u8]) -> Option<Self> {
        let content = unescaped(unit.get(2..)?);
        let mut bits = Bits::new(&content);
        bits.read(4)?; // video parameter set
        let layers = bits.read(3)?;
        bits.read(1)?; // nesting
        skip_levels(&mut bits, layers)?;
        bits.uvlc()?; // id
        let chroma = bits.uvlc()?;
        if chroma > 3 || (chroma == 3 && bits.flag()?) {
            return None;
        }
        let coded = (bits.uvlc()?, bits.uvlc()?);
        let unit = (if matches!(chroma, 1 | 2) { 2 } else { 1 }, if chroma == 1 { 2 } else { 1 });
        let mut shown = coded;
        if bits.flag()? {
            let mut inside = |whole: u32, unit: u32| {
                let both = u64::from(bits.uvlc()?) + u64::from(bits.uvlc()?);
                whole.checked_sub(u32::try_from(both * u64::from(unit)).ok()?)
            };
            shown = (inside(coded.0, unit.0)?, inside(coded.1, unit.1)?);
        }
        if shown.0 == 0 || shown.1 == 0 {
            return None;
        }
        let depth = (bits.uvlc()?.checked_add(8)?, bits.uvlc()?.checked_add(8)?);
        let mut set = Self {
            coded,
            shown,
            chroma,
            bits: depth,
            siting: Siting::Center,
            cicp: Cicp {
                primaries: UNSPECIFIED,
                transfer: UNSPECIFIED,
                matrix: UNSPECIFIED,
                full_range: false,
            },
        };
        skip_tools(&mut bits, layers)?;
        if bits.flag()? {
            set.usability(&mut bits)?;
        }
        Some(set)
    }

    /// Video usability information, up to the position of chroma.
    fn usability(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        if bits.flag()? && bits.read(8)? == 255 {
            bits.read(32)?; // aspect ratio
        }
        if bits.flag()? {
            bits.read(1)?; // overscan
        }
        if bits.flag()? {
            bits.read(3)?; // video format
            self.cicp.full_range = bits.flag()?;
            if bits.flag()? {
                let mut code = || Some(bits.read(8)? as u8);
                (self.cicp.primaries, self.cicp.transfer, self.cicp.matrix) = (code()?, code()?, code()?);
            }
        }
        if bits.flag()? {
            let (position, _) = (bits.uvlc()?, bits.uvlc()?);
            self.siting = match position {
                0 => Siting::Left,
                2 => Siting::TopLeft,
                _ => Siting::Center,
            };
        }
        Some(())
    }
}

/// A unit without the bytes that keep it from looking like a start code (7.4.2).
fn unescaped(unit: &[u8]) -> Vec<u8> {
    let (mut out, mut zeros) = (Vec::with_capacity(unit.len()), 0);
    for &byte in unit {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        out.push(byte);
    }
    out
}

/// Profile, tier and level, of the whole and of each sub-layer.
fn skip_levels(bits: &mut Bits<'_>, layers: u32) -> Option<()> {
    skip(bits, 88)?;
    bits.read(8)?;
    let present: Vec<(bool, bool)> =
        (0..layers).map(|_| Some((bits.flag()?, bits.flag()?))).collect::<Option<_>>()?;
    if layers > 0 {
        bits.read(2 * (8 - layers))?;
    }
    for (profile, level) in present {
        skip(bits, if profile { 88 } else { 0 } + if level { 8 } else { 0 })?;
    }
    Some(())
}

fn skip(bits: &mut Bits<'_>, count: u32) -> Option<()> {
    (0..count).try_for_each(|_| bits.read(1).map(|_| ()))
}

/// From the order of frames to the smoothing of references, right before the usability information.
fn skip_tools(bits: &mut Bits<'_>, layers: u32) -> Option<()> {
    let order_bits = bits.uvlc()?.checked_add(4)?;
    let orders = if bits.flag()? { layers + 1 } else { 1 };
    let numbers = |bits: &mut Bits<'_>, count: u32| (0..count).try_for_each(|_| bits.uvlc().map(|_| ()));
    numbers(bits, 3 * orders)?;
    numbers(bits, 6)?; // sizes of blocks, depths of transforms
    if bits.flag()? && bits.flag()? {
        skip_scaling(bits)?;
    }
    bits.read(2)?; // asymmetric blocks, sample-adaptive offset
    if bits.flag()? {
        bits.read(8)?; // depth of PCM
        numbers(bits, 2)?;
        bits.read(1)?;
    }
    for set in 0..bits.uvlc()? {
        // Sets that are differences of others occur in videos alone.
        if set > 64 || (set > 0 && bits.flag()?) {
            return None;
        }
        let references = bits.uvlc()?.checked_add(bits.uvlc()?).filter(|&count| count <= 16)?;
        for _ in 0..references {
            bits.uvlc()?;
            bits.read(1)?;
        }
    }
    if bits.flag()? {
        let references = bits.uvlc()?.min(33);
        skip(bits, references * order_bits.min(16).checked_add(1)?)?;
    }
    bits.read(2)?; // prediction of vectors, smoothing of references
    Some(())
}

/// Scaling lists (7.3.4).
fn skip_scaling(bits: &mut Bits<'_>) -> Option<()> {
    for size in 0..4u32 {
        for _ in 0..if size == 3 { 2 } else { 6 } {
            let stored = bits.flag()?;
            let numbers = if stored { 64.min(1 << (4 + 2 * size)) + u32::from(size > 1) } else { 1 };
            for _ in 0..numbers {
                bits.uvlc()?;
            }
        }
    }
    Some(())
}
