//! Photoshop resource blocks.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| unband_io::fuzzing::photoshop(bytes));
