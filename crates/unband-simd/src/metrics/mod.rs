//! Loops of metrics.

pub mod cambi;
