//! IPTC records in Photoshop's image resources.
//!
//! Source: Adobe Photoshop File Formats Specification, Image Resources Section; resource 0x0404 is IPTC-NAA.

const SIGNATURE: &[u8] = b"8BIM";
const RECORDS: u16 = 0x0404;

/// An image resource block with IPTC records.
pub(super) fn wrap(records: &[u8]) -> Vec<u8> {
    let mut out = SIGNATURE.to_vec();
    out.extend(RECORDS.to_be_bytes());
    out.extend([0, 0]);
    out.extend((records.len() as u32).to_be_bytes());
    out.extend(records);
    out.extend(&[0u8][..records.len() % 2]);
    out
}

/// The IPTC records of an image resource block.
pub(crate) fn records(block: &[u8]) -> Option<&[u8]> {
    let mut rest = block;
    loop {
        let after = rest.strip_prefix(SIGNATURE)?;
        let (id, after) = after.split_first_chunk::<2>()?;
        // A Pascal string, padded to an even size with its length byte.
        let name = usize::from(*after.first()?) + 1;
        let after = after.get(name + name % 2..)?;
        let (size, after) = after.split_first_chunk::<4>()?;
        let size = u32::from_be_bytes(*size) as usize;
        let content = after.get(..size)?;
        if u16::from_be_bytes(*id) == RECORDS {
            return Some(content);
        }
        rest = after.get(size + size % 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_out_of_the_block_they_went_into() {
        let block = [b"8BIM\x04\x25\x03abc\0\0\0\x01\xFF\0".as_slice(), &wrap(b"\x1C\x02\x05")].concat();
        assert_eq!(records(&block), Some(&b"\x1C\x02\x05"[..]));
        assert_eq!(records(b"8BIM\x04"), None);
    }
}
