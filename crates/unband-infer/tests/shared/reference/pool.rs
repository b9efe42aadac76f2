use unband_nets::Shape;
use unband_nets::layer::pool::{MaxPool, Reduce};

use super::{Map, Real};

pub(super) fn max_pool<T: Real>(pool: MaxPool, x: &Map<T>, shape: Shape) -> Map<T> {
    let mut data = Vec::with_capacity(shape.len());
    for plane in x.planes() {
        for y in 0..shape.height {
            for column in 0..shape.width {
                let (top, left) = (y * pool.stride, column * pool.stride);
                let rows = top..(top + pool.kernel).min(x.shape.height);
                let columns = left..(left + pool.kernel).min(x.shape.width);
                let all = rows.flat_map(|r| plane[r * x.shape.width..][columns.clone()].iter().copied());
                data.push(all.fold(T::neg_infinity(), T::max));
            }
        }
    }
    Map { shape, data }
}

pub(super) fn reduce<T: Real>(kind: Reduce, x: &Map<T>, shape: Shape) -> Map<T> {
    let one = |plane: &[T]| match kind {
        Reduce::Mean => plane.iter().fold(T::zero(), |sum, &v| sum + v) / T::of64(plane.len() as f64),
        Reduce::Max => plane.iter().copied().fold(T::neg_infinity(), T::max),
    };
    Map { shape, data: x.planes().map(one).collect() }
}
