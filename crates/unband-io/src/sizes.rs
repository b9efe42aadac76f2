//! Sizes of an image in its own metadata, after it was resized.

use unband_image::Metadata;

use crate::exif;

/// XMP properties that count pixels across, and down. Sources: XMP specification part 2 (`exif`, `tiff`);
/// Google, "Photo Sphere XMP Metadata" (`GPano`).
const ACROSS: [&str; 5] = [
    "exif:PixelXDimension",
    "tiff:ImageWidth",
    "GPano:CroppedAreaImageWidthPixels",
    "GPano:FullPanoWidthPixels",
    "GPano:CroppedAreaLeftPixels",
];
const DOWN: [&str; 5] = [
    "exif:PixelYDimension",
    "tiff:ImageLength",
    "GPano:CroppedAreaImageHeightPixels",
    "GPano:FullPanoHeightPixels",
    "GPano:CroppedAreaTopPixels",
];

/// Scales the sizes in Exif and XMP data with an image that was resized between two widths and heights.
pub fn resize_metadata(metadata: &mut Metadata, from: (usize, usize), to: (usize, usize)) {
    if let Some(block) = &mut metadata.exif {
        exif::set_size(block, to.0, to.1);
    }
    let Some(packet) = &mut metadata.xmp else { return };
    for (names, from, to) in [(ACROSS, from.0, to.0), (DOWN, from.1, to.1)] {
        for name in names {
            scale_property(packet, name, to as f64 / from.max(1) as f64);
        }
    }
}

/// Scales the number of a property of an XMP packet, written as an attribute or as an element.
fn scale_property(packet: &mut Vec<u8>, name: &str, factor: f64) {
    for (open, close) in
        [(format!("{name}=\""), b'"'), (format!("{name}='"), b'\''), (format!("<{name}>"), b'<')]
    {
        let found = packet.windows(open.len()).position(|window| window == open.as_bytes());
        let Some(at) = found.map(|at| at + open.len()) else { continue };
        let digits = packet[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let number =
            std::str::from_utf8(&packet[at..at + digits]).ok().and_then(|text| text.parse::<u32>().ok());
        if let (Some(number), Some(&after)) = (number, packet.get(at + digits))
            && after == close
        {
            let scaled = (f64::from(number) * factor).round();
            packet.splice(at..at + digits, format!("{scaled}").into_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_pixels_are_scaled_and_others_stay() {
        let packet = "<a exif:PixelXDimension=\"900\" tiff:ImageLength='600' GPano:FullPanoWidthPixels=\"18x\" \
                      b=\"900\"><GPano:CroppedAreaTopPixels>75</GPano:CroppedAreaTopPixels></a>";
        let mut metadata = Metadata::default();
        metadata.xmp = Some(packet.into());
        resize_metadata(&mut metadata, (900, 600), (1350, 900));
        let made = String::from_utf8(metadata.xmp.unwrap_or_default()).unwrap_or_default();
        assert_eq!(
            made,
            "<a exif:PixelXDimension=\"1350\" tiff:ImageLength='900' GPano:FullPanoWidthPixels=\"18x\" \
             b=\"900\"><GPano:CroppedAreaTopPixels>113</GPano:CroppedAreaTopPixels></a>"
        );
    }
}
