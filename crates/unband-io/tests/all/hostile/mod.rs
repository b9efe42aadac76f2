//! Damaged, truncated and lying files.
//!
//! The result is an error or an image, but never a panic, gigabytes of memory, or a long wait.
//!
//! Everything here iterates over [`unband_io::FORMATS`]: a new format needs a sample in `tests/data` or a
//! writer, a lying header in `incorrect.rs`, and a fuzz target. `-- --nocapture` prints the results by number
//! of files.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod bombs;
mod cut;
pub(crate) mod damage;
mod false_headers;
mod heic;
mod samples;
mod watch;

use damage::{Random, damaged, lengths, sealed_if_png};
use proptest::prelude::*;
use samples::{Sample, once_too_much, samples};
use unband_image::Hint;
use unband_io::{Error, FORMATS, Limits, read};
use watch::{SMALL, Tally};

/// Damaged positions and lengths per file.
const PLACES: usize = 200;
const LENGTHS: usize = 50;

/// Samples by format; each of the PNM family has its own.
fn by_format() -> impl Iterator<Item = (&'static str, Vec<Sample>)> {
    let mut all = samples();
    FORMATS.iter().filter(|format| format.reads).map(move |format| {
        let (own, other_streams) =
            std::mem::take(&mut all).into_iter().partition(|s: &Sample| s.format == format);
        all = other_streams;
        (format.name, own)
    })
}

fn seed(name: &str) -> Random {
    Random(name.bytes().fold(1, |seed, byte| seed * 31 % 1_000_003 + u64::from(byte)))
}

#[test]
fn files_damaged_at_two_hundred_places_each_are_errors_or_images() {
    for (format, files) in by_format() {
        let mut tally = Tally::default();
        for Sample { name, bytes, .. } in &files {
            let mut random = seed(name);
            for i in 0..PLACES {
                let hurt = damaged(bytes, &mut random);
                let _ = tally.read(&format!("{name}, damage {i}"), &hurt);
                if bytes.starts_with(b"\x89PNG") {
                    let _ = tally.read(&format!("{name}, damage {i}, sealed"), &sealed_if_png(hurt));
                }
            }
        }
        eprintln!("{format}, {} samples damaged: {tally}", files.len());
        assert!(tally.refused > 0 || files.is_empty(), "{format}");
    }
}

#[test]
fn files_damaged_everywhere_at_their_beginning_are_errors_or_images() {
    for (format, files) in by_format() {
        let mut tally = Tally::default();
        for Sample { name, bytes, .. } in &files {
            // For formats with many samples, not every byte of each.
            for at in (0..bytes.len().min(200)).step_by(1 + files.len() / 12) {
                for new in [&[bytes[at] ^ 0x80][..], &[0xFF; 4], &[0x7F, 0xFF, 0xFF, 0xFF], &[0, 1, 0, 0]] {
                    let mut bytes = bytes.clone();
                    bytes[at..].iter_mut().zip(new).for_each(|(to, &byte)| *to = byte);
                    let _ = tally.read(&format!("{name}, {new:?} at {at}"), &sealed_if_png(bytes));
                }
            }
        }
        eprintln!("{format}, {} samples damaged at the beginning: {tally}", files.len());
    }
}

#[test]
fn cut_files_are_errors_or_images() {
    for (format, files) in by_format() {
        let mut tally = Tally::default();
        for Sample { name, bytes, .. } in &files {
            for end in lengths(bytes.len(), LENGTHS, &mut seed(name)) {
                let result = tally.read(&format!("{name} cut to {end}"), &bytes[..end]);
                // These formats have an end marker; in the others the samples end early enough.
                let known = ["PNG", "JPEG", "WebP", "PPM", "PGM", "PAM"].contains(&format);
                if known || end <= bytes.len() / 2 {
                    assert!(result.is_err(), "{name} cut to {end} of {} bytes", bytes.len());
                }
            }
        }
        eprintln!("{format}, {} samples cut: {tally}", files.len());
    }
}

#[test]
fn files_that_were_too_much_once_are_no_more() {
    let mut tally = Tally::default();
    for Sample { name, bytes, .. } in once_too_much() {
        let _ = tally.read(&name, &bytes);
    }
    eprintln!("files that were too much once: {tally}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn random_bytes_behind_every_beginning_are_errors_or_images(
        noise in proptest::collection::vec(any::<u8>(), 0..400), keep in 2usize..64,
    ) {
        let mut tally = Tally::default();
        let _ = tally.read("noise", &noise);
        for (format, files) in by_format() {
            if let Some(file) = files.first() {
                let bytes = [&file.bytes[..keep.min(file.bytes.len())], &noise].concat();
                let _ = tally.read(&format!("{format} and noise"), &bytes);
            }
        }
    }
}

#[test]
fn empty_and_unknown_files_are_said_to_be_so() {
    let limits = Limits::default();
    assert_eq!(read(b"", &limits).unwrap_err().to_string(), "the file is empty");
    let error = read(b"hello, world", &limits).unwrap_err();
    assert_eq!(error.to_string(), "unknown image format");
    assert!(matches!(error, Error::UnknownContent) && error.hint().unwrap().contains("PNG, JPEG"));
}
