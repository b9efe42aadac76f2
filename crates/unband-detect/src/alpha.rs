//! Coarse grid of an alpha channel: glows and shadows stored with few levels, as in RGBA4444.

use super::levels::{LevelRounding, levels};
use unband_image::With;
use unband_image::findings::PlaneGrid;
use unband_image::image::{Image, Plane};
use unband_image::plateaus::{boundaries, runs};

/// Bits of a coarse grid.
const BITS: std::ops::RangeInclusive<u8> = 4..=7;
/// Pairs of neighbouring levels that a grid needs.
const PAIRS: usize = 4;
/// Contours that a grid needs: two equal samples next to two equal samples one level away.
const CONTOURS: usize = 64;
/// Least share of such contours in all changes. Glyphs and other soft edges change from sample to sample.
const SHARE: f64 = 0.4;

/// The grid of the image's alpha channel if it is coarser than 8 bits and its levels have contours. Fully
/// transparent and fully opaque samples are on every grid and do not matter.
pub(super) fn grid(image: &Image) -> Option<PlaneGrid> {
    let alpha = image.alpha.as_ref()?;
    let hist = histogram(alpha)?;
    let set = levels(&hist, BITS, PAIRS)?;
    // Masked levels end below opaque.
    let set = if alpha.data.iter().any(|&value| value >= 1.0) { set.clipped() } else { set };
    let code = |k: usize| set.code(k, 8) as u8;
    let mut level_of = [None; 256];
    (0..set.count()).for_each(|k| level_of[usize::from(code(k))] = Some(k));
    let (contours, changes) = contours(alpha, &level_of);
    if contours < CONTOURS || (contours as f64) < SHARE * changes as f64 {
        return None;
    }
    Some(PlaneGrid::found(set.step as f32, set.bits, 1.0).but(|new| {
        new.offset_codes = set.centre() as f32;
        new.truncated = set.stored == LevelRounding::Masked;
    }))
}

/// Counts of the 8-bit codes between transparent and opaque; `None` where samples are between codes.
fn histogram(alpha: &Plane) -> Option<Vec<u32>> {
    let mut hist = vec![0; 256];
    for &value in &alpha.data {
        let code = (value.clamp(0.0, 1.0) * 255.0).round();
        if (value * 255.0 - code).abs() > 0.01 {
            return None;
        }
        hist[code as usize] += 1;
    }
    (hist[0], hist[255]) = (0, 0);
    Some(hist)
}

/// Contours between plateaus one level apart, and all changes, along rows.
fn contours(alpha: &Plane, level_of: &[Option<usize>; 256]) -> (usize, usize) {
    let (mut contours, mut changes) = (0, 0);
    let mut row = Vec::with_capacity(alpha.width);
    for y in 0..alpha.height {
        row.clear();
        row.extend(
            alpha.row(y).iter().map(|value| level_of[(value.clamp(0.0, 1.0) * 255.0).round() as usize]),
        );
        changes += runs(&row).count().saturating_sub(1);
        contours += boundaries(&row, 2, 0)
            .filter(|[a, b]| a.value.zip(b.value).is_some_and(|(a, b)| a.abs_diff(b) == 1))
            .count();
    }
    (contours, changes)
}
