//! Dither before samples were rounded to levels.

use super::Rule;
use crate::dithered;

pub(super) const RULE: Rule = Rule {
    name: "dithered",
    when: "residues repeat in a tile, follow a formula, or have no low frequencies",
    applies: dithered::findings,
};
