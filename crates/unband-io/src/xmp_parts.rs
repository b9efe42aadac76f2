//! Removal of statements on other parts of a file from an XMP packet: gain maps, and videos after the image.
//!
//! Results have no such parts. A reader that believes the packet would take the last bytes of the image for
//! one.
//!
//! Source: Android's Ultra HDR Image Format 1.1; Android's Motion Photo format 1.0; Adobe XMP Specification
//! Part 1, 7 (serialisation).

/// Namespaces whose properties all describe other parts, by their beginnings.
const NAMESPACES: [&[u8]; 3] = [
    b"http://ns.adobe.com/hdr-gain-map/",
    b"http://ns.google.com/photos/1.0/container/",
    b"http://ns.apple.com/HDRGainMap/",
];
/// Google's namespace of cameras; only these of its properties describe other parts.
const CAMERA: &[u8] = b"http://ns.google.com/photos/1.0/camera/";
/// Limit on declarations; a packet has one for each namespace.
const MOST_NAMES: usize = 16;
/// The rest of a description that said nothing else.
const NOTHING: &[u8] = b"<rdf:Description rdf:about=\"\"></rdf:Description>";
const VIDEO: [&[u8]; 2] = [b"MotionPhoto", b"MicroVideo"];

/// Removes the properties; false if the packet has some, but is not well formed.
pub(crate) fn leave_the_image_alone(packet: &mut Vec<u8>) -> bool {
    if !NAMESPACES.iter().chain(&[CAMERA]).any(|name| position(packet, name).is_some()) {
        return true;
    }
    let Some(names) = Names::declared(packet) else { return false };
    match names.filtered(packet) {
        Some(filtered) => *packet = without(filtered, NOTHING),
        None => return false,
    }
    true
}

/// Removes all copies of a part.
fn without(mut packet: Vec<u8>, part: &[u8]) -> Vec<u8> {
    while let Some(at) = position(&packet, part) {
        packet.drain(at..at + part.len());
    }
    packet
}

/// Prefixes that a packet declares for the namespaces.
struct Names<'a> {
    all: Vec<&'a [u8]>,
    camera: Vec<&'a [u8]>,
}

impl<'a> Names<'a> {
    fn declared(packet: &'a [u8]) -> Option<Self> {
        const DECLARATION: &[u8] = b"xmlns:";
        let mut names = Self { all: Vec::new(), camera: Vec::new() };
        let mut rest = packet;
        while let Some(at) = position(rest, DECLARATION) {
            rest = &rest[at + DECLARATION.len()..];
            let Some((prefix, value, after)) = attribute(rest) else { continue };
            if names.all.len() + names.camera.len() > MOST_NAMES {
                return None;
            }
            if NAMESPACES.iter().any(|name| value.starts_with(name)) {
                names.all.push(prefix);
            } else if value.starts_with(CAMERA) {
                names.camera.push(prefix);
            }
            rest = after;
        }
        Some(names)
    }

    /// Is this the name of an element or attribute to remove, declarations included?
    fn removes(&self, name: &[u8]) -> bool {
        let Some(colon) = name.iter().position(|&b| b == b':') else { return false };
        let (prefix, local) = (&name[..colon], &name[colon + 1..]);
        let camera = self.camera.contains(&prefix) && VIDEO.iter().any(|video| local.starts_with(video));
        camera || self.all.contains(&prefix) || prefix == b"xmlns" && self.all.contains(&local)
    }

    /// The packet without these; `None` if it is not well formed.
    fn filtered(&self, packet: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(packet.len());
        let mut rest = packet;
        while let Some(at) = rest.iter().position(|&b| b == b'<') {
            out.extend_from_slice(&rest[..at]);
            rest = &rest[at..];
            let end = end_of_tag(rest)?;
            let (tag, after) = rest.split_at(end);
            if tag.starts_with(b"<?") || tag.starts_with(b"<!") || tag.starts_with(b"</") {
                out.extend_from_slice(tag);
                rest = after;
                continue;
            }
            let name = name_of(&tag[1..]);
            if self.removes(name) {
                rest = if tag.ends_with(b"/>") { after } else { after_element(after, name)? };
                continue;
            }
            self.put_tag(tag, name.len() + 1, &mut out)?;
            rest = after;
        }
        out.extend_from_slice(rest);
        Some(out)
    }

    /// A start tag without the removed attributes, the first `head` bytes as they are.
    fn put_tag(&self, tag: &[u8], head: usize, out: &mut Vec<u8>) -> Option<()> {
        out.extend_from_slice(&tag[..head]);
        let mut rest = &tag[head..];
        loop {
            let space = rest.iter().position(|b| !b.is_ascii_whitespace())?;
            if matches!(rest[space], b'/' | b'>') {
                out.extend_from_slice(rest);
                return Some(());
            }
            let (name, _, after) = attribute(&rest[space..])?;
            if !self.removes(name) {
                out.extend_from_slice(&rest[..rest.len() - after.len()]);
            }
            rest = after;
        }
    }
}

/// Name and value of the attribute at the beginning, and the bytes after it.
fn attribute(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let name = name_of(bytes);
    let rest = bytes[name.len()..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, rest) = rest.split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\''))?;
    let end = rest.iter().position(|b| b == quote)?;
    (!name.is_empty()).then(|| (name, &rest[..end], &rest[end + 1..]))
}

fn name_of(bytes: &[u8]) -> &[u8] {
    let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'=' | b'>' | b'/');
    &bytes[..bytes.iter().position(ends).unwrap_or(bytes.len())]
}

/// Length of the tag, instruction or comment at the beginning; `>` in a value does not end it.
fn end_of_tag(bytes: &[u8]) -> Option<usize> {
    for (begin, end) in [(&b"<!--"[..], &b"-->"[..]), (b"<![CDATA[", b"]]>"), (b"<?", b"?>")] {
        if bytes.starts_with(begin) {
            return Some(begin.len() + position(&bytes[begin.len()..], end)? + end.len());
        }
    }
    let mut quote = None;
    for (at, &byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// The bytes after an element whose start tag has been read; elements of its name may be inside.
fn after_element<'a>(mut bytes: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut depth = 1;
    while depth > 0 {
        bytes = &bytes[bytes.iter().position(|&b| b == b'<')?..];
        let (tag, after) = bytes.split_at(end_of_tag(bytes)?);
        if let Some(close) = tag.strip_prefix(b"</") {
            depth -= usize::from(name_of(close) == name);
        } else if name_of(&tag[1..]) == name && !tag.ends_with(b"/>") {
            depth += 1;
        }
        bytes = after;
    }
    Some(bytes)
}

fn position(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(packet: &str) -> (bool, String) {
        let mut bytes = packet.as_bytes().to_vec();
        let well = leave_the_image_alone(&mut bytes);
        (well, String::from_utf8_lossy(&bytes).into_owned())
    }

    #[test]
    fn statements_on_a_gain_map_go_and_the_rest_stays() {
        let before = "<?xpacket begin='' id='W5M0'?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"r\">\
            <rdf:Description rdf:about=\"\" dc:title=\"a > b\" xmlns:dc=\"d\" \
            xmlns:Container=\"http://ns.google.com/photos/1.0/container/\" \
            xmlns:Item=\"http://ns.google.com/photos/1.0/container/item/\" \
            xmlns:h=\"http://ns.adobe.com/hdr-gain-map/1.0/\" h:Version=\"1.0\">\
            <Container:Directory><rdf:Seq><rdf:li rdf:parseType=\"Resource\"><Container:Item Item:Mime=\"image/jpeg\" \
            Item:Semantic=\"GainMap\" Item:Length=\"2111\"/></rdf:li></rdf:Seq></Container:Directory>\
            <dc:creator>me</dc:creator><h:Gamma><h:Gamma>1</h:Gamma></h:Gamma></rdf:Description></rdf:RDF></x:xmpmeta>\
            <?xpacket end='w'?>";
        let after = "<?xpacket begin='' id='W5M0'?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"r\">\
            <rdf:Description rdf:about=\"\" dc:title=\"a > b\" xmlns:dc=\"d\"><dc:creator>me</dc:creator>\
            </rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>";
        assert_eq!(cleaned(before), (true, after.to_owned()));
    }

    #[test]
    fn of_a_camera_only_statements_on_its_video_go() {
        let before = "<a xmlns:G='http://ns.google.com/photos/1.0/camera/' G:MotionPhoto='1' G:HdrPlusMakernote='x' \
            G:MicroVideoOffset = '99' />";
        let after = "<a xmlns:G='http://ns.google.com/photos/1.0/camera/' G:HdrPlusMakernote='x' />";
        assert_eq!(cleaned(before), (true, after.to_owned()));
    }

    #[test]
    fn packets_without_such_statements_stay_and_damaged_ones_are_named() {
        for packet in ["<a b='<' c", "<rdf:RDF/>", ""] {
            assert_eq!(cleaned(packet), (true, packet.to_owned()));
        }
        let name = "http://ns.adobe.com/hdr-gain-map/1.0/";
        let many = format!("<a xmlns:h='{name}' />").repeat(99);
        for packet in [format!("<a xmlns:h='{name}' h:b='"), format!("<h:a xmlns:h='{name}'>"), many] {
            assert!(!cleaned(&packet).0, "{packet}");
        }
    }
}
