//! Two-part XMP packets.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| unband_io::fuzzing::xmp(bytes));
