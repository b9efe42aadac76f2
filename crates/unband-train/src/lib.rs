//! Training of `unband-nets` networks with Burn.
//!
//! It executes the same network description as the CPU engine of `unband-infer`, on differentiable tensors.
//! No network is special-cased: a [`Model`] is a graph with its tensors.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use unband_nets::{arch::adnet, state::fill};
//! use unband_train::Model;
//!
//! let graph = adnet::ENTRY.build()?;
//! let state = fill::golden(&graph.stored());
//! let model = Model::new(graph, &state, &Device::flex())?;
//! let image = Tensor::zeros([1, 3, 16, 16], &Device::flex());
//! assert_eq!(model.run(&[image])?[0].dims(), [1, 3, 16, 16]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod accuracy;
mod augment;
mod banded;
mod banded_deform_conv;
mod batches;
mod checkpoint;
mod conv;
pub mod devices;
mod error;
mod examples;
mod exec;
mod gan_step;
mod learner;
mod log;
pub mod losses;
mod made;
mod model;
mod optimizer;
mod pairs;
pub mod recipe;
mod recipe_check;
mod recipe_load;
mod schedule;
pub mod train;
mod validation;

pub use banded_deform_conv::{BandedDeformConv, BandedDeformConvConfig};
pub use batches::{Batch, Batches};
pub use error::{DataError, TrainError};
pub use learner::Learner;
pub use model::Model;
pub use optimizer::Optimizer;
pub use unband_data::recipe::RecipeError;
pub use unband_nets::state::init;

/// One gradient per learned tensor that the loss depends on.
pub(crate) type Rows = Vec<Option<burn::tensor::Tensor<1>>>;
