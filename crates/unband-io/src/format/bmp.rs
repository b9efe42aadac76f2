//! BMP, read only.
//!
//! Source: Microsoft's BITMAPFILEHEADER, BITMAPINFOHEADER, BITMAPV4HEADER and BITMAPV5HEADER pages.

use unband_image::{Codec, Density, DensityUnit, Depth, Image};
use zune_bmp::{BmpDecoder, BmpDecoderErrors};
use zune_core::bytestream::ZCursor;
use zune_core::options::DecoderOptions;

use super::{FormatEntry, read_only};
use crate::samples::Planes;
use crate::{Error, Limits};

const NAME: &str = "BMP";

pub(super) const ENTRY: FormatEntry = FormatEntry {
    name: NAME,
    extensions: &["bmp", "dib"],
    reads: true,
    writes: None,
    is: |bytes| bytes.starts_with(b"BM") && bytes.len() > 14 && matches!(bytes[14], 12 | 16 | 40 | 52 | 56 | 64 | 108 | 124),
    read,
    write: read_only,
};

fn wrong(error: BmpDecoderErrors) -> Error {
    match error {
        BmpDecoderErrors::IoErrors(_) => Error::Truncated { format: NAME },
        other => Error::damaged(NAME, format!("{other:?}").trim()),
    }
}

/// The header fields needed here.
struct Header {
    width: u32,
    height: u32,
    bits: u16,
    compression: u32,
    data: usize,
    colors: u32,
    alpha_mask: u32,
    density: Option<Density>,
}

fn header(bytes: &[u8]) -> Option<Header> {
    let u16_at = |at: usize| Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let u32_at = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let size = u32_at(14)?;
    let data = u32_at(10)? as usize;
    if size == 12 {
        let (width, height, bits) = (u16_at(18)?.into(), u16_at(20)?.into(), u16_at(24)?);
        return Some(Header { width, height, bits, compression: 0, data, colors: 0, alpha_mask: 0, density: None });
    }
    let field = |at: usize| if at + 4 <= 14 + size as usize { u32_at(at) } else { Some(0) };
    let (x, y) = (field(38)?, field(42)?);
    Some(Header {
        width: u32_at(18)?,
        height: u32_at(22)?.cast_signed().unsigned_abs(),
        bits: u16_at(28)?,
        compression: field(30)?,
        data,
        colors: field(46)?,
        alpha_mask: field(66)?,
        density: (x > 0 && y > 0 && x <= i32::MAX as u32 && y <= i32::MAX as u32)
            .then(|| Density { x: x.into(), y: y.into(), unit: DensityUnit::Metre }),
    })
}

fn read(bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    let cut = Error::Truncated { format: NAME };
    let Some(header) = header(bytes) else { return Err(cut) };
    let (width, height) = (header.width as usize, header.height as usize);
    if width == 0 || height == 0 {
        return Err(Error::damaged(NAME, format!("its size is {width}×{height}")));
    }
    limits.check(width as u64, height as u64, 4)?;
    let runs = matches!(header.compression, 1 | 2);
    // Runs hold at most 255 samples in two bytes; all else is stored as it is.
    let needs = if runs {
        width.saturating_mul(height) / 255 * 2
    } else {
        (width.saturating_mul(header.bits.into())).div_ceil(32).saturating_mul(4).saturating_mul(height)
    };
    if needs > bytes.len().saturating_sub(header.data) {
        return Err(cut);
    }
    let options = DecoderOptions::default().set_max_width(usize::MAX).set_max_height(usize::MAX);
    let mut decoder = BmpDecoder::new_with_options(ZCursor::new(bytes), options);
    let decoded = decoder.decode().map_err(wrong)?;
    let channels = decoded.len() / (width * height);
    // Without a mask the fourth byte is nothing.
    let alpha = channels == 4 && header.alpha_mask != 0 && matches!(header.compression, 3 | 6);
    let keep = if channels == 4 && !alpha { 3 } else { channels };
    if !matches!(channels, 1 | 3 | 4) {
        return Err(Error::damaged(NAME, "its decoder gave a wrong number of samples"));
    }
    let mut planes = Planes::new(keep, width, height)?;
    for (y, row) in decoded.chunks_exact(width * channels).enumerate().take(height) {
        if keep == channels {
            planes.put(0, y, row, Depth::EIGHT);
        } else {
            let rgb: Vec<u8> = row.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
            planes.put(0, y, &rgb, Depth::EIGHT);
        }
    }
    let mut image = planes.into_image(Depth::EIGHT);
    let most = 1u32 << header.bits.min(16);
    image.origin.codec = match header.bits {
        1..=8 => Codec::Palette(if header.colors == 0 { most } else { header.colors.min(most) } as u16),
        _ => Codec::Lossless,
    };
    image.metadata.icc = decoder.icc_profile().cloned();
    image.metadata.density = header.density;
    Ok(image)
}
