use unband_image::Context;
use unband_nets::layer::banded_deform_conv::BandedDeformConv;
use unband_nets::layer::conv::Conv;
use unband_nets::state::Weights;
use unband_nets::{ParamId, Shape};

use super::deform_conv::sample;
use super::{Map, Real, by_channel};

pub(super) fn banded<T: Real>(
    conv: &BandedDeformConv,
    x: &Map<T>,
    shape: Shape,
    weights: &Weights,
    ctx: &Context<'_>,
) -> Map<T> {
    let generated = |pair: [ParamId; 2], outputs: usize| {
        let generator = Conv::generator(pair, conv.input, outputs);
        super::conv::conv(&generator, x, shape.with_channels(outputs), weights, ctx)
    };
    let (rotation, stretch) = (generated(conv.rotation, 2), generated(conv.stretch, 1));
    let whole = conv.whole.map(|pair| generated(pair, 1));
    let (kh, kw) = conv.kernel;
    // Read position per output position and tap.
    let area = shape.height * shape.width;
    let place = |p: usize| {
        let (sine, cosine) = (rotation.plane(0)[p], rotation.plane(1)[p]);
        let norm = (sine * sine + cosine * cosine + T::of64(1e-6)).sqrt();
        let (sine, cosine) = (sine / norm, cosine / norm);
        let raw = stretch.plane(0)[p];
        let stretch = match conv.limits {
            Some((min, max)) => {
                let (min, max, two) = (T::of(min), T::of(max), T::of(2.0));
                raw.tanh() * ((max - min) / two) + (max + min) / two
            }
            None => raw.max(T::zero()),
        };
        let whole = whole.as_ref().map_or(T::one(), |w| T::one() + w.plane(0)[p].max(T::zero()));
        (sine, cosine, stretch, whole)
    };
    let turns: Vec<(T, T, T, T)> = (0..area).map(place).collect();
    let from = |n: usize, half: usize| T::of64(n as f64 - half as f64);
    let weight = weights.get(conv.weight);
    let inputs = conv.input / conv.groups;
    by_channel(shape, ctx, |o, plane| {
        let first = o / (conv.output / conv.groups) * inputs;
        for (p, (out, &(sine, cosine, stretch, whole))) in plane.iter_mut().zip(&turns).enumerate() {
            let (y, column) = (T::of64((p / shape.width) as f64), T::of64((p % shape.width) as f64));
            for tap in 0..kh * kw {
                let u = whole * (stretch * from(tap / kw, kh / 2));
                let v = whole * from(tap % kw, kw / 2);
                let at = (y + cosine * u + sine * v, column - sine * u + cosine * v);
                for i in 0..inputs {
                    let w = T::of(weight[(o * inputs + i) * kh * kw + tap]);
                    *out = *out + w * sample(x, first + i, at);
                }
            }
        }
    })
}
