//! Tables of methods on image pairs.
//!
//! | | |
//! |---|---|
//! | [`Recipe`] | rows, metrics and images of a table, in TOML or in code |
//! | [`evaluate`] | a table of a recipe |
//! | [`Evaluation`] | the same in steps: checks, pairs, results of a pair, table |
//! | [`Table`] | means with intervals, by row and degradation, and all values |
//! | [`Cache`] | stored results, with which an interrupted table is resumed |
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use unband::Context;
//! use unband::evaluate::{Data, EvaluateOptions, Recipe, RecipeRow, evaluate};
//!
//! let data = Data::Clean { folder: "photos".into(), degradations: vec!["rgb-6".into()] };
//! let mut recipe = Recipe::new("Skies", &["psnr", "cambi"], data);
//! recipe.method.push(RecipeRow::new("gradfun", "gradfun:radius=20"));
//! recipe.method.push(RecipeRow::new("unband", "default"));
//! let table = evaluate(recipe, &EvaluateOptions::default(), &Context::default())?;
//! for row in &table.groups[0].rows {
//!     let means = row.cells.as_ref().map(|cells| cells.iter().map(|cell| cell.map(|cell| cell.mean)));
//!     println!("{}: {:?}", row.name, means.map(Iterator::collect::<Vec<_>>));
//! }
//! # Ok(())
//! # }
//! ```

mod cache;
mod checkpoints;
mod data;
mod error;
mod evaluation;
mod hash;
mod method;
mod recipe;
mod row;
mod summary;
mod untrained;
mod upscaling;

pub use cache::{Cache, Record};
pub use checkpoints::Roots;
pub use data::PairSource;
pub use error::{EvaluateError, EvaluateFault, RowFault};
pub use evaluation::{EvaluateOptions, Evaluation, Table, evaluate};
pub use hash::of_bytes;
pub use method::{NamedMethod, NamedMethodError, parse as parse_methods};
pub use recipe::{CostColumn, Data, Planes, Recipe, RecipeRow, WeightsPolicy};
pub use row::{Row, Runs, Setting};
pub use summary::{Column, Group, Measured, TableRow};
pub use untrained::UNTRAINED;
pub use upscaling::ReadyPair;
