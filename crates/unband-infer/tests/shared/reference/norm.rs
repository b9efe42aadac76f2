use unband_image::{Context, Rng};
use unband_nets::layer::norm::{BatchNorm, GroupNorm, LayerNorm, UnitChannels};
use unband_nets::state::Weights;

use super::{Map, Real, by_channel};

pub(super) fn batch_norm<T: Real>(
    norm: &BatchNorm,
    x: &Map<T>,
    weights: &Weights,
    image_statistics: bool,
    ctx: &Context<'_>,
) -> Map<T> {
    let [weight, bias, mean, variance] = norm.params.map(|id| weights.get(id));
    by_channel(x.shape, ctx, |c, out| {
        let plane = x.plane(c);
        let (mean, variance) =
            if image_statistics { moments(plane) } else { (T::of(mean[c]), T::of(variance[c])) };
        let scale = T::of(weight[c]) / (variance + T::of64(norm.eps)).sqrt();
        let bias = T::of(bias[c]);
        out.iter_mut().zip(plane).for_each(|(out, &v)| *out = (v - mean) * scale + bias);
    })
}

pub(super) fn layer_norm<T: Real>(norm: &LayerNorm, x: &Map<T>, weights: &Weights) -> Map<T> {
    let [weight, bias] = norm.params.map(|id| weights.get(id));
    let area = x.shape.height * x.shape.width;
    let mut out = x.clone();
    for p in 0..area {
        let place: Vec<T> = (0..x.shape.channels).map(|c| x.data[c * area + p]).collect();
        let (mean, variance) = moments(&place);
        let root = (variance + T::of64(norm.eps)).sqrt();
        for (c, v) in place.into_iter().enumerate() {
            out.data[c * area + p] = (v - mean) / root * T::of(weight[c]) + T::of(bias[c]);
        }
    }
    out
}

pub(super) fn group_norm<T: Real>(norm: &GroupNorm, x: &Map<T>, weights: &Weights) -> Map<T> {
    let [weight, bias] = norm.params.map(|id| weights.get(id));
    let (area, together) = (x.shape.height * x.shape.width, norm.channels / norm.groups);
    let mut out = x.clone();
    for (group, samples) in out.data.chunks_exact_mut(together * area).enumerate() {
        let (mean, variance) = moments(samples);
        let root = (variance + T::of64(norm.eps)).sqrt();
        for (i, v) in samples.iter_mut().enumerate() {
            let c = group * together + i / area;
            *v = (*v - mean) / root * T::of(weight[c]) + T::of(bias[c]);
        }
    }
    out
}

pub(super) fn unit_channels<T: Real>(norm: UnitChannels, x: &Map<T>) -> Map<T> {
    let area = x.shape.height * x.shape.width;
    let mut out = x.clone();
    for p in 0..area {
        let squares = (0..x.shape.channels).map(|c| x.data[c * area + p].powi(2));
        let root = squares.fold(T::zero(), |sum, v| sum + v).sqrt() + T::of64(norm.eps);
        for c in 0..x.shape.channels {
            out.data[c * area + p] = x.data[c * area + p] / root;
        }
    }
    out
}

/// Keeps all samples unless there is a seed and an operation index.
pub(super) fn dropout<T: Real>(share: f32, x: &Map<T>, seed: Option<(u64, usize)>) -> Map<T> {
    let Some((seed, place)) = seed else { return x.clone() };
    let rng = Rng::new(seed);
    let kept = T::one() / (T::one() - T::of(share));
    let mut out = x.clone();
    for (i, v) in out.data.iter_mut().enumerate() {
        let (y, column) = (i / x.shape.width, i % x.shape.width);
        *v =
            if rng.unit_at(place as u32, 0, column as u32, y as u32) < share { T::zero() } else { *v * kept };
    }
    out
}

/// Mean and biased variance.
fn moments<T: Real>(values: &[T]) -> (T, T) {
    let n = T::of64(values.len() as f64);
    let mean = values.iter().fold(T::zero(), |sum, &v| sum + v) / n;
    (mean, values.iter().fold(T::zero(), |sum, &v| sum + (v - mean).powi(2)) / n)
}
