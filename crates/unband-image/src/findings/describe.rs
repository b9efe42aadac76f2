//! Findings in words for users: a sentence, two or three words, the origin of the banding.

use super::{Cause, Findings, PlaneGrid, Space};

impl Findings {
    /// The detected cause and visibility in one sentence without a full stop.
    pub fn sentence(&self) -> String {
        let what = self.dithered().unwrap_or_else(|| self.cause_sentence());
        let resized = if self.resized { ", then resized" } else { "" };
        let part = if self.regions.is_some() { " in a part of the image" } else { "" };
        let bands = if self.dither.is_some() {
            String::new()
        } else if self.visible {
            format!("; bands in {} of the smooth area", percent(self.banded_share))
        } else {
            "; no visible bands".to_owned()
        };
        let drawn = self.drawing.map_or_else(String::new, |drawing| format!("; drawn on purpose: {drawing}"));
        let alpha = self.alpha_bits().map_or_else(String::new, |bits| format!("; alpha has {bits} bits"));
        let light = self.conversion_to_light();
        format!("{what}{resized}{part}{light}{bands}{drawn}{alpha}")
    }

    /// "dithered with a 4×4 tile, 5 bits per channel", "dithered with error diffusion, 64 colours".
    fn dithered(&self) -> Option<String> {
        let dither = self.dither.as_ref()?.words();
        let levels = match (self.cause, self.colours) {
            (_, Some(colours)) => format!("{colours} colours"),
            (Cause::Levels, None) => shared_levels(&self.grids),
            _ => format!("{} bits per channel", self.effective_bits),
        };
        Some(format!("dithered with {dither}, {levels}"))
    }

    /// Bits of a banded alpha channel.
    pub fn alpha_bits(&self) -> Option<u8> {
        self.alpha.as_ref().and_then(|grid| grid.bits)
    }

    /// The finding in a few words: "no banding", "bands from JPEG".
    pub fn short(&self) -> String {
        if let Some(dithered) = self.dithered() {
            return dithered;
        }
        let plain = self.cause == Cause::Plain && self.effective_bits == 8 && self.float_codes.is_none();
        match (self.visible, plain || self.effective_bits > 16) {
            (true, _) => format!("bands from {}", self.origin()),
            (false, true) => "no banding".to_owned(),
            (false, false) => format!("no visible bands, {}", self.origin()),
        }
    }

    /// Levels of the planes: "luma of 6 bits, chroma of 5 bits"; of colours as of all channels.
    pub(super) fn plane_levels(&self) -> String {
        let names = self.names();
        if names[0] != "luma" {
            return shared_levels(&self.grids);
        }
        let found = |grid: &PlaneGrid| if grid.found { grid.bits } else { None };
        let luma = self.grids.first().and_then(found);
        let mut chroma: Vec<u8> = self.grids.iter().skip(1).filter_map(found).collect();
        chroma.dedup();
        let chroma = match chroma.as_slice() {
            [] => None,
            [bits] => Some(format!("{bits}")),
            [blue, red, ..] => Some(format!("{blue} and {red}")),
        };
        match (luma, chroma) {
            (None, None) => "low-depth luma or chroma".to_owned(),
            (Some(luma), None) => format!("luma of {luma} bits"),
            (None, Some(chroma)) => format!("chroma of {chroma} bits"),
            (Some(luma), Some(chroma)) if luma.to_string() == chroma => {
                format!("luma and chroma of {luma} bits")
            }
            (Some(luma), Some(chroma)) => format!("luma of {luma} bits, chroma of {chroma} bits"),
        }
    }

    /// Names of the planes.
    pub(super) fn names(&self) -> &'static [&'static str] {
        let of_chroma = match (self.space, self.cause) {
            (Space::Yuv { .. }, _) | (Space::Native, Cause::PlaneGrid) => true,
            (Space::Rgb, _) => false,
            (Space::Native, _) => self.stored_yuv,
        };
        match self.grids.len() {
            _ if of_chroma => &["luma", "blue chroma", "red chroma"],
            1 => &["grey"],
            _ => &["red", "green", "blue"],
        }
    }

    /// "luma was quantised to 6 bits (steps of 4.7 codes), both chroma planes to 5 bits (steps of 9.4)".
    pub(super) fn cuts(&self, names: &[&str]) -> String {
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
        let phrase: Vec<String> = groups
            .iter()
            .enumerate()
            .map(|(i, (names, how))| {
                let verb = match (i, names.len()) {
                    (0, 1) => " was quantised",
                    (0, _) => " were quantised",
                    _ => "",
                };
                let names = match names.split_last() {
                    Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
                    _ => names.concat(),
                };
                format!("{names}{verb} to {how}")
            })
            .collect();
        phrase.join(", ")
    }
}

/// Bits of levels, one number where all channels have the same.
pub(super) fn shared_levels(grids: &[PlaneGrid]) -> String {
    let found: Vec<&PlaneGrid> = grids.iter().filter(|grid| grid.found).collect();
    let bits: Option<Vec<u8>> = found.iter().map(|grid| grid.bits).collect();
    match bits.as_deref() {
        Some([first, rest @ ..]) if rest.iter().all(|bits| bits == first) => {
            format!("{first} bit{} per channel", if *first == 1 { "" } else { "s" })
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

fn percent(share: f32) -> String {
    if share < 0.01 { "less than 1 %".to_owned() } else { format!("{:.0} %", share * 100.0) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn phrase(cause: Cause, steps: &[f32]) -> String {
        let grid = |&step: &f32| PlaneGrid { found: true, bits: Some(6), ..PlaneGrid::plain(step) };
        let grids = steps.iter().map(grid).collect();
        let stored_yuv = steps.windows(2).any(|pair| (pair[0] - pair[1]).abs() > 0.0);
        Findings { cause, grids, stored_yuv, ..Findings::plain(0, 8) }.sentence()
    }

    #[test]
    fn planes_of_coded_video_are_called_luma_and_chroma() {
        // 6 bits each, in the limited range and coded since.
        let coded = phrase(Cause::RecodedGrid, &[4.7, 4.6, 4.6]);
        assert!(
            coded
                .starts_with("luma was quantised to 6 bits (steps of 4.7 codes), blue chroma and red chroma"),
            "{coded}"
        );
    }

    #[test]
    fn channels_are_called_by_their_colours() {
        let each = "red, green and blue were quantised to 6 bits (steps of 4.0 codes)";
        for cause in [Cause::Levels, Cause::RecodedGrid] {
            let phrase = phrase(cause, &[255.0 / 63.0; 3]);
            assert!(phrase.starts_with(each), "{phrase}");
        }
        assert!(phrase(Cause::RecodedGrid, &[4.0]).starts_with("grey was quantised"));
    }

    #[test]
    fn what_a_lossy_coding_leaves_is_called_noise_where_no_band_is_seen() {
        assert_eq!(phrase(Cause::Jpeg, &[1.5; 3]), "JPEG noise; no visible bands");
        assert_eq!(phrase(Cause::Coded, &[1.5; 3]), "compression noise; no visible bands");
    }

    #[test]
    fn the_short_finding_needs_no_glossary() {
        let grid = |bits: Option<u8>| PlaneGrid { found: bits.is_some(), bits, ..PlaneGrid::plain(4.0) };
        let said = |cause: Cause, bits: [Option<u8>; 3], visible: bool| {
            let yuv = matches!(cause, Cause::PlaneGrid | Cause::RecodedGrid);
            let grids = bits.map(grid).to_vec();
            Findings { cause, grids, visible, stored_yuv: yuv, ..Findings::plain(3, 8) }.short()
        };
        for (cause, bits, visible, words) in [
            (Cause::Plain, [None; 3], false, "no banding"),
            (Cause::Plain, [None; 3], true, "bands from 8 bits per channel"),
            (Cause::Levels, [Some(6); 3], true, "bands from 6 bits per channel"),
            (Cause::Levels, [Some(5), Some(6), Some(5)], true, "bands from 5, 6, 5 bits per channel"),
            (Cause::PlaneGrid, [Some(6), None, None], true, "bands from luma of 6 bits"),
            (Cause::PlaneGrid, [None, Some(5), Some(5)], true, "bands from chroma of 5 bits"),
            (
                Cause::PlaneGrid,
                [Some(6), Some(5), Some(4)],
                true,
                "bands from luma of 6 bits, chroma of 5 and 4 bits",
            ),
            (
                Cause::RecodedGrid,
                [Some(6); 3],
                true,
                "bands from luma and chroma of 6 bits, compressed since",
            ),
            (Cause::Palette, [None; 3], true, "bands from a palette of few colours"),
            (Cause::Jpeg, [None; 3], true, "bands from JPEG"),
            (Cause::Jpeg, [None; 3], false, "no visible bands, JPEG"),
            (Cause::Coded, [None; 3], false, "no visible bands, a lossy codec"),
        ] {
            assert_eq!(said(cause, bits, visible), words);
        }
    }

    #[test]
    fn each_cause_has_words_of_all_lengths() {
        let found = Cause::ALL.map(|cause| {
            let grid = PlaneGrid { found: true, bits: Some(6), ..PlaneGrid::plain(4.0) };
            Findings { cause, grids: vec![grid; 3], visible: true, ..Findings::plain(3, 8) }
        });
        let all: [Vec<String>; 4] = [
            found.iter().map(Findings::sentence).collect(),
            found.iter().map(Findings::short).collect(),
            found.iter().map(Findings::origin).collect(),
            found.iter().map(|found| found.cause_word().to_owned()).collect(),
        ];
        for words in &all {
            assert!(words.iter().all(|words| !words.is_empty() && !words.ends_with('.')), "{words:?}");
        }
        let mut identifiers = all[3].clone();
        identifiers.sort_unstable();
        identifiers.dedup();
        assert_eq!(identifiers.len(), Cause::ALL.len(), "{identifiers:?}");
        let levels: Vec<&Findings> = found.iter().filter(|found| found.cause == Cause::Levels).collect();
        assert_eq!(levels[0].short(), "bands from 6 bits per channel");
        assert_eq!(levels[0].origin(), "6 bits per channel");
    }
}
