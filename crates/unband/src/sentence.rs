//! What was found, in words.

use unband_image::inspect::{Cause, Findings, PlaneGrid, Space};

/// What was found, in a sentence for a photographer, without a full stop: "red, green and blue kept 6 bits
/// each (steps of 4.0 codes); bands in 43 % of the picture".
pub fn finding_sentence(findings: &Findings) -> String {
    let what = match findings.cause {
        Cause::Plain => return plain(findings),
        Cause::Levels | Cause::PlaneGrid => coarse(findings),
        Cause::RecodedGrid => format!("{}, and was compressed with loss since", coarse(findings)),
        Cause::Palette => "a palette of few colours".to_owned(),
        Cause::Jpeg => format!("JPEG compression{}", steps(findings)),
        Cause::Coded => format!("lossy compression{}", steps(findings)),
        Cause::Video => "8-bit video colours, not compressed visibly".to_owned(),
        Cause::ToneCurve => match widest(findings) {
            Some(gap) => format!("a tone curve pulled the codes up to {gap:.1} apart after rounding"),
            None => "a tone curve pulled the codes apart after rounding".to_owned(),
        },
    };
    format!("{what}; {}", extent(findings))
}

fn plain(findings: &Findings) -> String {
    match findings.effective_bits {
        17.. => "floating-point samples, no steps found".to_owned(),
        bits => format!("all {bits} bits are in use, no steps coarser than one code"),
    }
}

fn extent(findings: &Findings) -> String {
    let percent = findings.banded_share * 100.0;
    if percent <= 0.0 {
        "no bands to be seen".to_owned()
    } else if percent < 1.0 {
        "bands in less than 1 % of the picture".to_owned()
    } else {
        format!("bands in {percent:.0} % of the picture")
    }
}

/// "luma kept 6 bits (steps of 4.7 codes)", or the planes one by one where they differ.
fn coarse(findings: &Findings) -> String {
    let names: &[&str] = match (findings.space, findings.grids.len()) {
        (Space::Yuv { .. }, _) => &["brightness", "the blue difference", "the red difference"],
        (Space::Native, 1) => &["grey"],
        (Space::Native, _) => &["red", "green", "blue"],
    };
    let found: Vec<(&str, &PlaneGrid)> =
        names.iter().copied().zip(&findings.grids).filter(|(_, grid)| grid.found).collect();
    let Some(&(_, first)) = found.first() else { return "values on a coarse grid".to_owned() };
    let same =
        |grid: &PlaneGrid| grid.bits == first.bits && (grid.step_codes - first.step_codes).abs() < 0.05;
    let kept = |names: &str, grid: &PlaneGrid, each: &str| match grid.bits {
        Some(bits) => format!("{names} kept {bits} bits{each} (steps of {:.1} codes)", grid.step_codes),
        None => format!("{names} moves in steps of {:.1} codes", grid.step_codes),
    };
    if found.iter().all(|(_, grid)| same(grid)) {
        let each = if found.len() > 1 { " each" } else { "" };
        let names: Vec<_> = found.iter().map(|&(name, _)| name).collect();
        return kept(&list(&names), first, each);
    }
    let parts: Vec<_> = found.iter().map(|&(name, grid)| kept(name, grid, "")).collect();
    list(&parts.iter().map(String::as_str).collect::<Vec<_>>())
}

fn steps(findings: &Findings) -> String {
    match widest(findings) {
        Some(step) if step >= 1.0 => format!(" in steps of up to {step:.1} codes"),
        _ => String::new(),
    }
}

/// The widest step of any plane, in 8-bit codes.
fn widest(findings: &Findings) -> Option<f32> {
    let of = |grid: &PlaneGrid| match &grid.steps_by_code {
        Some(steps) => steps.iter().copied().fold(0.0, f32::max),
        None => grid.step_codes,
    };
    findings.grids.iter().map(of).reduce(f32::max)
}

/// "a", "a and b", "a, b and c".
fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unband_image::{Matrix, Range};

    fn grid(bits: u8) -> PlaneGrid {
        let step_codes = 255.0 / ((1u32 << bits) - 1) as f32;
        PlaneGrid { bits: Some(bits), found: true, ..PlaneGrid::plain(step_codes) }
    }

    #[test]
    fn sentences_name_planes_bits_and_extent() {
        let mut findings = Findings::plain(3, 8);
        assert_eq!(finding_sentence(&findings), "all 8 bits are in use, no steps coarser than one code");
        findings.cause = Cause::Levels;
        findings.grids = vec![grid(6); 3];
        findings.banded_share = 0.434;
        assert_eq!(
            finding_sentence(&findings),
            "red, green and blue kept 6 bits each (steps of 4.0 codes); bands in 43 % of the picture"
        );
        findings.cause = Cause::RecodedGrid;
        findings.space = Space::Yuv { matrix: Matrix::Bt601, range: Range::Limited };
        findings.grids = vec![PlaneGrid::plain(1.2), grid(5), grid(6)];
        findings.banded_share = 0.0;
        assert_eq!(
            finding_sentence(&findings),
            "the blue difference kept 5 bits (steps of 8.2 codes) and the red difference kept 6 bits \
             (steps of 4.0 codes), and was compressed with loss since; no bands to be seen"
        );
    }
}
