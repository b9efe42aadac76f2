//! Metadata in texts of PNG files.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| unband_io::fuzzing::raw_profile(text));
