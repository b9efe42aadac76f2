//! Radiance HDR reader: red, green and blue of 8 bits with a shared exponent, in linear light.
//!
//! Own code: zune-hdr 0.5 reads zeros after the end of a file, and runs of the old kind wrongly.
//!
//! Source: "Radiance File Formats", radsite.lbl.gov; G. Ward, "Real Pixels", Graphics Gems II (1991).

use unband_image::{Cicp, Codec, Depth, Image};

use super::unread::{Unread, identifier};
use super::{FormatEntry, SRGB_CHROMATICITIES, read_only};
use crate::limits::mostly_empty;
use crate::samples::Planes;
use crate::{Error, Limits};

const NAME: &str = "Radiance HDR";
/// Lines of a header.
const LINES: usize = 1_000;
/// Widths whose rows may have runs by channel.
const WIDTHS: std::ops::RangeInclusive<usize> = 8..=0x7FFF;

pub(super) const ENTRY: FormatEntry = FormatEntry {
    name: NAME,
    extensions: &["hdr", "rgbe"],
    reads: true,
    writes: None,
    is: |bytes| bytes.starts_with(b"#?RADIANCE") || bytes.starts_with(b"#?RGBE"),
    read,
    write: read_only,
};

/// The lines before the pixels.
#[derive(Default)]
struct Header {
    width: usize,
    height: usize,
    /// Whether rows are stored from the bottom up, and from right to left.
    reversed: (bool, bool),
    /// White, red, green and blue, as in [`Colorimetry`](unband_image::Colorimetry).
    chromaticities: Option<[u32; 8]>,
    unread: Unread,
}

/// Bytes from the front on.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (head, rest) = self.0.split_at_checked(count).ok_or(Error::Truncated { format: NAME })?;
        self.0 = rest;
        Ok(head)
    }

    fn line(&mut self) -> Result<&'a [u8], Error> {
        let end = self.0.iter().position(|&byte| byte == b'\n').ok_or(Error::Truncated { format: NAME })?;
        let line = &self.0[..end];
        self.0 = &self.0[end + 1..];
        Ok(line.trim_ascii())
    }
}

impl Header {
    fn read(bytes: &mut Bytes<'_>) -> Result<Self, Error> {
        let mut header = Self::default();
        bytes.line()?;
        for _ in 0..LINES {
            let line = bytes.line()?;
            if line.is_empty() {
                header.size(bytes.line()?)?;
                return Ok(header);
            }
            header.variable(line)?;
        }
        Err(Error::damaged(NAME, "its header has no end"))
    }

    fn variable(&mut self, line: &[u8]) -> Result<(), Error> {
        let text = String::from_utf8_lossy(line);
        match text.split_once('=').map(|(name, value)| (name.trim(), value.trim())) {
            Some(("FORMAT", other)) if other != "32-bit_rle_rgbe" => {
                return Err(Error::unsupported(
                    NAME,
                    format!("pixels in `{}`", identifier(other.as_bytes())),
                ));
            }
            Some(("PRIMARIES", numbers)) => {
                let numbers: Vec<f64> = numbers.split_whitespace().flat_map(str::parse).collect();
                if let Ok([red @ .., x, y]) = <[f64; 8]>::try_from(numbers) {
                    let all = [&[x, y], &red[..]].concat();
                    let all: Vec<u32> =
                        all.iter().map(|v| (v * 1e5).round().clamp(0.0, 1e9) as u32).collect();
                    self.chromaticities = all.try_into().ok();
                }
            }
            // And commands that made the image, comments.
            Some(("FORMAT", _)) | None => {}
            Some((name, _)) => self.unread.put(format!("variable `{}`", identifier(name.as_bytes()))),
        }
        Ok(())
    }

    /// "-Y 480 +X 640".
    fn size(&mut self, line: &[u8]) -> Result<(), Error> {
        let text = String::from_utf8_lossy(line);
        let words: Vec<&str> = text.split_whitespace().collect();
        let [rows, height, columns, width] = words[..] else {
            return Err(Error::damaged(NAME, "it declares no size"));
        };
        self.reversed = match (rows, columns) {
            ("-Y", "+X") => (false, false),
            ("+Y", "+X") => (true, false),
            ("-Y", "-X") => (false, true),
            ("+Y", "-X") => (true, true),
            _ => return Err(Error::unsupported(NAME, "columns that are stored one after the other")),
        };
        let side = |word: &str| word.parse::<u32>().ok().filter(|&side| side > 0).map(|side| side as usize);
        let sides = side(width).zip(side(height));
        (self.width, self.height) =
            sides.ok_or_else(|| Error::damaged(NAME, format!("its size is `{text}`")))?;
        Ok(())
    }
}

fn read(file: &[u8], limits: &Limits) -> Result<Image, Error> {
    let mut bytes = Bytes(file);
    let header = Header::read(&mut bytes)?;
    let (width, height) = (header.width, header.height);
    limits.check(width as u64, height as u64, 3)?;
    // A run of the new kind has at most 127 samples in two bytes; one of the old kind may have more.
    if mostly_empty(width, height, file.len()) {
        return Err(Error::Truncated { format: NAME });
    }
    let mut planes = Planes::new(3, width, height)?;
    let mut pixels = vec![[0u8; 4]; width];
    let mut row = vec![0.0f32; 3 * width];
    for y in 0..height {
        pixel_row(&mut bytes, &mut pixels)?;
        if header.reversed.1 {
            pixels.reverse();
        }
        for (to, &[red, green, blue, exponent]) in row.as_chunks_mut::<3>().0.iter_mut().zip(&pixels) {
            let unit = if exponent == 0 { 0.0 } else { (f32::from(exponent) - 136.0).exp2() };
            *to = [red, green, blue].map(|mantissa| f32::from(mantissa) * unit);
        }
        planes.put_with(0, if header.reversed.0 { height - 1 - y } else { y }, &row, |value| value);
    }
    let mut image = planes.into_image(Depth::F32);
    image.origin.codec = Codec::Lossless;
    let other = header
        .chromaticities
        .filter(|&all| all.iter().zip(SRGB_CHROMATICITIES).any(|(own, srgb)| own.abs_diff(srgb) > 100));
    let primaries = if other.is_some() { 2 } else { 1 };
    image.color.cicp = Some(Cicp { primaries, transfer: Cicp::LINEAR, matrix: 0, full_range: true });
    image.metadata.colorimetry.chromaticities = other;
    let mut unread = header.unread;
    unread.put_rest(bytes.0);
    image.metadata.unread = unread.names();
    Ok(image)
}

/// A row: runs in each channel, or pixels with runs of whole pixels between them.
fn pixel_row(bytes: &mut Bytes<'_>, pixels: &mut [[u8; 4]]) -> Result<(), Error> {
    let width = pixels.len();
    let by_channel = |head: &[u8]| {
        WIDTHS.contains(&width)
            && head[..2] == [2, 2]
            && usize::from(head[2]) << 8 | usize::from(head[3]) == width
    };
    if !bytes.0.get(..4).is_some_and(by_channel) {
        return whole_pixels(bytes, pixels);
    }
    bytes.take(4)?;
    for channel in 0..4 {
        let mut x = 0;
        while x < width {
            let count = usize::from(bytes.take(1)?[0]);
            let (count, run) = if count > 128 { (count - 128, true) } else { (count, false) };
            let Some(to) = pixels.get_mut(x..x + count).filter(|_| count > 0) else {
                return Err(Error::damaged(NAME, "a run leaves its row"));
            };
            let values = bytes.take(if run { 1 } else { count })?;
            for (pixel, i) in to.iter_mut().zip(0..) {
                pixel[channel] = values[if run { 0 } else { i }];
            }
            x += count;
        }
    }
    Ok(())
}

/// Pixels of four bytes; 1, 1, 1 and a number repeat the one before. Numbers in a row are digits, the lowest
/// first.
fn whole_pixels(bytes: &mut Bytes<'_>, pixels: &mut [[u8; 4]]) -> Result<(), Error> {
    let (mut x, mut shift) = (0, 0u32);
    while x < pixels.len() {
        let Some(&pixel) = bytes.take(4)?.first_chunk::<4>() else {
            return Err(Error::Truncated { format: NAME });
        };
        let [1, 1, 1, number] = pixel else {
            pixels[x] = pixel;
            (x, shift) = (x + 1, 0);
            continue;
        };
        let count = if shift < 24 { usize::from(number) << shift } else { usize::MAX };
        let fits = x > 0 && count <= pixels.len() - x;
        if !fits {
            return Err(Error::damaged(NAME, "a run leaves its row"));
        }
        let before = pixels[x - 1];
        pixels[x..x + count].fill(before);
        (x, shift) = (x + count, shift + 8);
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        [header.as_bytes(), data].concat()
    }

    fn decoded(file: &[u8]) -> Result<Image, Error> {
        read(file, &Limits::default())
    }

    const HEAD: &str = "#?RADIANCE\n# made\nFORMAT=32-bit_rle_rgbe\nEXPOSURE=2\n\n";

    #[test]
    fn runs_of_both_kinds_are_read() {
        // 9 pixels: a run of 9, then 4 and a run of 5, 9 values, a run of 9.
        let new = [
            &[2, 2, 0, 9, 128 + 9, 128, 4, 1, 2, 3, 4, 128 + 5, 8, 9][..],
            &[10, 20, 30, 40, 50, 60, 70, 80, 90, 128 + 9, 129],
        ];
        let image = decoded(&file(&format!("{HEAD}-Y 1 +X 9\n"), &new.concat())).unwrap();
        assert_eq!(image.planes[0].data, [1.0; 9]);
        assert_eq!(image.planes[1].data[..5], [1.0, 2.0, 3.0, 4.0, 8.0].map(|v| v / 128.0));
        assert_eq!(image.planes[2].data[8].to_bits(), (90.0f32 / 128.0).to_bits());
        assert_eq!(image.metadata.unread, ["variable `EXPOSURE`"]);
        // One pixel, 255 + 256 more of it, one of another value.
        let old = [[128, 64, 32, 129], [1, 1, 1, 255], [1, 1, 1, 1], [0, 0, 0, 0]].concat();
        let image = decoded(&file(&format!("{HEAD}-Y 1 +X 513\n"), &old)).unwrap();
        assert!(image.planes[1].data[..512].iter().all(|&value| value.to_bits() == 0.5f32.to_bits()));
        assert_eq!(image.planes[1].data[512].to_bits(), 0);
    }

    #[test]
    fn rows_and_columns_of_any_direction_are_put_in_place() {
        let data = [[128, 0, 0, 129], [0, 128, 0, 129], [0, 0, 128, 129], [128, 128, 128, 129]].concat();
        let at = |size: &str| {
            let image = decoded(&file(&format!("{HEAD}{size}\n"), &data)).unwrap();
            image.planes[0].data.iter().map(|&value| value > 0.5).collect::<Vec<_>>()
        };
        assert_eq!(at("-Y 2 +X 2"), [true, false, false, true]);
        assert_eq!(at("+Y 2 +X 2"), [false, true, true, false]);
        assert_eq!(at("-Y 2 -X 2"), [false, true, true, false]);
        assert_eq!(at("+Y 2 -X 2"), [true, false, false, true]);
    }

    #[test]
    fn damaged_and_unusual_files_are_errors() {
        let row = [2, 2, 0, 9, 128 + 9, 128, 128 + 9, 1, 128 + 9, 8, 128 + 9, 129];
        let whole = file(&format!("{HEAD}-Y 1 +X 9\n"), &row);
        assert!(decoded(&whole).is_ok());
        for end in 0..whole.len() {
            assert!(decoded(&whole[..end]).is_err(), "{end}");
        }
        let wrong = |size: &str, data: &[u8]| {
            decoded(&file(&format!("{HEAD}{size}\n"), data)).unwrap_err().to_string()
        };
        assert!(wrong("-Y 1 +X 9", &[2, 2, 0, 9, 128 + 10, 128]).contains("a run leaves its row"));
        assert!(wrong("-Y 1 +X 9", &[1, 1, 1, 3]).contains("a run leaves its row"));
        assert!(wrong("+X 9 -Y 1", &row).contains("one after the other"));
        assert!(wrong("-Y 0 +X 9", &row).contains("its size"));
        assert!(wrong("-Y 99999 +X 32000", &row).contains("the limit is"));
        let other = HEAD.replace("rgbe", "xyze");
        let error = decoded(&file(&format!("{other}-Y 1 +X 9\n"), &row)).unwrap_err().to_string();
        assert!(error.contains("32-bit_rle_xyze"), "{error}");
    }
}
