//! Pixel formats of raw frames: `FFmpeg`'s names and NUT's codes.

use super::rows::sample_bytes;
use crate::Subsampling;

/// Meaning of the samples of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Samples {
    /// Luma only.
    Gray,
    /// Luma and two chroma planes, possibly subsampled.
    Yuv(Subsampling),
    /// Red, green and blue; planes are in the order green, blue, red.
    Rgb,
}

/// Order of the samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Plane after plane, row after row, without padding; alpha comes last.
    Planar,
    /// A luma plane, then a plane with both chroma samples interleaved.
    SemiPlanar,
    /// All samples of a pixel together.
    Packed,
}

/// A pixel format. Samples of more than 8 bits take two bytes, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelFormat {
    /// `FFmpeg`'s name, as `-pix_fmt` takes it.
    pub name: &'static str,
    /// The code in a NUT stream.
    pub fourcc: [u8; 4],
    /// Meaning of the samples besides alpha.
    pub samples: Samples,
    /// Order of the samples.
    pub layout: Layout,
    /// Bits per sample, 8 to 16, in the low bits of the bytes.
    pub bits: u8,
    /// Whether there is alpha too.
    pub alpha: bool,
}

impl PixelFormat {
    /// The format with an `FFmpeg` name. Names with `yuvj` have the same bytes as with `yuv`, in full range,
    /// and NUT has one code for both.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        let plain = name.strip_prefix("yuvj").map(|rest| format!("yuv{rest}"));
        let name = plain.as_deref().unwrap_or(name);
        PIXEL_FORMATS.iter().find(|format| format.name == name)
    }

    /// The planar format for these samples with the fewest bits, but at least `bits`.
    pub fn planar(samples: Samples, bits: u8, alpha: bool) -> Option<&'static Self> {
        let fits = |format: &&Self| {
            let right = format.samples == samples && format.alpha == alpha;
            right && format.layout == Layout::Planar && format.bits >= bits
        };
        PIXEL_FORMATS.iter().filter(fits).min_by_key(|format| format.bits)
    }

    /// The format with a NUT code.
    pub fn by_fourcc(fourcc: [u8; 4]) -> Option<&'static Self> {
        PIXEL_FORMATS.iter().find(|format| format.fourcc == fourcc)
    }

    /// Bytes of a sample: 1 or 2.
    pub fn sample_bytes(&self) -> usize {
        sample_bytes(self.bits)
    }

    /// Samples of a pixel, alpha included: 1 to 4.
    pub fn channels(&self) -> usize {
        let color = if self.samples == Samples::Gray { 1 } else { 3 };
        color + usize::from(self.alpha)
    }

    /// Width and height of each channel as stored, alpha last; for planar formats these are the planes, in
    /// order.
    pub fn planes(&self, width: usize, height: usize) -> impl Iterator<Item = (usize, usize)> {
        let full = (width, height);
        let (second, third) = match self.samples {
            Samples::Gray => (None, None),
            Samples::Rgb => (Some(full), Some(full)),
            Samples::Yuv(subsampling) => {
                let chroma = subsampling.chroma_size(width, height);
                (Some(chroma), Some(chroma))
            }
        };
        [Some(full), second, third, self.alpha.then_some(full)].into_iter().flatten()
    }

    /// Bytes of a frame; `None` on overflow.
    pub fn frame_bytes(&self, width: usize, height: usize) -> Option<usize> {
        let bytes = |(w, h): (usize, usize)| w.checked_mul(h)?.checked_mul(self.sample_bytes());
        self.planes(width, height).try_fold(0usize, |sum, plane| sum.checked_add(bytes(plane)?))
    }
}

const S420: Samples = Samples::Yuv(Subsampling::HALF);
const S422: Samples = Samples::Yuv(Subsampling { x: 2, y: 1 });
const S444: Samples = Samples::Yuv(Subsampling::NONE);
const S440: Samples = Samples::Yuv(Subsampling { x: 1, y: 2 });
const S411: Samples = Samples::Yuv(Subsampling { x: 4, y: 1 });
const S410: Samples = Samples::Yuv(Subsampling { x: 4, y: 4 });

const fn planar(name: &'static str, fourcc: [u8; 4], samples: Samples, bits: u8) -> PixelFormat {
    PixelFormat { name, fourcc, samples, layout: Layout::Planar, bits, alpha: false }
}

/// As [`planar`], with an alpha plane.
const fn alpha(name: &'static str, fourcc: [u8; 4], samples: Samples, bits: u8) -> PixelFormat {
    PixelFormat { alpha: true, ..planar(name, fourcc, samples, bits) }
}

const fn packed(name: &'static str, fourcc: [u8; 4], samples: Samples, bits: u8, alpha: bool) -> PixelFormat {
    PixelFormat { alpha, layout: Layout::Packed, ..planar(name, fourcc, samples, bits) }
}

const fn semi_planar(name: &'static str, fourcc: [u8; 4]) -> PixelFormat {
    PixelFormat { layout: Layout::SemiPlanar, ..planar(name, fourcc, S420, 8) }
}

/// All formats that can be identified by their code. `p010le`, `yuv440p10le` and `yuv440p12le` are missing:
/// `FFmpeg` has no codes for them and writes the code of `rgb555le`. Use `yuv420p10le` or `yuv444p12le`
/// instead.
///
/// Source: output of `ffmpeg -f nut` for each format; a test compares.
pub static PIXEL_FORMATS: &[PixelFormat] = &[
    planar("gray", *b"Y800", Samples::Gray, 8),
    planar("gray9le", *b"Y1\x00\x09", Samples::Gray, 9),
    planar("gray10le", *b"Y1\x00\x0a", Samples::Gray, 10),
    planar("gray12le", *b"Y1\x00\x0c", Samples::Gray, 12),
    planar("gray14le", *b"Y1\x00\x0e", Samples::Gray, 14),
    planar("gray16le", *b"Y1\x00\x10", Samples::Gray, 16),
    planar("yuv420p", *b"I420", S420, 8),
    planar("yuv422p", *b"Y42B", S422, 8),
    planar("yuv444p", *b"444P", S444, 8),
    planar("yuv440p", *b"440P", S440, 8),
    planar("yuv411p", *b"Y41B", S411, 8),
    planar("yuv410p", *b"YUV9", S410, 8),
    planar("yuv420p9le", *b"Y3\x0b\x09", S420, 9),
    planar("yuv420p10le", *b"Y3\x0b\x0a", S420, 10),
    planar("yuv420p12le", *b"Y3\x0b\x0c", S420, 12),
    planar("yuv420p14le", *b"Y3\x0b\x0e", S420, 14),
    planar("yuv420p16le", *b"Y3\x0b\x10", S420, 16),
    planar("yuv422p9le", *b"Y3\x0a\x09", S422, 9),
    planar("yuv422p10le", *b"Y3\x0a\x0a", S422, 10),
    planar("yuv422p12le", *b"Y3\x0a\x0c", S422, 12),
    planar("yuv422p14le", *b"Y3\x0a\x0e", S422, 14),
    planar("yuv422p16le", *b"Y3\x0a\x10", S422, 16),
    planar("yuv444p9le", *b"Y3\x00\x09", S444, 9),
    planar("yuv444p10le", *b"Y3\x00\x0a", S444, 10),
    planar("yuv444p12le", *b"Y3\x00\x0c", S444, 12),
    planar("yuv444p14le", *b"Y3\x00\x0e", S444, 14),
    planar("yuv444p16le", *b"Y3\x00\x10", S444, 16),
    alpha("yuva420p", *b"Y4\x0b\x08", S420, 8),
    alpha("yuva420p9le", *b"Y4\x0b\x09", S420, 9),
    alpha("yuva420p10le", *b"Y4\x0b\x0a", S420, 10),
    alpha("yuva420p16le", *b"Y4\x0b\x10", S420, 16),
    alpha("yuva422p", *b"Y4\x0a\x08", S422, 8),
    alpha("yuva422p9le", *b"Y4\x0a\x09", S422, 9),
    alpha("yuva422p10le", *b"Y4\x0a\x0a", S422, 10),
    alpha("yuva422p12le", *b"Y4\x0a\x0c", S422, 12),
    alpha("yuva422p16le", *b"Y4\x0a\x10", S422, 16),
    alpha("yuva444p", *b"Y4\x00\x08", S444, 8),
    alpha("yuva444p9le", *b"Y4\x00\x09", S444, 9),
    alpha("yuva444p10le", *b"Y4\x00\x0a", S444, 10),
    alpha("yuva444p12le", *b"Y4\x00\x0c", S444, 12),
    alpha("yuva444p16le", *b"Y4\x00\x10", S444, 16),
    planar("gbrp", *b"G3\x00\x08", Samples::Rgb, 8),
    planar("gbrp9le", *b"G3\x00\x09", Samples::Rgb, 9),
    planar("gbrp10le", *b"G3\x00\x0a", Samples::Rgb, 10),
    planar("gbrp12le", *b"G3\x00\x0c", Samples::Rgb, 12),
    planar("gbrp14le", *b"G3\x00\x0e", Samples::Rgb, 14),
    planar("gbrp16le", *b"G3\x00\x10", Samples::Rgb, 16),
    alpha("gbrap", *b"G4\x00\x08", Samples::Rgb, 8),
    alpha("gbrap10le", *b"G4\x00\x0a", Samples::Rgb, 10),
    alpha("gbrap12le", *b"G4\x00\x0c", Samples::Rgb, 12),
    alpha("gbrap16le", *b"G4\x00\x10", Samples::Rgb, 16),
    semi_planar("nv12", *b"NV12"),
    semi_planar("nv21", *b"NV21"),
    packed("ya8", *b"Y2\x00\x08", Samples::Gray, 8, true),
    packed("rgb24", *b"RGB\x18", Samples::Rgb, 8, false),
    packed("bgr24", *b"BGR\x18", Samples::Rgb, 8, false),
    packed("rgba", *b"RGBA", Samples::Rgb, 8, true),
    packed("bgra", *b"BGRA", Samples::Rgb, 8, true),
    packed("rgb48le", *b"RGB0", Samples::Rgb, 16, false),
    packed("rgba64le", *b"RBA@", Samples::Rgb, 16, true),
];
