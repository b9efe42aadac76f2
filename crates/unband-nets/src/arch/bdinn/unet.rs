//! The non-invertible U-net that the BDINN paper compares with: same sizes and dense blocks.

use super::coupling::dense;
use crate::arch::count_numbered;
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict, Value};

/// Widths and depths, from fine to coarse. The paper gives none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Channels and residual dense blocks of each level, on the way down and again on the way up.
    pub levels: Vec<(usize, usize)>,
    /// Residual dense blocks between them.
    pub middle: usize,
    /// Channels added by each layer of a dense block.
    pub growth: usize,
}

impl Config {
    /// Derived from names and shapes; `None` for another network.
    pub fn from_state(state: &StateDict) -> Option<Self> {
        let growth = *state.shape("encoder.0.blocks.0.convs.0.weight")?.first()?;
        let level = |l: usize| {
            let width = *state.shape(&format!("encoder.{l}.first.weight"))?.first()?;
            Some((width, count_numbered(state, &format!("encoder.{l}.blocks."))))
        };
        let levels = (0..count_numbered(state, "encoder.")).map(level).collect::<Option<_>>()?;
        Some(Self { levels, middle: count_numbered(state, "middle."), growth })
    }
}

/// 5,971,532 parameters. `[3, H, W] → [3, H, W]`, the clean image; sides are multiples of 8.
///
/// # Errors
/// Widths that give no valid network.
pub fn build(config: &Config) -> Result<Graph, BuildError> {
    let mut net = Net::new("bdinn, U-net");
    let image = net.input("image", 3);
    let mut x = image;
    let mut skips = Vec::with_capacity(config.levels.len());
    for (l, &(width, blocks)) in config.levels.iter().enumerate() {
        x = net.scope(format!("encoder.{l}"), |net| {
            let y = net.pixel_unshuffle(x, 2);
            let y = net.conv3x3("first", y, width);
            net.scope("blocks", |net| residual_blocks(net, y, blocks, config.growth))
        });
        skips.push(x);
    }
    x = net.scope("middle", |net| residual_blocks(net, x, config.middle, config.growth));
    for (l, (&(width, blocks), skip)) in config.levels.iter().zip(skips).enumerate().rev() {
        let finer = l.checked_sub(1).and_then(|l| config.levels.get(l)).map_or(3, |&(width, _)| width);
        x = net.scope(format!("decoder.{l}"), |net| {
            let y = net.concat(&[skip, x]);
            let y = net.conv3x3("first", y, width);
            let y = net.scope("blocks", |net| residual_blocks(net, y, blocks, config.growth));
            let y = net.conv3x3("last", y, 4 * finer);
            net.pixel_shuffle(y, 2)
        });
    }
    let out = net.add(image, x);
    net.finish(&[("image", out)])
}

/// `[n, H, W] → [n, H, W]`, each x plus a dense block of it.
fn residual_blocks(net: &mut Net, x: Value, blocks: usize, growth: usize) -> Value {
    (0..blocks).fold(x, |x, i| {
        net.scope(format!("{i}.convs"), |net| {
            let channels = net.channels(x);
            let y = dense(net, x, channels, growth);
            net.add(y, x)
        })
    })
}
