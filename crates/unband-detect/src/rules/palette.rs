//! Few colours that the file does not declare as a palette.

use super::Rule;

pub(super) const RULE: Rule = Rule {
    name: "palette",
    when: "2 to 256 colours, colourful or far apart",
    applies: |evidence| evidence.palette().cloned(),
};
