//! "Raw profile type …" texts: Exif, IPTC and XMP in PNG.
//!
//! `ImageMagick` and `ExifTool` write them, as hexadecimal digits after a name and a length.

use std::fmt::Write;

use unband_image::Metadata;

use crate::exif;

const PREFIX: &str = "Raw profile type ";

/// Moves such a text into the metadata; false if it is not a raw profile.
pub(crate) fn take(keyword: &str, text: &str, metadata: &mut Metadata) -> bool {
    let Some(kind) = keyword.strip_prefix(PREFIX) else { return false };
    let Some(bytes) = decode(text) else { return false };
    let (slot, value) = match kind {
        "iptc" | "8bim" => (&mut metadata.iptc, bytes),
        "xmp" => (&mut metadata.xmp, bytes),
        "exif" | "APP1" | "app1" => {
            if let Some(xmp) = bytes.strip_prefix(b"http://ns.adobe.com/xap/1.0/\0") {
                (&mut metadata.xmp, xmp.to_vec())
            } else if let Some(block) = exif::block(&bytes) {
                (&mut metadata.exif, block.to_vec())
            } else {
                return false;
            }
        }
        _ => return false,
    };
    // A chunk of its own takes precedence over a copy in a text.
    slot.get_or_insert(value);
    true
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let mut lines = text.trim_start().splitn(3, '\n');
    let _name = lines.next()?;
    let length: usize = lines.next()?.trim().parse().ok()?;
    let digits: Vec<u8> = lines.next()?.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    if digits.len() / 2 != length {
        return None;
    }
    let nibble = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    digits.chunks_exact(2).map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?)).collect()
}

/// Keyword and text for IPTC in Photoshop's image resources.
pub(crate) fn iptc(bytes: &[u8]) -> (String, String) {
    let mut text = format!("\niptc\n{:8}\n", bytes.len());
    for line in bytes.chunks(36) {
        for byte in line {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
    }
    (format!("{PREFIX}iptc"), text)
}
