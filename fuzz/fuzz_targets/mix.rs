//! Recipes of degradations: parsing, and the draw for one patch.
#![no_main]

use unband_data::DegradationRecipe;
use unband_image::{Hint, Rng};

libfuzzer_sys::fuzz_target!(|text: &str| match DegradationRecipe::parse(text, "mix.toml") {
    Ok(recipe) => {
        assert!(recipe.scale() > 0);
        recipe.room();
        recipe.is_slow();
        if let Err(error) = recipe.draw(Rng::new(1)) {
            assert!(!error.to_string().is_empty());
        }
    }
    Err(error) => {
        assert!(!error.to_string().is_empty());
        error.hint();
    }
});
