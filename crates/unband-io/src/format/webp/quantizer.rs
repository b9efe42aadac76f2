//! Quantiser of a lossy WebP file, from its frame header.
//!
//! Source: RFC 6386, sections 9.2 to 9.6 and 14.1.

/// Step of the mean (DC), by quantiser index.
const MEANS: [u16; 128] = [
    4, 5, 6, 7, 8, 9, 10, 10, 11, 12, 13, 14, 15, 16, 17, 17, 18, 19, 20, 20, 21, 21, 22, 22, 23, 23, 24, 25,
    25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 46, 47, 48,
    49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74,
    75, 76, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 91, 93, 95, 96, 98, 100, 101, 102, 104,
    106, 108, 110, 112, 114, 116, 118, 122, 124, 126, 128, 130, 132, 134, 136, 138, 140, 143, 145, 148, 151,
    154, 157,
];

/// Step between the means of flat luma macroblocks, in 1/64 of an 8-bit code, for the coarsest quantiser of
/// any segment in the frame. `None` if there is no lossy frame, or its header is truncated.
pub(super) fn block_step(file: &[u8]) -> Option<u16> {
    let at = file.windows(4).position(|name| name == b"VP8 ")?;
    let frame = file.get(at + 8..)?;
    // Three bytes of frame tag, start code, sizes; lowest bit 0 for a key frame.
    if frame.first()? & 1 != 0 || frame.get(3..6)? != [0x9d, 0x01, 0x2a] {
        return None;
    }
    let mut bits = Bits::new(frame.get(10..)?);
    bits.number(2);
    let segments = if bits.flag() { segments(&mut bits) } else { None };
    bits.number(1 + 6 + 3);
    if bits.flag() && bits.flag() {
        for _ in 0..8 {
            bits.signed(6);
        }
    }
    bits.number(2);
    let base = bits.number(7);
    bits.signed(4);
    let mean_of_means = bits.signed(4);
    if bits.past_the_end {
        return None;
    }
    let coarsest = match segments {
        Some((true, indices)) => indices.into_iter().max()?,
        Some((false, changes)) => base + changes.into_iter().max()?,
        None => base,
    };
    let index = usize::try_from((coarsest + mean_of_means).clamp(0, 127)).ok()?;
    // The transform of the sixteen means doubles the step and scales by 1/8; the block transform scales by
    // 1/8 again: 2/64, in limited range.
    Some((2 * u32::from(MEANS[index]) * 255 / 219) as u16)
}

/// Quantisers by segment: whether they are absolute or relative to the frame's; `None` if not present.
fn segments(bits: &mut Bits<'_>) -> Option<(bool, [i32; 4])> {
    let (map, data) = (bits.flag(), bits.flag());
    let counted = data.then(|| {
        let whole = bits.flag();
        let quantisers = [0; 4].map(|_| bits.signed(7));
        for _ in 0..4 {
            bits.signed(6);
        }
        (whole, quantisers)
    });
    if map {
        for _ in 0..3 {
            if bits.flag() {
                bits.number(8);
            }
        }
    }
    counted
}

/// The format's arithmetic decoder, for bits of probability one half.
struct Bits<'a> {
    rest: std::slice::Iter<'a, u8>,
    value: u32,
    range: u32,
    shifted: u32,
    past_the_end: bool,
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let mut new = Self { rest: bytes.iter(), value: 0, range: 255, shifted: 0, past_the_end: false };
        new.value = new.byte() << 8;
        new.value |= new.byte();
        new
    }

    fn byte(&mut self) -> u32 {
        let next = self.rest.next();
        self.past_the_end |= next.is_none();
        u32::from(next.copied().unwrap_or(0))
    }

    fn flag(&mut self) -> bool {
        let split = 1 + (((self.range - 1) * 128) >> 8);
        let bit = self.value >= split << 8;
        if bit {
            self.range -= split;
            self.value -= split << 8;
        } else {
            self.range = split;
        }
        while self.range < 128 {
            self.value <<= 1;
            self.range <<= 1;
            self.shifted += 1;
            if self.shifted == 8 {
                self.shifted = 0;
                self.value |= self.byte();
            }
        }
        bit
    }

    fn number(&mut self, bits: u32) -> i32 {
        (0..bits).fold(0, |number, _| 2 * number + i32::from(self.flag()))
    }

    /// A signed number preceded by a flag; 0 if the flag is not set.
    fn signed(&mut self, bits: u32) -> i32 {
        if !self.flag() {
            return 0;
        }
        let number = self.number(bits);
        if self.flag() { -number } else { number }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn coded(quality: f32) -> Vec<u8> {
        let rgb: Vec<u8> = (0..64 * 48 * 3).map(|i| (60 + i % 192 / 3 + i * 7 % 11) as u8).collect();
        webp::Encoder::from_rgb(&rgb, 64, 48).encode_simple(false, quality).unwrap().to_vec()
    }

    #[test]
    fn the_step_grows_as_quality_falls() {
        let steps: Vec<u16> =
            [100.0, 95.0, 90.0, 80.0, 75.0, 50.0, 1.0].map(|q| block_step(&coded(q)).unwrap()).to_vec();
        assert!(steps.is_sorted() && steps.first() < steps.last(), "{steps:?}");
        // libwebp encodes quality 90 with the indices 8 to 12, 80 with those up to 27.
        assert!(steps[2] <= 2 * 15 * 255 / 219, "{steps:?}");
        assert!((2 * 21..=2 * 25 * 255 / 219).contains(&steps[3]), "{steps:?}");
    }

    #[test]
    fn what_is_cut_off_or_no_frame_has_none() {
        let whole = coded(75.0);
        for length in 0..40 {
            assert_eq!(block_step(&whole[..length]), None, "{length} bytes");
        }
        assert_eq!(block_step(b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f"), None);
    }
}
