//! Full-reference measures against values of reference implementations.
#![allow(clippy::unwrap_used)]

#[path = "golden/mod.rs"]
mod golden;

use golden::PAIRS;

#[test]
fn every_golden_picture_is_the_one_that_was_measured() {
    let values = golden::values();
    assert_eq!(values["pairs"].as_object().unwrap().len(), PAIRS.len());
    for name in PAIRS.iter().chain(&[golden::LARGE]) {
        let (a, b) = golden::pair(&values, name);
        assert!(a != b, "{name}");
    }
}
