//! Metadata in PNG text chunks.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| unband_io::fuzzing::raw_profile(text));
