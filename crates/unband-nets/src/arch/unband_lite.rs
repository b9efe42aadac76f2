//! unband-lite: our own light network. It is told on which grid the picture lies and what the smoothest surface inside the
//! cells would be, and says in cells what to change of that.

use super::{Architecture, Purpose, Sees, Use, listed};
use crate::layer::conv::ConvSpec;
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict, Value};

/// The registry's line.
pub const ENTRY: Architecture = Architecture {
    name: "unband-lite",
    title: "Light multi-scale debanding in cells of the detected grid",
    source: "unband (docs/training.md)",
    use_as: Use { sees: Sees::Cells, ..Use::of(Purpose::Deband) },
    build: || build(&Config::default()),
    detect: |state: &StateDict| Some(build(&Config::of(state)?)),
    variants: &[],
    settings: |state| {
        let widths = Config::of(state).map(|config| ("widths", listed(&config.widths)));
        widths.into_iter().collect()
    },
    assumed: "",
};

/// Channels that say where each sample lies: what the surface would change of Y, U and V, in cells; two triangle waves of the
/// place in its cell for each plane of the found space.
pub const CELL_PLANES: usize = 9;
/// Numbers that tell of the grid: steps of Y, U and V as shares of full scale, their logarithms in codes, for each plane of the
/// found space whether a grid was found, whether that space is YUV, whether its chroma has half the size, whether the picture
/// was coded with loss.
pub const CELL_NUMBERS: usize = 12;

/// BT.601's colour differences in 0 to 1, as JPEG has them: any space serves that parts brightness from colour.
const TO_RGB: [f32; 9] = [1.0, 0.0, 1.402, 1.0, -0.344_136_3, -0.714_136_3, 1.0, 1.772, 0.0];

/// How wide it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Channels at 1/4, 1/8, 1/16 and 1/32 of the size.
    pub widths: [usize; 4],
}

impl Default for Config {
    fn default() -> Self {
        Self { widths: [48, 64, 96, 96] }
    }
}

impl Config {
    /// From names and shapes; `None` for another network.
    pub fn of(state: &StateDict) -> Option<Self> {
        let &[first, _] = state.shape("grid.weight")? else { return None };
        let mut widths = [first, 0, 0, 0];
        for (level, width) in widths.iter_mut().enumerate().skip(1) {
            *width = *state.shape(&format!("down.{}.bias", level - 1))?.first()?;
        }
        Some(Self { widths })
    }
}

/// Sides are multiples of 4, from 32 on.
///
/// Inputs: red, green and blue of 0 to 1 `[3, H, W]`, what is known of each sample `[9, H, W]` ([`CELL_PLANES`]) and of the
/// grid `[12]` ([`CELL_NUMBERS`]). `[3, H, W] → [3, H, W]`. With `tail` all 0 the result is the smooth surface.
///
/// # Errors
/// Widths that make no network.
pub fn build(config: &Config) -> Result<Graph, BuildError> {
    let widths = config.widths;
    let mut net = Net::new("unband-lite");
    let image = net.input("image", 3);
    let cells = net.input("cells", CELL_PLANES);
    let grid = net.point_input("grid", CELL_NUMBERS);
    let all = net.concat(&[image, cells]);
    let all = net.pixel_unshuffle(all, 4);
    let x = net.conv1x1("head", all, widths[0]);
    let told = net.linear("grid", grid, widths[0]);
    let x = net.add(x, told);
    let mut x = net.relu(x);
    let mut features: Vec<Value> = Vec::new();
    for level in 0..3 {
        // At 1/4 most operations are made, and the way back has a block there.
        if level > 0 {
            x = block(&mut net, &format!("encoder.{level}"), x, 1);
        }
        features.push(x);
        x = net.conv(format!("down.{level}"), x, widths[level + 1], ConvSpec::new(2).stride(2).padding(0));
        x = net.relu(x);
    }
    for (n, dilation) in [1, 2, 4].into_iter().enumerate() {
        x = block(&mut net, &format!("coarse.{n}"), x, dilation);
    }
    for level in (0..3).rev() {
        let y = net.conv1x1(format!("up.{level}"), x, widths[level]);
        let y = net.bilinear_like(y, features[level]);
        let y = net.add(features[level], y);
        x = block(&mut net, &format!("decoder.{level}"), y, 1);
    }
    let change = net.conv1x1("tail", x, 48);
    let change = net.pixel_shuffle(change, 4);
    let surface = net.slice(cells, 0, 3);
    let change = net.add(change, surface);
    let step = net.slice(grid, 0, 3);
    let change = net.mul(change, step);
    let change = net.fixed_conv("rgb", change, [3, 3, 1, 1], TO_RGB.to_vec());
    let out = net.add(image, change);
    net.finish(&[("image", out)])
}

/// x + relu(conv(x)).
fn block(net: &mut Net, name: &str, x: Value, dilation: usize) -> Value {
    let channels = net.channels(x);
    let y = net.conv(name, x, channels, ConvSpec::new(3).padding(dilation).dilation(dilation));
    let y = net.relu(y);
    net.add(x, y)
}
