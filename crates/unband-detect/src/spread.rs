//! Sampling patterns that are invariant under rotation and mirroring of an image.

use std::collections::HashSet;

use unband_image::{Image, Window};

/// Approximate side of a square.
const SIDE: usize = 96;

/// Squares to read: all of a small plane; evenly spread ones with about `enough` samples in a large plane.
///
/// Their borders and selection are symmetric about the middle, and the same across and down.
pub(super) fn squares(width: usize, height: usize, enough: usize) -> Vec<Window> {
    let (columns, rows) = (borders(width, SIDE), borders(height, SIDE));
    let every = (width * height).div_ceil(enough.max(1)).max(1);
    // Rings around the middle, thinned out along the diagonals.
    let cut = (every.isqrt() - 1) / 2 * 2 + 1;
    let ring = (every as f64 / cut as f64).round() as usize;
    let mut out = Vec::new();
    for (j, y) in rows.windows(2).enumerate() {
        for (i, x) in columns.windows(2).enumerate() {
            let (a, b) = ((columns.len() - 2).abs_diff(2 * i) / 2, (rows.len() - 2).abs_diff(2 * j) / 2);
            if (a + b) % ring == ring / 2 && a.abs_diff(b) % cut == cut / 2 {
                out.push(Window { x0: x[0], y0: y[0], x1: x[1], y1: y[1] });
            }
        }
    }
    if out.is_empty() { vec![Window { x0: 0, y0: 0, x1: width, y1: height }] } else { out }
}

/// Borders of an odd number of parts of about `about` samples, so that mirroring maps borders to borders.
fn borders(side: usize, about: usize) -> Vec<usize> {
    let parts = (side / about) | 1;
    let border = |i: usize| if 2 * i < parts { i * side / parts } else { side - (parts - i) * side / parts };
    (0..=parts).map(border).collect()
}

/// The part of about `about` samples that contains each position of a side, and the number of parts.
pub(super) fn parts(side: usize, about: usize) -> (Vec<usize>, usize) {
    let borders = borders(side, about);
    let of = borders.windows(2).enumerate().flat_map(|(i, b)| std::iter::repeat_n(i, b[1] - b[0]));
    (of.collect(), borders.len() - 1)
}

/// Is position `at` of `of` one of every `every`-th, counted from both ends?
pub(super) fn counts(at: usize, of: usize, every: usize) -> bool {
    at.min(of - 1 - at).is_multiple_of(every)
}

/// Every `every`-th of `of` positions, counted from both ends.
pub(super) fn places(of: usize, every: usize) -> impl Iterator<Item = usize> {
    (0..of).filter(move |&at| counts(at, of, every))
}

/// Stride in rows and columns that reads about `enough` samples.
pub(super) fn stride(width: usize, height: usize, enough: usize) -> usize {
    ((width * height / enough.max(1)) as f64).sqrt().round().max(1.0) as usize
}

/// Has each plane at most as many different values as 8 bits have? Looks at about 200,000 samples of each.
pub(super) fn few_values(image: &Image) -> bool {
    const ENOUGH: usize = 200_000;
    image.planes.iter().all(|plane| {
        let every = stride(plane.width, plane.height, ENOUGH);
        let columns: Vec<usize> = places(plane.width, every).collect();
        let mut seen = HashSet::new();
        places(plane.height, every).all(|y| {
            let row = plane.row(y);
            seen.extend(columns.iter().map(|&x| row[x].to_bits()));
            seen.len() <= 256
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn squares_are_the_same_from_every_side(w in 1usize..3000, h in 1usize..3000,
            enough in 1usize..900_000) {
            let all = squares(w, h, enough);
            let mut seen: Vec<_> = all.iter().map(|s| (s.x0, s.y0, s.x1, s.y1)).collect();
            seen.sort_unstable();
            let same = |mut other: Vec<(usize, usize, usize, usize)>| {
                other.sort_unstable();
                other == seen
            };
            prop_assert!(same(all.iter().map(|s| (w - s.x1, s.y0, w - s.x0, s.y1)).collect()));
            prop_assert!(same(all.iter().map(|s| (s.x0, h - s.y1, s.x1, h - s.y0)).collect()));
            prop_assert!(same(squares(h, w, enough).iter().map(|s| (s.y0, s.x0, s.y1, s.x1)).collect()));
            if w * h <= enough {
                let area: usize = all.iter().map(|s| (s.x1 - s.x0) * (s.y1 - s.y0)).sum();
                prop_assert_eq!(area, w * h);
            }
        }

        #[test]
        fn about_as_many_samples_are_taken_as_are_enough(w in 600usize..6000, h in 600usize..6000) {
            let area: usize = squares(w, h, 300_000).iter().map(|s| (s.x1 - s.x0) * (s.y1 - s.y0)).sum();
            prop_assert!((90_000..=600_000).contains(&area), "{area}");
        }

        #[test]
        fn places_are_the_same_from_both_ends(of in 1usize..500, every in 1usize..9) {
            let forth: Vec<usize> = places(of, every).collect();
            let back: Vec<usize> = places(of, every).map(|at| of - 1 - at).collect();
            prop_assert!(forth.iter().eq(back.iter().rev()));
        }
    }
}
