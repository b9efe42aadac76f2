//! The image type: planes, colour, provenance and metadata.

use crate::color::{Color, Matrix, Model, Range, Subsampling};
use crate::depth::Depth;
use crate::dither::Grid;
use crate::gain_map::GainMap;
use crate::origin::Origin;
use crate::window::Window;

/// Samples of one component, row by row, without padding. 0.0 is black and 1.0 white of the declared range;
/// colour differences are centred on 0.5. Values outside are kept until quantisation.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Plane {
    /// Samples in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width * height` samples.
    pub data: Vec<f32>,
}

/// Does a sample of alpha hide its pixel? Negative samples and those that are not numbers do too.
pub fn is_transparent(alpha: f32) -> bool {
    alpha <= 0.0 || alpha.is_nan()
}

impl Plane {
    /// A plane of one value.
    pub fn filled(width: usize, height: usize, value: f32) -> Self {
        Self { width, height, data: vec![value; width * height] }
    }

    /// One row.
    pub fn row(&self, y: usize) -> &[f32] {
        &self.data[y * self.width..][..self.width]
    }

    /// One row, to write.
    pub fn row_mut(&mut self, y: usize) -> &mut [f32] {
        &mut self.data[y * self.width..][..self.width]
    }

    /// A window of the plane, in its own coordinates.
    #[must_use]
    pub fn cut(&self, window: Window) -> Self {
        let mut part = Self { width: 0, height: 0, data: Vec::new() };
        self.cut_into(window, &mut part);
        part
    }

    /// As [`Plane::cut`], in the memory of another plane.
    pub fn cut_into(&self, window: Window, part: &mut Self) {
        (part.width, part.height) = (window.width(), window.height());
        part.data.clear();
        part.data.reserve(part.width * part.height);
        for y in window.y0..window.y1 {
            part.data.extend_from_slice(&self.row(y)[window.x0..window.x1]);
        }
    }
}

/// Unit of a [`Density`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DensityUnit {
    /// Only the ratio of the two numbers is meaningful.
    Aspect,
    /// Samples per inch.
    Inch,
    /// Samples per centimetre.
    Centimetre,
    /// Samples per metre.
    Metre,
}

/// Samples per length, across and down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Density {
    /// Across.
    pub x: f64,
    /// Down.
    pub y: f64,
    /// Unit.
    pub unit: DensityUnit,
}

/// Mastering display of HDR material (SMPTE ST 2086), as in PNG's mDCV chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mastering {
    /// x and y of red, green, blue and white, in 1/50000.
    pub chromaticities: [u16; 8],
    /// Peak luminance in 0.0001 cd/m².
    pub max_luminance: u32,
    /// Lowest luminance in 0.0001 cd/m².
    pub min_luminance: u32,
}

/// Numeric colour metadata of a file, besides an ICC profile and CICP code points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Colorimetry {
    /// The file declares sRGB; the number is its rendering intent, 0..=3.
    pub srgb_intent: Option<u8>,
    /// Encoding gamma in 1/100000 (45455 for 1/2.2).
    pub gamma: Option<u32>,
    /// x and y of white, red, green and blue, in 1/100000.
    pub chromaticities: Option<[u32; 8]>,
    /// Mastering display.
    pub mastering: Option<Mastering>,
    /// Maximum content light level and maximum frame-average light level, in 0.0001 cd/m².
    pub content_light: Option<(u32, u32)>,
}

// The Python package names each field here and in `Colorimetry`, `TiffData`, `Origin` and `JpegOrigin` when
// it pickles an image.
/// Metadata of a file. Copied from file to file as bytes; the orientation tag inside Exif has been applied to
/// the samples and set to 1.
#[derive(Clone, Debug, PartialEq, Default)]
#[non_exhaustive]
pub struct Metadata {
    /// ICC profile.
    pub icc: Option<Vec<u8>>,
    /// Exif block, starting with its TIFF header (`II*\0` or `MM\0*`).
    pub exif: Option<Vec<u8>>,
    /// XMP packet.
    pub xmp: Option<Vec<u8>>,
    /// IPTC-IIM block (Photoshop image resources, as JPEG's APP13 carries them).
    pub iptc: Option<Vec<u8>>,
    /// Physical density.
    pub density: Option<Density>,
    /// Numeric colour metadata.
    pub colorimetry: Colorimetry,
    /// Textual notes, keyword and text (PNG text chunks, JPEG and GIF comments under "Comment").
    pub text: Vec<(String, String)>,
    /// Further images of the file. Readers drop them, but for gain maps of JPEG.
    pub auxiliary: Vec<AuxiliaryImage>,
    /// The gain map of a JPEG file, also listed in [`Metadata::auxiliary`].
    pub gain_map: Option<GainMap>,
    /// All other data of the file that its reader passes over, as messages name them.
    pub unread: Vec<String>,
    /// Number of rows, at the end of its file, that a truncated file does not have; they are grey.
    pub missing_rows: Option<usize>,
    /// Tags and bands that TIFF files keep.
    pub tiff: TiffData,
    /// Permissions of the file, as mode bits: no file made of the image gets others. `None` without a file,
    /// and on systems without such permissions.
    pub mode: Option<u32>,
}

/// Content of a TIFF file that is kept in TIFF files alone.
#[derive(Clone, Debug, PartialEq, Default)]
#[non_exhaustive]
pub struct TiffData {
    /// Tags that describe the place or the meaning of the samples, as `GeoTIFF` and GDAL define them.
    pub tags: Vec<TiffTag>,
    /// Bands after the colours and alpha, such as infrared; values as in [`Plane`]. No method changes them.
    pub bands: Vec<Plane>,
    /// Are the samples signed? Then code 0 of the image is the lowest negative number.
    pub signed: bool,
    /// Width and height of the image that these describe.
    pub size: (usize, usize),
    /// Its depth.
    pub depth: Option<Depth>,
}

/// A tag of a TIFF file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TiffTag {
    /// Its number.
    pub tag: u16,
    /// Type of its values, as TIFF numbers them.
    pub kind: u16,
    /// Number of values.
    pub count: u32,
    /// The values, little-endian.
    pub value: Vec<u8>,
}

/// An auxiliary image stored in a file next to the main one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuxiliaryImage {
    /// Gain map: the local brightness gain for HDR displays, as a second, smaller image.
    GainMap,
    /// Further images of about the same size: stereo views, bursts, panoramas.
    Further,
}

/// An image: planes with everything needed to interpret them and to write them back.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// Gray 1, RGB 3, YUV 3 (chroma may be smaller).
    pub planes: Vec<Plane>,
    /// Straight alpha, never filtered as colour.
    pub alpha: Option<Plane>,
    /// Meaning of the planes.
    pub color: Color,
    /// The code grid of the samples.
    pub depth: Depth,
    /// Provenance of the samples.
    pub origin: Origin,
    /// Metadata.
    pub metadata: Metadata,
}

/// Error when an image cannot be built from or turned into a buffer.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageError {
    /// The buffer has the wrong length for the size.
    #[error("{width}×{height} needs {expected} samples, the buffer holds {got}")]
    Length {
        /// Requested width.
        width: usize,
        /// Requested height.
        height: usize,
        /// Samples needed.
        expected: usize,
        /// Samples given.
        got: usize,
    },
    /// A side is zero.
    #[error("an image needs at least one pixel, got {width}×{height}")]
    Empty {
        /// Requested width.
        width: usize,
        /// Requested height.
        height: usize,
    },
    /// A code does not fit the stated depth.
    #[error("a code of {bits} bits is at most {most}, got {got}")]
    Code {
        /// Stated bits.
        bits: u8,
        /// Highest code of that depth.
        most: u32,
        /// Highest code in the buffer.
        got: u32,
    },
    /// The image has another colour model than the call needs.
    #[error("the image is {got:?}, {needed} is needed")]
    Model {
        /// The image's model.
        got: Model,
        /// The model that is needed.
        needed: &'static str,
    },
}

impl Image {
    /// An image from planes in 0..1, without metadata.
    pub fn new(planes: Vec<Plane>, model: Model, depth: Depth) -> Self {
        Self {
            planes,
            alpha: None,
            color: Color::new(model),
            depth,
            origin: Origin::default(),
            metadata: Metadata::default(),
        }
    }

    /// Width of the first plane.
    pub fn width(&self) -> usize {
        self.planes[0].width
    }

    /// Are its planes luma and two colour differences?
    pub fn is_yuv(&self) -> bool {
        matches!(self.color.model, Model::Yuv { .. })
    }

    /// Subsampling factors of a plane relative to the first, across and down.
    pub fn plane_scale(&self, plane: usize) -> (usize, usize) {
        let plane = &self.planes[plane];
        (self.width().div_ceil(plane.width), self.height().div_ceil(plane.height))
    }

    /// Height of the first plane.
    pub fn height(&self) -> usize {
        self.planes[0].height
    }

    /// Rounds the samples of all planes to the nearest codes of a depth, which becomes the image's; alpha
    /// stays.
    pub fn round_to(&mut self, depth: Depth) {
        for value in self.planes.iter_mut().flat_map(|plane| &mut plane.data) {
            *value = depth.nearest(*value);
        }
        self.depth = depth;
    }

    /// A window of the image, clipped to it, with all metadata except stored coefficients and further bands
    /// of TIFF files. On subsampled planes it includes every sample that the window touches.
    #[must_use]
    pub fn cut(&self, window: Window) -> Self {
        let cut = |plane: &Plane| {
            let (sx, sy) = (self.width().div_ceil(plane.width), self.height().div_ceil(plane.height));
            let Window { x0, y0, x1, y1 } = window.on_plane(sx, sy);
            let (x1, y1) = (x1.min(plane.width), y1.min(plane.height));
            plane.cut(Window { x0: x0.min(x1), y0: y0.min(y1), x1, y1 })
        };
        let tiff =
            TiffData { bands: Vec::new(), tags: self.metadata.tiff.tags.clone(), ..self.metadata.tiff };
        Self {
            planes: self.planes.iter().map(cut).collect(),
            alpha: self.alpha.as_ref().map(cut),
            color: self.color,
            depth: self.depth,
            origin: Origin::default(),
            metadata: Metadata { tiff, ..self.metadata.clone() },
        }
    }

    /// From interleaved 8-bit RGB, `3 * width * height` bytes.
    ///
    /// # Errors
    /// When a side is zero or the buffer has another length.
    pub fn from_rgb8(width: usize, height: usize, data: &[u8]) -> Result<Self, ImageError> {
        let planes = deinterleave::<3, u8>(width, height, data, Depth::EIGHT)?;
        Ok(Self::new(planes, Model::Rgb, Depth::EIGHT))
    }

    /// From interleaved 16-bit RGB, `3 * width * height` samples.
    ///
    /// # Errors
    /// When a side is zero or the buffer has another length.
    pub fn from_rgb16(width: usize, height: usize, data: &[u16]) -> Result<Self, ImageError> {
        let planes = deinterleave::<3, u16>(width, height, data, Depth::SIXTEEN)?;
        Ok(Self::new(planes, Model::Rgb, Depth::SIXTEEN))
    }

    /// From grey samples of 8 (`u8`) or 16 bits (`u16`).
    ///
    /// # Errors
    /// When a side is zero or the buffer has another length.
    pub fn from_gray<T: Sample>(width: usize, height: usize, data: &[T]) -> Result<Self, ImageError> {
        let planes = deinterleave::<1, T>(width, height, data, T::DEPTH)?;
        Ok(Self::new(planes, Model::Gray, T::DEPTH))
    }

    /// From 8-bit 4:2:0 planes; chroma has `ceil(width/2) × ceil(height/2)` samples.
    ///
    /// # Errors
    /// When a side is zero or a plane has another length.
    pub fn from_yuv420(
        width: usize,
        height: usize,
        planes: [&[u8]; 3],
        matrix: Matrix,
        range: Range,
    ) -> Result<Self, ImageError> {
        let (cw, ch) = Subsampling::HALF.chroma_size(width, height);
        let model = Model::Yuv { matrix, range, subsampling: Subsampling::HALF };
        let mut out = Vec::with_capacity(3);
        for (i, data) in planes.iter().enumerate() {
            let (w, h) = if i == 0 { (width, height) } else { (cw, ch) };
            check(w, h, 1, data.len())?;
            let grid = Grid::of_bits(model, i, 8);
            let table: Vec<f32> = (0..256).map(|c| (c as f32 - grid.zero) / grid.scale).collect();
            out.push(Plane { width: w, height: h, data: data.iter().map(|&c| table[c as usize]).collect() });
        }
        Ok(Self::new(out, model, Depth::EIGHT))
    }

    /// Interleaved 8-bit RGB, rounded; grey is repeated. Dither first (see [`crate::dither`]) unless the
    /// samples are on the 8-bit grid already.
    ///
    /// # Errors
    /// For YUV images.
    pub fn to_rgb8(&self) -> Result<Vec<u8>, ImageError> {
        self.interleave_rgb(Depth::EIGHT)
    }

    /// Interleaved 16-bit RGB, rounded; grey is repeated.
    ///
    /// # Errors
    /// For YUV images.
    pub fn to_rgb16(&self) -> Result<Vec<u16>, ImageError> {
        self.interleave_rgb(Depth::SIXTEEN)
    }

    /// Grey samples, rounded.
    ///
    /// # Errors
    /// For images with colour.
    pub fn to_gray<T: Sample>(&self) -> Result<Vec<T>, ImageError> {
        if self.color.model != Model::Gray {
            return Err(ImageError::Model { got: self.color.model, needed: "a grey image" });
        }
        Ok(self.planes[0].data.iter().map(|&v| T::from_code(T::DEPTH.code(v))).collect())
    }

    /// The three planes of a YUV image as 8-bit codes of its own range, rounded.
    ///
    /// # Errors
    /// For RGB and grey images.
    pub fn to_yuv8(&self) -> Result<[Vec<u8>; 3], ImageError> {
        let Model::Yuv { .. } = self.color.model else {
            return Err(ImageError::Model { got: self.color.model, needed: "a YUV image" });
        };
        let plane = |i: usize| {
            let Grid { scale, zero, .. } = Grid::of_bits(self.color.model, i, 8);
            self.planes[i].data.iter().map(|&v| (v * scale + zero + 0.5).clamp(0.0, 255.0) as u8).collect()
        };
        Ok([plane(0), plane(1), plane(2)])
    }

    fn interleave_rgb<T: Sample>(&self, depth: Depth) -> Result<Vec<T>, ImageError> {
        let [r, g, b] = match self.color.model {
            Model::Gray => [0, 0, 0],
            Model::Rgb => [0, 1, 2],
            Model::Yuv { .. } => {
                return Err(ImageError::Model { got: self.color.model, needed: "an RGB or grey image" });
            }
        };
        let mut out = Vec::with_capacity(self.planes[0].data.len() * 3);
        for i in 0..self.planes[0].data.len() {
            for p in [r, g, b] {
                out.push(T::from_code(depth.code(self.planes[p].data[i])));
            }
        }
        Ok(out)
    }
}

/// Integer sample types of buffers.
pub trait Sample: Copy {
    /// Bits of the type.
    const DEPTH: Depth;
    /// As a code.
    fn to_code(self) -> u32;
    /// From a code that fits.
    fn from_code(code: u32) -> Self;
}

impl Sample for u8 {
    const DEPTH: Depth = Depth::EIGHT;
    fn to_code(self) -> u32 {
        u32::from(self)
    }
    fn from_code(code: u32) -> Self {
        code as u8
    }
}

impl Sample for u16 {
    const DEPTH: Depth = Depth::SIXTEEN;
    fn to_code(self) -> u32 {
        u32::from(self)
    }
    fn from_code(code: u32) -> Self {
        code as u16
    }
}

fn check(width: usize, height: usize, channels: usize, got: usize) -> Result<(), ImageError> {
    if width == 0 || height == 0 {
        return Err(ImageError::Empty { width, height });
    }
    let expected = width.saturating_mul(height).saturating_mul(channels);
    if expected == got { Ok(()) } else { Err(ImageError::Length { width, height, expected, got }) }
}

fn deinterleave<const N: usize, T: Sample>(
    width: usize,
    height: usize,
    data: &[T],
    depth: Depth,
) -> Result<Vec<Plane>, ImageError> {
    check(width, height, N, data.len())?;
    let plane = |c: usize| Plane {
        width,
        height,
        data: data.iter().skip(c).step_by(N).map(|&s| depth.value(s.to_code())).collect(),
    };
    Ok((0..N).map(plane).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_takes_the_chroma_that_it_touches_and_ends_with_the_image() {
        let luma: Vec<u8> = (0..15).map(|i| 20 + i * 10).collect();
        let [u, v] = [[10u8, 20, 30, 40, 50, 60], [1, 2, 3, 4, 5, 6]];
        let image = Image::from_yuv420(5, 3, [&luma, &u, &v], Matrix::Bt601, Range::Limited).unwrap();
        let cut = image.cut(Window { x0: 1, y0: 2, x1: 9, y1: 9 });
        assert_eq!(cut.to_yuv8().unwrap(), [vec![130, 140, 150, 160], vec![40, 50, 60], vec![4, 5, 6]]);
        assert_eq!((cut.width(), cut.height(), cut.depth), (4, 1, image.depth));
        assert!(image.cut(Window { x0: 0, y0: 0, x1: 5, y1: 3 }) == image);
    }

    #[test]
    fn buffers_come_back_as_they_went_in() {
        let rgb: Vec<u8> = (0..=255).cycle().take(30).collect();
        assert_eq!(Image::from_rgb8(5, 2, &rgb).unwrap().to_rgb8().unwrap(), rgb);
        let rgb: Vec<u16> = (0..30).map(|i| i * 2184).collect();
        assert_eq!(Image::from_rgb16(5, 2, &rgb).unwrap().to_rgb16().unwrap(), rgb);
        let luma: Vec<u8> = (0..15).map(|i| i * 17).collect();
        let chroma = [0u8, 16, 128, 129, 240, 255];
        let image =
            Image::from_yuv420(5, 3, [&luma, &chroma, &chroma], Matrix::Bt601, Range::Limited).unwrap();
        assert_eq!(image.to_yuv8().unwrap(), [luma, chroma.to_vec(), chroma.to_vec()]);
    }

    #[test]
    fn wrong_lengths_are_named() {
        let error = Image::from_rgb8(2, 2, &[0; 11]).unwrap_err();
        assert_eq!(error.to_string(), "2×2 needs 12 samples, the buffer holds 11");
        assert!(matches!(Image::from_gray::<u8>(0, 2, &[]), Err(ImageError::Empty { .. })));
    }
}
