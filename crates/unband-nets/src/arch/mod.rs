//! Supported network architectures, one file each, and their registry.

pub mod adnet;
pub mod alexnet;
pub mod bdinn;
pub mod bitnet;
pub mod brdnet;
pub mod compact;
pub mod dbi;
pub mod deepdeband;
pub mod discriminator;
pub mod ggdbn;
pub mod indi;
mod options;
pub mod realplksr;
pub mod rrdbnet;
pub mod span;
pub mod squeezenet;
pub mod swinir;
pub mod uformer;
pub mod unband_jpeg;
pub mod unband_lite;
mod unband_sr_lite;
pub mod vgg;

pub use options::Options;

use crate::net::{BuildError, Net};
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
    /// The published configuration, with other settings where given.
    pub build: fn(&Options) -> Built,
    /// Builds the graph of a state dict; depth and width follow from names and shapes. `None` for the state
    /// dict of another network.
    pub detect: fn(&StateDict) -> Option<Built>,
    /// Other published configurations, such as a paper's ablations.
    pub variants: &'static [Variant],
    /// Depth and width by name, derived from names and shapes, for a state dict that [`Self::detect`]
    /// accepts.
    pub settings: fn(&StateDict) -> Settings,
    /// Assumptions that no tensor reveals, as text for display; empty if there are none.
    pub assumed: &'static str,
    /// The network whose files it reads, if not its own: one with the same tensors.
    pub files_of: Option<&'static str>,
    /// Options besides the widths, with their defaults, for display; empty if there are none.
    pub options: &'static str,
}

/// A graph, or why its settings make none.
pub type Built = Result<Graph, BuildError>;

/// Names and values.
pub type Settings = Vec<(&'static str, String)>;

impl Architecture {
    /// Fields that most networks omit: variants, settings, assumptions. Every network gives all others.
    pub(crate) const PLAIN: Self = Self {
        name: "",
        title: "",
        source: "",
        use_as: Use::for_purpose(Purpose::Deband),
        build: |_| Net::new("").finish(&[]),
        detect: |_| None,
        variants: &[],
        settings: |_| Settings::new(),
        assumed: "",
        files_of: None,
        options: "",
    };

    /// The published configuration.
    ///
    /// # Errors
    /// None in a network that unband has.
    pub fn build(&self) -> Built {
        (self.build)(&Options::default())
    }

    /// Name of the network whose files it reads.
    pub fn files(&self) -> &'static str {
        self.files_of.unwrap_or(self.name)
    }

    /// Whether files of one can be used for the other.
    pub fn shares_files_with(&self, other: &Self) -> bool {
        self.files() == other.files()
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
    /// Builds its graph, with other settings where given.
    pub build: fn(&Options) -> Built,
}

impl Variant {
    /// Its graph.
    ///
    /// # Errors
    /// None in a network that unband has.
    pub fn build(&self) -> Built {
        (self.build)(&Options::default())
    }

    /// The narrow one of a network, by its builder.
    pub(crate) const fn small(build: fn(&Options) -> Built) -> Self {
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
    pub const fn for_purpose(purpose: Purpose) -> Self {
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
    /// One pass over the padded image, with dropout ([`deepdeband`]).
    Whole,
    /// One pass per overlapping patch, with dropout ([`deepdeband`]).
    Patches,
}

/// Inputs of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sees {
    /// The image alone.
    Image,
    /// The image, the position of its samples within their quantisation intervals, and the properties of the
    /// detected grid ([`unband_lite`]).
    Cells,
    /// The image, a restoration of it, the position of its samples in the blocks of its JPEG file, and the
    /// quantiser steps ([`unband_jpeg`]).
    Blocks,
}

/// All networks, debanding ones first, by date of publication. No two claim the same state dict.
pub static ARCHITECTURES: &[Architecture] = &[
    bitnet::ENTRY,
    adnet::ENTRY,
    brdnet::ENTRY,
    uformer::ENTRY,
    deepdeband::FULL,
    deepdeband::WEIGHTED,
    indi::ENTRY,
    ggdbn::ENTRY,
    bdinn::ENTRY,
    unband_lite::ENTRY,
    unband_jpeg::ENTRY,
    rrdbnet::ENTRY,
    realplksr::ENTRY,
    swinir::ENTRY,
    compact::ENTRY,
    span::ENTRY,
    unband_sr_lite::ENTRY,
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

/// Names of the networks with one of these tasks, for display.
pub fn names(purposes: &[Purpose]) -> String {
    let with = ARCHITECTURES.iter().filter(|a| purposes.contains(&a.use_as.purpose));
    with.map(|a| a.name).collect::<Vec<_>>().join(", ")
}

/// The network with this name, given as for [`build`].
pub fn of(name: &str) -> Option<&'static Architecture> {
    find(name.split(':').next().unwrap_or(name))
}

/// Builds the main configuration of a network by its name, one of its variants as `NAME:VARIANT`, or either
/// with other settings as `NAME:KEY=VALUE,…` or `NAME:VARIANT,KEY=VALUE,…`.
///
/// ```
/// let graph = unband_nets::arch::build("rrdbnet:x2,nf=8,nb=1,gc=4").unwrap().unwrap();
/// assert_eq!(graph.scale(), Some(2));
/// ```
pub fn build(name: &str) -> Option<Built> {
    let (network, rest) = name.split_once(':').unwrap_or((name, ""));
    let architecture = find(network)?;
    let (first, more) = rest.split_once(',').unwrap_or((rest, ""));
    let (build, options) = if first.is_empty() || first.contains('=') {
        (architecture.build, rest)
    } else {
        (architecture.variants.iter().find(|v| v.name == first)?.build, more)
    };
    let options = Options::from_text(options);
    Some(options.checked(network, build(&options)))
}

/// Mean colour of DIV2K's images, which networks trained on them subtract.
const DIV2K_MEAN: [f32; 3] = [0.4488, 0.4371, 0.4040];

/// Largest accepted dimension of a tensor; the largest one in a supported network is 25,088.
const LARGEST: usize = 1 << 20;

/// The network of a state dict, and its graph. `None` if any tensor is empty or exceeds the accepted
/// dimension: widths are read from shapes, and shapes without elements can claim anything.
pub fn detect(state: &StateDict) -> Option<(&'static Architecture, Built)> {
    if state.iter().any(|(_, tensor)| tensor.shape.iter().any(|d| !(1..=LARGEST).contains(d))) {
        return None;
    }
    ARCHITECTURES.iter().find_map(|a| Some((a, (a.detect)(state)?)))
}

/// The network of a state dict that was trained under a name, and its graph: by that name, if it states
/// settings, which no shape may reveal, and its tensors are those of the state dict.
pub(crate) fn detect_as(state: &StateDict, name: Option<&str>) -> Option<(&'static Architecture, Built)> {
    let (architecture, graph) = detect(state)?;
    let own = |name: &&str| name.contains('=') && of(name).is_some_and(|a| a.name == architecture.name);
    let fits = |graph: &Graph| {
        graph.stored().iter().all(|s| s.integer || state.shape(&s.name) == Some(s.shape.as_slice()))
    };
    let named = name.filter(own).and_then(build).and_then(Result::ok).filter(fits);
    Some((architecture, named.map_or(graph, Ok)))
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
