//! Distances of pixels from the border of an area.

use unband_image::Context;

/// For each pixel the distance (the larger of across and down) to the nearest one that `mark` leaves 0, at
/// most `reach`. `mark` gets a row's number and its pixels, all 0, and sets some to 1. Beyond the border
/// there is none that is 0.
pub(super) fn distances(
    width: usize,
    height: usize,
    reach: u8,
    ctx: &Context<'_>,
    mark: impl Fn(usize, &mut [u8]) + Sync,
) -> Vec<u8> {
    let across = ctx.map(height, |y| {
        let mut row = vec![0; width];
        mark(y, &mut row);
        if row.iter().any(|&d| d > 0) {
            for d in &mut row {
                *d *= reach;
            }
            spread(row.iter_mut(), reach);
            spread(row.iter_mut().rev(), reach);
        }
        row
    });
    // Down: the smallest over rows of the larger distance.
    let near = usize::from(reach);
    let down = |y: usize| {
        let mut row = across[y].clone();
        for (x, d) in row.iter_mut().enumerate().filter(|(_, d)| **d > 0) {
            for k in 1..usize::from(*d).min(near) {
                let rows = [y.checked_sub(k), Some(y + k).filter(|&y| y < height)];
                let least = rows.into_iter().flatten().map(|y| across[y][x]).min().unwrap_or(reach);
                if usize::from(least.max(k as u8)) < usize::from(*d) {
                    *d = least.max(k as u8);
                }
                if usize::from(*d) <= k {
                    break;
                }
            }
        }
        row
    };
    ctx.map(height, down).concat()
}

/// Lowers each distance to one more than that of the one before.
fn spread<'a>(row: impl Iterator<Item = &'a mut u8>, reach: u8) {
    let mut before = reach;
    for d in row {
        *d = (*d).min(before.saturating_add(1)).min(reach);
        before = *d;
    }
}
