//! Lookup of methods by name.

use unband_image::{Entry, ParamKind};

/// The registries behind `--method`.
pub static METHODS: &[&[Entry]] = &[unband_filters::FILTERS, crate::networks::NETWORKS];

/// All methods, in the order of the registries.
pub fn methods() -> impl Iterator<Item = &'static Entry> {
    METHODS.iter().flat_map(|registry| registry.iter())
}

/// Methods that need no weights file: all but networks.
pub fn filters() -> impl Iterator<Item = &'static Entry> {
    methods().filter(|entry| entry.params.iter().all(|param| param.kind != ParamKind::File))
}

/// The method of that name.
pub fn method(name: &str) -> Option<&'static Entry> {
    methods().find(|entry| entry.name == name)
}

/// The most similar method name, if any is close.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    methods()
        .map(|entry| (strsim::damerau_levenshtein(entry.name, name), entry.name))
        .filter(|&(d, known)| d <= known.len() / 2)
        .min()
        .map(|(_, known)| known)
}
