//! NUT output: integers and packets, built in memory. Frame data is never copied here.

use super::crc::crc;

/// An integer in groups of seven bits, the highest first; the eighth bit is set in all but the last.
pub(super) fn number(to: &mut Vec<u8>, value: u64) {
    let groups = (64 - value.leading_zeros()).div_ceil(7).max(1);
    for group in (1..groups).rev() {
        to.push((value >> (7 * group)) as u8 | 0x80);
    }
    to.push(value as u8 & 0x7F);
}

pub(super) fn numbers(to: &mut Vec<u8>, values: &[u64]) {
    for &value in values {
        number(to, value);
    }
}

/// A packet with up to 4092 bytes of fields; a longer one would need a header checksum.
pub(super) fn packet(to: &mut Vec<u8>, start_code: u64, fields: &[u8]) {
    to.extend(start_code.to_be_bytes());
    number(to, fields.len() as u64 + 4);
    to.extend(fields);
    to.extend(crc(0, fields).to_be_bytes());
}
