//! Test for visible degradation: an error in smooth parts above the rounding error of 8 bits.

use unband_data::Pair;
use unband_image::Image;
use unband_image::resize::Beyond;
use unband_metrics::Field;
use unband_metrics::clean::smooth_mask;

/// Maximum rounding error of integer codes without dither: 1/√12 codes, root mean square.
const ROUNDING: f64 = 0.289;
/// Side of the tested squares.
const SIDE: usize = 64;
/// Share of a square that must be smooth.
const SMOOTH: f64 = 0.3;
/// Share of the squares that must be degraded.
const SQUARES: f64 = 0.05;

/// Does the error of a channel, averaged over 7×7 and without variation over more than 65×65, exceed the
/// rounding error of 8 bits in a twentieth of the image? Dither noise averages out; a colour cast is not
/// included.
pub(crate) fn shows(pair: &Pair) -> bool {
    let (w, h) = (pair.gt.width(), pair.gt.height());
    let mask = smooth_mask(&Field::luma(&pair.gt));
    let errors: Vec<Field> = (0..3).map(|channel| error(pair, channel)).collect();
    let (columns, rows) = (w / SIDE, h / SIDE);
    let degraded = (0..columns * rows)
        .filter(|square| {
            let (x0, y0) = (square % columns * SIDE, square / columns * SIDE);
            let at = |i: usize| (y0 + i / SIDE) * w + x0 + i % SIDE;
            let smooth: Vec<usize> = (0..SIDE * SIDE).map(at).filter(|&i| mask[i]).collect();
            let rms = |e: &Field| {
                (smooth.iter().map(|&i| e.data[i].powi(2)).sum::<f64>() / smooth.len() as f64).sqrt()
            };
            smooth.len() as f64 >= SMOOTH * (SIDE * SIDE) as f64
                && errors.iter().map(rms).fold(0.0, f64::max) > ROUNDING
        })
        .count();
    degraded as f64 >= SQUARES * (columns * rows).max(1) as f64
}

fn error(pair: &Pair, channel: usize) -> Field {
    let plane = |image: &Image| Field::plane(image, channel.min(image.planes.len() - 1));
    let (mut error, clean) = (plane(&pair.lq), plane(&pair.gt));
    for (e, c) in error.data.iter_mut().zip(&clean.data) {
        *e -= c;
    }
    let mut fine = error.box_mean(-3..=3, -3..=3, Beyond::Mirror);
    let coarse = fine.box_mean(-32..=32, -32..=32, Beyond::Mirror);
    for (f, c) in fine.data.iter_mut().zip(&coarse.data) {
        *f -= c;
    }
    fine
}
