//! Tests of every network against results of the original PyTorch code in 64 bits (`golden/nets`, made by the
//! rule in `unband_nets::state::fill`).
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod banded_layer;
mod bdinn;
mod dbi;
mod deepdeband;
mod discriminator;
mod features;
mod ggdbn;
mod indi;
mod originals;
mod rrdbnet;
mod second_rule;
mod support;
mod uformer;
