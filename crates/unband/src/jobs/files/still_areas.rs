//! Areas of an animation that do not move: they keep the result of the frame before.
//!
//! Dither and the means with neighbouring frames change from frame to frame. In an animation, all of it would
//! be stored again.

use unband_image::{Image, Plane};

/// Pixels around a change in which the result may change too: about the reach of the methods.
const REACH: usize = 16;

/// The frame before, and its result.
#[derive(Default)]
pub(super) struct StillAreas(Option<(Image, Image)>);

impl StillAreas {
    /// Puts earlier results where the source is the same all around. `begins`: the frame begins a shot.
    /// The result may be larger than the source.
    pub(super) fn keep(&mut self, source: &Image, result: &mut Image, begins: bool) {
        if let Some((before, kept)) = self.0.as_ref().filter(|_| !begins) {
            let moves = near(&changed(before, source), source.width(), source.height());
            let (small, large) = ((source.width(), source.height()), (result.width(), result.height()));
            let all = result.planes.iter_mut().chain(&mut result.alpha);
            for (to, from) in all.zip(kept.planes.iter().chain(&kept.alpha)) {
                put(to, from, |x, y| moves[y * small.1 / large.1 * small.0 + x * small.0 / large.0]);
            }
        }
        self.0 = Some((source.clone(), result.clone()));
    }
}

/// Copies the samples where nothing moves.
fn put(to: &mut Plane, from: &Plane, moves: impl Fn(usize, usize) -> bool) {
    for y in 0..to.height {
        let pairs = to.row_mut(y).iter_mut().zip(from.row(y)).enumerate();
        pairs.filter(|(x, _)| !moves(*x, y)).for_each(|(_, (to, from))| *to = *from);
    }
}

/// The pixels that differ in any plane.
fn changed(before: &Image, source: &Image) -> Vec<bool> {
    let mut changed = vec![false; source.planes[0].data.len()];
    let pairs = before.planes.iter().chain(&before.alpha).zip(source.planes.iter().chain(&source.alpha));
    for (a, b) in pairs {
        let all = changed.iter_mut().zip(a.data.iter().zip(&b.data));
        all.for_each(|(changed, (a, b))| *changed |= a.to_bits() != b.to_bits());
    }
    changed
}

/// The pixels with a marked one within reach, in a square.
fn near(marked: &[bool], width: usize, height: usize) -> Vec<bool> {
    let along = |marks: &mut dyn Iterator<Item = bool>, length: usize| {
        let mut sums = vec![0u32];
        for mark in marks {
            sums.push(sums.last().copied().unwrap_or(0) + u32::from(mark));
        }
        move |at: usize| sums[(at + REACH + 1).min(length)] > sums[at.saturating_sub(REACH)]
    };
    let mut rows = Vec::with_capacity(marked.len());
    for row in marked.chunks_exact(width) {
        rows.extend((0..width).map(along(&mut row.iter().copied(), width)));
    }
    let mut all = vec![false; marked.len()];
    for x in 0..width {
        let any = along(&mut rows.iter().skip(x).step_by(width).copied(), height);
        (0..height).for_each(|y| all[y * width + x] = any(y));
    }
    all
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A grey image with one other pixel.
    fn image(width: usize, height: usize, value: u8, at: Option<(usize, usize)>) -> Image {
        let mut codes = vec![value; width * height];
        if let Some((x, y)) = at {
            codes[y * width + x] = 200;
        }
        Image::from_gray(width, height, &codes).unwrap()
    }

    #[test]
    fn areas_far_from_a_change_keep_the_earlier_result() {
        let (width, height) = (80, 60);
        let mut still = StillAreas::default();
        still.keep(&image(width, height, 10, None), &mut image(2 * width, 2 * height, 11, None), true);
        let source = image(width, height, 10, Some((40, 30)));
        let mut result = image(2 * width, 2 * height, 12, None);
        still.keep(&source, &mut result, false);
        for y in 0..2 * height {
            for x in 0..2 * width {
                let far = (x / 2).abs_diff(40).max((y / 2).abs_diff(30)) > REACH;
                let code = result.depth.code(result.planes[0].row(y)[x]);
                assert_eq!(code, if far { 11 } else { 12 }, "{x} {y}");
            }
        }
        let mut cut = image(2 * width, 2 * height, 13, None);
        still.keep(&source, &mut cut, true);
        assert!(cut.planes[0].data.iter().all(|&value| cut.depth.code(value) == 13));
    }
}
