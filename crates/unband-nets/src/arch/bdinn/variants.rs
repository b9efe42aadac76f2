//! The network and its ablations in two sizes: the paper's, and a narrow one to learn on a small machine.

use super::{
    BdinnLayout, Config, Function, Level, Middle, Offsets, Scaling, build, build_inverse, build_unet,
};
use super::{options, unet};
use crate::Graph;
use crate::arch::Variant;
use crate::layer::banded_deform_conv::BandedDeformSpec;
use crate::net::BuildError;

/// Depths and widths.
struct Size {
    /// From fine to coarse.
    levels: &'static [Level],
    /// Blocks at the coarsest size.
    middle: usize,
    /// Channels of banded convolutions.
    banded: usize,
    /// Channels of convolutions with free offsets.
    free: usize,
    /// Channels added by each layer of a dense block.
    growth: usize,
    /// Channels between plain convolutions.
    plain: usize,
    /// Blocks, where all run at half the size.
    half: usize,
    /// Blocks, where all run at full size.
    full: usize,
    /// Channels and blocks of the U-net's levels.
    unet: &'static [(usize, usize)],
}

/// Chosen to match the counts of the paper's tables.
const PUBLISHED: Size = Size {
    levels: &[Level { blocks: 3, skip: 3 }, Level { blocks: 3, skip: 1 }, Level { blocks: 1, skip: 2 }],
    middle: 2,
    banded: 16,
    // Free offsets need many more parameters, but the paper's counts hardly differ.
    free: 14,
    growth: 32,
    plain: 68,
    half: 30,
    full: 45,
    unet: &[(64, 4), (96, 2), (128, 1)],
};

/// One level less. Ablations have as many multiply-adds as the network, not as many parameters.
const SMALL: Size = Size {
    levels: &[Level { blocks: 1, skip: 1 }; 2],
    middle: 1,
    banded: 8,
    free: 6,
    growth: 4,
    plain: 13,
    half: 4,
    full: 4,
    unet: &[(24, 1), (32, 1)],
};

impl Size {
    fn config(&self) -> Config {
        Config {
            plan: BdinnLayout::CrossScale(self.levels.to_vec()),
            middle: self.deformable(Offsets::Banded, (3, 5)),
            function: Function::Dense { growth: self.growth },
            scaling: Scaling::Shuffle,
            clamp: Some(1.0),
            banded: BandedDeformSpec::default(),
        }
    }

    fn deformable(&self, offsets: Offsets, kernel: (usize, usize)) -> Middle {
        let width = if offsets == Offsets::Free { self.free } else { self.banded };
        Middle::Attention { blocks: self.middle, width, inner: 4, offsets, kernel }
    }
}

impl Default for Config {
    fn default() -> Self {
        PUBLISHED.config()
    }
}

impl Default for unet::Config {
    fn default() -> Self {
        u_net(&PUBLISHED)
    }
}

fn u_net(size: &Size) -> unet::Config {
    unet::Config { levels: size.unet.to_vec(), middle: size.middle, growth: size.growth }
}

/// Both sizes of each ablation; the narrow ones are named `small-…`.
macro_rules! variants {
    ($($name:literal, $title:literal: |$size:ident| $graph:expr;)*) => {
        &[
            Variant::small(|o| build(&options::with(o, SMALL.config().with(o)))),
            $(
                Variant { name: $name, title: $title, build: |_| { let $size = &PUBLISHED; $graph } },
                Variant {
                    name: concat!("small-", $name),
                    title: concat!("narrow; ", $title),
                    build: |_| { let $size = &SMALL; $graph },
                },
            )*
        ]
    };
}

/// All but the main configuration.
pub(super) const ALL: &[Variant] = variants! {
    "inverse", "inverse: from a clean image and its banding to the banded image":
        |size| build_inverse(&size.config());
    "unet", "table 3: a U-net without inverse":
        |size| build_unet(&u_net(size));
    "one-scale", "table 3: invertible, all at half the size":
        |size| with(size, |c| c.plan = BdinnLayout::HalfSize { blocks: size.half });
    "dense-only", "table 4: dense blocks only, at full size":
        |size| with(size, |c| c.plan = BdinnLayout::FullSize { blocks: size.full });
    "no-bdacb", "table 4: dense blocks instead of banded ones":
        |size| with(size, |c| c.middle = Middle::Dense { blocks: size.middle });
    "plain-convs", "table 4: plain convolutions instead of dense blocks":
        |size| with(size, |c| c.function = Function::Plain { layers: 3, width: size.plain });
    "learned-scaling", "table 4: convolutions instead of pixel (un)shuffles, no inverse":
        |size| with(size, |c| c.scaling = Scaling::Learned);
    "deform-3x5", "table 5: deformable convolutions with free offsets":
        |size| with(size, |c| c.middle = size.deformable(Offsets::Free, (3, 5)));
    "deform-5x5", "table 5: larger kernels with free offsets":
        |size| with(size, |c| c.middle = size.deformable(Offsets::Free, (5, 5)));
    "banded-3x3", "table 5: banded kernels of another size":
        |size| with(size, |c| c.middle = size.deformable(Offsets::Banded, (3, 3)));
    "banded-3x7", "table 5: banded kernels of another size":
        |size| with(size, |c| c.middle = size.deformable(Offsets::Banded, (3, 7)));
    "banded-3x9", "table 5: banded kernels of another size":
        |size| with(size, |c| c.middle = size.deformable(Offsets::Banded, (3, 9)));
    "banded-5x5", "table 5: banded kernels of another size":
        |size| with(size, |c| c.middle = size.deformable(Offsets::Banded, (5, 5)));
};

/// The graph of a changed configuration.
fn with(size: &Size, change: impl FnOnce(&mut Config)) -> Result<Graph, BuildError> {
    let mut config = size.config();
    change(&mut config);
    build(&config)
}
