//! `unband --licences`.

use crate::Outcome;
use crate::result::print_data;

/// What is under which terms, and the notices that go with copies of it.
const PARTS: [(&str, &str); 6] = [
    (
        "unband and its weights: MIT or Apache-2.0, as you like",
        concat!(include_str!("../../../LICENSE-MIT"), "\n", include_str!("../../../LICENSE-APACHE")),
    ),
    ("Numbers in its vector code", include_str!("../../unband-simd/NOTICE.txt")),
    ("Numbers of NIQE", include_str!("../../unband-metrics/src/niqe/NOTICE.txt")),
    ("Weights of LPIPS", include_str!("../../unband-infer/data/lpips/LICENSE")),
    (
        "JPEG",
        "This software is based in part on the work of the Independent JPEG Group. Its terms are among those below.\n",
    ),
    // Made by scripts/licences; a test compares it with Cargo.lock.
    ("Crates", include_str!("../licences/crates.txt")),
];

/// Prints all of them.
pub fn run() -> Outcome {
    let parts: Vec<String> =
        PARTS.iter().map(|(title, text)| format!("######## {title}\n\n{text}\n\n")).collect();
    print_data(parts.concat().as_bytes())
}
