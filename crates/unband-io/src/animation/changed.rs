//! The area in which two frames differ: only that is written.

use unband_image::{Image, Window};

/// The smallest window with all samples of `image` that differ from those of `before`; one pixel where none
/// does. Its corner is at even places, as WebP needs it.
pub(super) fn changed(before: &Image, image: &Image) -> Window {
    let pairs = || {
        let before = before.planes.iter().chain(&before.alpha);
        before.zip(image.planes.iter().chain(&image.alpha))
    };
    let differs = |y: usize| pairs().any(|(a, b)| a.row(y) != b.row(y));
    let (width, height) = (image.width(), image.height());
    let Some(y0) = (0..height).find(|&y| differs(y)) else { return Window { x0: 0, y0: 0, x1: 1, y1: 1 } };
    let last = (y0..height).rev().find(|&y| differs(y)).unwrap_or(y0);
    let (mut x0, mut x1) = (width, 0);
    for y in y0..=last {
        for (a, b) in pairs() {
            let differs = |x: &usize| a.row(y)[*x].to_bits() != b.row(y)[*x].to_bits();
            x0 = (0..x0).find(differs).unwrap_or(x0);
            x1 = (x1..width).rev().find(differs).map_or(x1, |x| x + 1);
        }
    }
    Window { x0: x0 & !1, y0: y0 & !1, x1, y1: last + 1 }
}
