//! Supported network architectures, one file each, and their registry.

pub mod adnet;
pub mod alexnet;
pub mod bdinn;
pub mod bitnet;
pub mod brdnet;
pub mod dbi;
pub mod deepdeband;
pub mod discriminator;
pub mod ggdbn;
pub mod indi;
pub mod rrdbnet;
pub mod squeezenet;
pub mod uformer;
pub mod unband_lite;
pub mod unband_sr_lite;
pub mod vgg;

use crate::net::BuildError;
use crate::{Graph, StateDict};

/// A supported network.
#[derive(Clone, Copy)]
pub struct Architecture {
    /// Name in kebab case, as its authors spell it.
    pub name: &'static str,
    /// Short description.
    pub title: &'static str,
    /// Paper and repository.
    pub source: &'static str,
    /// Format of inputs and outputs.
    pub use_as: Use,
    /// The published configuration.
    pub build: fn() -> Result<Graph, BuildError>,
    /// Builds the graph of a state dict; depth and width follow from names and shapes. `None` for the state
    /// dict of another network.
    pub detect: fn(&StateDict) -> Option<Result<Graph, BuildError>>,
    /// Other published configurations, such as a paper's ablations.
    pub variants: &'static [Variant],
    /// Depth and width by name, derived from names and shapes, for a state dict that [`Self::detect`]
    /// accepts.
    pub settings: fn(&StateDict) -> Settings,
    /// Assumptions that no tensor reveals, as text for display; empty if there are none.
    pub assumed: &'static str,
}

/// Names and values.
pub type Settings = Vec<(&'static str, String)>;

impl Architecture {
    /// Whether files of one can be used for the other. The two of deepDeband are one network with different
    /// weights.
    pub fn shares_files_with(&self, other: &Self) -> bool {
        let deep = |architecture: &Self| architecture.name.starts_with("deepdeband");
        self.name == other.name || (deep(self) && deep(other))
    }

    /// The tensors of a state dict that the network reads. torchvision's files also hold a classifier after
    /// the features, which is dropped.
    pub fn own_tensors(&self, state: StateDict) -> StateDict {
        if self.use_as.purpose != Purpose::Features {
            return state;
        }
        state.renamed(|name| (!name.starts_with("classifier.")).then(|| name.to_owned()))
    }
}

/// A named configuration of a network besides the main one.
#[derive(Clone, Copy)]
pub struct Variant {
    /// Name in kebab case.
    pub name: &'static str,
    /// Short description.
    pub title: &'static str,
    /// Builds its graph.
    pub build: fn() -> Result<Graph, BuildError>,
}

impl Variant {
    /// The narrow one of a network, by its builder.
    pub(crate) const fn small(build: fn() -> Result<Graph, BuildError>) -> Self {
        Self { name: "small", title: "Narrow, to learn on a small machine", build }
    }
}

/// Task of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Removes banding from an image.
    Deband,
    /// Upscales an image.
    Upscale,
    /// Discriminates real from generated images during training.
    Discriminate,
    /// Computes features for a metric or a loss.
    Features,
    /// Computes a score.
    Classify,
}

/// Format of a network's inputs and outputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Use {
    /// Task.
    pub purpose: Purpose,
    /// Values of black and white.
    pub range: (f32, f32),
    /// Number of passes over an image.
    pub passes: Passes,
    /// Inputs.
    pub sees: Sees,
}

impl Use {
    /// Values of 0 to 1, one pass.
    pub const fn of(purpose: Purpose) -> Self {
        Self { purpose, range: (0.0, 1.0), passes: Passes::One, sees: Sees::Image }
    }
}

/// Number of passes of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passes {
    /// One pass.
    One,
    /// In steps over the input `t` from 1 down (inversion by direct iteration).
    Steps,
}

/// Inputs of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sees {
    /// The image alone.
    Image,
    /// The image, the position of its samples within their quantisation intervals, and the properties of the
    /// detected grid ([`unband_lite`]).
    Cells,
}

/// All networks. Where state dicts look alike, the more specific network comes first.
pub static ARCHITECTURES: &[Architecture] = &[
    adnet::ENTRY,
    ggdbn::ENTRY,
    bdinn::ENTRY,
    indi::ENTRY,
    rrdbnet::ENTRY,
    brdnet::ENTRY,
    unband_lite::ENTRY,
    unband_sr_lite::ENTRY,
    bitnet::ENTRY,
    uformer::ENTRY,
    deepdeband::FULL,
    deepdeband::WEIGHTED,
    discriminator::PIX2PIX,
    discriminator::UNET,
    discriminator::PATCHGAN,
    discriminator::VGG,
    vgg::VGG16,
    vgg::VGG19,
    alexnet::ENTRY,
    squeezenet::ENTRY,
    dbi::ENTRY,
];

/// The network with this name.
pub fn find(name: &str) -> Option<&'static Architecture> {
    ARCHITECTURES.iter().find(|a| a.name == name)
}

/// The network with this name, given as for [`build`].
pub fn of(name: &str) -> Option<&'static Architecture> {
    find(name.split(':').next().unwrap_or(name))
}

/// Builds the main configuration of a network by its name, one of its variants as `NAME:VARIANT`, or one with
/// other options as `NAME:KEY=VALUE,…` ([`bdinn::OPTIONS`]).
pub fn build(name: &str) -> Option<Result<Graph, BuildError>> {
    let Some((name, variant)) = name.split_once(':') else { return Some((find(name)?.build)()) };
    if name == bdinn::ENTRY.name && variant.contains('=') {
        let config = bdinn::parse_options(variant, bdinn::Config::default());
        return Some(config.and_then(|config| bdinn::build(&config)));
    }
    Some((find(name)?.variants.iter().find(|v| v.name == variant)?.build)())
}

/// Largest accepted dimension of a tensor; the largest one in a supported network is 25,088.
const LARGEST: usize = 1 << 20;

/// The network of a state dict, and its graph. `None` if any tensor is empty or exceeds the accepted
/// dimension: widths are read from shapes, and shapes without elements can claim anything.
pub fn detect(state: &StateDict) -> Option<(&'static Architecture, Result<Graph, BuildError>)> {
    if state.iter().any(|(_, tensor)| tensor.shape.iter().any(|d| !(1..=LARGEST).contains(d))) {
        return None;
    }
    ARCHITECTURES.iter().find_map(|a| Some((a, (a.detect)(state)?)))
}

/// The network of a state dict that was trained under a name, and its graph. Options of the name that no
/// shape reveals apply.
pub fn detect_as(
    state: &StateDict,
    name: Option<&str>,
) -> Option<(&'static Architecture, Result<Graph, BuildError>)> {
    let (architecture, graph) = detect(state)?;
    let options = name.and_then(|name| name.split_once(':')).filter(|(_, options)| options.contains('='));
    if let (Some((_, options)), Some(config)) =
        (options.filter(|(name, _)| *name == architecture.name), bdinn::Config::of(state))
    {
        let config = bdinn::parse_options(options, config);
        return Some((architecture, config.and_then(|config| bdinn::build(&config))));
    }
    Some((architecture, graph))
}

/// The number of outputs of a tensor, as a setting of that name.
pub(crate) fn outputs_of(state: &StateDict, setting: &'static str, tensor: &str) -> Settings {
    state.shape(tensor).and_then(|shape| Some((setting, shape.first()?.to_string()))).into_iter().collect()
}

/// Integers separated by spaces.
pub(crate) fn listed<'a>(numbers: impl IntoIterator<Item = &'a usize>) -> String {
    numbers.into_iter().map(usize::to_string).collect::<Vec<_>>().join(" ")
}

/// How many different integers follow `prefix` in the names.
pub(crate) fn count_numbered(state: &StateDict, prefix: &str) -> usize {
    let number = |name: &str| name.strip_prefix(prefix)?.split('.').next()?.parse::<usize>().ok();
    let mut numbers: Vec<usize> = state.names().filter_map(number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len()
}

#[cfg(test)]
mod tests;
