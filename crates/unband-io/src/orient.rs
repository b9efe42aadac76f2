//! Exif orientation, applied to samples.

use unband_image::{Codec, Context, DensityUnit, Image, Model, Plane, Siting, Subsampling};

use crate::{Error, exif, limits, orient_jpeg};

/// Rotates and mirrors an image stored in `orientation` (1..=8) so that it is upright, and updates its
/// metadata. Subsampled chroma planes are brought to full size if their samples would no longer match a
/// siting.
///
/// Source: CIPA DC-008, tag Orientation.
pub(crate) fn apply(image: &mut Image, orientation: u8) -> Result<(), Error> {
    if !(2..=8).contains(&orientation) {
        return Ok(());
    }
    if let Model::Yuv { matrix, range, subsampling } = image.color.model {
        if let Some((subsampling, siting)) = turned_chroma(image, subsampling, orientation) {
            image.color.model = Model::Yuv { matrix, range, subsampling };
            image.color.siting = siting;
        } else {
            let taken = std::mem::replace(image, Image::new(Vec::new(), Model::Gray, image.depth));
            let full = taken.into_full_chroma(&Context::default());
            *image = full.map_err(|error| Error::damaged("picture", error))?;
        }
    }
    let size = (image.width(), image.height());
    if let Codec::Jpeg(jpeg) = &mut image.origin.codec {
        orient_jpeg::turn(jpeg, size, orientation);
    }
    for plane in image.planes.iter_mut().chain(&mut image.alpha) {
        turn(plane, orientation)?;
    }
    let metadata = &mut image.metadata;
    if let Some(block) = &mut metadata.exif {
        exif::settle_orientation(block, orientation);
    }
    if let Some(xmp) = &mut metadata.xmp {
        exif::settle_xmp(xmp);
    }
    if orientation >= 5
        && let Some(density) = &mut metadata.density
    {
        std::mem::swap(&mut density.x, &mut density.y);
        debug_assert!(density.unit != DensityUnit::Aspect || density.x > 0.0);
    }
    Ok(())
}

/// Subsampling and siting after the change, if the chroma samples can be moved like those of luma.
fn turned_chroma(image: &Image, chroma: Subsampling, orientation: u8) -> Option<(Subsampling, Siting)> {
    // Chroma on a luma sample, or between two?
    let on = |siting| (siting != Siting::Center, siting == Siting::TopLeft);
    let (on_x, on_y) = on(image.color.siting);
    let in_place = |length: usize, scale: u8, on: bool, reversed: bool| {
        !reversed || length % usize::from(scale) == usize::from(on && scale > 1)
    };
    let reversed = (matches!(orientation, 2 | 3 | 7 | 8), matches!(orientation, 3 | 4 | 6 | 7));
    if !in_place(image.width(), chroma.x, on_x, reversed.0)
        || !in_place(image.height(), chroma.y, on_y, reversed.1)
    {
        return None;
    }
    let (chroma, wanted) = match orientation {
        5.. => (Subsampling { x: chroma.y, y: chroma.x }, (on_y, on_x)),
        _ => (chroma, (on_x, on_y)),
    };
    // Where chroma has full size, every siting fits.
    let fits = |siting: &Siting| {
        let (x, y) = on(*siting);
        (chroma.x == 1 || x == wanted.0) && (chroma.y == 1 || y == wanted.1)
    };
    let all = [image.color.siting, Siting::Left, Siting::Center, Siting::TopLeft];
    all.into_iter().find(fits).map(|siting| (chroma, siting))
}

fn turn(plane: &mut Plane, orientation: u8) -> Result<(), Error> {
    let width = plane.width;
    match orientation {
        2 => plane.data.chunks_exact_mut(width).for_each(<[f32]>::reverse),
        3 => plane.data.reverse(),
        4 => {
            plane.data.reverse();
            plane.data.chunks_exact_mut(width).for_each(<[f32]>::reverse);
        }
        _ => {
            // 5..=8 are a transposition, preceded by the row or column reversal of 2, 3 and 4.
            match orientation {
                6 => turn(plane, 4)?,
                7 => turn(plane, 3)?,
                8 => turn(plane, 2)?,
                _ => {}
            }
            *plane = transpose(plane)?;
        }
    }
    Ok(())
}

fn transpose(plane: &Plane) -> Result<Plane, Error> {
    const BLOCK: usize = 32;
    let (width, height) = (plane.width, plane.height);
    let mut out = limits::new_plane(height, width)?;
    for top in (0..height).step_by(BLOCK) {
        for left in (0..width).step_by(BLOCK) {
            for y in top..(top + BLOCK).min(height) {
                let right = (left + BLOCK).min(width);
                for (x, &value) in (left..right).zip(&plane.row(y)[left..right]) {
                    out.data[x * height + y] = value;
                }
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use unband_image::{Depth, Matrix, Range};

    #[test]
    fn every_orientation_puts_the_first_row_and_column_where_exif_says() {
        // Rows 123 / 456. The expected result of each orientation follows from Exif's positions of row 0 and
        // column 0.
        let shown: [(u8, usize, &[f32]); 8] = [
            (1, 3, &[1., 2., 3., 4., 5., 6.]),
            (2, 3, &[3., 2., 1., 6., 5., 4.]),
            (3, 3, &[6., 5., 4., 3., 2., 1.]),
            (4, 3, &[4., 5., 6., 1., 2., 3.]),
            (5, 2, &[1., 4., 2., 5., 3., 6.]),
            (6, 2, &[4., 1., 5., 2., 6., 3.]),
            (7, 2, &[6., 3., 5., 2., 4., 1.]),
            (8, 2, &[3., 6., 2., 5., 1., 4.]),
        ];
        for (orientation, width, expected) in shown {
            let mut plane = Plane { width: 3, height: 2, data: vec![1., 2., 3., 4., 5., 6.] };
            if orientation > 1 {
                turn(&mut plane, orientation).unwrap();
            }
            assert_eq!((plane.width, plane.data.as_slice()), (width, expected), "orientation {orientation}");
        }
    }
    /// Luma and chroma ramps, with a known colour at each position.
    fn ramps(width: usize, height: usize, x: u8, y: u8, siting: Siting) -> Image {
        let chroma = Subsampling { x, y };
        let model = Model::Yuv { matrix: Matrix::Bt709, range: Range::Full, subsampling: chroma };
        let plane = |(w, h), (sx, sy): (u8, u8), between: (bool, bool)| {
            let at = |i: usize, scale: u8, between: bool| {
                i as f32 * f32::from(scale) + if between { (f32::from(scale) - 1.0) / 2.0 } else { 0.0 }
            };
            let data =
                (0..w * h).map(|i| 0.2 + 0.03 * at(i % w, sx, between.0) + 0.002 * at(i / w, sy, between.1));
            Plane { width: w, height: h, data: data.collect() }
        };
        let small = plane(
            chroma.chroma_size(width, height),
            (x, y),
            (siting == Siting::Center, siting != Siting::TopLeft),
        );
        let luma = plane((width, height), (1, 1), (false, false));
        let mut image = Image::new(vec![luma, small.clone(), small], model, Depth::EIGHT);
        image.color.siting = siting;
        image
    }

    #[test]
    fn smaller_chroma_planes_stay_on_the_luma_samples_they_belong_to() {
        let mut kept = 0;
        for (width, height) in [(12, 8), (13, 8), (12, 9), (13, 9)] {
            for (x, y) in [(2, 2), (2, 1), (1, 2), (1, 1), (4, 1)] {
                for siting in [Siting::Left, Siting::Center, Siting::TopLeft] {
                    for orientation in 2..=8 {
                        let mut turned = ramps(width, height, x, y, siting);
                        apply(&mut turned, orientation).unwrap();
                        let same_size = turned.planes[1].data.len() < turned.planes[0].data.len();
                        kept += usize::from(same_size);
                        let turned = turned.into_full_chroma(&Context::default()).unwrap();
                        let full = ramps(width, height, x, y, siting).into_full_chroma(&Context::default());
                        let mut wanted = full.unwrap().planes[1].clone();
                        turn(&mut wanted, orientation).unwrap();
                        let what = format!("{width}×{height} {x}×{y} {siting:?} {orientation}");
                        assert_eq!(turned.planes[0].width, wanted.width, "{what}");
                        assert_eq!(
                            (turned.planes[1].width, turned.planes[1].height),
                            (wanted.width, wanted.height)
                        );
                        for (got, wanted) in turned.planes[1].data.iter().zip(&wanted.data) {
                            assert!((got - wanted).abs() < 1e-5, "{what}: {got} {wanted}");
                        }
                    }
                }
            }
        }
        // Most need no interpolation; even sides with chroma between the samples never do.
        assert!(kept > 120, "{kept}");
        let mut even = ramps(12, 8, 2, 2, Siting::Center);
        apply(&mut even, 6).unwrap();
        assert_eq!((even.planes[1].width, even.planes[1].height), (4, 6));
    }
}
