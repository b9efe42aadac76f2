//! Output of ffprobe, as in golden/video.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| unband_video::fuzzing::ffprobe(bytes));
