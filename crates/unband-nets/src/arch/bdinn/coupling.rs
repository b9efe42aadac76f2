//! Invertible coupling blocks: each half of the channels is scaled and shifted by functions of the other
//! half.

use super::{Config, Function, Middle, Offsets};
use crate::Value;
use crate::layer::activation::Activation;
use crate::layer::banded_deform_conv::BandedDeformSpec;
use crate::layer::pool::Reduce;
use crate::net::Net;

/// Direction through the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Forward,
    Inverse,
}

/// Coupling blocks in a row.
#[derive(Clone, Copy)]
pub(super) struct Chain<'a> {
    pub config: &'a Config,
    pub direction: Direction,
    /// Their functions, if they are not dense blocks.
    pub middle: Option<&'a Middle>,
}

impl Chain<'_> {
    /// Blocks `NAME.0`, `NAME.1`, … in order, or in reverse.
    pub(super) fn add(self, net: &mut Net, name: &str, x: Value, blocks: usize) -> Value {
        (0..blocks).fold(x, |x, i| {
            let i = if self.direction == Direction::Forward { i } else { blocks - 1 - i };
            net.scope(format!("{name}.{i}"), |net| block(net, x, self))
        })
    }
}

/// Forward, in this order:
/// second ← second · exp e(φ₁(first)) + ψ₁(first);
/// first ← first · exp e(φ₂(second)) + ψ₂(second).
///
/// Differs: in the paper's equations (2) and (3), φ₂ and ψ₂ read the second half as it was on input; then (3)
/// does not invert (2).
fn block(net: &mut Net, x: Value, chain: Chain<'_>) -> Value {
    let Chain { config, direction, middle } = chain;
    let (first, second) = net.halves(x);
    let mut half = |kept: Value, changed: Value, number: u8| {
        let phi = net.scope(format!("phi{number}"), |net| function(net, kept, middle, config));
        let psi = net.scope(format!("psi{number}"), |net| function(net, kept, middle, config));
        match direction {
            Direction::Forward => {
                let factor = factor(net, phi, config.clamp, 1.0);
                let scaled = net.mul(changed, factor);
                net.add(scaled, psi)
            }
            Direction::Inverse => {
                let factor = factor(net, phi, config.clamp, -1.0);
                let moved = net.sub(changed, psi);
                net.mul(moved, factor)
            }
        }
    };
    let (first, second) = if direction == Direction::Forward {
        let second = half(first, second, 1);
        (half(second, first, 2), second)
    } else {
        let first = half(second, first, 2);
        (first, half(first, second, 1))
    };
    net.concat(&[first, second])
}

/// exp(sign · e(h)).
fn factor(net: &mut Net, h: Value, clamp: Option<f64>, sign: f64) -> Value {
    let e = match clamp {
        Some(kappa) => {
            let s = net.activation(h, Activation::Sigmoid);
            net.affine(s, 2.0 * sign * kappa, -sign * kappa)
        }
        None if sign < 0.0 => net.affine(h, sign, 0.0),
        None => h,
    };
    net.activation(e, Activation::Exp)
}

/// φ or ψ. `[n, H, W] → [n, H, W]`.
fn function(net: &mut Net, x: Value, middle: Option<&Middle>, config: &Config) -> Value {
    let channels = net.channels(x);
    match middle {
        Some(&Middle::Attention { width, inner, offsets, kernel, .. }) => {
            let y = net.scope("dense", |net| convs(net, x, width, config.function));
            let y = net.scope("rcam", |net| attended(net, y, inner, offsets, kernel, config));
            net.conv1x1("out", y, channels)
        }
        _ => convs(net, x, channels, config.function),
    }
}

fn convs(net: &mut Net, x: Value, output: usize, function: Function) -> Value {
    net.scope("convs", |net| match function {
        Function::Dense { growth } => dense(net, x, output, growth),
        Function::Plain { layers, width } => {
            let last = layers.saturating_sub(1);
            let y = (0..last).fold(x, |y, i| {
                let y = net.conv3x3(i.to_string(), y, width);
                net.lrelu(y, 0.2)
            });
            net.conv3x3(last.to_string(), y, output)
        }
    })
}

/// Four 3×3 convolutions, each reading the outputs of all earlier ones. `[n, H, W] → [output, H, W]`.
pub(super) fn dense(net: &mut Net, x: Value, output: usize, growth: usize) -> Value {
    let mut seen = x;
    for i in 0..3 {
        let y = net.conv3x3(i.to_string(), seen, growth);
        let y = net.lrelu(y, 0.2);
        seen = net.concat(&[seen, y]);
    }
    net.conv3x3("3", seen, output)
}

/// Channel attention around two deformable convolutions, with two skip connections.
fn attended(
    net: &mut Net,
    x: Value,
    inner: usize,
    offsets: Offsets,
    kernel: (usize, usize),
    config: &Config,
) -> Value {
    let channels = net.channels(x);
    let bend = |net: &mut Net, name: &str, x: Value| match offsets {
        Offsets::Banded => {
            let spec = BandedDeformSpec { kernel, ..config.banded };
            net.banded_deform_conv(name, x, channels, spec)
        }
        Offsets::Free => net.deform_conv(name, x, channels, kernel),
    };
    let y = bend(net, "bd1", x);
    let y = net.lrelu(y, 0.2);
    let y = bend(net, "bd2", y);
    let weights = net.scope("ca", |net| {
        let mean = net.reduce(y, Reduce::Mean);
        let inside = net.conv1x1("down", mean, inner);
        let inside = net.relu(inside);
        let weights = net.conv1x1("up", inside, channels);
        net.activation(weights, Activation::Sigmoid)
    });
    let weighted = net.mul(y, weights);
    let sum = net.add(weighted, y);
    net.add(sum, x)
}
