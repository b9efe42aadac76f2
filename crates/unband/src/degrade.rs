//! Degradations of clean images, recipes of them, and datasets of pairs.

pub use unband_data::dataset;
pub use unband_data::files::{clean_rgb, seed_of, write_png};
pub use unband_data::recipe;
pub use unband_data::{
    DEGRADATIONS, DegradationEntry, DegradationRecipe, DegradationRecipeError, DegradationRecord,
    DegradeError, FIXED_DEGRADATIONS, FixedDegradation, Pair, Sides, Speed, find,
};
