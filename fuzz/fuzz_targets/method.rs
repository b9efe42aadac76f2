//! Values of `--method`: unband's own syntax, filter strings of other programs, and their settings.
#![no_main]

use unband_filters::{FILTERS, parse_method};
use unband_image::Hint;

libfuzzer_sys::fuzz_target!(|text: &str| {
    match parse_method(text, FILTERS) {
        Ok(method) => {
            let again = parse_method(&method.to_string(), FILTERS).expect("a method prints as it is parsed");
            assert_eq!(again, method);
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            error.hint();
        }
    }
});
