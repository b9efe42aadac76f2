use unband_nets::Shape;

use super::{Map, Real};

pub(super) fn nearest<T: Real>(x: &Map<T>, f: usize, shape: Shape) -> Map<T> {
    let at = |c: usize, y: usize, column: usize| x.at(c, y / f, column / f);
    let row = |c: usize, y: usize| (0..shape.width).map(move |column| at(c, y, column));
    let plane = |c: usize| (0..shape.height).flat_map(move |y| row(c, y));
    Map { shape, data: (0..shape.channels).flat_map(plane).collect() }
}

/// Half-pixel centres; positions before the first and after the last sample are clamped.
pub(super) fn bilinear<T: Real>(x: &Map<T>, shape: Shape) -> Map<T> {
    let taps = |from: usize, to: usize| -> Vec<(usize, usize, T)> {
        let ratio = T::of64(from as f64) / T::of64(to as f64);
        let half = T::of(0.5);
        (0..to)
            .map(|i| {
                let at = ((T::of64(i as f64) + half) * ratio - half).max(T::zero());
                let low = at.to_usize().unwrap_or(0).min(from - 1);
                (low, (low + 1).min(from - 1), at - T::of64(low as f64))
            })
            .collect()
    };
    let rows = taps(x.shape.height, shape.height);
    let columns = taps(x.shape.width, shape.width);
    let mix = |a: T, b: T, t: T| a * (T::one() - t) + b * t;
    let mut data = Vec::with_capacity(shape.len());
    for c in 0..shape.channels {
        for &(top, bottom, down) in &rows {
            for &(left, right, across) in &columns {
                let upper = mix(x.at(c, top, left), x.at(c, top, right), across);
                let lower = mix(x.at(c, bottom, left), x.at(c, bottom, right), across);
                data.push(mix(upper, lower, down));
            }
        }
    }
    Map { shape, data }
}
