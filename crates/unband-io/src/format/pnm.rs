//! PBM, PGM, PPM and PAM: text and binary, 1–16 bits; PNM is whichever of them fits.
//!
//! Source: the Netpbm manual pages pbm(5), pgm(5), ppm(5), pnm(5), pam(5).

use std::io::Write;

use unband_image::{Codec, Depth, Image, Model};

use super::unread::Unread;
use super::{Dropped, EVERY_DEPTH, FormatEntry, Writes};
use crate::limits::LONGEST_PROFILE;
use crate::samples::{Planes, Rows, widen};
use crate::{Error, Limits};

const PLAIN: Writes = Writes { depths: EVERY_DEPTH, color: false, text: true, ..Writes::SAMPLES };

pub(super) const PBM: FormatEntry = FormatEntry {
    name: "PBM",
    extensions: &["pbm"],
    reads: true,
    writes: Some(Writes { depths: &[Depth::Int(1)], ..PLAIN }),
    is: |bytes| is(bytes, *b"14"),
    read: |bytes, limits| read("PBM", bytes, limits),
    write: |image, _, out, dropped| write("PBM", image, PnmKind::Bits, out, dropped),
};

pub(super) const PGM: FormatEntry = FormatEntry {
    name: "PGM",
    extensions: &["pgm"],
    reads: true,
    writes: Some(PLAIN),
    is: |bytes| is(bytes, *b"25"),
    read: |bytes, limits| read("PGM", bytes, limits),
    write: |image, _, out, dropped| write("PGM", image, PnmKind::Gray, out, dropped),
};

pub(super) const PPM: FormatEntry = FormatEntry {
    name: "PPM",
    extensions: &["ppm"],
    reads: true,
    writes: Some(Writes { gray: false, color: true, ..PLAIN }),
    is: |bytes| is(bytes, *b"36"),
    read: |bytes, limits| read("PPM", bytes, limits),
    write: |image, _, out, dropped| write("PPM", image, PnmKind::Rgb, out, dropped),
};

pub(super) const PAM: FormatEntry = FormatEntry {
    name: "PAM",
    extensions: &["pam"],
    reads: true,
    writes: Some(Writes { color: true, alpha: true, ..PLAIN }),
    is: |bytes| bytes.starts_with(b"P7\n"),
    read: |bytes, limits| read("PAM", bytes, limits),
    write: |image, _, out, dropped| write("PAM", image, PnmKind::Any, out, dropped),
};

/// The extension `.pnm`; the content is always one of the others.
pub(super) const PNM: FormatEntry = FormatEntry {
    name: "PNM",
    extensions: &["pnm"],
    reads: true,
    writes: Some(Writes { color: true, alpha: true, ..PLAIN }),
    is: |_| false,
    read: |bytes, limits| read("PNM", bytes, limits),
    write: |image, _, out, dropped| {
        let kind = match (image.alpha.is_some(), image.color.model) {
            (true, _) => PnmKind::Any,
            (false, Model::Gray) => PnmKind::Gray,
            (false, _) => PnmKind::Rgb,
        };
        write("PNM", image, kind, out, dropped)
    },
};

#[derive(Clone, Copy, PartialEq)]
enum PnmKind {
    Bits,
    Gray,
    Rgb,
    Any,
}

fn is(bytes: &[u8], digits: [u8; 2]) -> bool {
    let ends = |next: u8| next.is_ascii_whitespace() || next == b'#';
    matches!(bytes, [b'P', digit, next, ..] if digits.contains(digit) && ends(*next))
}

/// Fields of the header.
struct Header {
    width: usize,
    height: usize,
    channels: usize,
    max: u32,
    comments: Comments,
    /// Offset of the samples.
    at: usize,
}

fn read(name: &'static str, bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    let digit = bytes.get(1).copied().unwrap_or(0);
    let header = if digit == b'7' { pam_header(name, bytes)? } else { header(name, bytes, digit)? };
    let Header { width, height, channels, max, .. } = header;
    if width == 0 || height == 0 {
        return Err(Error::damaged(name, format!("its size is {width}×{height}")));
    }
    limits.check(width as u64, height as u64, channels as u64)?;
    let text = matches!(digit, b'1'..=b'3');
    let row_bytes = match (digit, max) {
        (b'1', _) => width,
        (b'2' | b'3', _) => 2 * width * channels - 1,
        (b'4', _) => width.div_ceil(8),
        (_, 0..=255) => width * channels,
        _ => 2 * width * channels,
    };
    let data = bytes.get(header.at..).unwrap_or(&[]);
    // The final whitespace of a text may be missing, so the row size does not include it.
    if row_bytes.checked_mul(height).is_none_or(|needs| needs > data.len()) {
        return Err(Error::Truncated { format: name });
    }
    let depth = depth_of(max);
    let mut planes = Planes::new(channels, width, height)?;
    let mut row = vec![0u16; width * channels];
    let mut tokens = Tokens { bytes: data, at: 0, comments: Comments::default() };
    for y in 0..height {
        if text {
            for code in &mut row {
                *code = match digit {
                    b'1' => tokens.bit(),
                    _ => tokens.number().and_then(|n| u16::try_from(n).ok()),
                }
                .ok_or(Error::Truncated { format: name })?;
            }
        } else {
            let raw = &data[y * row_bytes..][..row_bytes];
            match (digit, max) {
                (b'4', _) => fill(&mut row, super::png::indices(raw, 1).map(u16::from)),
                (_, 0..=255) => fill(&mut row, raw.iter().map(|&b| u16::from(b))),
                _ => fill(&mut row, raw.chunks_exact(2).map(|b| u16::from_be_bytes([b[0], b[1]]))),
            }
        }
        if matches!(digit, b'1' | b'4') {
            for bit in &mut row {
                *bit = 1 - *bit;
            }
        }
        if let Some(over) = row.iter().find(|&&code| u32::from(code) > max) {
            return Err(Error::damaged(name, format!("a sample is {over}, the maximum is {max}")));
        }
        if depth.max_code() != max {
            // A maximum other than 2ⁿ − 1: the nearest 16-bit code, distinct for every code.
            for code in &mut row {
                *code = widen((*code).into(), max, 65_535) as u16;
            }
        }
        planes.put(0, y, &row, depth);
    }
    let end = if text { tokens.at } else { row_bytes * height };
    let rest = data[end..].trim_ascii_start();
    if matches!(rest, [b'P', b'1'..=b'7', ..]) {
        return Err(Error::Several { format: name, what: "images" });
    }
    let mut unread = Unread::default();
    if header.comments.cut {
        unread.put(format!("comments (more than {} MiB)", LONGEST_PROFILE >> 20));
    }
    if tokens.comments.text.is_some() || tokens.comments.cut {
        unread.put("comments between samples");
    }
    unread.put_rest(rest);
    let mut image = planes.into_image(depth);
    image.metadata.unread = unread.names();
    image.origin.codec = Codec::Lossless;
    image.metadata.text = header.comments.text.into_iter().map(|c| ("Comment".to_owned(), c)).collect();
    Ok(image)
}

fn fill(row: &mut [u16], codes: impl Iterator<Item = u16>) {
    row.iter_mut().zip(codes).for_each(|(to, code)| *to = code);
}

fn depth_of(max: u32) -> Depth {
    let bits = 32 - max.leading_zeros();
    let depth = Depth::Int(bits as u8);
    if depth.max_code() == max { depth } else { Depth::SIXTEEN }
}

/// Words separated by whitespace, with comments from `#` to the end of the line.
struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
    comments: Comments,
}

impl Tokens<'_> {
    fn skip_blanks(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            if byte == b'#' {
                let rest = &self.bytes[self.at + 1..];
                let end = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
                let line = &rest[..end];
                self.comments.add(line.strip_suffix(b"\r").unwrap_or(line));
                self.at += end + 1;
            } else if byte.is_ascii_whitespace() {
                self.at += 1;
            } else {
                break;
            }
        }
        self.at = self.at.min(self.bytes.len());
    }

    fn number(&mut self) -> Option<u32> {
        self.skip_blanks();
        let mut value = None;
        while let Some(digit) = self.bytes.get(self.at).filter(|b| b.is_ascii_digit()) {
            value = Some(value.unwrap_or(0u32).checked_mul(10)?.checked_add(u32::from(digit - b'0'))?);
            self.at += 1;
        }
        value
    }

    /// A single 0 or 1; these need no whitespace between them.
    fn bit(&mut self) -> Option<u16> {
        self.skip_blanks();
        let bit = match self.bytes.get(self.at)? {
            b'0' => 0,
            b'1' => 1,
            _ => return None,
        };
        self.at += 1;
        Some(bit)
    }
}

/// Comments of a file, one a line.
#[derive(Default)]
struct Comments {
    text: Option<String>,
    /// Were there more than a result holds?
    cut: bool,
}

impl Comments {
    fn add(&mut self, line: &[u8]) {
        let held = self.text.as_ref().map_or(0, String::len);
        if held + line.len() > LONGEST_PROFILE {
            self.cut = true;
            return;
        }
        let line = String::from_utf8_lossy(line.strip_prefix(b" ").unwrap_or(line));
        match &mut self.text {
            Some(text) => text.extend(["\n", &line]),
            None => self.text = Some(line.into_owned()),
        }
    }
}

fn header(name: &'static str, bytes: &[u8], digit: u8) -> Result<Header, Error> {
    let mut tokens = Tokens { bytes, at: 2, comments: Comments::default() };
    let mut number = || {
        let number = tokens.number();
        let cut = tokens.at >= bytes.len();
        number.ok_or_else(|| {
            if cut {
                Error::Truncated { format: name }
            } else {
                Error::damaged(name, "its header is invalid")
            }
        })
    };
    let (width, height) = (number()? as usize, number()? as usize);
    let max = if matches!(digit, b'1' | b'4') { 1 } else { number()? };
    if !(1..=65_535).contains(&max) {
        return Err(Error::damaged(name, format!("its declared maximum is {max}")));
    }
    let channels = if matches!(digit, b'3' | b'6') { 3 } else { 1 };
    // One whitespace character ends the header.
    let at = tokens.at + 1;
    Ok(Header { width, height, channels, max, comments: tokens.comments, at })
}

fn pam_header(name: &'static str, bytes: &[u8]) -> Result<Header, Error> {
    let mut found = Header { width: 0, height: 0, channels: 0, max: 0, comments: Comments::default(), at: 3 };
    loop {
        let rest = &bytes[found.at.min(bytes.len())..];
        let end = rest.iter().position(|&b| b == b'\n').ok_or(Error::Truncated { format: name })?;
        found.at += end + 1;
        if let Some(comment) = rest[..end].strip_prefix(b"#") {
            found.comments.add(comment);
            continue;
        }
        let line = String::from_utf8_lossy(&rest[..end]);
        let (key, value) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
        let number = || {
            let parsed: Option<u32> = value.trim().parse().ok();
            parsed.ok_or_else(|| Error::damaged(name, format!("its {key} is `{value}`")))
        };
        match key {
            "WIDTH" => found.width = number()? as usize,
            "HEIGHT" => found.height = number()? as usize,
            "DEPTH" => found.channels = number()? as usize,
            "MAXVAL" => found.max = number()?,
            "ENDHDR" => break,
            _ => {}
        }
    }
    if !(1..=4).contains(&found.channels) {
        return Err(Error::unsupported(name, format!("{} channels", found.channels)));
    }
    if !(1..=65_535).contains(&found.max) {
        return Err(Error::damaged(name, format!("its declared maximum is {}", found.max)));
    }
    Ok(found)
}

fn write(
    name: &'static str,
    image: &Image,
    kind: PnmKind,
    out: &mut dyn Write,
    dropped: &mut Vec<Dropped>,
) -> Result<(), Error> {
    let io = |source| Error::Io { action: "write", source };
    let (mut comment, mut left) = (String::new(), Vec::new());
    for (keyword, text) in &image.metadata.text {
        if super::is_comment(keyword) {
            for line in text.lines() {
                comment.push_str("# ");
                comment.push_str(line);
                comment.push('\n');
            }
        } else {
            left.push(keyword.as_str());
        }
    }
    dropped.extend(Dropped::texts(&left));
    let (width, height, max) = (image.width(), image.height(), image.depth.max_code());
    let gray = image.color.model == Model::Gray;
    let colors = if kind == PnmKind::Rgb || !gray { 3 } else { 1 };
    let alpha = kind == PnmKind::Any && image.alpha.is_some();
    let header = match kind {
        PnmKind::Bits => format!("P4\n{comment}{width} {height}\n"),
        PnmKind::Gray => format!("P5\n{comment}{width} {height}\n{max}\n"),
        PnmKind::Rgb => format!("P6\n{comment}{width} {height}\n{max}\n"),
        PnmKind::Any => {
            let color = if colors == 1 { "GRAYSCALE" } else { "RGB" };
            let with = if alpha { "_ALPHA" } else { "" };
            let channels = colors + usize::from(alpha);
            format!(
                "P7\n{comment}WIDTH {width}\nHEIGHT {height}\nDEPTH {channels}\nMAXVAL {max}\n\
                 TUPLTYPE {color}{with}\nENDHDR\n"
            )
        }
    };
    out.write_all(header.as_bytes()).map_err(io)?;
    let Depth::Int(bits) = image.depth else {
        return Err(Error::depth(name, Depth::SIXTEEN, image.depth));
    };
    let rows = Rows::new(image, colors, alpha, image.depth);
    let (mut narrow, mut wide, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    for y in 0..height {
        if bits > 8 {
            rows.codes(y, &mut wide, |c| c as u16);
            bytes.clear();
            bytes.extend(wide.iter().flat_map(|c: &u16| c.to_be_bytes()));
            out.write_all(&bytes).map_err(io)?;
        } else {
            let flip = u32::from(kind == PnmKind::Bits);
            rows.codes(y, &mut narrow, |c| (c ^ flip) as u8);
            if kind == PnmKind::Bits {
                super::png::pack(&mut narrow, 1);
            }
            out.write_all(&narrow).map_err(io)?;
        }
    }
    Ok(())
}
