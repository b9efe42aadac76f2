//! Exif block from the tags of a TIFF file.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| unband_io::fuzzing::exif_of_tiff(bytes));
