//! The smooth surface behind a place.

use unband_image::Plane;

/// A surface of second degree over a plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Slope {
    factors: [f32; 6],
    /// Half the plane's sides: coordinates run from −1 to 1.
    half: (f32, f32),
}

impl Slope {
    /// The surface with the least squares to the samples that are numbers; of lower degree where they do not suffice.
    pub fn of(plane: &Plane) -> Self {
        let half = |n: usize| ((n.max(1) - 1) as f32 / 2.0).max(0.5);
        let mut slope = Self { factors: [0.0; 6], half: (half(plane.width), half(plane.height)) };
        let mut sums = [[0.0f64; 7]; 6];
        // At most 128 rows and columns tell as much.
        let step = |n: usize| n.div_ceil(128).max(1);
        for y in (0..plane.height).step_by(step(plane.height)) {
            for (x, &v) in plane.row(y).iter().enumerate().step_by(step(plane.width)) {
                if v.is_finite() {
                    let terms = slope.terms(x, y).map(f64::from);
                    for (sums, a) in sums.iter_mut().zip(terms) {
                        sums.iter_mut().zip(terms).for_each(|(sum, b)| *sum += a * b);
                        sums[6] += a * f64::from(v);
                    }
                }
            }
        }
        slope.factors = solved(sums).map(|f| f as f32);
        slope
    }

    /// Its height over a sample.
    pub fn at(&self, x: usize, y: usize) -> f32 {
        self.terms(x, y).iter().zip(self.factors).map(|(a, b)| a * b).sum()
    }

    fn terms(&self, x: usize, y: usize) -> [f32; 6] {
        let (x, y) = (x as f32 / self.half.0 - 1.0, y as f32 / self.half.1 - 1.0);
        [1.0, x, y, x * x, x * y, y * y]
    }
}

/// Normal equations, the last column their right side, by elimination. What they do not determine is 0.
fn solved(mut rows: [[f64; 7]; 6]) -> [f64; 6] {
    for i in 0..6 {
        let least = 1e-9 * rows[0][0].max(1.0);
        let pivot = rows[i];
        if pivot[i] < least {
            rows[i] = [0.0; 7];
            for row in &mut rows {
                row[i] = 0.0;
            }
            rows[i][i] = 1.0;
            continue;
        }
        for (j, row) in rows.iter_mut().enumerate() {
            let factor = row[i] / pivot[i];
            for (v, p) in row.iter_mut().zip(pivot) {
                *v = if j == i { *v / pivot[i] } else { *v - factor * p };
            }
        }
    }
    rows.map(|row| row[6])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_surface_of_second_degree_is_found() {
        let value = |x: usize, y: usize| {
            let (x, y) = (x as f32 / 100.0, y as f32 / 100.0);
            0.3 + 0.2 * x - 0.1 * y + 0.05 * x * x - 0.3 * x * y + 0.07 * y * y
        };
        for (width, height) in [(200, 150), (40, 9), (5, 1), (1, 5), (2, 2), (1, 1)] {
            let data: Vec<f32> = (0..width * height).map(|i| value(i % width, i / width)).collect();
            let slope = Slope::of(&Plane { width, height, data });
            for (x, y) in [(0, 0), (width - 1, height - 1), (width / 2, height / 3)] {
                let (got, want) = (slope.at(x, y), value(x, y));
                assert!((got - want).abs() < 1e-4, "{width}×{height} at {x}, {y}: {got} {want}");
            }
        }
    }
}
