use super::*;

fn image(width: usize, height: usize) -> Field {
    let sample = |i: usize| ((i * i * 7 + i / 5) % 211) as f64;
    Field { width, height, data: (0..width * height).map(sample).collect() }
}

#[test]
fn a_transform_there_and_back_is_the_image() {
    for (width, height) in [(16, 16), (21, 18), (23, 31)] {
        let field = image(width, height);
        let back = Spectrum::from_x(&field).field();
        assert!(back.data.iter().zip(&field.data).all(|(a, b)| (a - b).abs() < 1e-10));
    }
}

#[test]
fn bands_share_the_energy_of_the_image_among_them() {
    // The squares of all masks sum to 1 at each frequency, apart from table steps.
    let (width, height) = (63, 51);
    let masks = Masks::new();
    let flat =
        Spectrum { width, height, of: (width, height), data: vec![Complex64::from(1.0); width * height] };
    let sum = flat.masked(|at| {
        let (high, low) = (masks.high(at.octave(0)), masks.low(at.octave(0)));
        let (first, rest) = (masks.high(at.octave(1)), masks.low(at.octave(1)));
        let directions: f64 = (0..DIRECTIONS).map(|d| masks.across(at.angle, d).powi(2)).sum();
        Complex64::from(high * high + low * low * (first * first * directions + rest * rest))
    });
    for v in &sum.data {
        assert!((v.re - 1.0).abs() < 1e-4, "{v}");
    }
}

#[test]
fn a_wave_is_in_the_band_of_its_direction_and_octave() {
    let (width, height) = (64, 64);
    // A period of 4 samples across, a quarter of the sampling rate: the middle of the first level.
    let wave = |period: f64| Field {
        width,
        height,
        data: (0..width * height).map(|i| (2.0 * PI * (i % width) as f64 / period).sin()).collect(),
    };
    let energy = |field: &Field| field.data.iter().map(|v| v * v).sum::<f64>() / field.data.len() as f64;
    let ctx = unband_image::Context::default();
    for (period, level) in [(4.0, 0), (8.0, 1)] {
        let pyramid = Pyramid::new(&wave(period), &ctx);
        let own = energy(&pyramid.levels[level][0]);
        assert!(own > 0.1, "{own}");
        for (l, bands) in pyramid.levels.iter().enumerate() {
            for (d, band) in bands.iter().enumerate().filter(|&(d, _)| (l, d) != (level, 0)) {
                assert!(energy(band) < 0.6 * own, "{l} {d}");
            }
        }
        assert!(energy(&pyramid.high) < 1e-3);
    }
    let sizes = Pyramid::new(&image(33, 20), &ctx);
    let size = |f: &Field| (f.width, f.height);
    assert_eq!(
        (size(&sizes.high), size(&sizes.levels[0][5]), size(&sizes.levels[1][5])),
        ((33, 20), (33, 20), (17, 10))
    );
}
