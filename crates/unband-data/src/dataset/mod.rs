//! Datasets: folders of pairs, made from a published set or from clean images.
//!
//! A [`DatasetPlan`] fixes part, windows and degradations of each source image before the first is decoded.
//! [`DatasetPlan::make`] then makes one of them, in any order and on any thread.
//!
//! A folder has `train`, `val` and `test`, each with PNG of equal names in `lq` and `gt`, and a [`Manifest`].
//! [`Journal`] appends to the manifest and lets a stopped run resume; [`Check`] verifies a folder against it.

pub mod boxes;
mod check;
mod clean;
mod error;
mod journal;
mod kapoor;
mod make;
mod manifest;
mod patches;
mod plan;
mod preparation;
mod split;
mod store;

pub use check::{Check, Finding};
pub(crate) use clean::number;
pub use clean::{Clean, Degradations, clean};
pub use error::{DatasetError, SourceFault};
pub use journal::{Journal, Opened};
pub use manifest::{Entry, Failed, Header, ImageDegradation, Manifest, PairEntry, SCHEMA};
pub(crate) use patches::Codes;
pub use patches::Tiling;
pub use plan::{DatasetPlan, Expected};
pub use preparation::{Kapoor, PREPARATIONS, Preparation, Variant, kapoor};
pub use split::{Shares, Split};
