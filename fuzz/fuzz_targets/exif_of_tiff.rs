//! What describes the image in a TIFF file, as an Exif block.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| unband_io::fuzzing::exif_of_tiff(bytes));
