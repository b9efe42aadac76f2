//! Grey samples of 8 bits behind a header of 12 bytes: a toy.

use std::io::Write;

use unband_image::{Codec, Depth, Image};

use super::unread::Unread;
use super::{Dropped, FormatEntry, WriteOptions, Writes};
use crate::samples::{Planes, Rows};
use crate::{Error, Limits};

const NAME: &str = "TOY";

pub(super) const ENTRY: FormatEntry = FormatEntry {
    name: NAME,
    extensions: &["toy"],
    reads: true,
    // Written row by row.
    writes: Some(Writes { color: false, memory: 0, ..Writes::SAMPLES }),
    is: |bytes| bytes.starts_with(b"TOY!"),
    read,
    write,
};

fn read(bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    let number = |at: usize| {
        let four = bytes.get(at..).and_then(|rest| rest.first_chunk()).ok_or(Error::Truncated { format: NAME })?;
        Ok::<_, Error>(u32::from_le_bytes(*four) as usize)
    };
    let (width, height) = (number(4)?, number(8)?);
    if width == 0 || height == 0 {
        return Err(Error::damaged(NAME, format!("its size is {width}×{height}")));
    }
    limits.check(width as u64, height as u64, 1)?;
    let data = &bytes[12..];
    if width.checked_mul(height).is_none_or(|needs| needs > data.len()) {
        return Err(Error::Truncated { format: NAME });
    }
    let mut planes = Planes::new(1, width, height)?;
    for (y, row) in data.chunks_exact(width).take(height).enumerate() {
        planes.put_with(0, y, row, |code| Depth::EIGHT.value(u32::from(code)));
    }
    let mut image = planes.into_image(Depth::EIGHT);
    image.origin.codec = Codec::Lossless;
    let mut unread = Unread::default();
    unread.put_rest(&data[width * height..]);
    image.metadata.unread = unread.names();
    Ok(image)
}

fn write(image: &Image, _: &WriteOptions, out: &mut dyn Write, _: &mut Vec<Dropped>) -> Result<(), Error> {
    let io = |source| Error::Io { action: "write", source };
    out.write_all(b"TOY!").map_err(io)?;
    for side in [image.width(), image.height()] {
        out.write_all(&(side as u32).to_le_bytes()).map_err(io)?;
    }
    let rows = Rows::new(image, 1, false, Depth::EIGHT);
    let mut values = Vec::new();
    for y in 0..image.height() {
        rows.values(y, &mut values);
        let codes: Vec<u8> = values.iter().map(|value| Depth::EIGHT.code(*value) as u8).collect();
        out.write_all(&codes).map_err(io)?;
    }
    Ok(())
}
