//! NUT checksum.
//!
//! CRC with the polynomial 0x04C11DB7, most significant bit first, initial value 0, no reflection. It is
//! stored big-endian, so that the checksum of any data followed by its checksum is 0.

const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = (i as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc >> 31 == 1 { (crc << 1) ^ 0x04C1_1DB7 } else { crc << 1 };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
}

/// Continues a checksum with more bytes.
pub(super) fn crc(before: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(before, |crc, &byte| (crc << 8) ^ TABLE[(crc >> 24) as usize ^ byte as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_crc_of_the_books() {
        // CRC-32/BZIP2 starts with all bits set and inverts the result; otherwise it is the same. This is its
        // check value.
        assert_eq!(!crc(u32::MAX, b"123456789"), 0xFC89_1918);
    }

    #[test]
    fn anything_with_its_checksum_gives_nothing() {
        let sum = crc(0, b"restored");
        assert_eq!(crc(crc(0, b"restored"), &sum.to_be_bytes()), 0);
    }
}
