//! XMP packets: joined, extended for JPEG segments, and their orientation.
//!
//! Source: Adobe XMP Specification Part 3, 1.1.3.1 (extended XMP in JPEG).

use md5::{Digest, Md5};

const NOTE: &str = "http://ns.adobe.com/xmp/note/";

/// A long packet as JPEG stores it: a short packet that refers to the long one by its digest.
pub(crate) struct Extended {
    pub(crate) packet: Vec<u8>,
    /// Identifier of the long packet, 32 hexadecimal digits.
    pub(crate) name: [u8; 32],
}

/// A packet of these RDF descriptions.
pub(crate) fn packet(descriptions: &[u8]) -> Vec<u8> {
    let begin = "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\
                 <x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
                 <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">";
    [begin.as_bytes(), descriptions, b"</rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>"].concat()
}

/// A packet with another RDF description; `None` for one without RDF under its usual name.
pub(crate) fn with(packet: &[u8], description: &[u8]) -> Option<Vec<u8>> {
    let at = inner_rdf(packet).filter(|inner| packet[inner.end..].starts_with(b"</rdf:RDF"))?.end;
    Some([&packet[..at], description, &packet[at..]].concat())
}

/// The short packet for a long one, with another RDF description.
pub(crate) fn extend(long: &[u8], more: &[u8]) -> Extended {
    let mut name = [0; 32];
    for (pair, byte) in name.chunks_exact_mut(2).zip(Md5::digest(long)) {
        for (digit, nibble) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
            *digit = b"0123456789ABCDEF"[usize::from(nibble)];
        }
    }
    let shown = String::from_utf8_lossy(&name);
    let reference = format!(
        "<rdf:Description rdf:about=\"\" xmlns:xmpNote=\"{NOTE}\" xmpNote:HasExtendedXMP=\"{shown}\"/>"
    );
    Extended { packet: packet(&[reference.as_bytes(), more].concat()), name }
}

/// Merges a short and a long packet: the content of the long one is inserted into the short one. A short
/// packet that only refers to the long one, as [`extend`] writes it, is replaced by it.
pub(crate) fn join(short: &[u8], long: &[u8]) -> Vec<u8> {
    let Some(pointer) = pointer(short) else { return short.to_vec() };
    let mut rest = short.to_vec();
    rest.drain(pointer);
    let inner = inner_rdf(&rest).map(|r| rest[r].to_vec()).unwrap_or_default();
    if !says_something(&inner) {
        return long.to_vec();
    }
    let (Some(into), Some(from)) = (inner_rdf(&rest), inner_rdf(long)) else { return short.to_vec() };
    let mut out = rest[..into.end].to_vec();
    out.extend(&long[from]);
    out.extend(&rest[into.end..]);
    out
}

/// Whether RDF content has anything besides namespaces and `rdf:about`.
fn says_something(inner: &[u8]) -> bool {
    let text = String::from_utf8_lossy(inner);
    let mut rest = text.as_ref();
    while let Some(equals) = rest.find("=\"").or_else(|| rest.find("='")) {
        let name = rest[..equals].rsplit(|c: char| c.is_whitespace() || c == '<').next().unwrap_or("");
        if !name.starts_with("xmlns") && name != "rdf:about" {
            return true;
        }
        let quote = &rest[equals + 1..equals + 2];
        let after = &rest[equals + 2..];
        rest = after.find(quote).map_or("", |end| &after[end + 1..]);
    }
    // Elements inside a description.
    text.matches('<').count()
        > text.matches("<rdf:Description").count() + text.matches("</rdf:Description").count()
}

/// Sets the orientation in an XMP packet to 1, after it has been applied.
pub(crate) fn reset_orientation(xmp: &mut [u8]) {
    for (open, close) in
        [(&b"tiff:Orientation=\""[..], b'"'), (b"tiff:Orientation='", b'\''), (b"<tiff:Orientation>", b'<')]
    {
        if let Some(at) = find(xmp, open).map(|at| at + open.len())
            && let Some([digit @ b'1'..=b'8', after]) = xmp.get_mut(at..at + 2)
            && *after == close
        {
            *digit = b'1';
        }
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|w| w == what)
}

/// Position of the reference to the long packet, as an attribute or an element.
fn pointer(packet: &[u8]) -> Option<std::ops::Range<usize>> {
    let at = find(packet, b"xmpNote:HasExtendedXMP")?;
    if at > 0 && packet[at - 1] == b'<' {
        let close = b"</xmpNote:HasExtendedXMP>";
        let end = at + find(&packet[at..], close)? + close.len();
        return Some(at - 1..end);
    }
    let open = at + find(&packet[at..], b"=")? + 1;
    let quote = *packet.get(open)?;
    let end = open + 1 + packet[open + 1..].iter().position(|&b| b == quote)? + 1;
    Some(at..end)
}

/// The content of the `rdf:RDF` element.
fn inner_rdf(packet: &[u8]) -> Option<std::ops::Range<usize>> {
    let open = find(packet, b"<rdf:RDF")?;
    let start = open + packet[open..].iter().position(|&b| b == b'>')? + 1;
    let end = packet.windows(10).rposition(|w| w == b"</rdf:RDF>")?;
    (start <= end).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_packet_comes_back_from_its_short_one() {
        let long = b"<x:xmpmeta><rdf:RDF xmlns:rdf='r'><rdf:Description a='b'/></rdf:RDF></x:xmpmeta>";
        assert_eq!(join(&extend(long, &[]).packet, long), long);
    }

    #[test]
    fn two_packets_that_both_say_something_are_joined() {
        let short = b"<rdf:RDF><rdf:Description xmpNote:HasExtendedXMP=\"00\" dc:x=\"1\"/></rdf:RDF>";
        let long = b"<rdf:RDF a='b'><rdf:Description dc:y=\"2\"/></rdf:RDF>";
        let joined = join(short, long);
        assert_eq!(
            String::from_utf8_lossy(&joined),
            "<rdf:RDF><rdf:Description  dc:x=\"1\"/><rdf:Description dc:y=\"2\"/></rdf:RDF>"
        );
    }

    #[test]
    fn a_packet_without_companion_stays() {
        assert_eq!(join(b"<rdf:RDF/>", b"<rdf:RDF>long</rdf:RDF>"), b"<rdf:RDF/>");
    }
}
