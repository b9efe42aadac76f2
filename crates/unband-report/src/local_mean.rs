//! Local mean of a plane over a large box.

use unband_image::Plane;

/// Radius of the box, in samples.
const RADIUS: usize = 24;

/// For each sample of a plane, the mean of the 49×49 samples around it.
///
/// Near the border the box shrinks symmetrically: otherwise a gradient would appear as contrast there.
/// Infinite and NaN samples are skipped; where all are, the mean is 0.
pub(super) fn local_mean(plane: &Plane) -> Plane {
    let (width, height) = (plane.width, plane.height);
    // Sum and count of all samples above and to the left.
    let mut corners = vec![(0.0f64, 0u32); (width + 1) * (height + 1)];
    for y in 0..height {
        let mut line = (0.0, 0);
        for (x, &v) in plane.row(y).iter().enumerate() {
            if v.is_finite() {
                line = (line.0 + f64::from(v), line.1 + 1);
            }
            let above = corners[y * (width + 1) + x + 1];
            corners[(y + 1) * (width + 1) + x + 1] = (above.0 + line.0, above.1 + line.1);
        }
    }
    let mut data = Vec::with_capacity(width * height);
    for y in 0..height {
        let (top, bottom) = around(y, height);
        for x in 0..width {
            let (left, right) = around(x, width);
            let at = |x: usize, y: usize| corners[y * (width + 1) + x];
            let (a, b, c, d) = (at(right, bottom), at(left, bottom), at(right, top), at(left, top));
            let count = a.1 + d.1 - b.1 - c.1;
            data.push(((a.0 + d.0 - b.0 - c.0) / f64::from(count.max(1))) as f32);
        }
    }
    Plane { width, height, data }
}

/// A symmetric range around a position that fits.
fn around(at: usize, count: usize) -> (usize, usize) {
    let radius = RADIUS.min(at).min(count - 1 - at);
    (at - radius, at + radius + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_mean_of_the_square_around_each_sample() {
        let (width, height) = (70, 60);
        let mut data: Vec<f32> = (0..width * height).map(|i| (i * 37 % 101) as f32 / 100.0).collect();
        data[1234] = f32::NAN;
        let plane = Plane { width, height, data };
        let mean = local_mean(&plane);
        for (x, y) in [(0, 0), (69, 59), (35, 30), (2, 50), (44, 17)] {
            let reach = |at: usize, n: usize| 24.min(at).min(n - 1 - at);
            let near = |i: &usize| {
                (i % width).abs_diff(x) <= reach(x, width) && (i / width).abs_diff(y) <= reach(y, height)
            };
            let values: Vec<f64> = (0..plane.data.len())
                .filter(near)
                .map(|i| f64::from(plane.data[i]))
                .filter(|v| v.is_finite())
                .collect();
            let expected = values.iter().sum::<f64>() / values.len() as f64;
            assert!((f64::from(mean.row(y)[x]) - expected).abs() < 1e-6, "at {x}, {y}");
        }
    }

    #[test]
    fn one_sample_is_its_own_mean_and_no_number_has_none() {
        let one = |v| local_mean(&Plane { width: 1, height: 1, data: vec![v] }).data;
        assert_eq!((one(0.25), one(f32::NAN)), (vec![0.25], vec![0.0]));
    }
}
