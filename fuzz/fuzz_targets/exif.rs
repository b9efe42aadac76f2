//! Exif blocks: found, turned upright, given a density, brought to one byte order.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| unband_io::fuzzing::exif(bytes));
