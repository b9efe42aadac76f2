use unband_image::Context;
use unband_nets::layer::activation::Activation;
use unband_nets::state::Weights;

use super::{Map, Real, by_channel};

pub(super) fn activation<T: Real>(
    kind: &Activation,
    x: &Map<T>,
    weights: &Weights,
    ctx: &Context<'_>,
) -> Map<T> {
    let each = |f: &(dyn Fn(T) -> T + Sync)| {
        by_channel(x.shape, ctx, |channel, plane| {
            plane.iter_mut().zip(x.plane(channel)).for_each(|(out, &v)| *out = f(v));
        })
    };
    let leaky = |slope: T, v: T| if v > T::zero() { v } else { slope * v };
    let sigmoid = |v: T| T::one() / (T::one() + (-v).exp());
    match kind {
        Activation::Relu => each(&|v| v.max(T::zero())),
        Activation::LeakyRelu(slope) => each(&|v| leaky(T::of64(*slope), v)),
        Activation::PRelu { weight, .. } => {
            let slopes = weights.get(*weight);
            by_channel(x.shape, ctx, |channel, plane| {
                let slope = T::of(slopes[if slopes.len() == 1 { 0 } else { channel }]);
                plane.iter_mut().zip(x.plane(channel)).for_each(|(out, &v)| *out = leaky(slope, v));
            })
        }
        Activation::Tanh => each(&|v| v.tanh()),
        Activation::Sigmoid => each(&sigmoid),
        Activation::Silu => each(&|v| v * sigmoid(v)),
        Activation::Mish => each(&|v| v * (T::one() + v.exp()).ln().tanh()),
        Activation::Gelu => {
            let (half, root) = (T::of(0.5), T::of64(std::f64::consts::FRAC_1_SQRT_2));
            each(&|v| half * v * (T::one() + (v * root).erf()))
        }
        Activation::Sin => each(&|v| v.sin()),
        Activation::Exp => each(&|v| v.exp()),
    }
}
