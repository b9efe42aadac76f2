//! Windows of images as network input, and copying of their results into the image.

use unband_image::{Image, Model, RestoreError, TileOut, Window};
use unband_nets::Shape;

use crate::map::Map;
use crate::run::RunError;

/// Refuses luma with two colour differences, which these networks do not support.
///
/// # Errors
/// Images of that kind; the error names the method.
pub(crate) fn refuse_yuv(method: &'static str, image: &Image) -> Result<(), RestoreError> {
    if matches!(image.color.model, Model::Yuv { .. }) {
        let what = "needs red, green and blue: convert the image first".to_owned();
        return Err(RestoreError::Unsupported { method, what });
    }
    Ok(())
}

/// The error of a method whose network could not run.
pub(crate) fn failed(method: &'static str, error: RunError) -> RestoreError {
    match error {
        RunError::Stopped(error) => error,
        other => RestoreError::unsupported(method, other),
    }
}

/// Refuses network output that is NaN, infinite, or beyond 3 million times white: the weights are damaged or
/// belong to another network.
///
/// # Errors
/// The first of such samples; the error names the method.
pub(crate) fn check_finite<'a>(
    method: &'static str,
    mut made: impl Iterator<Item = &'a [f32]>,
) -> Result<(), RestoreError> {
    // The sum is zero unless some sample is not finite after the first factor; this avoids a branch per
    // sample.
    let sound = |samples: &[f32]| samples.iter().map(|v| v * 1e32 * 0.0).sum::<f32>() == 0.0;
    if made.all(sound) { Ok(()) } else { Err(RestoreError::NoNumbers { method }) }
}

/// The network's output image, its first output.
///
/// # Errors
/// Networks without outputs; the error names the method.
pub(crate) fn first(method: &'static str, made: Vec<Map<f32>>) -> Result<Map<f32>, RestoreError> {
    let what = || RestoreError::Unsupported { method, what: "returned no image".to_owned() };
    made.into_iter().next().ok_or_else(what)
}

/// A window as red, green and blue in a network's range, mirrored at the right and at the bottom up to a
/// multiple.
pub(crate) fn fetched(image: &Image, window: Window, multiple: usize, range: (f32, f32)) -> Map<f32> {
    let mut map = extended(3, window.width(), window.height(), multiple, |c, y| {
        &image.planes[c.min(image.planes.len() - 1)].row(window.y0 + y)[window.x0..window.x1]
    });
    let (low, high) = range;
    map.data.iter_mut().for_each(|v| *v = low + *v * (high - low));
    map
}

/// Channels of this width and height, with given rows, mirrored at the right and at the bottom up to a
/// multiple.
pub(crate) fn extended<'a>(
    channels: usize,
    width: usize,
    height: usize,
    multiple: usize,
    row: impl Fn(usize, usize) -> &'a [f32],
) -> Map<f32> {
    let (wide, high) = (width.next_multiple_of(multiple), height.next_multiple_of(multiple));
    let mut map = Map::zeros(Shape::new(channels, high, wide));
    for (c, plane) in map.data.chunks_exact_mut(wide * high).enumerate() {
        for (y, line) in plane.chunks_exact_mut(wide).enumerate() {
            let source = row(c, mirrored(y, height));
            line[..width].copy_from_slice(source);
            for (x, v) in line.iter_mut().enumerate().skip(width) {
                *v = source[mirrored(x, width)];
            }
        }
    }
    map
}

/// Index `i` in a line of `n` samples that is mirrored at its end, without repeating the last one.
pub(crate) fn mirrored(i: usize, n: usize) -> usize {
    if n == 1 {
        return 0;
    }
    let i = i % (2 * (n - 1));
    if i < n { i } else { 2 * (n - 1) - i }
}

/// As [`mirrored`] at both ends; `i` counts from `before` samples before the first.
pub(crate) fn reflected(i: usize, before: usize, n: usize) -> usize {
    mirrored(i.abs_diff(before), n)
}

/// Copies the core of the outer window's result into a tile; a grey tile gets the mean of red, green and
/// blue.
pub(crate) fn lay(made: &Map<f32>, outer: Window, core: Window, output: &mut TileOut) {
    let grey = output.planes.len() == 1;
    for (c, plane) in output.planes.iter_mut().enumerate() {
        for (y, row) in plane.data.chunks_exact_mut(plane.width.max(1)).enumerate() {
            let from = |channel: usize| core_row(made, channel, outer, core, y);
            if grey {
                let channels = from(0).iter().zip(from(1)).zip(from(2));
                row.iter_mut().zip(channels).for_each(|(v, ((r, g), b))| *v = (r + g + b) / 3.0);
            } else {
                row.copy_from_slice(from(c));
            }
        }
    }
}

/// Row `y` of the core in the outer window's result.
pub(crate) fn core_row(made: &Map<f32>, channel: usize, outer: Window, core: Window, y: usize) -> &[f32] {
    &made.plane(channel)[(core.y0 - outer.y0 + y) * made.shape.width + core.x0 - outer.x0..][..core.width()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirroring_repeats_no_border() {
        let places: Vec<usize> = (0..8).map(|i| mirrored(i, 4)).collect();
        assert_eq!(places, [0, 1, 2, 3, 2, 1, 0, 1]);
        assert_eq!(mirrored(5, 1), 0);
        assert_eq!([0, 2, 3, 8].map(|i| reflected(i, 3, 4)), [3, 1, 0, 1]);
    }

    #[test]
    fn windows_grow_to_a_multiple_at_the_right_and_below() {
        let rows = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
        let map = extended(1, 3, 2, 4, |_, y| &rows[y]);
        let want = [[1.0, 2.0, 3.0, 2.0], [4.0, 5.0, 6.0, 5.0], [1.0, 2.0, 3.0, 2.0], [4.0, 5.0, 6.0, 5.0]];
        assert_eq!((map.shape, map.data), (Shape::new(1, 4, 4), want.concat()));
    }

    #[test]
    fn what_is_no_sample_is_refused() {
        let check = |v: f32| check_finite("net", [&[0.5, v, -45.0][..]].into_iter()).is_ok();
        assert!([0.0, 1.0, 65_504.0, -3e6].into_iter().all(check));
        assert!(![1e7, -1e19, 1e30, f32::INFINITY, f32::NAN].into_iter().any(check));
    }
}
