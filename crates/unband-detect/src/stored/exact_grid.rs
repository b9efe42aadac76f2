//! Exact levels of a plane, not changed after quantisation.

use super::{Evidence, Rule};
use crate::grid::Grid;
use crate::levels::{PAIRS, even_levels, levels};
use crate::planes::Codes;
use crate::spread::{places, stride};
use unband_image::findings::Findings;

pub(super) const RULE: Rule = Rule { name: "exact-grid", when: "planes have exact levels", applies };

/// The grid of a plane whose levels are exact: it was not changed after quantisation.
fn exact(plane: &Codes) -> Option<Grid> {
    let mut hist = vec![0u32; 256];
    let every = stride(plane.width, plane.height, 500_000);
    let columns: Vec<usize> = places(plane.width, every).collect();
    for y in places(plane.height, every) {
        let row = plane.row(0, y);
        for &x in &columns {
            hist[usize::from(row[x])] += 1;
        }
    }
    let found = levels(&hist, 4..=7, PAIRS).or_else(|| even_levels(&hist))?;
    Some(Grid { period: found.step, offset: found.offset, bits: found.bits, strength: 1.0 })
}

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    evidence.clean(&[0, 1, 2].map(|i| exact(&evidence.planes[i])))
}
