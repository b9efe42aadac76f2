//! PNG files of the cache: RGB of 8 or 16 bits, nothing else.

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

use unband_image::{Depth, Image};

/// Writes 8 bits for images on the 8-bit grid, else 16. The file appears whole or not at all.
pub fn write(path: &Path, image: &Image) -> Result<(), Box<dyn Error>> {
    let part = path.with_extension("part");
    let mut encoder =
        png::Encoder::new(BufWriter::new(File::create(&part)?), image.width() as u32, image.height() as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fast);
    if image.depth == Depth::EIGHT {
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header()?.write_image_data(&image.to_rgb8()?)?;
    } else {
        encoder.set_depth(png::BitDepth::Sixteen);
        let bytes: Vec<u8> = image.to_rgb16()?.iter().flat_map(|v| v.to_be_bytes()).collect();
        encoder.write_header()?.write_image_data(&bytes)?;
    }
    std::fs::rename(part, path)?;
    Ok(())
}

/// Reads an RGB or grey PNG without its alpha.
pub fn read(path: &Path) -> Result<Image, Box<dyn Error>> {
    let mut decoder = png::Decoder::new(BufReader::new(File::open(path)?));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info()?;
    let mut bytes = vec![0; reader.output_buffer_size().ok_or("picture too large")?];
    let info = reader.next_frame(&mut bytes)?;
    bytes.truncate(info.buffer_size());
    let (w, h) = (info.width as usize, info.height as usize);
    let channels = info.color_type.samples();
    let pick = |i: usize| {
        let (pixel, c) = (i / 3, i % 3);
        pixel * channels + if channels < 3 { 0 } else { c }
    };
    Ok(match info.bit_depth {
        png::BitDepth::Sixteen => {
            let wide: Vec<u16> = bytes.chunks_exact(2).map(|b| u16::from_be_bytes([b[0], b[1]])).collect();
            let rgb: Vec<u16> = (0..w * h * 3).map(|i| wide[pick(i)]).collect();
            Image::from_rgb16(w, h, &rgb)?
        }
        _ => {
            let rgb: Vec<u8> = (0..w * h * 3).map(|i| bytes[pick(i)]).collect();
            Image::from_rgb8(w, h, &rgb)?
        }
    })
}
