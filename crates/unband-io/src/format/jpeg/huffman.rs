//! JPEG bit reader and Huffman decoder.
//!
//! Source: ITU-T T.81, C.2 (codes from lengths), F.2.2 (decoding), K.3.3 (the usual tables).

/// The entropy-coded data is not valid JPEG.
pub(super) struct Broken;

/// Bits resolved by one table lookup.
const LOOK: u32 = 10;

/// Run value for the end of a block, in [`Table::whole`].
const END: u32 = 64;

/// A Huffman table, prepared for decoding.
#[derive(Clone)]
pub(super) struct Table {
    /// By the next bits: `length << 8 | symbol` of the code they begin with, 0 if it is longer.
    short: Box<[u16; 1 << LOOK]>,
    /// As `short`, for codes followed by their value within these bits: `value << 16 | run << 8 | total
    /// bits`, else 0.
    whole: Box<[u32; 1 << LOOK]>,
    /// For each length, the first sixteen-bit value of longer codes.
    limit: [u32; 17],
    /// For each length, the offset from a code to its index in `symbols`.
    offset: [u32; 17],
    symbols: Vec<u8>,
}

impl Table {
    /// From the number of codes of each length 1..=16, and the symbols in order. DC symbols are bit counts.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8], dc: bool) -> Result<Self, Broken> {
        let mut table = Self {
            short: Box::new([0; 1 << LOOK]),
            whole: Box::new([0; 1 << LOOK]),
            limit: [0; 17],
            offset: [0; 17],
            symbols: symbols.to_vec(),
        };
        if dc && symbols.iter().any(|&s| s > 15) {
            return Err(Broken);
        }
        let (mut code, mut at) = (0u32, 0usize);
        for (length, &count) in (1u32..).zip(counts) {
            table.offset[length as usize] = (at as u32).wrapping_sub(code);
            for &symbol in symbols.get(at..at + usize::from(count)).ok_or(Broken)? {
                if code >> length != 0 {
                    return Err(Broken);
                }
                if length <= LOOK {
                    let free = LOOK - length;
                    let start = (code << free) as usize;
                    for rest in 0..1usize << free {
                        table.short[start + rest] = (length << 8) as u16 | u16::from(symbol);
                        if !dc {
                            table.whole[start + rest] = whole(symbol, length, rest as u32, free);
                        }
                    }
                }
                code += 1;
            }
            at += usize::from(count);
            table.limit[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Ok(table)
    }

    /// The default tables of T.81 K.3.3, which Motion JPEG files omit: `place` 0 for luma, 1 for chroma.
    pub(super) fn usual(dc: bool, place: usize) -> Option<Self> {
        let (counts, symbols) = match (dc, place) {
            (true, 0) => (&LUMA_DC, &DC_SYMBOLS[..]),
            (true, 1) => (&CHROMA_DC, &DC_SYMBOLS[..]),
            (false, 0) => (&LUMA_AC, &LUMA_AC_SYMBOLS[..]),
            (false, 1) => (&CHROMA_AC, &CHROMA_AC_SYMBOLS[..]),
            _ => return None,
        };
        Self::new(counts, symbols, dc).ok()
    }

    /// The next symbol.
    #[inline]
    pub(super) fn symbol(&self, bits: &mut Bits<'_>) -> Result<u8, Broken> {
        bits.need(16);
        let short = self.short[bits.peek(LOOK) as usize];
        if short != 0 {
            bits.skip(u32::from(short >> 8));
            return Ok(short as u8);
        }
        self.long_symbol(bits)
    }

    #[cold]
    fn long_symbol(&self, bits: &mut Bits<'_>) -> Result<u8, Broken> {
        let next = bits.peek(16);
        for length in LOOK + 1..=16 {
            if next < self.limit[length as usize] {
                bits.skip(length);
                let position = (next >> (16 - length)).wrapping_add(self.offset[length as usize]);
                return self.symbols.get(position as usize).copied().ok_or(Broken);
            }
        }
        Err(Broken)
    }

    /// The next run and value, if both fit within a few bits; a run of 64 is the end of the block.
    #[inline]
    pub(super) fn run_and_number(&self, bits: &mut Bits<'_>) -> Option<(usize, i16)> {
        bits.need(16);
        let entry = self.whole[bits.peek(LOOK) as usize];
        if entry == 0 {
            return None;
        }
        bits.skip(entry & 255);
        Some(((entry >> 8 & 255) as usize, ((entry >> 16) as u16).cast_signed()))
    }
}

/// Entry of [`Table::whole`] for a code of `length` bits followed by `free` bits; 0 if more bits are needed.
fn whole(symbol: u8, length: u32, rest: u32, free: u32) -> u32 {
    let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
    match (run, size) {
        (0, 0) => END << 8 | length,
        // Sixteen zeros: the last of them is stored like a value.
        (15, 0) => 15 << 8 | length,
        (_, 0) => 0,
        _ if size > free => 0,
        _ => {
            let number = extend(rest >> (free - size), size);
            ((number as u16 as u32) << 16) | run << 8 | (length + size)
        }
    }
}

/// A signed value of `size` bits, 1..=15; the lower half of the codes is negative.
#[inline]
fn extend(bits: u32, size: u32) -> i32 {
    let (bits, half) = (bits.cast_signed(), 1 << (size - 1));
    bits - if bits < half { 2 * half - 1 } else { 0 }
}

/// The bits of one scan, without stuffed zeros.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    /// The next bits, from the highest down.
    buffer: u64,
    /// Number of valid bits.
    count: u32,
    /// Number of zero bits appended after the end.
    padded: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, buffer: 0, count: 0, padded: 0 }
    }

    /// Whether more bits were read than the scan has.
    #[inline]
    pub(super) fn exhausted(&self) -> bool {
        self.padded > self.count
    }

    /// Restarts after the next restart marker, which must be the given one of 0..=7.
    pub(super) fn restart(&mut self, number: u8) -> Result<(), Broken> {
        (self.buffer, self.count, self.padded) = (0, 0, 0);
        loop {
            match self.data.get(self.at..self.at + 2) {
                Some(&[0xFF, code]) if code == 0xD0 + number => {
                    self.at += 2;
                    return Ok(());
                }
                Some(&[0xFF, 0xD0..=0xD7]) | None => return Err(Broken),
                Some(_) => self.at += 1,
            }
        }
    }

    /// Makes `n` bits available, at most 32.
    #[inline]
    pub(super) fn need(&mut self, n: u32) {
        if self.count < n {
            self.fill();
        }
    }

    #[inline]
    fn fill(&mut self) {
        if let Some(bytes) = self.data.get(self.at..).and_then(|rest| rest.first_chunk::<8>()) {
            let word = u64::from_be_bytes(*bytes);
            // No byte is 0xFF.
            if (!word).wrapping_sub(0x0101_0101_0101_0101) & word & 0x8080_8080_8080_8080 == 0 {
                // Bits of the last byte beyond `count` are read again next time.
                self.buffer |= word >> self.count;
                let taken = (63 - self.count) / 8;
                self.at += taken as usize;
                self.count += 8 * taken;
                return;
            }
        }
        self.fill_slowly();
    }

    #[cold]
    fn fill_slowly(&mut self) {
        while self.count <= 56 {
            let byte = match (self.data.get(self.at), self.data.get(self.at + 1)) {
                (Some(0xFF), Some(0)) => {
                    self.at += 2;
                    0xFF
                }
                (Some(0xFF) | None, _) => {
                    self.padded += 8;
                    0
                }
                (Some(&byte), _) => {
                    self.at += 1;
                    byte
                }
            };
            self.buffer |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    /// The next 1..=32 bits, which must be available.
    #[inline]
    fn peek(&self, n: u32) -> u32 {
        (self.buffer >> (64 - n)) as u32
    }

    #[inline]
    fn skip(&mut self, n: u32) {
        self.buffer <<= n;
        self.count -= n;
    }

    /// The next 0..=16 bits.
    #[inline]
    pub(super) fn take(&mut self, n: u32) -> u32 {
        if n == 0 {
            return 0;
        }
        self.need(n);
        let bits = self.peek(n);
        self.skip(n);
        bits
    }

    /// The next bit.
    #[inline]
    pub(super) fn bit(&mut self) -> bool {
        self.take(1) == 1
    }

    /// The next value of `size` bits, 0..=15.
    #[inline]
    pub(super) fn number(&mut self, size: u32) -> i32 {
        if size == 0 { 0 } else { extend(self.take(size), size) }
    }
}

const LUMA_DC: [u8; 16] = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
const CHROMA_DC: [u8; 16] = [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0];
const DC_SYMBOLS: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const LUMA_AC: [u8; 16] = [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7D];
const CHROMA_AC: [u8; 16] = [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77];
const LUMA_AC_SYMBOLS: [u8; 162] = [
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22,
    0x71, 0x14, 0x32, 0x81, 0x91, 0xA1, 0x08, 0x23, 0x42, 0xB1, 0xC1, 0x15, 0x52, 0xD1, 0xF0, 0x24, 0x33,
    0x62, 0x72, 0x82, 0x09, 0x0A, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2A, 0x34,
    0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4A, 0x53, 0x54, 0x55,
    0x56, 0x57, 0x58, 0x59, 0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x73, 0x74, 0x75, 0x76,
    0x77, 0x78, 0x79, 0x7A, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x92, 0x93, 0x94, 0x95, 0x96,
    0x97, 0x98, 0x99, 0x9A, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5,
    0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3, 0xD4,
    0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA, 0xE1, 0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xF1,
    0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA,
];
const CHROMA_AC_SYMBOLS: [u8; 162] = [
    0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71, 0x13,
    0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xA1, 0xB1, 0xC1, 0x09, 0x23, 0x33, 0x52, 0xF0, 0x15, 0x62,
    0x72, 0xD1, 0x0A, 0x16, 0x24, 0x34, 0xE1, 0x25, 0xF1, 0x17, 0x18, 0x19, 0x1A, 0x26, 0x27, 0x28, 0x29,
    0x2A, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4A, 0x53, 0x54,
    0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x73, 0x74, 0x75,
    0x76, 0x77, 0x78, 0x79, 0x7A, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x92, 0x93, 0x94,
    0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xB2, 0xB3,
    0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2,
    0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA, 0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA,
    0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA,
];
