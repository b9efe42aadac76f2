//! Sharp grids of limited range among few colours.

use super::Rule;
use crate::evidence::Evidence;
use unband_image::color::{Matrix, Range};
use unband_image::findings::Findings;

pub(super) const RULE: Rule =
    Rule { name: "limited-grid", when: "few colours on grids of limited-range YCbCr", applies };

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    if !evidence.few_colours() {
        return None;
    }
    [Matrix::Bt601, Matrix::Bt709].into_iter().find_map(|matrix| {
        let grids = evidence.plane_grids(matrix, Range::Limited, 0.0, true);
        let any = grids.iter().any(Option::is_some);
        any.then(|| evidence.clean_grid(matrix, Range::Limited, &grids))
    })
}
