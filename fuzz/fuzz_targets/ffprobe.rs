//! Answers of ffprobe, as golden/video has them.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| unband_io::fuzzing::ffprobe(bytes));
