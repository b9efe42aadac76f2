//! Exif blocks: search, upright orientation, density, byte order.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| unband_io::fuzzing::exif(bytes));
