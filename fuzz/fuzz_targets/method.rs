//! Values of `--method`: unband's own syntax, filter strings of other programs, and their settings.
#![no_main]

use unband_image::Hint;
use unband_filters::{FILTERS, parse_method};

libfuzzer_sys::fuzz_target!(|text: &str| {
    match parse_method(text, FILTERS) {
        Ok((name, settings)) => {
            let entry = FILTERS.iter().find(|entry| entry.name == name).expect("a method that is there");
            if let Err(error) = (entry.build)(&settings) {
                assert!(!error.to_string().is_empty());
            }
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            error.hint();
        }
    }
});
