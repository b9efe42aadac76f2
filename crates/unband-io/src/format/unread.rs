//! Names of the data that a reader passes over, so that each result can report them.

/// Number of different names that are listed; a file may invent any number.
const LISTED: usize = 24;
/// Longest identifier taken from a file.
const LONGEST: usize = 24;

/// The data that a reader has passed over: each name once, with the number of times.
#[derive(Debug, Default)]
pub(super) struct Unread {
    names: Vec<(String, usize)>,
    more: usize,
}

impl Unread {
    /// Adds an item.
    pub(super) fn put(&mut self, name: impl Into<String>) {
        let name = name.into();
        if let Some(known) = self.names.iter_mut().find(|known| known.0 == name) {
            known.1 += 1;
        } else if self.names.len() < LISTED {
            self.names.push((name, 1));
        } else {
            self.more += 1;
        }
    }

    /// Adds the bytes after the last part of a file, unless they are padding.
    pub(super) fn put_rest(&mut self, rest: &[u8]) {
        let padding = |b: &u8| matches!(b, 0 | 0xFF) || b.is_ascii_whitespace();
        if !rest.iter().all(padding) {
            self.put(format!("{} bytes after the image", rest.len()));
        }
    }

    /// The names, for a result's list of dropped data.
    pub(super) fn names(self) -> Vec<String> {
        let named = self.names.into_iter().map(|(name, times)| match times {
            1 => name,
            times => format!("{times} × {name}"),
        });
        let more = (self.more > 0).then(|| format!("{} other parts", self.more));
        named.chain(more).collect()
    }
}

/// A chunk, box or item by its four-character code, with its content where that is known.
pub(super) fn coded(sort: &str, code: &[u8], content: &[u8]) -> String {
    let name = format!("{sort} `{}`", identifier(code));
    match content_of(code, content) {
        Some(known) => format!("{known} ({name})"),
        None => name,
    }
}

/// Identifier from a file: printable, and not longer than a name is.
pub(super) fn identifier(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len()).min(LONGEST);
    let shown = |&b: &u8| if b.is_ascii_graphic() || b == b' ' { char::from(b) } else { '?' };
    let text: String = bytes[..end].iter().map(shown).collect();
    text.trim_end().to_owned()
}

/// Content of chunks and boxes by their codes, in words.
fn content_of(code: &[u8], content: &[u8]) -> Option<&'static str> {
    /// Identifier of C2PA's box in HEIC and AVIF.
    const C2PA: &[u8] =
        &[0xD8, 0xFE, 0xC3, 0xD6, 0x1B, 0x0E, 0x48, 0x3C, 0x92, 0x97, 0x58, 0x28, 0x87, 0x7E, 0xC4, 0x81];
    Some(match code {
        b"caBX" | b"C2PA" | b"c2pa" | b"jumb" => CREDENTIALS,
        b"uuid" if content.starts_with(C2PA) => CREDENTIALS,
        b"amve" => "ambient light",
        b"bKGD" => "background colour",
        b"caNv" => "canvas",
        b"dSIG" => "signature",
        b"hIST" => "histogram",
        b"jbrd" => "reconstruction of a JPEG file",
        b"moov" => "image sequence",
        b"oFFs" => "offset",
        b"pCAL" => "calibration",
        b"sCAL" => "physical scale",
        b"sPLT" => "suggested palette",
        b"tIME" => "time of the last change",
        b"udes" => "description",
        _ => return None,
    })
}

/// Signed statements on the making of an image; no longer true of a changed one.
pub(super) const CREDENTIALS: &str = "Content Credentials";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_few_whatever_a_file_says() {
        let mut unread = Unread::default();
        (0..1000).for_each(|i| unread.put(format!("chunk {i}")));
        (0..3).for_each(|_| unread.put("chunk 0"));
        let names = unread.names();
        assert_eq!((names.len(), names[0].as_str()), (LISTED + 1, "4 × chunk 0"));
        assert_eq!(names[LISTED], "976 other parts");
        assert_eq!(identifier(b"\x1b[31m\xffevil\0rest"), "?[31m?evil");
        assert_eq!(identifier(&[b'x'; 100]).len(), LONGEST);
        assert_eq!(coded("chunk", b"caBX", b""), "Content Credentials (chunk `caBX`)");
        assert_eq!(coded("chunk", b"abCd", b""), "chunk `abCd`");
    }

    #[test]
    fn padding_is_no_content() {
        let mut unread = Unread::default();
        unread.put_rest(b"\0\0\xff\r\n ");
        assert_eq!(unread.names(), [""; 0]);
        let mut unread = Unread::default();
        unread.put_rest(b"\0\0MotionPhoto");
        assert_eq!(unread.names(), ["13 bytes after the image"]);
    }
}
