//! JPEG XL codestream and frame headers, written bit by bit.
//!
//! The encoder writes headers for 8 and 16 bits in sRGB only. The samples after them depend neither on depth
//! nor on colour, so other headers can be put before the same samples.
//!
//! Source: ISO/IEC 18181-1, Annexes D (image header), E (colour encoding and ICC stream), F (frame header), C
//! (entropy coding with prefix codes).

use unband_image::Cicp;

/// Fields of the header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header<'a> {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) gray: bool,
    pub(super) alpha: bool,
    /// 1 to 16.
    pub(super) bits: u8,
    pub(super) icc: Option<&'a [u8]>,
    /// Only code points for which [`fits`] is true.
    pub(super) cicp: Option<Cicp>,
}

/// Bit writer, lowest bit first.
#[derive(Debug, Default)]
struct Bits {
    out: Vec<u8>,
    /// Used bits of the last byte; 0 if all are used.
    used: u32,
}

impl Bits {
    fn put(&mut self, count: u32, value: u32) {
        for bit in 0..count {
            if self.used == 0 {
                self.out.push(0);
            }
            if let Some(last) = self.out.last_mut() {
                *last |= (((value >> bit) & 1) as u8) << self.used;
            }
            self.used = (self.used + 1) % 8;
        }
    }

    /// A number in one of four encodings: an offset, and the number of bits for the rest.
    fn number(&mut self, value: u32, kinds: [(u32, u32); 4]) {
        let fits = |&(offset, bits): &(u32, u32)| value >= offset && u64::from(value - offset) < 1u64 << bits;
        let kind = kinds.iter().position(fits).unwrap_or(3);
        self.put(2, kind as u32);
        self.put(kinds[kind].1, value.wrapping_sub(kinds[kind].0));
    }

    fn code(&mut self, value: u32) {
        self.number(value, [(0, 0), (1, 0), (2, 4), (18, 6)]);
    }

    /// A U64 field, here for values of up to 32 bits.
    fn long(&mut self, value: u64) {
        match value {
            0 => self.put(2, 0),
            1..=16 => {
                self.put(2, 1);
                self.put(4, value as u32 - 1);
            }
            17..=272 => {
                self.put(2, 2);
                self.put(8, value as u32 - 17);
            }
            _ => {
                self.put(2, 3);
                self.put(12, value as u32 & 0xFFF);
                let mut rest = value >> 12;
                while rest > 0 {
                    self.put(1, 1);
                    self.put(8, rest as u32 & 0xFF);
                    rest >>= 8;
                }
                self.put(1, 0);
            }
        }
    }

    fn pad(&mut self) {
        self.used = 0;
    }
}

/// JPEG XL's code of a transfer function, if it has one.
fn transfer(cicp: Cicp) -> Option<u32> {
    Some(match cicp.transfer {
        1 | 6 | 14 | 15 => 1,
        code @ (8 | 13 | 16..=18) => u32::from(code),
        _ => return None,
    })
}

/// JPEG XL's codes of a white point and of primaries, if it has them.
fn primaries(cicp: Cicp) -> Option<(u32, u32)> {
    Some(match cicp.primaries {
        1 => (1, 1),
        9 => (1, 9),
        11 => (11, 11),
        12 => (1, 11),
        _ => return None,
    })
}

/// Whether code points can be written.
pub(super) fn fits(cicp: Cicp, gray: bool) -> bool {
    transfer(cicp).is_some() && (gray || primaries(cicp).is_some()) && cicp.matrix == 0 && cicp.full_range
}

impl Header<'_> {
    /// Whether 16-bit integers are sufficient inside the decoder.
    fn narrow(&self) -> bool {
        self.bits <= 12
    }

    /// The required conformance level.
    pub(super) fn level(&self) -> u8 {
        if self.narrow() { 5 } else { 10 }
    }

    /// Luminance of white as half-precision bits, for transfer functions defined by it.
    fn intensity(&self) -> Option<u32> {
        match self.cicp?.transfer {
            // 10 000 and 1000 cd/m².
            16 => Some(0x70E2),
            18 => Some(0x63D0),
            _ => None,
        }
    }

    /// The image header and the frame header, each padded to a whole byte. `frame` is the size of the frame,
    /// which may exceed that of the image.
    pub(super) fn bytes(&self, frame: (u32, u32)) -> Vec<u8> {
        const SIDE: [(u32, u32); 4] = [(1, 9), (1, 13), (1, 18), (1, 30)];
        let mut bits = Bits::default();
        bits.put(16, 0x0AFF);
        bits.put(1, 0);
        bits.number(self.height, SIDE);
        bits.put(3, 0);
        bits.number(self.width, SIDE);
        let intensity = self.intensity();
        bits.put(1, 0);
        bits.put(1, u32::from(intensity.is_some()));
        if intensity.is_some() {
            // Upright, no intrinsic size, no preview, no animation.
            bits.put(6, 0);
        }
        self.put_depth(&mut bits);
        bits.put(1, u32::from(self.narrow()));
        bits.put(2, u32::from(self.alpha));
        if self.alpha {
            // Not the default, which has 8 bits; kind 0, no shift, no name, straight alpha.
            bits.put(1, 0);
            bits.code(0);
            self.put_depth(&mut bits);
            bits.put(5, 0);
        }
        // Not XYB.
        bits.put(1, 0);
        self.put_color(&mut bits);
        if let Some(half) = intensity {
            bits.put(1, 0);
            bits.put(16, half);
            // Black at 0, in cd/m², no linear part.
            bits.put(16, 0);
            bits.put(1, 0);
            bits.put(16, 0);
        }
        // No extensions; default upsampling.
        bits.put(2, 0);
        bits.put(1, 1);
        if let Some(icc) = self.icc {
            put_icc(&mut bits, icc);
        }
        bits.pad();
        self.put_frame(&mut bits, frame.0, frame.1);
        bits.out
    }

    fn put_depth(&self, bits: &mut Bits) {
        bits.put(1, 0);
        bits.number(self.bits.into(), [(8, 0), (10, 0), (12, 0), (1, 6)]);
    }

    fn put_color(&self, bits: &mut Bits) {
        if self.icc.is_none() && self.cicp.is_none() && !self.gray {
            return bits.put(1, 1);
        }
        bits.put(1, 0);
        bits.put(1, u32::from(self.icc.is_some()));
        bits.code(u32::from(self.gray));
        if self.icc.is_some() {
            return;
        }
        let srgb = Cicp { primaries: 1, transfer: 13, matrix: 0, full_range: true };
        let cicp = self.cicp.unwrap_or(srgb);
        let (white, primaries) = primaries(cicp).unwrap_or((1, 1));
        bits.code(if self.gray { 1 } else { white });
        if !self.gray {
            bits.code(primaries);
        }
        bits.put(1, 0);
        bits.code(transfer(cicp).unwrap_or(13));
        // Relative rendering intent.
        bits.code(1);
    }

    /// One modular frame without filters that replaces the whole image.
    fn put_frame(&self, bits: &mut Bits, width: u32, height: u32) {
        const CROP: [(u32, u32); 4] = [(0, 8), (256, 11), (2304, 14), (18_688, 30)];
        // Not the default; regular; modular; no flags; no YCbCr; no upsampling.
        bits.put(1, 0);
        bits.put(2, 0);
        bits.put(1, 1);
        bits.put(2 + 1 + 2, 0);
        if self.alpha {
            bits.put(2, 0);
        }
        // Groups of 256, one pass.
        bits.put(2, 1);
        bits.put(2, 0);
        let cropped = (width, height) != (self.width, self.height);
        bits.put(1, u32::from(cropped));
        if cropped {
            for number in [0, 0, width, height] {
                bits.number(number, CROP);
            }
        }
        bits.put(2, 0);
        if self.alpha {
            bits.put(2, 0);
        }
        // The last frame, nameless.
        bits.put(1, 1);
        bits.put(2, 0);
        // No filter, which is not the default; no extensions of filter or frame.
        bits.put(1 + 1 + 2 + 2 + 2, 0);
        // Group sizes follow in order.
        bits.put(1, 0);
        bits.pad();
    }
}

/// Length of the header in the encoder's output that [`Header::bytes`] replaces, for a frame of the image's
/// size. `None` if the output has an unexpected layout.
pub(super) fn replaced(
    coded: &[u8],
    frame: (u32, u32),
    gray: bool,
    alpha: bool,
    wide: bool,
) -> Option<usize> {
    let side = |value: u32| match value - 1 {
        0..0x200 => 2 + 9,
        0x200..0x2000 => 2 + 13,
        0x2000..0x4_0000 => 2 + 18,
        _ => 2 + 30,
    };
    let depth = if wide { 3 + 6 } else { 3 };
    let color = if gray { 15 } else { 1 };
    let bits = 16 + 1 + side(frame.1) + 3 + side(frame.0) + 2 + depth + 1 + if alpha { 3 } else { 2 };
    let start = (bits + 1 + color + 2 + 1usize).div_ceil(8);
    let plain = Header { width: frame.0, height: frame.1, gray, alpha, bits: 8, icc: None, cicp: None };
    let mut expected = Bits::default();
    plain.put_frame(&mut expected, frame.0, frame.1);
    let end = start + expected.out.len();
    (coded.get(start..end)? == expected.out).then_some(end)
}

/// The ICC stream: one command inserts all but the first 128 bytes, with a code of 8 bits for every byte.
fn put_icc(bits: &mut Bits, icc: &[u8]) {
    let mut stream = varint(icc.len());
    let (head, tail) = icc.split_at(icc.len().min(128));
    let mut commands = Vec::new();
    if !tail.is_empty() {
        // No tag list, then "insert".
        commands.extend([0, 1]);
        commands.extend(varint(tail.len()));
    }
    stream.extend(varint(commands.len()));
    stream.extend(commands);
    stream.extend(head.iter().enumerate().map(|(i, &byte)| byte.wrapping_sub(predicted(i, icc))));
    stream.extend(tail);
    bits.long(stream.len() as u64);
    // No LZ77; one distribution for all 41 contexts; prefix codes.
    bits.put(1, 0);
    bits.put(1, 1);
    bits.put(2, 0);
    bits.put(1, 1);
    // Symbols up to 2⁸ represent themselves.
    bits.put(4, 8);
    bits.put(4, 0);
    bits.put(4, 0);
    // 256 symbols: 1 + 2⁷ + 127.
    bits.put(1, 1);
    bits.put(4, 7);
    bits.put(7, 127);
    // Code lengths: only length 8 occurs. It is the eleventh in the order 1, 2, 3, 4, 0, 5, 17, 6, 16, 7, 8,
    // …, so that the length of each symbol takes no bits.
    bits.put(2, 0);
    for _ in 0..10 {
        bits.put(2, 0);
    }
    bits.put(2, 0b01);
    for _ in 0..7 {
        bits.put(2, 0);
    }
    for byte in stream {
        bits.put(8, byte.reverse_bits().into());
    }
}

fn varint(mut value: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while value > 0x7F {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

/// Predicted byte `i` of a profile's header, from the bytes before it.
fn predicted(i: usize, icc: &[u8]) -> u8 {
    let maker: &[u8; 4] = match icc.get(40..42) {
        Some([b'A', _]) => b"APPL",
        Some([b'M', _]) => b"MSFT",
        Some(b"SG") if i > 41 => b"SGI ",
        Some(b"SU") if i > 41 => b"SUNW",
        _ => &[0; 4],
    };
    match i {
        0..=3 => (icc.len() as u32).to_be_bytes()[i],
        8 => 4,
        12..=23 => b"mntrRGB XYZ "[i - 12],
        36..=39 => b"acsp"[i - 36],
        41..=43 => maker[i - 40],
        // The illuminant D50.
        68..=79 => [0, 0, 246, 214, 0, 1, 0, 0, 0, 0, 211, 45][i - 68],
        80..=83 => icc[i - 76],
        _ => 0,
    }
}
