//! PFM: 32-bit floating point, grey or RGB, either byte order, rows from the bottom up.
//!
//! Source: pfm(5) of Netpbm and P. Debevec's description; the size of the scale is ignored, as readers do.

use std::io::Write;

use unband_image::{Codec, Depth, Image, Model};

use super::unread::Unread;
use super::{Dropped, FormatEntry, WriteOptions, Writes};
use crate::samples::{Planes, Rows};
use crate::{Error, Limits};

const NAME: &str = "PFM";

pub(super) const ENTRY: FormatEntry = FormatEntry {
    name: NAME,
    extensions: &["pfm"],
    reads: true,
    writes: Some(Writes { depths: &[Depth::F32], ..Writes::SAMPLES }),
    is: |bytes| matches!(bytes, [b'P', b'F' | b'f', next, ..] if next.is_ascii_whitespace()),
    read,
    write,
};

fn read(bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    let channels = if bytes.get(1) == Some(&b'F') { 3 } else { 1 };
    let mut at = 2;
    let mut word = || {
        let rest = bytes.get(at..).unwrap_or(&[]);
        let start = rest.iter().position(|b| !b.is_ascii_whitespace());
        let start = start.ok_or(Error::Truncated { format: NAME })?;
        let end = rest[start..].iter().position(u8::is_ascii_whitespace);
        let end = start + end.ok_or(Error::Truncated { format: NAME })?;
        at += end + 1;
        Ok::<_, Error>(String::from_utf8_lossy(&rest[start..end]).into_owned())
    };
    let size = |word: &str| match word.parse::<u32>() {
        Ok(side) if side > 0 => Ok(side as usize),
        _ => Err(Error::damaged(NAME, format!("its size is `{word}`"))),
    };
    let (width, height) = (size(&word()?)?, size(&word()?)?);
    let scale = word()?;
    let scale: f32 = scale.parse().map_err(|_| Error::damaged(NAME, format!("its scale is `{scale}`")))?;
    limits.check(width as u64, height as u64, channels as u64)?;
    let row_bytes = 4 * width * channels;
    let data = &bytes[at..];
    if row_bytes.checked_mul(height).is_none_or(|needs| needs > data.len()) {
        return Err(Error::Truncated { format: NAME });
    }
    let mut planes = Planes::new(channels, width, height)?;
    let mut row = vec![0.0; width * channels];
    for y in 0..height {
        let raw = &data[(height - 1 - y) * row_bytes..][..row_bytes];
        for (to, four) in row.iter_mut().zip(raw.chunks_exact(4)) {
            let four = [four[0], four[1], four[2], four[3]];
            *to = if scale < 0.0 { f32::from_le_bytes(four) } else { f32::from_be_bytes(four) };
        }
        planes.put_with(0, y, &row, |v| v);
    }
    let mut image = planes.into_image(Depth::F32);
    image.origin.codec = Codec::Lossless;
    let mut unread = Unread::default();
    if (scale.abs() - 1.0).abs() > f32::EPSILON {
        unread.put(format!("scale {}", scale.abs()));
    }
    unread.put_rest(data.get(row_bytes * height..).unwrap_or_default());
    image.metadata.unread = unread.names();
    Ok(image)
}

fn write(image: &Image, _: &WriteOptions, out: &mut dyn Write, _: &mut Vec<Dropped>) -> Result<(), Error> {
    let io = |source| Error::Io { action: "write", source };
    let gray = image.color.model == Model::Gray;
    let kind = if gray { "Pf" } else { "PF" };
    write!(out, "{kind}\n{} {}\n-1.0\n", image.width(), image.height()).map_err(io)?;
    let rows = Rows::new(image, if gray { 1 } else { 3 }, false, Depth::F32);
    let (mut values, mut bytes) = (Vec::new(), Vec::new());
    for y in (0..image.height()).rev() {
        rows.values(y, &mut values);
        bytes.clear();
        bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        out.write_all(&bytes).map_err(io)?;
    }
    Ok(())
}
