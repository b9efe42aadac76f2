//! Images whose left and right edges meet, or top and bottom: textures and panoramas.
//!
//! The image is continued beyond its edges by its other side, processed, and cut again, so that no step shows
//! where the edges meet.

use std::sync::Arc;

use unband_image::findings::{BandingMap, Findings};
use unband_image::{Codec, Image, JpegCoefficients, JpegPlane, Plane, Resampling, Window, With};

use crate::{Error, Options, Report, Wrap};

/// Width of the continuation, in samples: a multiple of the blocks of any subsampling.
const MARGIN: usize = 128;
const STEP: usize = 32;
/// Samples to each side that a resized sample depends on.
const TAPS: usize = 16;

/// Width of the continuation across and down; not both are 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wrapping {
    across: usize,
    down: usize,
}

impl Wrapping {
    /// The continuation of an image; `None` where no edges meet, or where chroma samples do not end at the
    /// edge.
    pub(crate) fn new(image: &Image, wrap: Wrap) -> Option<Self> {
        let (across, down) = match wrap {
            Wrap::Auto => (is_panorama(image), false),
            Wrap::Off => (false, false),
            Wrap::X => (true, false),
            Wrap::Y => (false, true),
            Wrap::Both => (true, true),
        };
        let size = (image.width(), image.height());
        let margin = |wraps: bool, side: usize| match side / STEP * STEP {
            _ if !wraps => 0,
            0 => side,
            most => most.min(MARGIN),
        };
        let found = Self { across: margin(across, size.0), down: margin(down, size.1) };
        let planes = (0..image.planes.len()).all(|p| found.ends_with(size, image.plane_scale(p)));
        (found != Self { across: 0, down: 0 } && planes).then_some(found)
    }

    /// Do steps of a width and height end where edges meet?
    fn ends_with(self, size: (usize, usize), (x, y): (usize, usize)) -> bool {
        (self.across == 0 || size.0.is_multiple_of(x) && self.across.is_multiple_of(x))
            && (self.down == 0 || size.1.is_multiple_of(y) && self.down.is_multiple_of(y))
    }

    /// Do the stored blocks of an image end where its edges meet? Also where none are stored.
    pub(crate) fn has_whole_blocks(self, image: &Image) -> bool {
        let size = (image.width(), image.height());
        coefficients(image)
            .into_iter()
            .flat_map(|stored| &stored.planes)
            .all(|plane| self.ends_with(size, (8 * plane.scale.0, 8 * plane.scale.1)) && plane.lead == (0, 0))
    }

    /// The image with its continuation; without stored blocks that do not end at the edge.
    pub(crate) fn around(self, image: &Image) -> Image {
        let plane =
            |plane: &Plane, (x, y): (usize, usize)| Self::plane(plane, self.across / x, self.down / y);
        let planes = image.planes.iter().enumerate().map(|(p, data)| plane(data, image.plane_scale(p)));
        let (planes, alpha) = (planes.collect(), image.alpha.as_ref().map(|alpha| plane(alpha, (1, 1))));
        let mut origin = image.origin.clone();
        if let (Codec::Jpeg(jpeg), Some(stored)) = (&mut origin.codec, coefficients(image)) {
            jpeg.coefficients = self.has_whole_blocks(image).then(|| {
                let blocks = |plane| self.blocks(plane, image.width(), image.height());
                let planes = stored.planes.iter().map(blocks).collect();
                Arc::new(JpegCoefficients { planes, ..*stored })
            });
        }
        Image { planes, alpha, origin, ..image.clone() }
    }

    /// A plane of an image whose edges meet, in another size, by antialiased cubic interpolation.
    pub(crate) fn resized(self, plane: &Plane, width: usize, height: usize) -> Plane {
        if (plane.width, plane.height) == (width, height) {
            return plane.clone();
        }
        // Continued by samples that become whole samples.
        let margin = |wraps: usize, side: usize, made: usize| {
            let step = (1..side).find(|step| (step * made).is_multiple_of(side)).unwrap_or(side);
            let own = if wraps == 0 { 0 } else { step * TAPS.div_ceil(step).min(side / step) };
            (own, own * made / side)
        };
        let (across, made_across) = margin(self.across, plane.width, width);
        let (down, made_down) = margin(self.down, plane.height, height);
        let larger = Self::plane(plane, across, down);
        let size = (width + 2 * made_across, height + 2 * made_down);
        let made = larger.resized(size.0, size.1, Resampling::BicubicAntialiased);
        let (x0, y0) = (made_across, made_down);
        made.cut(Window { x0, y0, x1: x0 + width, y1: y0 + height })
    }

    fn plane(plane: &Plane, across: usize, down: usize) -> Plane {
        let (width, height) = (plane.width + 2 * across, plane.height + 2 * down);
        let mut data = Vec::with_capacity(width * height);
        for y in 0..height {
            let row = plane.row((y + plane.height - down) % plane.height);
            data.extend_from_slice(&row[plane.width - across..]);
            data.extend_from_slice(row);
            data.extend_from_slice(&row[..across]);
        }
        Plane { width, height, data }
    }

    /// Stored blocks of an image of this size.
    fn blocks(self, plane: &JpegPlane, width: usize, height: usize) -> JpegPlane {
        let own = (width / (8 * plane.scale.0), height / (8 * plane.scale.1));
        // Where no edges meet, blocks may end beyond the image.
        let own = (
            if self.across == 0 { plane.blocks_across } else { own.0 },
            if self.down == 0 { plane.blocks_down } else { own.1 },
        );
        let (across, down) = (self.across / (8 * plane.scale.0), self.down / (8 * plane.scale.1));
        let (columns, rows) = (own.0 + 2 * across, own.1 + 2 * down);
        let mut coefficients = Vec::with_capacity(64 * columns * rows);
        for row in 0..rows {
            for column in 0..columns {
                let from = ((column + own.0 - across) % own.0, (row + own.1 - down) % own.1);
                coefficients.extend_from_slice(plane.block(from.0, from.1));
            }
        }
        let (blocks_across, blocks_down) = (columns, rows);
        JpegPlane { blocks_across, blocks_down, coefficients: Arc::new(coefficients), ..plane.clone() }
    }

    /// The image without its continuation, at a scale.
    pub(crate) fn cut(self, image: &Image, scale: usize) -> Image {
        image.cut(self.inner((image.width(), image.height()), scale))
    }

    /// The place of the image within its continuation of a size, at a scale.
    pub(crate) fn inner(self, (width, height): (usize, usize), scale: usize) -> Window {
        let (x0, y0) = (scale * self.across, scale * self.down);
        Window { x0, y0, x1: width - x0, y1: height - y0 }
    }

    /// Repairs an image with its continuation, by the inspection of an image and the work on it.
    ///
    /// # Errors
    /// Errors of the work.
    pub(crate) fn repaired(
        self,
        image: &Image,
        findings: Findings,
        options: &Options,
        find: impl FnOnce(&Image, &Options) -> Findings,
        work: impl FnOnce(Image, Findings, &Options) -> Result<(Image, Report), Error>,
    ) -> Result<(Image, Report), Error> {
        let options = options.clone().but(|new| new.wrap = Wrap::Off);
        let larger = self.around(image);
        // These have places.
        let placed = findings.regions.is_some() || findings.dither.is_some();
        let found = if placed { find(&larger, &options) } else { findings.clone() };
        let (made, mut report) = work(larger, found.but(|new| new.map = BandingMap::default()), &options)?;
        let mut made = self.cut(&made, 1);
        let moved = |(a, b): (&Plane, &Plane)| {
            a.data.iter().zip(&b.data).filter(|(a, b)| a.to_bits() != b.to_bits()).count() as u64
        };
        if made.planes.len() == image.planes.len() {
            report.samples_moved = made.planes.iter().zip(&image.planes).map(moved).sum();
        }
        if !report.changed {
            made.origin = image.origin.clone();
        }
        report.findings = findings;
        Ok((made, report))
    }
}

fn coefficients(image: &Image) -> Option<&JpegCoefficients> {
    match &image.origin.codec {
        Codec::Jpeg(jpeg) => jpeg.coefficients.as_deref(),
        _ => None,
    }
}

/// Does its XMP data say that it is an equirectangular panorama of all directions around?
///
/// Source: Google, "Photo Sphere XMP Metadata" (`GPano`).
fn is_panorama(image: &Image) -> bool {
    let Some(packet) = &image.metadata.xmp else { return false };
    let text = String::from_utf8_lossy(packet);
    let value = |name: &str| -> Option<&str> {
        let after = &text[text.find(name)? + name.len()..];
        let value = after.trim_start_matches(['=', '"', '\'', '>', ' ']);
        value.split(['"', '\'', '<']).next()
    };
    let number = |name: &str| value(name).and_then(|text| text.parse::<u32>().ok());
    let own = image.width() as f64 / image.height() as f64;
    // An editor may have cropped the image and left the numbers.
    let alike = |width: u32, height: u32| (own * f64::from(height) / f64::from(width) - 1.0).abs() < 0.01;
    let cropped = (number("GPano:CroppedAreaImageWidthPixels"), number("GPano:CroppedAreaImageHeightPixels"));
    let whole = match (number("GPano:FullPanoWidthPixels"), cropped) {
        (Some(full), (Some(width), Some(height))) => full == width && alike(width, height),
        _ => alike(2, 1),
    };
    whole && value("GPano:ProjectionType").is_some_and(|kind| kind.eq_ignore_ascii_case("equirectangular"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use unband_image::{Depth, Metadata, Model};

    use super::*;

    fn image(width: usize, height: usize) -> Image {
        let data = (0..width * height).map(|i| i as f32 / (width * height) as f32).collect();
        Image::new(vec![Plane { width, height, data }], Model::Gray, Depth::EIGHT)
    }

    #[test]
    fn the_continuation_is_the_other_side() {
        for (wrap, size) in [(Wrap::X, (64 + 128, 40)), (Wrap::Y, (64, 40 + 64)), (Wrap::Both, (192, 104))] {
            let image = image(64, 40);
            let wrapping = Wrapping::new(&image, wrap).unwrap();
            let larger = wrapping.around(&image);
            assert_eq!((larger.width(), larger.height()), size, "{wrap:?}");
            assert_eq!(wrapping.cut(&larger, 1).planes, image.planes, "{wrap:?}");
            let (x0, y0) = ((size.0 - 64) / 2, (size.1 - 40) / 2);
            for y in 0..size.1 {
                for x in 0..size.0 {
                    let value = image.planes[0].row((y + 40 * 4 - y0) % 40)[(x + 64 * 4 - x0) % 64];
                    assert_eq!(larger.planes[0].row(y)[x].to_bits(), value.to_bits(), "{wrap:?} {x} {y}");
                }
            }
        }
        assert_eq!(Wrapping::new(&image(64, 40), Wrap::Off), None);
        assert_eq!(Wrapping::new(&image(64, 40), Wrap::Auto), None);
    }

    #[test]
    fn resized_edges_meet() {
        let around = |width: usize| {
            let value = |x: usize| (x as f32 / width as f32 * std::f32::consts::TAU).sin();
            Plane { width, height: 8, data: (0..8 * width).map(|i| value(i % width)).collect() }
        };
        let wrapping = Wrapping::new(&image(64, 40), Wrap::X).unwrap();
        for (width, made) in [(96, 72), (96, 97), (64, 128), (90, 64)] {
            let rolled = |plane: &Plane| {
                let data = (0..plane.height).flat_map(|y| {
                    let row = plane.row(y);
                    [&row[plane.width / 2..], &row[..plane.width / 2]].concat()
                });
                Plane { data: data.collect(), ..*plane }
            };
            let plane = around(width);
            let (straight, turned) =
                (wrapping.resized(&plane, made, 8), wrapping.resized(&rolled(&plane), made, 8));
            if width.is_multiple_of(2) && made.is_multiple_of(2) {
                let turned = rolled(&turned);
                let apart =
                    straight.data.iter().zip(&turned.data).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(apart < 1e-5, "{width} → {made}: {apart}");
            }
            let row = straight.row(0);
            let steps = row.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
            assert!((row[0] - row[made - 1]).abs() <= 1.01 * steps, "{width} → {made}");
        }
    }

    #[test]
    fn panoramas_state_their_projection() {
        let says = |packet: &str| {
            let mut image = image(64, 32);
            image.metadata = Metadata::with(|new| new.xmp = Some(packet.as_bytes().to_vec()));
            Wrapping::new(&image, Wrap::Auto).is_some()
        };
        assert!(says("<a GPano:ProjectionType=\"equirectangular\"/>"));
        assert!(says("<GPano:ProjectionType>equirectangular</GPano:ProjectionType>"));
        let sizes = |full: u32, width: u32, height: u32| {
            let names =
                ["FullPanoWidthPixels", "CroppedAreaImageWidthPixels", "CroppedAreaImageHeightPixels"];
            let numbers =
                names.iter().zip([full, width, height]).map(|(name, n)| format!(" GPano:{name}='{n}'"));
            says(&format!("GPano:ProjectionType='equirectangular'{}", numbers.collect::<String>()))
        };
        assert!(sizes(640, 640, 320), "made smaller");
        assert!(!sizes(900, 640, 320), "a part");
        assert!(!sizes(640, 640, 160), "cropped later");
        assert!(!says("<a GPano:ProjectionType=\"cylindrical\"/>"));
    }
}
