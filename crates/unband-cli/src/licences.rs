//! `unband --licences`: licence texts of the program and its dependencies.

use crate::outcome::Outcome;
use crate::result::print_data;

/// Parts, their licences, and the notices that copies must include.
const OWN: (&str, &str) = (
    "unband and its weights: MIT or Apache-2.0, at your option",
    concat!(include_str!("../licences/LICENSE-MIT"), "\n", include_str!("../licences/LICENSE-APACHE")),
);
const THIRD_PARTY: [(&str, &str); 2] = [
    (
        "JPEG",
        "This software is based in part on the work of the Independent JPEG Group. Its terms are among those below.\n",
    ),
    // Written by scripts/licences; a test compares it with Cargo.lock.
    ("Crates", include_str!("../licences/crates.txt")),
];

/// Prints them.
pub(crate) fn run() -> Outcome {
    print_data(text().as_bytes())
}

/// All of them.
pub(crate) fn text() -> String {
    let parts: Vec<String> = [OWN]
        .iter()
        .chain(&unband::NOTICES)
        .chain(&THIRD_PARTY)
        .map(|(title, text)| format!("######## {title}\n\n{text}\n\n"))
        .collect();
    parts.concat()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    #[test]
    fn the_licence_texts_are_those_of_the_repository() {
        // A package holds no file from above its folder.
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let read = |from: &str| std::fs::read(folder.join(from).join(name)).unwrap();
            assert_eq!(read("licences"), read("../.."), "{name}");
        }
    }
}
