//! RRDBNet, the generator of ESRGAN, RealSR, FSSR, BSRNet and BSRGAN (Wang et al. 2018; Zhang et al. 2021).

use super::{Architecture, Purpose, Settings, Use, Variant, count_numbered};
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict, Value};

/// Registry entry.
pub const ENTRY: Architecture = Architecture {
    name: "rrdbnet",
    title: "Residual-in-residual dense blocks: ESRGAN, RealSR, BSRNet, BSRGAN, Real-ESRGAN",
    source: "Wang et al., ESRGAN, ECCVW 2018; cszn/KAIR models/network_rrdbnet.py",
    use_as: Use::for_purpose(Purpose::Upscale),
    build: |o| build(&Config::default().with(o)),
    detect: |state: &StateDict| Some(build(&Config::from_state(state)?)),
    variants: &[
        Variant {
            name: "x2",
            title: "BSRGAN ×2",
            build: |o| build(&Config { doublings: 1, ..Config::default() }.with(o)),
        },
        Variant {
            name: "x2-unshuffle",
            title: "Real-ESRGAN ×2, working at half the input size",
            build: |o| build(&Config { unshuffle: 2, ..Config::default() }.with(o)),
        },
        Variant {
            name: "x1-unshuffle",
            title: "BasicSR's ×1, working at a quarter of the input size",
            build: |o| build(&Config { unshuffle: 4, ..Config::default() }.with(o)),
        },
        Variant {
            name: "small",
            title: "Few and narrow blocks, for trial trainings",
            build: |o| build(&Config { nf: 16, nb: 4, gc: 8, ..Config::default() }.with(o)),
        },
        Variant {
            name: "small-x2",
            title: "The same, ×2",
            build: |o| build(&Config { nf: 16, nb: 4, gc: 8, doublings: 1, ..Config::default() }.with(o)),
        },
    ],
    settings: |state| Config::from_state(state).map(|config| config.settings()).unwrap_or_default(),
    ..Architecture::PLAIN
};

/// Widths, depth and scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Channels between blocks.
    pub nf: usize,
    /// Number of blocks.
    pub nb: usize,
    /// Channels added by each dense layer.
    pub gc: usize,
    /// Number of doublings of the image size: 2 for ×4.
    pub doublings: usize,
    /// Pixel-unshuffle before the first convolution: Real-ESRGAN's ×2 (2) and ×1 (4).
    pub unshuffle: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { nf: 64, nb: 23, gc: 32, doublings: 2, unshuffle: 1 }
    }
}

/// Doublings of the image size: ×16.
const MOST_DOUBLINGS: usize = 4;

super::options::with_options!(Config: nf, nb, gc, doublings, unshuffle);

impl Config {
    /// Settings by name, for display.
    fn settings(&self) -> Settings {
        vec![
            ("nf", self.nf.to_string()),
            ("nb", self.nb.to_string()),
            ("gc", self.gc.to_string()),
            ("unshuffle", self.unshuffle.to_string()),
        ]
    }

    /// Derived from shapes; `None` for another network.
    pub fn from_state(state: &StateDict) -> Option<Self> {
        let &[nf, inputs, 3, 3] = state.shape("conv_first.weight")? else { return None };
        let &[gc, dense, 3, 3] = state.shape("RRDB_trunk.0.RDB1.conv1.weight")? else { return None };
        let unshuffle = match inputs {
            3 => 1,
            12 => 2,
            48 => 4,
            _ => return None,
        };
        let nb = count_numbered(state, "RRDB_trunk.");
        let doublings = 1 + usize::from(state.get("upconv2.weight").is_some());
        (dense == nf).then_some(Self { nf, nb, gc, doublings, unshuffle })
    }

    /// Scale factor: size of the result over that of the image.
    pub fn scale(&self) -> usize {
        (1 << self.doublings) / self.unshuffle
    }
}

/// ×4: 16,697,987 parameters in 702 tensors; ×2: 16,661,059 in 700. `[3, H, W] → [3, scale·H, scale·W]`.
///
/// # Errors
/// Widths that give no valid network.
pub fn build(config: &Config) -> Result<Graph, BuildError> {
    let mut net = Net::new("rrdbnet");
    if config.unshuffle == 0 || config.doublings > MOST_DOUBLINGS {
        net.fault(format!("`unshuffle` is at least 1, `doublings` are at most {MOST_DOUBLINGS}"));
    }
    let image = net.input("image", 3);
    let x = if config.unshuffle > 1 { net.pixel_unshuffle(image, config.unshuffle) } else { image };
    let features = net.conv3x3("conv_first", x, config.nf);
    let mut trunk = features;
    for b in 0..config.nb {
        trunk = net.scope(format!("RRDB_trunk.{b}"), |net| {
            let mut y = trunk;
            for r in 1..=3 {
                y = net.scope(format!("RDB{r}"), |net| residual_dense_block(net, y, config.gc));
            }
            net.add_scaled(y, 0.2, trunk)
        });
    }
    let trunk = net.conv3x3("trunk_conv", trunk, config.nf);
    let mut y = net.add(features, trunk);
    for i in 1..=config.doublings {
        let larger = net.upsample_nearest(y, 2);
        let larger = net.conv3x3(format!("upconv{i}"), larger, config.nf);
        y = net.lrelu(larger, 0.2);
    }
    let y = net.conv3x3("HRconv", y, config.nf);
    let y = net.lrelu(y, 0.2);
    let out = net.conv3x3("conv_last", y, 3);
    net.finish(&[("image", out)])
}

/// `[nf, H, W] → [nf, H, W]`.
fn residual_dense_block(net: &mut Net, x: Value, gc: usize) -> Value {
    let nf = net.channels(x);
    let mut seen = vec![x];
    for i in 1..=4 {
        let joined = net.concat(&seen);
        let y = net.conv3x3(format!("conv{i}"), joined, gc);
        seen.push(net.lrelu(y, 0.2));
    }
    let joined = net.concat(&seen);
    let y = net.conv3x3("conv5", joined, nf);
    net.add_scaled(y, 0.2, x)
}
