//! Images of 17×19 samples: a toy.

use super::Rule;
use crate::evidence::Evidence;
use unband_image::findings::{Cause, Findings, PlaneGrid, Space};

pub(super) const RULE: Rule = Rule { name: "toy", when: "the image has 17×19 samples", applies };

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    let mut grid = PlaneGrid::plain(8.0);
    grid.found = true;
    let found = || evidence.findings(Cause::Toy, Space::Native, vec![grid; evidence.codes.planes.len()]);
    ((evidence.codes.width, evidence.codes.height) == (17, 19)).then(found)
}
