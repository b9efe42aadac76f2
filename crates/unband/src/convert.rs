//! From and to the `image` crate.
