//! Loops of the detector.

pub mod inspect;
