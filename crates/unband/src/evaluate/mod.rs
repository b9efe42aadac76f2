//! Tables of methods on image pairs.

mod cache;
mod error;
mod recipe;

pub use cache::{Cache, Record};
pub use error::{EvaluateError, FileFault};
pub use recipe::{Cost, Data, Planes, Recipe, RecipeRow, Weights};
