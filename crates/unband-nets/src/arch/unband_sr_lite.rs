//! unband-sr-lite: unband's light network for blind upscaling.
//!
//! It works at the image's size and at half of it, where the receptive field grows at less cost. One layer
//! produces all samples of the upscaled image at once.

use super::{Architecture, Purpose, Use, Variant, listed};
use crate::layer::conv::ConvSpec;
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict, Value};

/// Registry entry.
pub(crate) const ENTRY: Architecture = Architecture {
    name: "unband-sr-lite",
    title: "Light blind upscaling at two scales with a pixel-shuffle head",
    source: "unband (docs/guide/upscaling.md)",
    use_as: Use::for_purpose(Purpose::Upscale),
    build: |o| build(&Config::default().with(o)),
    detect: |state: &StateDict| Some(build(&Config::from_state(state)?)),
    variants: &[Variant {
        name: "x2",
        title: "×2 upscaling",
        build: |o| build(&Config { scale: 2, ..Config::default() }.with(o)),
    }],
    settings: |state| {
        let of = |config: Config| {
            vec![
                ("scale", config.scale.to_string()),
                ("widths", listed(&config.widths)),
                ("blocks", listed(&config.blocks)),
            ]
        };
        Config::from_state(state).map(of).unwrap_or_default()
    },
    ..Architecture::PLAIN
};

/// Widths, depth and scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    /// Scale factor: size of the result over that of the image.
    pub scale: usize,
    /// Channels at full and at half size.
    pub widths: [usize; 2],
    /// Residual blocks before the half size, at it, and after it.
    pub blocks: [usize; 3],
}

impl Default for Config {
    fn default() -> Self {
        Self { scale: 4, widths: [48, 64], blocks: [1, 2, 2] }
    }
}

/// Names of the groups of blocks, in order.
const GROUPS: [&str; 3] = ["before", "half", "after"];

super::options::with_options!(Config: scale, widths, blocks);

impl Config {
    /// Derived from names and shapes; `None` for another network.
    pub(crate) fn from_state(state: &StateDict) -> Option<Self> {
        let &[half, full, 3, 3] = state.shape("down.weight")? else { return None };
        let &[out, head, 3, 3] = state.shape("head.weight")? else { return None };
        let scale = (1..=8).find(|scale| 3 * scale * scale == out)?;
        let blocks = GROUPS.map(|group| super::count_numbered(state, &format!("{group}.")));
        (head == full).then_some(Self { scale, widths: [full, half], blocks })
    }
}

/// ×4 325,712 parameters, ×2 310,124; `[3, H, W] → [3, scale·H, scale·W]`, any size.
///
/// # Errors
/// Widths that give no valid network.
pub(crate) fn build(config: &Config) -> Result<Graph, BuildError> {
    let [full, half] = config.widths;
    let mut net = Net::new("unband-sr-lite");
    let image = net.input("image", 3);
    let first = net.conv3x3("first", image, full);
    let before = blocks(&mut net, GROUPS[0], first, config.blocks[0]);
    let small = net.conv("down", before, half, ConvSpec::new(3).stride(2));
    let small = net.prelu("down_act", small, half);
    let small = blocks(&mut net, GROUPS[1], small, config.blocks[1]);
    let small = net.conv1x1("up", small, full);
    let back = net.bilinear_like(small, before);
    let joined = net.add(back, before);
    let after = blocks(&mut net, GROUPS[2], joined, config.blocks[2]);
    let after = net.add(after, first);
    let detail = net.conv3x3("head", after, 3 * config.scale * config.scale);
    let detail = net.pixel_shuffle(detail, config.scale);
    let plain = net.bilinear_like(image, detail);
    let out = net.add(plain, detail);
    net.finish(&[("image", out)])
}

/// Residual blocks `name.0`, `name.1`, …
fn blocks(net: &mut Net, name: &str, x: Value, count: usize) -> Value {
    (0..count).fold(x, |x, i| net.scope(format!("{name}.{i}"), |net| block(net, x)))
}

/// `[C, H, W] → [C, H, W]`: x plus two convolutions with a rectifier between them.
fn block(net: &mut Net, x: Value) -> Value {
    let width = net.channels(x);
    let y = net.conv3x3("conv1", x, width);
    let y = net.prelu("act", y, width);
    let y = net.conv3x3("conv2", y, width);
    net.add(x, y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shape;
    use crate::state::fill;

    #[test]
    fn it_is_light_and_is_known_by_its_shapes() {
        for (scale, count) in [(4, 325_712), (2, 310_124)] {
            let config = Config { scale, ..Config::default() };
            let graph = build(&config).unwrap();
            assert_eq!(graph.parameter_count(), count);
            assert_eq!(Config::from_state(&fill::golden(&graph.stored())), Some(config));
            let shapes = graph.shapes(13, 7).unwrap();
            assert_eq!(shapes[graph.outputs[0].1.index()], Shape::new(3, 13 * scale, 7 * scale));
        }
    }
}
