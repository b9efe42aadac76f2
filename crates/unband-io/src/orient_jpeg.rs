//! Exif orientation, applied to JPEG coefficients.
//!
//! Mirrored blocks have the same coefficients with odd frequencies negated; transposed blocks have transposed
//! coefficients.

use std::sync::Arc;

use unband_image::{JpegOrigin, JpegPlane, Subsampling, Turn};

/// Changes the coefficients of an image as [`orient`](crate::orient) changes its samples. `size` is the size
/// before that.
///
/// The coefficients are dropped where the image ends within a chroma sample that would then come first.
pub(crate) fn apply(jpeg: &mut JpegOrigin, size: (usize, usize), turn: Turn) {
    let Turn { across, down, transposed } = turn;
    let whole = |plane: &JpegPlane| {
        let fits = |reversed: bool, size: usize, scale: usize| !reversed || size.is_multiple_of(scale);
        fits(across, size.0, plane.scale.0) && fits(down, size.1, plane.scale.1)
    };
    if jpeg.coefficients.as_ref().is_some_and(|c| !c.planes.iter().all(whole)) {
        jpeg.coefficients = None;
    }
    if let Some(coefficients) = &mut jpeg.coefficients {
        for plane in &mut Arc::make_mut(coefficients).planes {
            if across {
                mirror(plane, size.0);
            }
            if down {
                flip(plane, size.1);
            }
            if transposed {
                transpose(plane);
            }
        }
    }
    if transposed {
        for steps in jpeg.luma.iter_mut().chain(&mut jpeg.chroma) {
            *steps = transposed_block(steps);
        }
        jpeg.subsampling = jpeg.subsampling.map(|Subsampling { x, y }| Subsampling { x: y, y: x });
    }
}

/// Number of samples before the first, once those after the last come first.
fn lead(blocks: usize, size: usize, scale: usize, lead: usize) -> usize {
    (8 * blocks).saturating_sub(size.div_ceil(scale) + lead)
}

/// Mirrors left to right.
fn mirror(plane: &mut JpegPlane, width: usize) {
    plane.lead.0 = lead(plane.blocks_across, width, plane.scale.0, plane.lead.0);
    for row in Arc::make_mut(&mut plane.coefficients).chunks_exact_mut(64 * plane.blocks_across) {
        row.as_chunks_mut::<64>().0.reverse();
        row.iter_mut().skip(1).step_by(2).for_each(|number| *number = number.saturating_neg());
    }
}

/// Mirrors top to bottom.
fn flip(plane: &mut JpegPlane, height: usize) {
    plane.lead.1 = lead(plane.blocks_down, height, plane.scale.1, plane.lead.1);
    let blocks = Arc::make_mut(&mut plane.coefficients).as_chunks_mut::<64>().0;
    // Reverse all blocks, then the blocks of each row.
    blocks.reverse();
    blocks.chunks_exact_mut(plane.blocks_across).for_each(<[_]>::reverse);
    for row in blocks.iter_mut().flat_map(|block| block.chunks_exact_mut(8).skip(1).step_by(2)) {
        for number in row {
            *number = number.saturating_neg();
        }
    }
}

/// Swaps rows and columns.
fn transpose(plane: &mut JpegPlane) {
    let (across, down) = (plane.blocks_across, plane.blocks_down);
    let blocks = plane.coefficients.as_chunks::<64>().0;
    let mut coefficients = Vec::with_capacity(plane.coefficients.len());
    for x in 0..across {
        blocks.iter().skip(x).step_by(across).for_each(|block| coefficients.extend(transposed_block(block)));
    }
    plane.coefficients = Arc::new(coefficients);
    (plane.blocks_across, plane.blocks_down) = (down, across);
    plane.lead = (plane.lead.1, plane.lead.0);
    plane.scale = (plane.scale.1, plane.scale.0);
    plane.steps = transposed_block(&plane.steps);
}

fn transposed_block<T: Copy>(block: &[T; 64]) -> [T; 64] {
    std::array::from_fn(|i| block[i % 8 * 8 + i / 8])
}
