//! `unband --licences`: licence texts of the program and its dependencies.

use crate::outcome::Outcome;
use crate::result::print_data;

/// Parts, their licences, and the notices that copies must include.
const PARTS: [(&str, &str); 7] = [
    (
        "unband and its weights: MIT or Apache-2.0, at your option",
        concat!(include_str!("../../../LICENSE-MIT"), "\n", include_str!("../../../LICENSE-APACHE")),
    ),
    // Written by tools/make_notice.py.
    ("Images that its weights learned from", include_str!("../../../weights/NOTICE.txt")),
    ("Constants in its vector code", include_str!("../../unband-simd/NOTICE.txt")),
    ("Model parameters of NIQE", include_str!("../../unband-metrics/src/niqe/NOTICE.txt")),
    ("Weights of LPIPS", include_str!("../../unband-infer/data/lpips/LICENSE")),
    (
        "JPEG",
        "This software is based in part on the work of the Independent JPEG Group. Its terms are among those below.\n",
    ),
    // Written by scripts/licences; a test compares it with Cargo.lock.
    ("Crates", include_str!("../licences/crates.txt")),
];

/// Prints them.
pub fn run() -> Outcome {
    let parts: Vec<String> =
        PARTS.iter().map(|(title, text)| format!("######## {title}\n\n{text}\n\n")).collect();
    print_data(parts.concat().as_bytes())
}
