//! Streams of NUT; what was read is written and read again.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| unband_io::fuzzing::nut(bytes));
