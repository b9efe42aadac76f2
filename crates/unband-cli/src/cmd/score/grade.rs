//! One-line banding verdict.

use unband::show::VerdictLevel;
use unband::verdict::Grade;
use unband::{Cause, Findings};
use unband_image::findings::PlaneGrid;

/// The verdict for the page.
pub fn level(grade: Grade) -> VerdictLevel {
    match grade {
        Grade::None => VerdictLevel::None,
        Grade::Slight => VerdictLevel::Slight,
        Grade::Visible => VerdictLevel::Visible,
        Grade::Strong => VerdictLevel::Strong,
    }
}

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
    format!("banding: {grade}, {share:.0} % of the smooth area, from {}", origin(findings))
}

/// The cause, in a few words.
fn origin(findings: &Findings) -> String {
    match findings.cause {
        Cause::Plain => match findings.effective_bits {
            bits @ 1..=16 => format!("{bits} bits per channel"),
            _ => "steps in the image itself".to_owned(),
        },
        Cause::Levels => levels(&findings.grids),
        Cause::Palette => "a palette of few colours".to_owned(),
        Cause::PlaneGrid => "low-depth luma or chroma".to_owned(),
        Cause::RecodedGrid => "low-depth luma or chroma, re-encoded".to_owned(),
        Cause::Jpeg => "JPEG".to_owned(),
        Cause::Coded => "a lossy codec".to_owned(),
        Cause::Video if findings.effective_bits > 8 => "8-bit steps in a deeper file".to_owned(),
        Cause::Video => "8-bit video colours".to_owned(),
        Cause::ToneCurve if findings.linear_light => "8 bits in linear light".to_owned(),
        Cause::ToneCurve => "a tone curve applied to 8 bits".to_owned(),
    }
}

fn levels(grids: &[PlaneGrid]) -> String {
    let found: Vec<&PlaneGrid> = grids.iter().filter(|grid| grid.found).collect();
    let bits: Option<Vec<u8>> = found.iter().map(|grid| grid.bits).collect();
    match bits.as_deref() {
        Some([first, rest @ ..]) if rest.iter().all(|bits| bits == first) => {
            format!("{first} bits per channel")
        }
        Some([first, rest @ ..]) => {
            let all: Vec<String> = std::iter::once(first).chain(rest).map(u8::to_string).collect();
            format!("{} bits per channel", all.join(", "))
        }
        _ => {
            let step = found.iter().map(|grid| grid.step_codes).fold(0.0, f32::max);
            format!("steps of {step:.1} codes")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unband::verdict::grade;

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
