//! BDINN assembled from coupling blocks, forward and inverse.

use super::coupling::{Chain, Direction};
use super::{BdinnLayout, Config, Level, Middle, Scaling};
use crate::layer::conv::ConvSpec;
use crate::net::{BuildError, Net};
use crate::param::Role;
use crate::{Graph, Value};

/// Inputs: the banded image `image` `[3, H, W]`, duplicated. Outputs: the clean image `image` and its
/// `banding`, `[3, H, W]` each.
///
/// # Errors
/// Widths that give no valid network.
pub fn build(config: &Config) -> Result<Graph, BuildError> {
    let mut net = Net::new("bdinn");
    let image = net.input("image", 3);
    let both = net.concat(&[image, image]);
    let out = pass(&mut net, both, config, Direction::Forward);
    let (clean, banding) = net.halves(out);
    net.finish(&[("image", clean), ("banding", banding)])
}

/// The same network with the same parameters, inverted. Inputs: a clean image `image` and a `banding`.
/// Outputs: the banded image `image` and its second `copy`. Inverts [`build`].
///
/// # Errors
/// Widths that give no valid network; learned scaling, which has no inverse.
pub fn build_inverse(config: &Config) -> Result<Graph, BuildError> {
    let mut net = Net::new("bdinn, inverse");
    // Registers its parameters in the same order.
    for param in build(config)?.params {
        match param.role {
            Role::Integer => net.integer(&param.name, &param.shape),
            _ => net.weight(&param.name, &param.shape, param.form),
        };
    }
    let clean = net.input("image", 3);
    let banding = net.input("banding", 3);
    if config.scaling == Scaling::Learned {
        net.scope("down.0", |net| net.fault("a convolution that changes the size has no inverse".into()));
    }
    let both = net.concat(&[clean, banding]);
    let out = pass(&mut net, both, config, Direction::Inverse);
    let (image, copy) = net.halves(out);
    net.finish(&[("image", image), ("copy", copy)])
}

fn pass(net: &mut Net, x: Value, config: &Config, direction: Direction) -> Value {
    let chain = Chain { config, direction, middle: None };
    match &config.plan {
        BdinnLayout::CrossScale(levels) => cross_scale(net, x, levels, chain),
        BdinnLayout::HalfSize { blocks } => {
            let x = net.pixel_unshuffle(x, 2);
            let x = chain.add(net, "blocks", x, *blocks);
            net.pixel_shuffle(x, 2)
        }
        BdinnLayout::FullSize { blocks } => chain.add(net, "blocks", x, *blocks),
    }
}

/// Down and up again. In the inverse, the upward path runs downward.
fn cross_scale(net: &mut Net, mut x: Value, levels: &[Level], chain: Chain<'_>) -> Value {
    let Chain { config, direction, .. } = chain;
    let (down, up) = match direction {
        Direction::Forward => ("enc", "dec"),
        Direction::Inverse => ("dec", "enc"),
    };
    let mut around = Vec::with_capacity(levels.len());
    for (l, level) in levels.iter().enumerate() {
        x = match config.scaling {
            Scaling::Shuffle => net.pixel_unshuffle(x, 2),
            Scaling::Learned => {
                let channels = 4 * net.channels(x);
                net.conv(format!("down.{l}"), x, channels, ConvSpec::new(4).stride(2).padding(1))
            }
        };
        x = chain.add(net, &format!("{down}.{l}"), x, level.blocks);
        let (skip, rest) = net.halves(x);
        around.push(chain.add(net, &format!("skip.{l}"), skip, level.skip));
        x = rest;
    }
    x = match &config.middle {
        Middle::Dense { blocks } => chain.add(net, "mid", x, *blocks),
        middle @ Middle::Attention { blocks, .. } => {
            Chain { middle: Some(middle), ..chain }.add(net, "mid", x, *blocks)
        }
    };
    for (l, (level, skip)) in levels.iter().zip(around).enumerate().rev() {
        let joined = net.concat(&[skip, x]);
        let y = chain.add(net, &format!("{up}.{l}"), joined, level.blocks);
        x = match config.scaling {
            Scaling::Shuffle => net.pixel_shuffle(y, 2),
            Scaling::Learned => {
                let channels = net.channels(y) / 4;
                net.conv_transpose(format!("up.{l}"), y, channels, (4, 2, 1), true)
            }
        };
    }
    x
}
