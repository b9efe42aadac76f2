use unband_nets::layer::arithmetic::{Affine, Combine};
use unband_nets::state::Weights;

use super::{Map, Real};

pub(super) fn combine<T: Real>(combine: Combine, a: &Map<T>, b: &Map<T>) -> Map<T> {
    match combine {
        Combine::Add => two(a, b, |a, b| a + b),
        Combine::Sub => two(a, b, |a, b| a - b),
        Combine::Mul => two(a, b, |a, b| a * b),
        Combine::AddScaled(factor) => two(a, b, |a, b| a + T::of64(factor) * b),
    }
}

/// An operand with one sample per channel applies to all positions.
fn two<T: Real>(a: &Map<T>, b: &Map<T>, f: impl Fn(T, T) -> T) -> Map<T> {
    let shape = if a.shape.is_point() { b.shape } else { a.shape };
    let mut data = Vec::with_capacity(shape.len());
    for (p, q) in a.planes().zip(b.planes()) {
        match (p, q) {
            (&[p], q) if q.len() > 1 => data.extend(q.iter().map(|&q| f(p, q))),
            (p, &[q]) => data.extend(p.iter().map(|&p| f(p, q))),
            _ => data.extend(p.iter().zip(q).map(|(&p, &q)| f(p, q))),
        }
    }
    Map { shape, data }
}

pub(super) fn affine<T: Real>(affine: &Affine, x: &Map<T>, weights: &Weights) -> Map<T> {
    let of = |id: Option<unband_nets::ParamId>, c: usize, none: f32| id.map_or(none, |id| weights.get(id)[c]);
    let (scale, offset) = (T::of64(affine.scale), T::of64(affine.offset));
    let mut data = Vec::with_capacity(x.data.len());
    for (c, plane) in x.planes().enumerate() {
        let (times, plus) = (T::of(of(affine.scales, c, 1.0)), T::of(of(affine.offsets, c, 0.0)));
        data.extend(plane.iter().map(|&v| (v * scale + offset) * times + plus));
    }
    Map { shape: x.shape, data }
}
