//! Arguments of calls as options of the library.

use unband::frames::ShotRanges;
use unband::{
    Bands, Choice, Dither, Entry, Method, OutputDepth, ParamInfo, ParamKind, ParamValue, Precision,
};

use super::host::{Clip, Values};
use crate::guard::{message, method};

/// The arguments of a call.
#[derive(Clone, Copy)]
pub(super) struct Arguments(pub Values);

/// `name must be rule, got value`.
fn wrong(name: &str, rule: &str, got: impl std::fmt::Display) -> String {
    format!("`{name}` must be {rule}, got {got}")
}

impl Arguments {
    pub(super) fn clip(self) -> Result<Clip, String> {
        self.0.clip("clip").ok_or_else(|| "`clip` must be a video clip".to_owned())
    }

    pub(super) fn switch(self, name: &str) -> Option<bool> {
        self.0.int(name).map(|value| value != 0)
    }

    /// A whole number within bounds.
    pub(super) fn whole<T: TryFrom<i64> + PartialOrd + std::fmt::Display>(
        self,
        name: &str,
        range: std::ops::RangeInclusive<T>,
    ) -> Result<Option<T>, String> {
        let Some(value) = self.0.int(name) else { return Ok(None) };
        let fits = T::try_from(value).ok().filter(|value| range.contains(value));
        fits.map(Some).ok_or_else(|| wrong(name, &format!("{} to {}", range.start(), range.end()), value))
    }

    /// One of the words of a registry.
    pub(super) fn word<T: ParamValue>(self, name: &str) -> Result<Option<T>, String> {
        let Some(text) = self.0.text(name) else { return Ok(None) };
        let rule = format!("one of {}", T::KIND);
        T::parse(&text).map(Some).ok_or_else(|| wrong(name, &rule, format!("`{text}`")))
    }

    /// Bits of the result.
    pub(super) fn depth(self) -> Result<OutputDepth, String> {
        match self.0.int("depth") {
            None => Ok(OutputDepth::Keep),
            Some(32) => Ok(OutputDepth::Float),
            Some(bits @ 8..=16) => Ok(OutputDepth::Bits(bits as u8)),
            Some(other) => Err(wrong("depth", "8 to 16, or 32 for floating point", other)),
        }
    }

    /// Threads of a frame; the core runs frames side by side.
    pub(super) fn threads(self) -> Result<usize, String> {
        Ok(self.whole("threads", 1..=1024)?.map_or(1, |threads: i64| usize::try_from(threads).unwrap_or(1)))
    }

    /// Which of three planes to change.
    pub(super) fn planes(self, count: usize) -> Result<[bool; 3], String> {
        let given = self.0.ints("planes");
        if given.is_empty() {
            return Ok([true; 3]);
        }
        let mut planes = [false; 3];
        for plane in given {
            let place = usize::try_from(plane).ok().filter(|&place| place < count);
            let place = place.ok_or_else(|| wrong("planes", &format!("0 to {}", count - 1), plane))?;
            planes[place] = true;
        }
        Ok(planes)
    }

    /// A number within bounds.
    pub(super) fn number(
        self,
        name: &str,
        range: std::ops::RangeInclusive<f64>,
    ) -> Result<Option<f64>, String> {
        let Some(value) = self.0.float(name) else { return Ok(None) };
        let rule = || match *range.end() {
            f64::MAX => format!("{} or more", range.start()),
            end => format!("{} to {end}", range.start()),
        };
        if range.contains(&value) { Ok(Some(value)) } else { Err(wrong(name, &rule(), value)) }
    }

    /// Name of a frame property.
    pub(super) fn property(self, default: &str) -> Result<String, String> {
        let name = self.0.text("prop").unwrap_or_else(|| default.to_owned());
        let mut letters = name.chars();
        let fine = letters.next().is_some_and(|c| c == '_' || c.is_ascii_alphabetic())
            && letters.all(|c| c == '_' || c.is_ascii_alphanumeric());
        let rule = "letters, digits and underscores, without a digit at its start";
        if fine { Ok(name) } else { Err(wrong("prop", rule, format!("`{name}`"))) }
    }

    /// The shots of a clip: by `cuts`, or windows.
    pub(super) fn shots(self, frames: u64) -> Result<ShotRanges, String> {
        let window = self.whole("window", 1..=1_000_000_i64)?;
        if !self.0.has("cuts") {
            return Ok(ShotRanges::fixed(frames, window.unwrap_or(1).unsigned_abs()));
        }
        if window.is_some() {
            return Err("`window` must be omitted where `cuts` is given".into());
        }
        let cut = |cut: i64| u64::try_from(cut).map_err(|_| wrong("cuts", "numbers of frames, from 0", cut));
        let cuts = self.0.ints("cuts").into_iter().map(cut).collect::<Result<Vec<_>, _>>()?;
        Ok(ShotRanges::from_cuts(frames, &cuts))
    }

    /// Bands that the user has stated, by their bits or steps.
    pub(super) fn bands(self) -> Result<Option<Bands>, String> {
        let bits = self.whole("band_bits", 1..=12_i64)?.map(|bits| Bands::Bits(bits as u8));
        let steps: Vec<f32> = self.0.floats("band_step").into_iter().map(|step| step as f32).collect();
        if let Some(step) = steps.iter().find(|step| !(0.25..=64.0).contains(*step)) {
            return Err(wrong("band_step", "0.25 to 64 codes", step));
        }
        match (bits, steps[..].try_into(), &steps[..]) {
            (bits, _, []) => Ok(bits),
            (Some(_), ..) => Err("`band_step` must be omitted where `band_bits` is given".into()),
            (None, Ok(steps), _) => Ok(Some(Bands::Steps(steps))),
            (None, _, &[step]) => Ok(Some(Bands::Steps([step; 3]))),
            _ => Err(wrong("band_step", "one number of codes, or three", format!("{} numbers", steps.len()))),
        }
    }

    /// The method named by `method`.
    pub(super) fn method(self) -> Result<Choice, String> {
        self.0.text("method").map_or(Ok(Choice::Auto), |text| method(&text))
    }

    pub(super) fn dither(self) -> Result<Dither, String> {
        Ok(self.word("dither")?.unwrap_or_default())
    }

    pub(super) fn precision(self) -> Result<Precision, String> {
        Ok(self.word("precision")?.unwrap_or_default())
    }

    /// A method with the parameters given under their own names.
    pub(super) fn parameters(self, entry: &'static Entry) -> Result<Method, String> {
        let mut method = Method::new(entry);
        for info in entry.params {
            if let Some(text) = self.parameter(info) {
                method.set_text(info.name, &text).map_err(message)?;
            }
        }
        Ok(method)
    }

    /// A parameter's value as text.
    pub(super) fn parameter(self, info: &ParamInfo) -> Option<String> {
        let name = &*info.identifier();
        match info.kind {
            ParamKind::Number => self.0.float(name).map(|value| value.to_string()),
            ParamKind::Whole => self.0.int(name).map(|value| value.to_string()),
            ParamKind::Switch => self.switch(name).map(|value| value.to_string()),
            ParamKind::Word(_) | ParamKind::File => self.0.text(name),
        }
    }
}

/// A parameter in an argument string.
pub(super) fn declared(info: &ParamInfo) -> String {
    let kind = match info.kind {
        ParamKind::Number => "float",
        ParamKind::Whole | ParamKind::Switch => "int",
        ParamKind::Word(_) | ParamKind::File => "data",
    };
    format!("{}:{kind}:opt;", info.identifier())
}
