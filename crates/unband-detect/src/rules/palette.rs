//! Few colours that the file does not declare as a palette.

use std::collections::HashSet;

use super::Rule;
use crate::evidence::Evidence;
use crate::palette::{self, PaletteLook};
use unband_image::Plane;
use unband_image::depth::Depth;
use unband_image::findings::{Cause, Findings, PlaneGrid, Space};

pub(super) const RULE: Rule = Rule {
    name: "palette",
    when: "2 to 256 colours, colourful or far apart",
    applies: |evidence| evidence.palette().cloned(),
};

/// Mean distance of muted colours, in codes, above which they come from a palette.
const APART: f64 = 1.6;

/// Has a plane at most as many values as a palette has colours?
fn has_few_values(plane: &Plane) -> bool {
    let mut values = HashSet::new();
    plane.data.iter().all(|value| {
        values.insert(value.to_bits());
        values.len() <= 256
    })
}

/// Few colours: declared by the file, or found in colourful samples.
pub(crate) fn findings(evidence: &Evidence<'_>, declared: bool) -> Option<Findings> {
    // Colours are counted after rounding to 8 bits: a palette has at most 256 values.
    if !evidence.effective.eight() && !evidence.image.planes.iter().all(has_few_values) {
        return None;
    }
    let colours = evidence.colours();
    if !(8..=256).contains(&colours.all) || colours.all <= 2 * colours.greys {
        return None;
    }
    let colourful = colours.spread >= 48;
    let seen = || colourful || (colours.spread >= 12 && colours.apart() >= APART);
    if !(if declared { evidence.declares_palette() } else { evidence.codes.len() > 4096 && seen() }) {
        return None;
    }
    let look = palette::look(&evidence.codes);
    if look.dithered {
        // No bands, and texture that must be preserved: treated as plain.
        return (declared || colourful).then(|| Findings::plain(evidence.codes.planes.len(), 8));
    }
    Some(with_steps(evidence, look))
}

/// Findings of a palette, with its steps by channel and code.
pub(super) fn with_steps(evidence: &Evidence<'_>, look: PaletteLook) -> Findings {
    let mut found = evidence.base(Cause::Palette, Space::Native, Vec::new());
    found.grids = look.grids();
    found.grids.iter_mut().for_each(|grid| at_own_depth(grid, evidence));
    found
}

/// Steps by the codes of a deeper container, from those by 8-bit codes.
fn at_own_depth(grid: &mut PlaneGrid, evidence: &Evidence<'_>) {
    let depth = evidence.image.depth;
    if let (Depth::Int(9..), Some(steps)) = (depth, &mut grid.steps_by_code) {
        let near = |code: u32| (depth.value(code) * evidence.effective.scale).round().min(255.0) as usize;
        *steps = (0..=depth.max_code()).map(|code| steps[near(code)]).collect();
    }
}
