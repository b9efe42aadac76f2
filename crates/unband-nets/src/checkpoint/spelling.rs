//! Alternative tensor names of other programs, mapped to unband's: the only module that knows of them.

use std::collections::HashSet;
use std::fmt;

use super::folding;
use crate::StateDict;

/// Naming scheme of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Spelling {
    /// `model.1.sub.0.RDB1.conv1.0`: ESRGAN's first release, and KAIR's `network_rrdb`.
    EsrganOld,
    /// `body.0.rdb1.conv1`: `BasicSR`, Real-ESRGAN.
    BasicSr,
    /// `layer_with_weights-0.weight`: Keras, for DBI's classifier.
    Keras,
    /// `parametrizations.weight.original0`: PyTorch's newer weight and spectral normalisation.
    Parametrizations,
    /// `sk` and `conv.0` to `conv.2` next to `eval_conv`: SPAN's layers in training.
    Unfolded,
}

impl fmt::Display for Spelling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EsrganOld => "ESRGAN's first names",
            Self::BasicSr => "BasicSR's names",
            Self::Keras => "Keras' names",
            Self::Parametrizations => "PyTorch's parametrizations",
            Self::Unfolded => "SPAN's layers in training",
        })
    }
}

/// First name parts that wrap a whole network: a trainer's, a parallel runner's, a compiler's.
const PREFIXES: [&str; 12] = [
    "module.",
    "_orig_mod.",
    "net.",
    "model.",
    "network.",
    "netG.",
    "net_g.",
    "generator.",
    "G.",
    "ema_model.",
    "student.",
    "_forward_module.",
];

/// The prefix that all names share and that wraps a network.
pub(super) fn prefix(state: &StateDict) -> Option<&'static str> {
    PREFIXES
        .into_iter()
        .find(|prefix| !state.is_empty() && state.names().all(|name| name.starts_with(prefix)))
}

/// Removes that prefix.
pub(super) fn without(state: StateDict, prefix: &str) -> StateDict {
    state.renamed(|name| Some(name.strip_prefix(prefix).unwrap_or(name).to_owned()))
}

/// Maps names to unband's; returns the naming scheme.
pub(super) fn respell(state: StateDict) -> (StateDict, Vec<Spelling>) {
    let mut spellings = Vec::new();
    let mut state = without_copies(state);
    if state.names().any(|name| name.contains(".parametrizations.") || name.starts_with("parametrizations."))
    {
        state = parametrizations(state);
        spellings.push(Spelling::Parametrizations);
    }
    if state.get("model.0.weight").is_some()
        && state.names().any(|n| n.starts_with("model.1.sub.0.RDB1.conv1."))
    {
        state = esrgan_old(state);
        spellings.push(Spelling::EsrganOld);
    } else if state.get("conv_body.weight").is_some()
        && state.names().any(|name| name.starts_with("body.0.rdb1.conv1."))
    {
        state = state.renamed(|name| Some(basic_sr(name)));
        spellings.push(Spelling::BasicSr);
    } else if state.shape("layer_with_weights-0.weight") == Some(&[8, 3, 5, 5])
        && state.shape("layer_with_weights-10.weight") == Some(&[1, 8])
    {
        state = state.renamed(|name| Some(keras_dbi(name)));
        spellings.push(Spelling::Keras);
    } else if state.get("conv_1.sk.weight").is_some() && state.get("block_1.c1_r.conv.2.weight").is_some() {
        state = folding::folded(state);
        spellings.push(Spelling::Unfolded);
    }
    (state, spellings)
}

/// A scripted module stores the folded weight next to `weight_g` and `weight_v`, or next to `weight_orig`;
/// nothing reads it.
fn without_copies(state: StateDict) -> StateDict {
    let has = |name: &str, end: &str| state.get(&format!("{name}{end}")).is_some();
    let copies: HashSet<String> = state
        .names()
        .filter(|name| name.ends_with("weight"))
        .filter(|name| (has(name, "_g") && has(name, "_v")) || (has(name, "_orig") && has(name, "_u")))
        .map(str::to_owned)
        .collect();
    if copies.is_empty() {
        state
    } else {
        state.renamed(|name| (!copies.contains(name)).then(|| name.to_owned()))
    }
}

fn parametrizations(state: StateDict) -> StateDict {
    state.renamed(|name| {
        let (before, after) = match name.split_once(".parametrizations.") {
            Some((before, after)) => (format!("{before}."), after),
            None => match name.strip_prefix("parametrizations.") {
                Some(after) => (String::new(), after),
                None => return Some(name.to_owned()),
            },
        };
        let renamed = after.split_once('.').and_then(|(parameter, part)| {
            let end = match part {
                "original0" => "g",
                "original" => "orig",
                "0._u" => "u",
                "original1" | "0._v" => "v",
                _ => return None,
            };
            Some(format!("{before}{parameter}_{end}"))
        });
        Some(renamed.unwrap_or_else(|| name.to_owned()))
    })
}

/// `model.0`, `model.1.sub.B…`, then upsampling, `HRconv` and `conv_last` by their indices in a sequence.
fn esrgan_old(state: StateDict) -> StateDict {
    let number = |name: &str, prefix: &str| {
        let (number, rest) = name.strip_prefix(prefix)?.split_once('.')?;
        Some((number.parse::<usize>().ok()?, rest.to_owned()))
    };
    let mut places: Vec<usize> = state
        .names()
        .filter_map(|name| number(name, "model."))
        .filter(|(place, rest)| *place >= 2 && rest == "weight")
        .map(|(place, _)| place)
        .collect();
    places.sort_unstable();
    places.dedup();
    state.renamed(|name| {
        let own = || {
            if let Some((block, rest)) = number(name, "model.1.sub.") {
                return Some(match rest.strip_prefix("RDB") {
                    // Dense layers are sequences of one convolution; conv5 is not in all versions.
                    Some(rest) => {
                        format!(
                            "RRDB_trunk.{block}.RDB{}",
                            rest.replace(".0.weight", ".weight").replace(".0.bias", ".bias")
                        )
                    }
                    None => format!("trunk_conv.{rest}"),
                });
            }
            let (place, rest) = number(name, "model.")?;
            if place == 0 {
                return Some(format!("conv_first.{rest}"));
            }
            let at = places.iter().position(|&p| p == place)?;
            Some(match places.len() - at {
                1 => format!("conv_last.{rest}"),
                2 => format!("HRconv.{rest}"),
                _ => format!("upconv{}.{rest}", at + 1),
            })
        };
        Some(own().unwrap_or_else(|| name.to_owned()))
    })
}

/// Layers of DBI's classifier, as numbered by Keras: four convolutions, each followed by a normalisation; a
/// fifth without one; two dense layers.
fn keras_dbi(name: &str) -> String {
    let own = || {
        let (number, parameter) = name.strip_prefix("layer_with_weights-")?.split_once('.')?;
        let layer = match number.parse::<usize>().ok()? {
            n @ (0 | 2 | 4 | 6 | 8) => format!("conv{}", n / 2 + 1),
            n @ (1 | 3 | 5 | 7) => format!("bn{}", n / 2 + 1),
            n @ (9 | 10) => format!("fc{}", n - 8),
            _ => return None,
        };
        Some(format!("{layer}.{parameter}"))
    };
    own().unwrap_or_else(|| name.to_owned())
}

fn basic_sr(name: &str) -> String {
    if let Some(rest) = name.strip_prefix("body.") {
        return format!("RRDB_trunk.{}", rest.replace(".rdb", ".RDB"));
    }
    let layers = [
        ("conv_body.", "trunk_conv."),
        ("conv_up1.", "upconv1."),
        ("conv_up2.", "upconv2."),
        ("conv_hr.", "HRconv."),
    ];
    let renamed =
        layers.iter().find_map(|(theirs, ours)| Some(format!("{ours}{}", name.strip_prefix(theirs)?)));
    renamed.unwrap_or_else(|| name.to_owned())
}
