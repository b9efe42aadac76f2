//! Fragmented MP4 files, read and copied to other times.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| unband_io::fuzzing::fragments(bytes));
