//! Portable pixmaps, a format that every image tool reads.

use unband_image::Image;

/// A binary 8-bit pixmap of interleaved RGB bytes.
pub fn ppm(width: usize, height: usize, rgb: &[u8]) -> Vec<u8> {
    let mut out = format!("P6\n{width} {height}\n255\n").into_bytes();
    out.extend_from_slice(rgb);
    out
}

/// Reads a binary RGB pixmap of 8 or 16 bits; `None` for other or truncated files.
pub fn read_ppm(bytes: &[u8]) -> Option<Image> {
    let mut at = 0;
    let mut word = || {
        while bytes.get(at)?.is_ascii_whitespace() {
            at += 1;
        }
        let start = at;
        while !bytes.get(at)?.is_ascii_whitespace() {
            at += 1;
        }
        std::str::from_utf8(&bytes[start..at]).ok()
    };
    if word()? != "P6" {
        return None;
    }
    let [width, height, max] = [word()?, word()?, word()?].map(|w| w.parse::<usize>().ok());
    let (width, height) = (width?, height?);
    let data = bytes.get(at + 1..)?;
    let samples = width.checked_mul(height)?.checked_mul(3)?;
    match max? {
        255 => Image::from_rgb8(width, height, data.get(..samples)?).ok(),
        65535 => {
            let data = data.get(..samples.checked_mul(2)?)?;
            let wide: Vec<u16> = data.chunks_exact(2).map(|b| u16::from_be_bytes([b[0], b[1]])).collect();
            Image::from_rgb16(width, height, &wide).ok()
        }
        _ => None,
    }
}
