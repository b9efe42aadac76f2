//! Search for the state dict in a file.

use super::error::CheckpointError;
use super::tree::{Group, Item, Storages};
use crate::StateDict;

/// Names under which trainers store a state dict, preferred ones first: averaged weights before the last
/// ones.
const WRAPPERS: [&str; 22] = [
    "params_ema",
    "state_dict_ema",
    "model_ema",
    "ema",
    "params",
    "state_dict",
    "model_state_dict",
    "model",
    "generator",
    "netG",
    "net_g",
    "netg",
    "generator_state_dict",
    "g_ema",
    "G",
    "g",
    "net",
    "network",
    "net_state_dict",
    "module",
    "weights",
    "student",
];

/// Names of trainer parts that hold tensors but are not networks.
const NOT_NETWORKS: [&str; 12] = [
    "optimizer",
    "optimizers",
    "optimizer_states",
    "optimizer_state_dict",
    "optim",
    "scheduler",
    "lr_schedulers",
    "schedulers",
    "callbacks",
    "loops",
    "hyper_parameters",
    "rng_state",
];

/// Limit for the number of tensors; the largest supported network has 1,100.
pub(super) const MOST_TENSORS: usize = 50_000;

/// Limit for nested wrappers.
const DEEPEST: usize = 4;

/// The state dict's group, the names that lead to it, and the ignored state dicts.
#[derive(Debug)]
pub(super) struct FoundStateDict<'t> {
    pub group: &'t Group,
    pub wrapper: Vec<String>,
    pub alternatives: Vec<String>,
}

pub(super) fn find(root: &Group) -> Result<FoundStateDict<'_>, CheckpointError> {
    let mut found = FoundStateDict { group: root, wrapper: Vec::new(), alternatives: Vec::new() };
    for _ in 0..DEEPEST {
        if found.group.module {
            break;
        }
        let Some(name) = below(found.group)? else { break };
        let alternatives =
            networks(found.group).filter(|(other, _)| *other != name).map(|(other, _)| other.to_owned());
        found.alternatives = alternatives.collect();
        let Some((_, group)) = groups(found.group).find(|(other, _)| *other == name) else { break };
        found.wrapper.push(name.to_owned());
        found.group = group;
    }
    if found.group.tensors() == 0 {
        return Err(CheckpointError::NoTensors { holds: listed(root) });
    }
    Ok(found)
}

/// The name of the wrapped state dict; `None` when this is it.
fn below(group: &Group) -> Result<Option<&str>, CheckpointError> {
    let known = WRAPPERS.iter().find_map(|&w| networks(group).find(|(name, _)| *name == w));
    if let Some((name, _)) = known {
        return Ok(Some(name));
    }
    // Tensors next to a group without a known name: a network that is stored in groups.
    if group.entries.iter().any(|(_, item)| matches!(item, Item::Tensor(_))) {
        return Ok(None);
    }
    let names: Vec<&str> = networks(group).map(|(name, _)| name).collect();
    match names[..] {
        [] => Ok(None),
        [name] => Ok(Some(name)),
        _ => Err(CheckpointError::Several { candidates: names.into_iter().take(16).map(short).collect() }),
    }
}

fn groups(group: &Group) -> impl Iterator<Item = (&str, &Group)> {
    group.entries.iter().filter_map(|(name, item)| match item {
        Item::Group(group) => Some((name.as_str(), group)),
        _ => None,
    })
}

/// Groups with tensors that may be networks.
fn networks(group: &Group) -> impl Iterator<Item = (&str, &Group)> {
    groups(group).filter(|(name, group)| !NOT_NETWORKS.contains(name) && group.tensors() > 0)
}

fn listed(group: &Group) -> String {
    let names: Vec<String> = group.entries.iter().take(8).map(|(name, _)| short(name)).collect();
    match (names.is_empty(), group.entries.len() - names.len()) {
        (true, _) => "nothing with a name".to_owned(),
        (_, 0) => names.join(", "),
        (_, more) => format!("{} and {more} more", names.join(", ")),
    }
}

/// Names come from files and may be of any length.
fn short(name: &str) -> String {
    const LONGEST: usize = 60;
    if name.chars().count() <= LONGEST {
        name.to_owned()
    } else {
        name.chars().take(LONGEST).collect::<String>() + "…"
    }
}

/// Numbers and short strings next to the state dict: versions, epochs, best values.
pub(super) fn facts(root: &Group) -> Vec<(String, String)> {
    const MOST: usize = 24;
    let fact = |(name, item): &(String, Item)| match item {
        Item::Fact(value) => Some((short(name), value.clone())),
        _ => None,
    };
    root.entries.iter().filter_map(fact).take(MOST).collect()
}

/// The tensors of a group by path, read from their storages.
pub(super) fn tensors(
    group: &Group,
    storages: &Storages<'_>,
    most: u64,
) -> Result<StateDict, CheckpointError> {
    if group.tensors() > MOST_TENSORS {
        return Err(CheckpointError::Limit { what: "tensors", limit: MOST_TENSORS as u64 });
    }
    let flat = group.flat();
    let total = flat.iter().fold(0u64, |sum, (_, stored)| sum.saturating_add(Storages::cost(stored)));
    let mut state = StateDict::new();
    for (name, stored) in flat {
        // An invalid layout is reported before the total size.
        let oversized = total > most && stored.layout.len().is_some();
        if oversized {
            return Err(CheckpointError::Limit {
                what: "bytes of tensors for a file of its size",
                limit: most,
            });
        }
        let tensor =
            storages.take(stored).map_err(|fault| CheckpointError::Tensor { name: short(&name), fault })?;
        state.insert(name, tensor);
    }
    Ok(state)
}
