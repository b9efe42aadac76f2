//! The recipes that are part of unband: trainings, degradations and tables.

pub use unband_recipes::{
    DEGRADATION_RECIPES, SMALL, Shipped, TABLES, TRAININGS, find, find_unless_file, names,
};
