//! NUT streams: parsed, written and parsed again.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| unband_video::fuzzing::nut(bytes));
