//! The eight orientations of Exif, applied to samples.

use unband_image::{Codec, DensityUnit, Image, Plane};

use crate::{Error, exif, limits, orient_jpeg};

/// Turns a picture upright whose file says it is stored in `orientation` (1..=8), and lets its metadata say
/// so. Source: CIPA DC-008, tag Orientation.
pub(crate) fn apply(image: &mut Image, orientation: u8) -> Result<(), Error> {
    if !(2..=8).contains(&orientation) {
        return Ok(());
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
            // 5..=8 are a transposition, before it the rows or columns that 2, 3 and 4 turn over.
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

    #[test]
    fn every_orientation_puts_the_first_row_and_column_where_exif_says() {
        // Rows 123 / 456; what each orientation shows follows from where Exif says row 0 and column 0 are.
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
}
