//! Hostile and damaged checkpoints: refused, or read if harmless. Nothing is executed, written or started;
//! time and memory stay bounded.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod build;
mod bundle;
mod flips;
mod machine;
mod made;

use std::time::{Duration, Instant};
use unband_image::Hint;

use unband_nets::checkpoint;

use crate::hostile::build::{goldens, refused};
use crate::hostile::machine::Machine;

/// One test runs all files in sequence, so that time, memory and files can be watched.
#[test]
fn hostile_files_are_refused_or_harmless() {
    let before = Machine::now();
    let (mut tried, mut refusals, mut wrong) = (0, 0, Vec::new());
    let mut cases = made::cases();
    cases.extend(goldens().into_iter().flat_map(|(name, bytes)| cut(&name, &bytes)));
    for case in cases {
        let started = Instant::now();
        let result = checkpoint::read(&case.bytes);
        assert!(started.elapsed() < Duration::from_secs(10), "{}: {:?}", case.name, started.elapsed());
        tried += 1;
        match result {
            Ok(read) => {
                let _ = read.network();
                if case.must_fail {
                    wrong.push(format!("{} was read", case.name));
                }
            }
            Err(error) => {
                refusals += 1;
                let text = error.to_string();
                let explained = !text.is_empty() && text.len() < 2000 && error.hint().is_some();
                if !case.must_fail || !explained || !text.contains(case.says) {
                    wrong.push(format!("{}: {text}", case.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(tried >= 1560 && refusals >= 1550, "{tried} tried, {refusals} refused");
    before.unchanged();
}

/// Every file written by PyTorch, truncated at many offsets.
fn cut(name: &str, bytes: &[u8]) -> Vec<build::Case> {
    const PLACES: usize = 24;
    let mut places: Vec<usize> = (0..PLACES).map(|i| bytes.len() * i / PLACES).collect();
    places.extend([1, 2, 7, 8, 9, 30, bytes.len() - 1]);
    let case = |&at: &usize| refused(format!("{name} cut at {at}"), bytes[..at].to_vec(), "");
    places.iter().map(case).collect()
}
