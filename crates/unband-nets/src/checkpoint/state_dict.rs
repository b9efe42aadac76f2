//! Search for the state dict in a checkpoint.

use super::error::CheckpointError;
use super::tree::{Group, Item, short};

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
        let Some((name, group)) = below(found.group)? else { break };
        let alternatives =
            networks(found.group).filter(|(other, _)| *other != name).map(|(other, _)| other.to_owned());
        found.alternatives = alternatives.collect();
        found.wrapper.push(name.to_owned());
        found.group = group;
    }
    if found.group.tensors() == 0 {
        return Err(CheckpointError::NoTensors { holds: listed(root) });
    }
    Ok(found)
}

/// The wrapped state dict with its name; `None` when this is it.
fn below(group: &Group) -> Result<Option<(&str, &Group)>, CheckpointError> {
    let known = WRAPPERS.iter().find_map(|&w| networks(group).find(|(name, _)| *name == w));
    if known.is_some() {
        return Ok(known);
    }
    // Tensors next to a group without a known name: a network that is stored in groups.
    if group.entries.iter().any(|(_, item)| matches!(item, Item::Tensor(_))) {
        return Ok(None);
    }
    let all: Vec<(&str, &Group)> = networks(group).collect();
    match all[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(CheckpointError::Several {
            candidates: all.into_iter().take(16).map(|(name, _)| short(name)).collect(),
        }),
    }
}

/// Groups with tensors that may be networks.
fn networks(group: &Group) -> impl Iterator<Item = (&str, &Group)> {
    let groups = group.entries.iter().filter_map(|(name, item)| match item {
        Item::Group(group) => Some((name.as_str(), group)),
        _ => None,
    });
    groups.filter(|(name, group)| !NOT_NETWORKS.contains(name) && group.tensors() > 0)
}

fn listed(group: &Group) -> String {
    let names: Vec<String> = group.entries.iter().take(8).map(|(name, _)| short(name)).collect();
    match (names.is_empty(), group.entries.len() - names.len()) {
        (true, _) => "nothing with a name".to_owned(),
        (_, 0) => names.join(", "),
        (_, more) => format!("{} and {more} more", names.join(", ")),
    }
}
