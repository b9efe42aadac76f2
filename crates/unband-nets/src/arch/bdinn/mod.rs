//! BDINN: an invertible network at three scales, with banded deformable convolutions at the coarsest.
//!
//! Source: Quan, He, Xu, Xu, Ji, "Image debanding using cross-scale invertible networks with banded
//! deformable convolutions", Neural Networks 187 (2025) 107270. Only the layer is public (csxyhe/BDINN). The
//! paper gives the blocks and their order; its tables give the parameter counts. Everything left open was
//! chosen to match those counts. Supervising the banding too (table 6) only changes the loss: the network is
//! the same.
//!
//! | variant | table | parameters | paper | multiply-adds at 256×256 | paper |
//! |---|---|---|---|---|---|
//! | (main) | 1, 3–6 | 5,890,088 | 5.885 M | 37.489 G | 37.401 G |
//! | `unet` | 3 | 5,971,532 | 5.943 M | 34.238 G | 34.122 G |
//! | `one-scale` | 3 | 5,974,560 | 5.953 M | 97.675 G | 97.533 G |
//! | `dense-only` | 4 | 5,942,160 | 5.942 M | 388.258 G |  |
//! | `no-bdacb` | 4 | 5,884,104 | 5.887 M | 37.484 G |  |
//! | `plain-convs` | 4 | 5,856,312 | 5.885 M | 41.688 G |  |
//! | `learned-scaling` | 4 | 5,987,066 | 5.985 M | 37.716 G |  |
//! | `deform-3x5` | 5 | 5,909,544 | 5.887 M | 37.509 G | 37.402 G |
//! | `deform-5x5` | 5 | 5,981,544 | 6.007 M | 37.582 G | 37.525 G |
//! | `banded-3x3` | 5 | 5,865,512 | 5.861 M | 37.464 G | 37.376 G |
//! | `banded-3x7` | 5 | 5,914,664 | 5.909 M | 37.514 G | 37.425 G |
//! | `banded-3x9` | 5 | 5,939,240 | 5.933 M | 37.540 G | 37.450 G |
//! | `banded-5x5` | 5 | 5,931,048 | 5.925 M | 37.531 G | 37.442 G |
//!
//! `dense-only` confirms the dense blocks of the paper: 45 blocks of 6 channels match its count to the last
//! digit.

mod coupling;
mod invertible;
mod options;
mod unet;
mod variants;

pub use invertible::{build, build_inverse};
pub use options::{DEFAULTS, OPTIONS};
pub use unet::{Config as UnetConfig, build as build_unet};

use super::options::Setting;
use super::{Architecture, Options, Purpose, Settings, Use, count_numbered};
use crate::StateDict;
use crate::layer::banded_deform_conv::BandedDeformSpec;

/// Registry entry.
pub const ENTRY: Architecture = Architecture {
    name: "bdinn",
    title: "Cross-scale invertible debanding network with banded deformable convolutions",
    source: "Quan et al., Neural Networks 187 (2025) 107270; layer: csxyhe/BDINN, commit 583fd74",
    use_as: Use::for_purpose(Purpose::Deband),
    build: |o| build(&options::with(o, Config::default().with(o))),
    detect: |state: &StateDict| match Config::from_state(state) {
        Some(config) => Some(build(&config)),
        None => Some(build_unet(&UnetConfig::from_state(state)?)),
    },
    variants: variants::ALL,
    settings: |state| Config::from_state(state).map(|config| config.settings()).unwrap_or_default(),
    assumed: "factors between 1/e and e, kernels stretched by 0.5 to 3 unless the file states options",
    options: DEFAULTS,
    ..Architecture::PLAIN
};

/// Configuration of a network of coupling blocks.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Blocks and the sizes at which they run.
    pub plan: BdinnLayout,
    /// Blocks at the coarsest size of a cross-scale plan.
    pub middle: Middle,
    /// The functions computed from one half for the other.
    pub function: Function,
    /// Up- and downsampling.
    pub scaling: Scaling,
    /// κ of e(h) = κ · (2 · sigmoid(h) − 1), which bounds the logarithm of a factor. `None` is e(h) = h, as
    /// in the paper, which overflows for untrained weights. Shapes do not reveal it: networks read from files
    /// have 1.
    pub clamp: Option<f64>,
    /// Options of the banded convolutions, except for the kernel, which is that of [`Middle::Attention`].
    /// Shapes do not reveal limits and angle.
    pub banded: BandedDeformSpec,
}

/// Blocks and the sizes at which they run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BdinnLayout {
    /// Half of the channels continues to the next, coarser level; the other half bypasses it. From fine to
    /// coarse.
    CrossScale(Vec<Level>),
    /// One sequence of blocks at half the size.
    HalfSize {
        /// Number of blocks.
        blocks: usize,
    },
    /// One sequence of blocks at full size.
    FullSize {
        /// Number of blocks.
        blocks: usize,
    },
}

/// Blocks of one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// On the way down, and again on the way up.
    pub blocks: usize,
    /// On the bypass around the coarser levels.
    pub skip: usize,
}

/// Blocks at the coarsest size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Middle {
    /// Dense block, then channel attention around two deformable convolutions (BDACB).
    Attention {
        /// Number of blocks.
        blocks: usize,
        /// Channels around the convolutions.
        width: usize,
        /// Channels inside the attention.
        inner: usize,
        /// Type of offsets.
        offsets: Offsets,
        /// Rows and columns of a kernel.
        kernel: (usize, usize),
    },
    /// The same blocks as on the other levels.
    Dense {
        /// Number of blocks.
        blocks: usize,
    },
}

/// Tap placement of a deformable convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offsets {
    /// By rotating and stretching the kernel.
    Banded,
    /// Each tap anywhere.
    Free,
}

/// Function of a block, computed from one half for the other: 3×3 convolutions, each but the last followed by
/// a leaky rectifier of 0.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Four convolutions, each reading the outputs of all earlier ones.
    Dense {
        /// Channels added by each.
        growth: usize,
    },
    /// Convolutions in sequence.
    Plain {
        /// Number of convolutions.
        layers: usize,
        /// Channels between them.
        width: usize,
    },
}

/// Up- and downsampling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scaling {
    /// Pixel-unshuffle and -shuffle.
    Shuffle,
    /// Convolution and transposed convolution, 4×4 with stride 2; has no inverse.
    Learned,
}

/// Each level doubles the channels.
const MOST_LEVELS: usize = 8;

/// Side of a kernel.
const LARGEST_KERNEL: usize = 31;

impl Config {
    /// Settings by name, for display.
    fn settings(&self) -> Settings {
        let levels = match &self.plan {
            BdinnLayout::CrossScale(levels) => {
                levels.iter().map(|l| format!("{}+{}", l.blocks, l.skip)).collect()
            }
            BdinnLayout::HalfSize { blocks } | BdinnLayout::FullSize { blocks } => vec![blocks.to_string()],
        };
        let mut settings = vec![("blocks", levels.join(" "))];
        if let Middle::Attention { blocks, width, kernel: (rows, columns), .. } = self.middle {
            settings.push(("middle", format!("{blocks} of width {width}")));
            settings.push(("kernel", format!("{rows}×{columns}")));
        }
        settings
    }

    /// `levels`: blocks and blocks on the bypass of each level, from fine to coarse.
    fn with(mut self, o: &Options) -> Self {
        if let BdinnLayout::CrossScale(levels) = &mut self.plan {
            *levels = o.read("levels", "two numbers for each of 1 to 8 levels", levels.clone(), |text| {
                let pairs = Vec::<(usize, usize)>::read(text)?;
                let levels = || pairs.iter().map(|&(blocks, skip)| Level { blocks, skip }).collect();
                (1..=MOST_LEVELS).contains(&pairs.len()).then(levels)
            });
        }
        if let Middle::Attention { blocks, width, inner, .. } = &mut self.middle {
            (*blocks, *width) = (o.get("middle", *blocks), o.get("width", *width));
            *inner = o.get("inner", *inner);
        }
        if let Function::Dense { growth } = &mut self.function {
            *growth = o.get("growth", *growth);
        }
        self
    }

    /// Derived from names and shapes; `None` for another network.
    pub fn from_state(state: &StateDict) -> Option<Self> {
        let (plan, first) = if state.get("enc.0.0.phi1.convs.0.weight").is_some() {
            let level = |l: usize| Level {
                blocks: count_numbered(state, &format!("enc.{l}.")),
                skip: count_numbered(state, &format!("skip.{l}.")),
            };
            let levels = count_numbered(state, "enc.");
            if levels > MOST_LEVELS {
                return None;
            }
            (BdinnLayout::CrossScale((0..levels).map(level).collect()), "enc.0.0")
        } else {
            let half = *state.shape("blocks.0.phi1.convs.0.weight")?.get(1)?;
            let blocks = count_numbered(state, "blocks.");
            let plan =
                if half == 3 { BdinnLayout::FullSize { blocks } } else { BdinnLayout::HalfSize { blocks } };
            (plan, "blocks.0")
        };
        let [width, half, ..] = *state.shape(&format!("{first}.phi1.convs.0.weight"))? else { return None };
        let second = *state.shape(&format!("{first}.phi1.convs.1.weight"))?.get(1)?;
        let function = if second == width + half {
            Function::Dense { growth: width }
        } else {
            Function::Plain { layers: count_numbered(state, &format!("{first}.phi1.convs.")), width }
        };
        let scaling = if state.get("down.0.weight").is_some() { Scaling::Learned } else { Scaling::Shuffle };
        let banded = banded_of(state);
        Some(Self { plan, middle: Middle::from_state(state)?, function, scaling, clamp: Some(1.0), banded })
    }
}

/// Groups and scale of the banded convolutions; the rest as by default.
fn banded_of(state: &StateDict) -> BandedDeformSpec {
    let (spec, bend) = (BandedDeformSpec::default(), "mid.0.phi1.rcam.bd1");
    let channels = |name: &str| state.shape(&format!("{bend}.{name}.weight"))?.get(1).copied();
    let (Some(all), Some(own @ 1..)) = (channels("conv_rotation"), channels("conv")) else { return spec };
    let rescale = state.get(&format!("{bend}.conv_whole.weight")).is_some();
    BandedDeformSpec { groups: (all / own).max(1), rescale, ..spec }
}

impl Middle {
    fn from_state(state: &StateDict) -> Option<Self> {
        let blocks = count_numbered(state, "mid.");
        let rcam = "mid.0.phi1.rcam";
        let Some(inner) = state.shape(&format!("{rcam}.ca.down.weight")) else {
            return Some(Self::Dense { blocks });
        };
        let (inner, width) = (*inner.first()?, *inner.get(1)?);
        let banded = state.get(&format!("{rcam}.bd1.conv_rotation.weight")).is_some();
        let offsets = if banded { Offsets::Banded } else { Offsets::Free };
        let [_, _, rows, columns] = *state.shape(&format!("{rcam}.bd1.conv.weight"))? else { return None };
        let kernel = (rows, columns);
        (rows.max(columns) <= LARGEST_KERNEL).then_some(Self::Attention {
            blocks,
            width,
            inner,
            offsets,
            kernel,
        })
    }
}
