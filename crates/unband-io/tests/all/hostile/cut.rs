//! Files whose data end early or whose windows are nearly empty, in forms that a decoder would accept.

use unband_image::Depth;
use unband_io::{Error, Limits, read};

use crate::sample::{format, painted, written};

/// A TIFF file of a grey image as one JPEG strip, its directory in front.
fn tiff_of(jpeg: &[u8], side: u16) -> Vec<u8> {
    let mut out = b"II*\0\x08\0\0\0".to_vec();
    let start = 8 + 2 + 12 * 9 + 4;
    let rows: [(u16, u32); 9] = [
        (256, side.into()),
        (257, side.into()),
        (258, 8),
        (259, 7),
        (262, 1),
        (273, start),
        (277, 1),
        (278, side.into()),
        (279, jpeg.len() as u32),
    ];
    out.extend((rows.len() as u16).to_le_bytes());
    for (tag, value) in rows {
        out.extend(tag.to_le_bytes());
        out.extend([4, 0, 1, 0, 0, 0]);
        out.extend(value.to_le_bytes());
    }
    out.extend([0; 4]);
    out.extend(jpeg);
    out
}

#[test]
fn a_tiff_whose_jpeg_strip_was_cut_off_is_refused() {
    let jpeg = written(&painted(96, 96, 1, false, Depth::EIGHT, 3), format("JPEG")).0;
    let whole = tiff_of(&jpeg, 96);
    let image = read(&whole, &Limits::default()).unwrap();
    assert_eq!((image.width(), image.height()), (96, 96));
    let refused = |bytes: &[u8], what: &str| {
        let error = read(bytes, &Limits::default()).expect_err(what);
        assert!(matches!(error, Error::Truncated { .. }), "{what}: {error}");
    };
    for less in [1, 2, 3, 20, 200, jpeg.len() / 2] {
        refused(&whole[..whole.len() - less], &format!("{less} bytes of the file less"));
        refused(&tiff_of(&jpeg[..jpeg.len() - less], 96), &format!("{less} bytes of the strip less"));
    }
    // Bytes after the end of the strip are padding.
    assert!(read(&tiff_of(&[&jpeg[..], &[0; 3]].concat(), 96), &Limits::default()).is_ok());
}

/// A small file with another display window.
#[cfg(feature = "exr")]
fn openexr(side: u32, display: u32) -> Vec<u8> {
    let image = painted(side as usize, side as usize, 3, false, Depth::F32, 1);
    let mut bytes = written(&image, format("OpenEXR")).0;
    let name = b"displayWindow\0box2i\0";
    let at = bytes.windows(name.len()).position(|part| part == name).unwrap() + name.len() + 12;
    bytes[at..at + 8].copy_from_slice(&[(display - 1).to_le_bytes(), (display - 1).to_le_bytes()].concat());
    bytes
}

#[cfg(feature = "exr")]
#[test]
fn an_exr_with_a_display_window_out_of_proportion_is_refused() {
    for (side, display) in [(61, 16_000), (61, 8_000), (200, 16_000)] {
        let bytes = openexr(side, display);
        let error = read(&bytes, &Limits::default()).expect_err("mostly empty");
        assert!(matches!(error, Error::Damaged { .. }), "{error}");
        assert!(error.to_string().contains(&format!("display window is {display}×{display}")), "{error}");
    }
    // A part of an image, rendered alone.
    for (side, display) in [(61, 1_000), (300, 4_800)] {
        let image = read(&openexr(side, display), &Limits::default()).unwrap();
        assert_eq!(image.width(), display as usize);
    }
}
