//! Camera model: unprocessing to raw sensor values, and development back to RGB.
//!
//! Source of all constants: Brooks et al. 2019, `unprocess.py` and `process.py`.

use unband_image::Rng;

/// Red, green and blue values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LinearRgb(pub [f32; 3]);

type Matrix = [[f32; 3]; 3];

/// From XYZ to the colour spaces of four sensors.
const SENSORS: [Matrix; 4] = [
    [[1.0234, -0.2969, -0.2266], [-0.5625, 1.6328, -0.0469], [-0.0703, 0.2188, 0.6406]],
    [[0.4913, -0.0541, -0.0202], [-0.613, 1.3513, 0.2906], [-0.1564, 0.2151, 0.7183]],
    [[0.838, -0.263, -0.0639], [-0.2887, 1.0725, 0.2496], [-0.0627, 0.1427, 0.5438]],
    [[0.6596, -0.2079, -0.0562], [-0.4782, 1.3016, 0.1933], [-0.097, 0.1581, 0.5181]],
];
/// From linear sRGB to XYZ.
const TO_XYZ: Matrix = [
    [0.412_456_4, 0.357_576_1, 0.180_437_5],
    [0.212_672_9, 0.715_152_2, 0.072_175],
    [0.019_333_9, 0.119_192, 0.950_304_1],
];
const GAMMA: f32 = 2.2;
/// Start of the highlights, which the gains must not darken.
const BRIGHT: f32 = 0.9;

/// One camera with its white balance and exposure.
pub(super) struct Camera {
    to_sensor: Matrix,
    from_sensor: Matrix,
    /// Gains of development for red, green and blue, exposure included.
    gains: [f32; 3],
    /// A normal deviate for the variance of the read noise.
    spread: f32,
}

fn times(m: &Matrix, v: [f32; 3]) -> [f32; 3] {
    m.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

fn inverse(m: &Matrix) -> Matrix {
    let minor = |y: usize, x: usize| {
        let at = |dy: usize, dx: usize| m[(y + dy) % 3][(x + dx) % 3];
        at(1, 1) * at(2, 2) - at(1, 2) * at(2, 1)
    };
    let determinant: f32 = (0..3).map(|x| m[0][x] * minor(0, x)).sum();
    std::array::from_fn(|y| std::array::from_fn(|x| minor(x, y) / determinant))
}

impl Camera {
    /// A random blend of four sensors, with random white balance and exposure.
    pub(super) fn drawn(rng: Rng) -> Self {
        let unit = |x: u32| rng.unit_at(0, 0x6361, x, 0);
        let normal =
            |x: u32| (-2.0 * (1.0 - unit(x)).ln()).sqrt() * (std::f32::consts::TAU * unit(x + 1)).cos();
        let weights: [f32; 4] = std::array::from_fn(|i| unit(i as u32) + 1e-6);
        let sum: f32 = weights.iter().sum();
        let sensor: Matrix = std::array::from_fn(|y| {
            std::array::from_fn(|x| (0..4).map(|i| weights[i] / sum * SENSORS[i][y][x]).sum())
        });
        // Rows sum to 1, so that white stays white.
        let to_sensor: Matrix = std::array::from_fn(|y| {
            let row: [f32; 3] = std::array::from_fn(|x| (0..3).map(|k| sensor[y][k] * TO_XYZ[k][x]).sum());
            row.map(|v| v / row.iter().sum::<f32>())
        });
        let exposure = (0.8 + 0.1 * normal(8)).clamp(0.3, 2.0);
        let (red, blue) = (1.9 + 0.5 * unit(12), 1.5 + 0.4 * unit(13));
        Self {
            to_sensor,
            from_sensor: inverse(&to_sensor),
            gains: [red / exposure, 1.0 / exposure, blue / exposure],
            spread: normal(14),
        }
    }

    /// Variance of the read noise that matches a shot noise, as measured on a phone's sensor.
    pub(super) fn read(&self, shot: f32) -> f32 {
        (2.18 * shot.ln() + 1.20 + 0.26 * self.spread).exp()
    }

    /// The sensor's value for an image value.
    pub(super) fn raw(&self, value: LinearRgb) -> LinearRgb {
        let linear = value.0.map(|v| {
            let v = v.clamp(0.0, 1.0);
            // The inverse of 3v² − 2v³.
            let flat = 0.5 - ((1.0 - 2.0 * v).asin() / 3.0).sin();
            flat.max(1e-8).powf(GAMMA)
        });
        let light = times(&self.to_sensor, linear);
        let mean = light.iter().sum::<f32>() / 3.0;
        let mask = ((mean - BRIGHT).max(0.0) / (1.0 - BRIGHT)).powi(2);
        let gained = std::array::from_fn(|c| {
            let gain = 1.0 / self.gains[c];
            light[c] * (mask + (1.0 - mask) * gain).max(gain)
        });
        LinearRgb(gained.map(|v: f32| v.clamp(0.0, 1.0)))
    }

    /// A mosaic multiplied by the white balance gains.
    pub(super) fn balanced(&self, mut mosaic: Vec<f32>, width: usize) -> Vec<f32> {
        for (i, v) in mosaic.iter_mut().enumerate() {
            *v = (*v * self.gains[color_at(i % width, i / width)]).clamp(0.0, 1.0);
        }
        mosaic
    }

    /// The image value for a sensor value.
    pub(super) fn developed(&self, light: LinearRgb) -> LinearRgb {
        LinearRgb(times(&self.from_sensor, light.0).map(|v| {
            let v = v.clamp(0.0, 1.0).max(1e-8).powf(1.0 / GAMMA);
            v * v * (3.0 - 2.0 * v)
        }))
    }
}

/// Colour index at a mosaic position: red and green in even rows, green and blue in odd rows.
pub(super) fn color_at(x: usize, y: usize) -> usize {
    match (x % 2, y % 2) {
        (0, 0) => 0,
        (1, 1) => 2,
        _ => 1,
    }
}

/// All three colours at a position: the mean of the nearest mosaic samples of each colour, the border
/// mirrored.
pub(super) fn demosaiced(mosaic: &[f32], width: usize, height: usize, x: usize, y: usize) -> LinearRgb {
    let (mut sums, mut counts) = ([0.0; 3], [0.0f32; 3]);
    for (dy, wy) in [(-1isize, 0.5), (0, 1.0), (1, 0.5)] {
        for (dx, wx) in [(-1isize, 0.5), (0, 1.0), (1, 0.5)] {
            let place = |i: usize, d: isize, n: usize| {
                unband_image::resize::Beyond::Mirror.index(i.cast_signed() + d, n)
            };
            let (px, py) = (place(x, dx, width), place(y, dy, height));
            let color = color_at(px, py);
            sums[color] += wx * wy * mosaic[py * width + px];
            counts[color] += wx * wy;
        }
    }
    let own = color_at(x, y);
    LinearRgb(std::array::from_fn(|c| {
        if c == own {
            mosaic[y * width + x]
        } else if counts[c] > 0.0 {
            sums[c] / counts[c]
        } else {
            // An image with one row or column has no neighbour of this colour.
            mosaic[y * width + x]
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn developing_undoes_going_back() {
        for seed in 0..20 {
            let camera = Camera::drawn(Rng::new(seed));
            for value in [[0.2, 0.5, 0.4], [0.05, 0.1, 0.02], [0.7, 0.6, 0.65], [0.45; 3]] {
                let raw = camera.raw(LinearRgb(value));
                let back: [f32; 3] = std::array::from_fn(|c| (raw.0[c] * camera.gains[c]).clamp(0.0, 1.0));
                for (got, want) in camera.developed(LinearRgb(back)).0.into_iter().zip(value) {
                    assert!((got - want).abs() < 0.02, "{seed}: {got} {want}");
                }
            }
        }
    }

    #[test]
    fn a_flat_mosaic_gives_flat_colours() {
        let colors = [0.2, 0.5, 0.8];
        let mosaic: Vec<f32> = (0..70).map(|i| colors[color_at(i % 10, i / 10)]).collect();
        for y in 0..7 {
            for x in 0..10 {
                let LinearRgb(got) = demosaiced(&mosaic, 10, 7, x, y);
                assert!(got.iter().zip(colors).all(|(a, b)| (a - b).abs() < 1e-6), "{x} {y}");
            }
        }
    }
}
