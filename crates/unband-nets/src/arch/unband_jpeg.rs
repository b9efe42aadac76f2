//! unband-jpeg: unband's light network for JPEG files, on top of a restored image.
//!
//! Position in the 8×8 blocks and quantiser steps are known. The difference between restored and decoded
//! image shows the noise that was already removed; local means are subtracted, as only details matter.

use super::{Architecture, Purpose, Sees, Use, count_numbered};
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict, Value};

/// Registry entry.
pub const ENTRY: Architecture = Architecture {
    name: "unband-jpeg",
    title: "Light restoration of JPEG files, conditioned on blocks and quantiser steps",
    source: "unband (docs/how/jpeg.md)",
    use_as: Use { sees: Sees::Blocks, ..Use::for_purpose(Purpose::Deband) },
    build: |o| build(&Config::default().with(o)),
    detect: |state: &StateDict| Some(build(&Config::from_state(state)?)),
    settings: |state| {
        let of =
            |config: Config| vec![("width", config.width.to_string()), ("blocks", config.blocks.to_string())];
        Config::from_state(state).map(of).unwrap_or_default()
    },
    ..Architecture::PLAIN
};

/// Conditioning channels per sample: restored minus decoded image (red, green, blue); restored image minus
/// the mean of [`MEAN`]² samples around; for columns and for rows, 1 in the first half of a block and −1 in
/// the second.
pub const BLOCK_PLANES: usize = 8;
/// Side of the square of samples whose mean is subtracted.
pub const MEAN: usize = 17;
/// Conditioning scalars: for luma and for chroma, a third of the natural logarithm of the mean quantiser step
/// of the first 3, the next 12 and the last 49 coefficients in zigzag order.
pub const STEP_INPUTS: usize = 6;

/// Side of the squares of samples that are processed as a unit.
const SQUARE: usize = 2;
/// Factor of the changes that were already made, so that they are about 1.
const CHANGES: f64 = -40.0;
/// Factor of differences from the local mean.
const DETAILS: f64 = 10.0;
/// Factor of the result.
const RESULT: f64 = 0.1;

/// Width and depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Channels at half the size.
    pub width: usize,
    /// Residual blocks of two convolutions.
    pub blocks: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { width: 32, blocks: 4 }
    }
}

super::options::with_options!(Config: width, blocks);

impl Config {
    /// Derived from names and shapes; `None` for another network.
    pub fn from_state(state: &StateDict) -> Option<Self> {
        let &[width, STEP_INPUTS] = state.shape("quantisation.weight")? else { return None };
        Some(Self { width, blocks: count_numbered(state, "blocks.") })
    }
}

/// Builds the network. Sides are multiples of 2.
///
/// Inputs: the decoded image, red, green and blue of 0 to 1 `[3, H, W]`; conditioning per sample `[8, H, W]`
/// ([`BLOCK_PLANES`]); quantiser steps `[6]` ([`STEP_INPUTS`]). `[3, H, W] → [3, H, W]`. With `tail` all 0
/// the result is the restored image.
///
/// # Errors
/// Widths that give no valid network.
pub fn build(config: &Config) -> Result<Graph, BuildError> {
    let width = config.width;
    let mut net = Net::new("unband-jpeg");
    let image = net.input("image", 3);
    let known = net.input("blocks", BLOCK_PLANES);
    let steps = net.point_input("quantisation", STEP_INPUTS);
    let change = net.slice(known, 0, 3);
    let seen = see(&mut net, known);
    let x = net.conv3x3("head", seen, width);
    let steps = net.linear("quantisation", steps, width);
    let mut x = net.add(x, steps);
    for n in 0..config.blocks {
        x = net.scope(format!("blocks.{n}"), |net| block(net, x));
    }
    let x = net.relu(x);
    let more = net.conv3x3("tail", x, 3 * SQUARE * SQUARE);
    let more = net.pixel_shuffle(more, SQUARE);
    let more = net.affine(more, RESULT, 0.0);
    let more = net.add(change, more);
    let out = net.add(image, more);
    net.finish(&[("image", out)])
}

/// The conditioning as squares; the position once per square.
fn see(net: &mut Net, known: Value) -> Value {
    const AREA: usize = SQUARE * SQUARE;
    let squares = net.pixel_unshuffle(known, SQUARE);
    let changes = net.slice(squares, 0, 3 * AREA);
    let changes = net.affine(changes, CHANGES, 0.0);
    let details = net.slice(squares, 3 * AREA, 3 * AREA);
    let details = net.affine(details, DETAILS, 0.0);
    let column = net.slice(squares, 6 * AREA, 1);
    let row = net.slice(squares, 7 * AREA, 1);
    net.concat(&[changes, details, column, row])
}

/// `[C, H, W] → [C, H, W]`: x plus two convolutions, each after a rectifier.
fn block(net: &mut Net, x: Value) -> Value {
    let width = net.channels(x);
    let y = net.relu(x);
    let y = net.conv3x3("conv1", y, width);
    let y = net.relu(y);
    let y = net.conv3x3("conv2", y, width);
    net.add(x, y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_light_and_is_known_by_its_shapes() {
        for config in [Config::default(), Config { width: 8, blocks: 1 }] {
            let graph = build(&config).unwrap();
            let tensors = graph.stored().into_iter().map(|stored| {
                let data = crate::Data::F32(vec![0.0; stored.shape.iter().product()]);
                (stored.name, crate::Tensor { shape: stored.shape, data })
            });
            assert_eq!(Config::from_state(&tensors.collect()), Some(config));
        }
        assert_eq!(build(&Config::default()).unwrap().parameter_count(), 85_196);
    }
}
