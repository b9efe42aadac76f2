//! IPTC records in Photoshop's image resources.
//!
//! Source: Adobe Photoshop File Formats Specification, Image Resources Section; resource 0x0404 is IPTC-NAA.

use super::unread::Unread;

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

/// Photoshop's resources with the records that are stored next to them. `unread` gets the name of records
/// that differ from those in the resources.
pub(super) fn merged(resources: Option<&[u8]>, apart: Option<&[u8]>, unread: &mut Unread) -> Option<Vec<u8>> {
    match (resources, apart) {
        (Some(resources), Some(apart)) => {
            let Some(own) = records(resources) else { return Some([&wrap(apart), resources].concat()) };
            // Tags of long integers are padded with zeros.
            let padding = apart.strip_prefix(own);
            if padding.is_none_or(|padding| padding.iter().any(|&byte| byte != 0)) {
                unread.put("further IPTC");
            }
            Some(resources.to_vec())
        }
        (Some(resources), None) => Some(resources.to_vec()),
        (None, apart) => apart.map(wrap),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_next_to_resources_are_merged_or_named() {
        let (title, other) = (b"\x1C\x02\x05\0\x01x".as_slice(), b"\x1C\x02\x05\0\x01y".as_slice());
        let resources = b"8BIM\x04\x25\0\0\0\0\0\x01\xFF\0".as_slice();
        let said = |resources, apart| {
            let mut unread = Unread::default();
            let made = merged(resources, apart, &mut unread);
            (made.as_deref().and_then(records).map(<[u8]>::to_vec), made, unread.names())
        };
        let (found, made, names) = said(Some(resources), Some(title));
        assert_eq!((found.as_deref(), names), (Some(title), Vec::new()));
        assert!(made.unwrap().ends_with(resources));
        let both = wrap(title);
        let padded = [title, &[0, 0]].concat();
        assert_eq!(said(Some(&both), Some(&padded)).2, [""; 0]);
        assert_eq!(said(Some(&both), Some(other)).2, ["further IPTC"]);
        assert_eq!(said(None, Some(title)).0.as_deref(), Some(title));
        assert_eq!(said(None, None).1, None);
    }

    #[test]
    fn records_come_out_of_the_block_they_went_into() {
        let block = [b"8BIM\x04\x25\x03abc\0\0\0\x01\xFF\0".as_slice(), &wrap(b"\x1C\x02\x05")].concat();
        assert_eq!(records(&block), Some(&b"\x1C\x02\x05"[..]));
        assert_eq!(records(b"8BIM\x04"), None);
    }
}
