use unband_nets::Shape;
use unband_nets::layer::arrange::Slice;

use super::{Map, Real};

pub(super) fn concat<T: Real>(x: &[&Map<T>], shape: Shape) -> Map<T> {
    Map { shape, data: x.iter().flat_map(|map| map.data.iter().copied()).collect() }
}

pub(super) fn slice<T: Real>(slice: Slice, x: &Map<T>, shape: Shape) -> Map<T> {
    let area = x.shape.height * x.shape.width;
    Map { shape, data: x.data[slice.start * area..][..slice.len * area].to_vec() }
}

pub(super) fn crop<T: Real>(x: &Map<T>, shape: Shape) -> Map<T> {
    let rows = x.planes().flat_map(|plane| plane.chunks(x.shape.width).take(shape.height));
    Map { shape, data: rows.flat_map(|row| row[..shape.width].iter().copied()).collect() }
}

pub(super) fn unshuffle<T: Real>(x: &Map<T>, f: usize, shape: Shape) -> Map<T> {
    let mut out = Map::zeros(shape);
    let mut to = out.data.iter_mut();
    for c in 0..shape.channels {
        let (from, dy, dx) = (c / (f * f), c / f % f, c % f);
        for y in 0..shape.height {
            for (column, to) in (0..shape.width).zip(&mut to) {
                *to = x.at(from, y * f + dy, column * f + dx);
            }
        }
    }
    out
}

pub(super) fn shuffle<T: Real>(x: &Map<T>, f: usize, shape: Shape) -> Map<T> {
    let mut out = Map::zeros(shape);
    let mut to = out.data.iter_mut();
    for c in 0..shape.channels {
        for y in 0..shape.height {
            for (column, to) in (0..shape.width).zip(&mut to) {
                *to = x.at((c * f + y % f) * f + column % f, y / f, column / f);
            }
        }
    }
    out
}
