//! Results as records for JSON, the same for the program and JavaScript. `docs/guide/json.md` explains the
//! fields.

mod file;
mod inspect;
mod values;

pub use file::{FileRecord, Schema, UpscaleRecord};
pub use inspect::{InspectRecord, plane_names};
pub use values::{FailureRecord, MetricRecord, SummaryRecord, ValuesRecord};
