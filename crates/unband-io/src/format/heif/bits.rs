//! Bit fields of coded streams.
//!
//! Source: ITU-T H.265, 9.2 (`ue(v)`), AV1 Bitstream & Decoding Process Specification, 4.10.3 (`uvlc`).

/// Reads bits, starting with the highest of the first byte.
pub(in crate::format) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    pub(in crate::format) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// A number of at most 32 bits.
    pub(in crate::format) fn read(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    pub(in crate::format) fn flag(&mut self) -> Option<bool> {
        Some(self.read(1)? == 1)
    }

    /// A number of variable length: zeros, a one, and as many bits as zeros.
    pub(in crate::format) fn uvlc(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
        }
        if zeros < 32 { Some(self.read(zeros)? + ((1 << zeros) - 1)) } else { Some(u32::MAX) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_variable_length_are_those_of_the_table_in_h265() {
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        let numbers: Vec<u32> = (0..5).map(|_| bits.uvlc().unwrap()).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4]);
        assert_eq!(Bits::new(&[0; 5]).uvlc(), None);
        let mut most = Bits::new(&[0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF]);
        assert_eq!(most.uvlc(), Some(u32::MAX - 1));
        assert_eq!(Bits::new(&[0, 0, 0, 0, 0x80]).uvlc(), Some(u32::MAX));
    }
}
