//! deepDeband (Zhou, Athar, Wang, Wang, "Deep image debanding", ICIP 2022): the generator of pix2pix, trained
//! twice.
//!
//! deepDeband-f runs on the whole image. deepDeband-w runs on overlapping patches of 256×256 that are then
//! blended by weight. Their tensors have the same names and shapes.

use super::{Architecture, Passes, Purpose, Settings, Use, Variant};
use crate::layer::activation::Activation;
use crate::layer::conv::ConvSpec;
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict, Value};

/// The whole image at once.
pub const FULL: Architecture = Architecture {
    name: "deepdeband-f",
    title: "Generator of pix2pix on the whole image",
    source: "Zhou et al., Deep Image Debanding, ICIP 2022; RaymondLZhou/deepDeband",
    use_as: Use { range: (-1.0, 1.0), passes: Passes::Whole, ..Use::for_purpose(Purpose::Deband) },
    build: |o| build(&Config::default().with(o)),
    detect: |state: &StateDict| Some(build(&Config::from_state(state)?)),
    variants: &[Variant::small(|o| build(&Config { width: 16, ..Config::default() }.with(o)))],
    settings: |state| Config::from_state(state).map(|config| config.settings()).unwrap_or_default(),
    assumed: "deepdeband-f (whole image); deepdeband-w (patches) has the same tensors, and the method name selects it",
    ..Architecture::PLAIN
};

/// Overlapping patches. State dicts look the same as those of [`FULL`], so it is chosen by name.
pub(crate) const WEIGHTED: Architecture = Architecture {
    name: "deepdeband-w",
    title: "Generator of pix2pix on overlapping patches, blended by weight",
    use_as: Use { passes: Passes::Patches, ..FULL.use_as },
    detect: |_| None,
    files_of: Some(FULL.name),
    ..FULL
};

/// Levels of the network; each halves the image.
const LEVELS: usize = 8;

/// Width and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Channels of the first level.
    pub width: usize,
    /// Whether a mixture of the result's channels is added to the image, in place of the result. Ours: from
    /// kernels of 0 the training starts at the image itself.
    pub residual: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { width: 64, residual: false }
    }
}

super::options::with_options!(Config: width, residual);

impl Config {
    fn settings(&self) -> Settings {
        vec![("width", self.width.to_string()), ("residual", self.residual.to_string())]
    }

    /// Derived from a generator of eight levels; `None` for another network.
    pub fn from_state(state: &StateDict) -> Option<Self> {
        let innermost = format!("model.model.1{}.model.3.weight", ".model.3".repeat(LEVELS - 2));
        let &[width, 3, 4, 4] = state.shape("model.model.0.weight")? else { return None };
        let residual = state.get("residual.weight").is_some();
        (state.shape(&innermost)? == [8 * width, 8 * width, 4, 4]).then_some(Self { width, residual })
    }
}

/// 54,413,955 parameters for a width of 64; sides multiples of 256.
///
/// # Errors
/// A width of 0.
pub fn build(config: &Config) -> Result<Graph, BuildError> {
    let mut net = Net::new("deepdeband");
    let width = config.width;
    if width == 0 {
        net.fault("no channels".into());
    }
    let image = net.input("image", 3);
    let mut out = net.scope("model.model", |net| {
        let down = ConvSpec::new(4).stride(2).padding(1).no_bias();
        let y = net.conv("0", image, width, down);
        let y = net.scope("1.model", |net| level(net, 1, y, width));
        let y = net.relu(y);
        let y = net.conv_transpose("3", y, 3, (4, 2, 1), true);
        net.activation(y, Activation::Tanh)
    });
    if config.residual {
        let change = net.conv("residual", out, 3, ConvSpec::new(1));
        out = net.add(image, change);
    }
    net.finish(&[("image", out)])
}

/// One level with all levels inside it; returns its input concatenated with its result.
///
/// The original applies a leaky rectifier to its input in place. The next operation rectifies the kept value
/// either way.
fn level(net: &mut Net, n: usize, x: Value, width: usize) -> Value {
    let channels = net.channels(x);
    let inner = width << n.min(3);
    let y = net.lrelu(x, 0.2);
    let y = net.conv("1", y, inner, ConvSpec::new(4).stride(2).padding(1).no_bias());
    let innermost = n == LEVELS - 1;
    let (y, up) = if innermost {
        (y, 3)
    } else {
        let y = net.batch_norm("2", y, 1e-5);
        (net.scope("3.model", |net| level(net, n + 1, y, width)), 5)
    };
    let y = net.relu(y);
    let y = net.conv_transpose(up.to_string(), y, channels, (4, 2, 1), false);
    let y = net.batch_norm((up + 1).to_string(), y, 1e-5);
    let y = if (4..LEVELS - 1).contains(&n) { net.dropout(y, 0.5) } else { y };
    net.concat(&[x, y])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::state::fill;

    #[test]
    fn width_and_end_are_known_from_a_file() {
        for residual in [false, true] {
            let config = Config { width: 4, residual };
            let state = fill::of(&build(&config).unwrap());
            assert_eq!(Config::from_state(&state), Some(config));
        }
    }
}
