//! Fragmented MP4 files: parsing, and copying with new timestamps.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| unband_video::fuzzing::fragmented_mp4(bytes));
