//! What was found, in a sentence for a photographer.

use super::{Cause, Findings, Space};

impl Findings {
    /// What happened to the picture, in one sentence without a full stop.
    pub fn sentence(&self) -> String {
        let space = match self.space {
            Space::Native => String::new(),
            Space::Yuv { matrix, range } => format!(", {} {}", matrix.name(), range.name()),
        };
        let names: &[&str] = match (self.space, self.grids.len()) {
            (Space::Yuv { .. }, _) => &["luma", "blue chroma", "red chroma"],
            (Space::Native, 1) => &["grey"],
            (Space::Native, _) => &["red", "green", "blue"],
        };
        let cut = self.cuts(names);
        let step = self.grids.first().map_or(0.0, |g| g.step_codes);
        let what = match self.cause {
            Cause::Plain if self.effective_bits > 16 => "floating-point samples, nothing was cut".to_owned(),
            Cause::Plain => format!("{} bits per sample, nothing coarser", self.effective_bits),
            Cause::Levels => cut,
            Cause::Palette => format!("few colours without dither, steps of about {step:.1} codes"),
            Cause::PlaneGrid => format!("{cut}{space}"),
            Cause::RecodedGrid => format!("{cut}{space}, then coded again with loss"),
            Cause::Jpeg => format!("JPEG, flat blocks differ by steps of {step:.1} codes"),
            Cause::Coded => format!("coded with loss, flat areas differ by about {step:.1} codes{space}"),
            Cause::Video => format!("8-bit video colours{space}, no visible coding"),
            Cause::ToneCurve => {
                "8 bits spread by a tone curve, codes are missing between the steps".to_owned()
            }
        };
        let part = if self.regions.is_some() { " in a part of the picture" } else { "" };
        let bands = if self.visible {
            format!("; bands cover {} of the picture", percent(self.banded_share))
        } else {
            "; no visible bands".to_owned()
        };
        format!("{what}{part}{bands}")
    }

    /// "luma was cut to 6 bits (steps of 4.7 codes), both chroma planes to 5 bits (steps of 9.4)".
    fn cuts(&self, names: &[&str]) -> String {
        let mut groups: Vec<(Vec<&str>, String)> = Vec::new();
        for (grid, name) in self.grids.iter().zip(names).filter(|(g, _)| g.found) {
            let how = match grid.bits {
                Some(bits) => format!("{bits} bits (steps of {:.1} codes)", grid.step_codes),
                None => format!("steps of {:.1} codes", grid.step_codes),
            };
            match groups.iter_mut().find(|(_, h)| *h == how) {
                Some((names, _)) => names.push(name),
                None => groups.push((vec![name], how)),
            }
        }
        let told: Vec<String> = groups
            .iter()
            .enumerate()
            .map(|(i, (names, how))| {
                let verb = match (i, names.len()) {
                    (0, 1) => " was cut",
                    (0, _) => " were cut",
                    _ => "",
                };
                let names = match names.split_last() {
                    Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
                    _ => names.concat(),
                };
                format!("{names}{verb} to {how}")
            })
            .collect();
        told.join(", ")
    }
}

fn percent(share: f32) -> String {
    if share < 0.01 { "less than 1 %".to_owned() } else { format!("{:.0} %", share * 100.0) }
}
