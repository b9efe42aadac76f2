//! One-line banding verdict.

use unband::verdict::Grade;
use unband::{Cause, Findings};

/// "banding: visible, 34 % of the smooth area, from 6 bits per channel".
pub fn line(findings: &Findings, grade: Grade) -> String {
    if grade == Grade::None {
        return match findings.cause {
            Cause::Jpeg => "banding: none, JPEG noise".to_owned(),
            Cause::Coded => "banding: none, compression noise".to_owned(),
            _ => "banding: none".to_owned(),
        };
    }
    let share = findings.banded_share * 100.0;
    format!("banding: {grade}, {share:.0} % of the smooth area, from {}", findings.origin())
}

#[cfg(test)]
mod tests {
    use super::*;
    use unband::verdict::grade;
    use unband_image::findings::PlaneGrid;

    fn said(findings: &Findings) -> String {
        line(findings, grade(findings))
    }

    fn found(visible: bool, share: f32, step: f32) -> Findings {
        let mut findings = Findings::plain(3, 8);
        findings.visible = visible;
        findings.banded_share = share;
        for grid in &mut findings.grids {
            *grid = PlaneGrid { found: true, bits: Some(6), ..PlaneGrid::plain(step) };
        }
        findings.cause = Cause::Levels;
        findings
    }

    #[test]
    fn the_line_names_grade_share_and_origin() {
        assert_eq!(
            said(&found(true, 0.34, 2.0)),
            "banding: visible, 34 % of the smooth area, from 6 bits per channel"
        );
        assert_eq!(said(&found(false, 0.0, 4.0)), "banding: none");
        assert_eq!(said(&found(true, 0.009, 4.0)), "banding: none");
        let noise = Findings { cause: Cause::Jpeg, ..found(false, 0.9, 1.5) };
        assert_eq!(said(&noise), "banding: none, JPEG noise");
    }
}
