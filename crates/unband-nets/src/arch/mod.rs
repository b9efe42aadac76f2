//! The networks of the field, one file each, and the list of them.

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

/// A network that unband knows.
#[derive(Clone, Copy)]
pub struct Architecture {
    /// Kebab-case, as its authors spell it.
    pub name: &'static str,
    /// A few words.
    pub title: &'static str,
    /// Paper and repository.
    pub source: &'static str,
    /// How images go in and come out.
    pub use_as: Use,
    /// The published configuration.
    pub build: fn() -> Result<Graph, BuildError>,
    /// The graph of a state dict, depth and width read from names and shapes; `None` when it is of another network.
    pub detect: fn(&StateDict) -> Option<Result<Graph, BuildError>>,
    /// Other configurations that were published, as in a paper's ablations.
    pub variants: &'static [Variant],
    /// What names and shapes say of depth and width, by name, for a state dict that [`Self::detect`] takes.
    pub settings: fn(&StateDict) -> Settings,
    /// What no tensor tells and is taken for granted, as text for people; empty where there is nothing.
    pub assumed: &'static str,
}

/// Names and values.
pub type Settings = Vec<(&'static str, String)>;

impl Architecture {
    /// Do files of one serve as files of the other? The two of deepDeband are one network with different numbers.
    pub fn shares_files_with(&self, other: &Self) -> bool {
        let deep = |architecture: &Self| architecture.name.starts_with("deepdeband");
        self.name == other.name || (deep(self) && deep(other))
    }

    /// The tensors of a state dict that the network reads. torchvision's files hold a classifier after the features, which
    /// features have no use for.
    pub fn own_tensors(&self, state: StateDict) -> StateDict {
        if self.use_as.purpose != Purpose::Features {
            return state;
        }
        state.renamed(|name| (!name.starts_with("classifier.")).then(|| name.to_owned()))
    }
}

/// A named configuration of a network beside the main one.
#[derive(Clone, Copy)]
pub struct Variant {
    /// Kebab-case.
    pub name: &'static str,
    /// A few words.
    pub title: &'static str,
    /// Its description.
    pub build: fn() -> Result<Graph, BuildError>,
}

/// What a network does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Takes a banded image, gives one without bands.
    Deband,
    /// Gives a larger image.
    Upscale,
    /// Tells real images from made ones, while training.
    Discriminate,
    /// Features for a measure or a loss.
    Features,
    /// Gives a score.
    Classify,
}

/// How images go in and come out of a network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Use {
    /// What it does.
    pub purpose: Purpose,
    /// The values that stand for black and white.
    pub range: (f32, f32),
    /// How often it runs over an image.
    pub passes: Passes,
    /// What it is given.
    pub sees: Sees,
}

impl Use {
    /// Values of 0 to 1, once.
    pub const fn of(purpose: Purpose) -> Self {
        Self { purpose, range: (0.0, 1.0), passes: Passes::One, sees: Sees::Picture }
    }
}

/// How often a network runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passes {
    /// Once.
    One,
    /// In steps over the input `t` from 1 down (inversion by direct iteration).
    Steps,
}

/// What a network is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sees {
    /// The image alone.
    Picture,
    /// The image, where its samples lie in the cells of its grid, and what is known of that grid ([`unband_lite`]).
    Cells,
}

/// All networks. More special ones come first where state dicts look alike.
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

/// The network of that name.
pub fn find(name: &str) -> Option<&'static Architecture> {
    ARCHITECTURES.iter().find(|a| a.name == name)
}

/// The main configuration of a network by its name, or one of its variants as `NAME:VARIANT`.
pub fn build(name: &str) -> Option<Result<Graph, BuildError>> {
    let Some((name, variant)) = name.split_once(':') else { return Some((find(name)?.build)()) };
    Some((find(name)?.variants.iter().find(|v| v.name == variant)?.build)())
}

/// Largest dimension of a tensor that a network can have; the largest that one has is 25,088.
const LARGEST: usize = 1 << 20;

/// The network of a state dict, and its graph. A state dict with a tensor that is empty or larger than any along some dimension
/// is that of none: widths are read from shapes, and shapes without elements can say anything.
pub fn detect(state: &StateDict) -> Option<(&'static Architecture, Result<Graph, BuildError>)> {
    if state.iter().any(|(_, tensor)| tensor.shape.iter().any(|d| !(1..=LARGEST).contains(d))) {
        return None;
    }
    ARCHITECTURES.iter().find_map(|a| Some((a, (a.detect)(state)?)))
}

/// The outputs of a tensor as a setting of that name.
pub(crate) fn outputs_of(state: &StateDict, setting: &'static str, tensor: &str) -> Settings {
    state.shape(tensor).and_then(|shape| Some((setting, shape.first()?.to_string()))).into_iter().collect()
}

/// Numbers one after the other.
pub(crate) fn listed<'a>(numbers: impl IntoIterator<Item = &'a usize>) -> String {
    numbers.into_iter().map(usize::to_string).collect::<Vec<_>>().join(" ")
}

/// How many different numbers follow `prefix` in the names.
pub(crate) fn count_numbered(state: &StateDict, prefix: &str) -> usize {
    let number = |name: &str| name.strip_prefix(prefix)?.split('.').next()?.parse::<usize>().ok();
    let mut numbers: Vec<usize> = state.names().filter_map(number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Data, Tensor};

    /// Names and shapes are all that tells networks apart.
    fn bare(graph: &Graph) -> StateDict {
        let bare = |s: crate::param::Stored| (s.name, Tensor { shape: s.shape, data: Data::F32(Vec::new()) });
        graph.stored().into_iter().map(bare).collect()
    }

    fn sorted(graph: &Graph) -> Vec<(String, Vec<usize>)> {
        let mut all: Vec<_> = graph.stored().into_iter().map(|s| (s.name, s.shape)).collect();
        all.sort();
        all
    }

    #[test]
    fn every_network_and_variant_is_known_by_its_own_tensors() {
        for architecture in ARCHITECTURES {
            let variants = architecture.variants.iter().map(|v| (v.name, v.build));
            for (variant, build) in variants.chain([("", architecture.build)]) {
                let name = format!("{}:{variant}", architecture.name);
                let graph = build().unwrap_or_else(|e| panic!("{name}: {e}"));
                let claims: Vec<&str> = ARCHITECTURES
                    .iter()
                    .filter(|a| (a.detect)(&bare(&graph)).is_some())
                    .map(|a| a.name)
                    .collect();
                // Both ways of running deepDeband have the same tensors.
                let own = if name == "deepdeband-w:" { "deepdeband-f" } else { architecture.name };
                assert_eq!(claims, [own], "{name}");
                let again = detect(&bare(&graph)).and_then(|(_, graph)| graph.ok());
                assert!(again.is_some_and(|again| sorted(&again) == sorted(&graph)), "{name}");
            }
        }
    }

    #[test]
    fn shapes_that_lie_make_no_network_and_no_panic() {
        // Without elements, any size costs nothing in a file.
        let empty = [vec![0], vec![usize::MAX, 0], vec![0, usize::MAX, 3, 3], vec![usize::MAX, 0, 3, 3]];
        let large = [vec![LARGEST, LARGEST, 3, 3], vec![LARGEST; 4], vec![1, LARGEST, 1, 1], vec![LARGEST]];
        let lies = [empty, large].concat();
        for architecture in ARCHITECTURES {
            let Ok(graph) = (architecture.build)() else { unreachable!() };
            let own = bare(&graph);
            let names: Vec<String> = own.names().map(str::to_owned).collect();
            // Those that widths and depths are read from are met in any eighth of a deep network.
            for name in names.iter().take(40).chain(names.iter().step_by(8)) {
                for lie in lies.iter().filter(|lie| own.shape(name) != Some(lie)) {
                    let mut state = own.clone();
                    state.insert(name, Tensor { shape: lie.clone(), data: Data::F32(Vec::new()) });
                    if let Some((_, Ok(graph))) = detect(&state) {
                        assert!(crate::state::Weights::bind(&graph, &state).is_err(), "{name} {lie:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_is_known_by_nothing() {
        assert!(detect(&StateDict::new()).is_none());
        assert!(build("nothing").is_none());
        assert!(build("uformer-t:nothing").is_none());
    }

    #[test]
    fn names_are_kebab_case_and_unique() {
        let mut names: Vec<&str> = ARCHITECTURES.iter().map(|a| a.name).collect();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(names.iter().all(|name| name.chars().all(plain)), "{names:?}");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ARCHITECTURES.len());
        assert!(ARCHITECTURES.iter().all(|a| !a.source.is_empty() && !a.title.is_empty()));
    }
}
