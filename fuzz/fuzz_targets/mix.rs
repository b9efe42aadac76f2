//! Recipes of degradations: parsing, and the draw for one patch.
#![no_main]

use unband_data::Mix;
use unband_image::{Hint, Rng};

libfuzzer_sys::fuzz_target!(|text: &str| match Mix::parse(text, "mix.toml") {
    Ok(mix) => {
        assert!(mix.scale() > 0);
        mix.room();
        mix.is_slow();
        if let Err(error) = mix.draw(Rng::new(1)) {
            assert!(!error.to_string().is_empty());
        }
    }
    Err(error) => {
        assert!(!error.to_string().is_empty());
        error.hint();
    }
});
