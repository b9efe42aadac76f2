//! Lookup of methods by name.

use unband_filters::RecipeError;
use unband_image::{Entry, Method, ParamKind};

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

/// A method from text such as `gradfun:radius=20,strength=2`, or from another program's filter syntax, with
/// all parameters checked: [`unband_filters::parse_method`].
///
/// # Errors
/// Unknown names, values that a parameter cannot have.
pub fn parse_method(text: &str) -> Result<Method, RecipeError> {
    unband_filters::parse_method(text, methods())
}
