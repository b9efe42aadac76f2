//! Settings of libplacebo's deband from mpv, `VapourSynth` and ffmpeg.

use super::{RecipeError, Settings, call, nearest};

const METHOD: &str = "libplacebo";

/// Parses mpv options or configuration lines, a call of `placebo.Deband`, or ffmpeg's filter. Missing
/// settings have the default of that program. `None` for any other text.
pub(super) fn read(text: &str) -> Option<Result<Settings, RecipeError>> {
    mpv(text).or_else(|| vapoursynth(text)).or_else(|| ffmpeg(text))
}

/// An option of another program: its name there, its name here, its default there, and the divisor of its
/// values.
type Foreign = (&'static str, &'static str, &'static str, f64);

const MPV: [Foreign; 4] = [
    ("iterations", "iterations", "1", 1.0),
    ("threshold", "threshold", "48", 16.384),
    ("range", "radius", "16", 1.0),
    ("grain", "grain", "32", 8.192),
];

const VAPOURSYNTH: [Foreign; 5] = [
    ("planes", "planes", "1", 1.0),
    ("iterations", "iterations", "1", 1.0),
    ("threshold", "threshold", "4", 1.0),
    ("radius", "radius", "16", 1.0),
    ("grain", "grain", "6", 1.0),
];

const FFMPEG: [Foreign; 4] = [
    ("deband_iterations", "iterations", "1", 1.0),
    ("deband_threshold", "threshold", "4", 1.0),
    ("deband_radius", "radius", "16", 1.0),
    ("deband_grain", "grain", "6", 1.0),
];

/// Dithers by libplacebo's numbers.
const DITHERS: [&str; 4] = ["blue-noise", "ordered", "ordered-fixed", "white-noise"];

fn mpv(text: &str) -> Option<Result<Settings, RecipeError>> {
    let words = || {
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or(""));
        lines.flat_map(str::split_whitespace)
    };
    let is_switch = |word: &str| matches!(word, "deband" | "deband=yes" | "deband=no" | "no-deband");
    let is_option = |word: &str| {
        let (bare, dashes) = (word.trim_start_matches('-'), word.starts_with('-'));
        bare.starts_with("deband-") || (is_switch(bare) && (dashes || bare.contains('=')))
    };
    if !is_option(words().next()?) {
        return None;
    }
    let mut given = Vec::new();
    for word in words() {
        let bare = word.trim_start_matches('-');
        match bare.split_once('=') {
            _ if matches!(bare, "deband" | "deband=yes") => {}
            Some((name, value)) if name.starts_with("deband-") => {
                given.push((name.trim_start_matches("deband-"), value));
            }
            _ => return Some(Err(RecipeError::NotASetting { method: METHOD, got: word.to_owned() })),
        }
    }
    Some(settings(&MPV, given))
}

fn vapoursynth(text: &str) -> Option<Result<Settings, RecipeError>> {
    const ORDER: [&str; 8] =
        ["planes", "iterations", "threshold", "radius", "grain", "dither", "dither_algo", "log_level"];
    let arguments = call::arguments(text, "placebo.Deband")?;
    let (mut given, mut on, mut algorithm) = (Vec::new(), true, 0);
    let mut named = false;
    for (i, (name, value)) in arguments.into_iter().enumerate() {
        let too_many = || RecipeError::TooMany { method: METHOD, count: ORDER.len(), got: value.to_owned() };
        named |= name.is_some();
        let name = match name {
            Some(name) => name,
            None if named => return Some(Err(RecipeError::Nameless { got: value.to_owned() })),
            None => match ORDER.get(i) {
                Some(name) => name,
                None => return Some(Err(too_many())),
            },
        };
        match name {
            "log_level" => {}
            "dither" => on = !matches!(value, "False" | "false" | "0"),
            "dither_algo" => match value.parse().ok().filter(|&i: &usize| i < DITHERS.len()) {
                Some(i) => algorithm = i,
                None => return Some(not_a_setting(name, value)),
            },
            _ => given.push((name, value)),
        }
    }
    let dither = if on { DITHERS[algorithm] } else { "none" };
    let with_dither = |mut all: Settings| {
        all.push(("dither".to_owned(), dither.to_owned()));
        all
    };
    Some(settings(&VAPOURSYNTH, given).map(with_dither))
}

fn ffmpeg(text: &str) -> Option<Result<Settings, RecipeError>> {
    let rest = text.strip_prefix("libplacebo=")?;
    if rest.contains([',', ';', '[']) {
        return Some(Err(RecipeError::Chain { text: text.to_owned() }));
    }
    let (mut given, mut dither) = (Vec::new(), None);
    for piece in rest.split(':').map(str::trim).filter(|piece| !piece.is_empty()) {
        let Some((name, value)) = piece.split_once('=') else {
            return Some(Err(RecipeError::NotASetting { method: METHOD, got: piece.to_owned() }));
        };
        match (name, value) {
            ("deband", "true" | "1" | "yes" | "on" | "y" | "enable" | "enabled") => {}
            ("deband", _) => return Some(not_a_setting(name, value)),
            ("dithering", _) => {
                dither = match value {
                    "none" | "-1" => Some("none"),
                    "blue" | "0" => Some(DITHERS[0]),
                    "ordered" | "1" => Some(DITHERS[1]),
                    "ordered_fixed" | "2" => Some(DITHERS[2]),
                    "white" | "3" => Some(DITHERS[3]),
                    _ => return Some(not_a_setting(name, value)),
                };
            }
            _ => given.push((name, value)),
        }
    }
    let with_dither = |mut all: Settings| {
        all.extend(dither.map(|word| ("dither".to_owned(), word.to_owned())));
        all
    };
    Some(settings(&FFMPEG, given).map(with_dither))
}

fn not_a_setting(name: &str, value: &str) -> Result<Settings, RecipeError> {
    Err(RecipeError::NotASetting { method: METHOD, got: format!("{name}={value}") })
}

/// The program's defaults, overridden by the given settings.
fn settings(options: &[Foreign], given: Vec<(&str, &str)>) -> Result<Settings, RecipeError> {
    let mut values: Vec<&str> = options.iter().map(|&(_, _, default, _)| default).collect();
    for (name, value) in given {
        let Some(i) = options.iter().position(|&(theirs, ..)| theirs == name) else {
            let known: Vec<_> = options.iter().map(|&(theirs, ..)| theirs).collect();
            let near = nearest(name, known.iter().copied());
            return Err(RecipeError::UnknownParam { method: METHOD, name: name.to_owned(), near, known });
        };
        values[i] = value;
    }
    let own = |(&(_, name, _, unit), value): (&Foreign, &str)| {
        let value = match value.parse::<f64>() {
            Ok(number) if unit > 1.0 => ((number / unit) as f32).to_string(),
            _ if name == "planes" => united(value),
            _ => value.to_owned(),
        };
        (name.to_owned(), value)
    };
    Ok(options.iter().zip(values).map(own).collect())
}

/// Sums numbers joined by `|`; other text stays unchanged.
fn united(text: &str) -> String {
    let parts: Result<Vec<u32>, _> = text.split('|').map(|part| part.trim().parse::<u32>()).collect();
    parts.map_or_else(|_| text.to_owned(), |parts| parts.iter().fold(0, |all, part| all | part).to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::{FILTERS, parse_method};

    fn parsed(text: &str) -> String {
        let method = parse_method(text, FILTERS).unwrap();
        assert_eq!(method.name(), "libplacebo", "{text}");
        assert!(method.prepare().is_ok(), "{text}: {method}");
        method.given().iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn options_of_mpv_are_read_with_its_units_and_defaults() {
        let own = "iterations=2 threshold=2.9296875 radius=20 grain=1.953125";
        for text in [
            "--deband-iterations=2 --deband-range=20 --deband-grain=16",
            "--deband=yes --deband-iterations=2 --deband-threshold=48 --deband-range=20 --deband-grain=16",
            "deband-iterations=2\ndeband-range=20   # wider\ndeband-grain=16\n",
            "deband=yes\ndeband-iterations=2\ndeband-grain=16\ndeband-range=20",
        ] {
            assert_eq!(parsed(text), own, "{text}");
        }
        let plain = "iterations=1 threshold=2.9296875 radius=16 grain=3.90625";
        assert_eq!(parsed("--deband"), plain);
        assert_eq!(parsed("deband=yes"), plain);
        assert_eq!(parsed("deband-threshold=48"), plain);
        // A single option without dashes is ffmpeg's filter.
        assert_eq!(parse_method("deband", FILTERS).unwrap().name(), "ffmpeg-deband");
        assert_eq!(parse_method("deband=0.03", FILTERS).unwrap().name(), "ffmpeg-deband");
    }

    #[test]
    fn calls_of_vs_placebo_are_read_with_its_defaults() {
        let plain = "planes=1 iterations=1 threshold=4 radius=16 grain=6 dither=blue-noise";
        assert_eq!(parsed("core.placebo.Deband(clip)"), plain);
        assert_eq!(
            parsed("core.placebo.Deband(clip, planes=1, iterations=1, threshold=4, radius=16, grain=6)"),
            plain
        );
        assert_eq!(
            parsed("clip = clip.placebo.Deband(1|2|4, 3, threshold=5.5, dither_algo=2, log_level=1)"),
            "planes=7 iterations=3 threshold=5.5 radius=16 grain=6 dither=ordered-fixed"
        );
        assert!(parsed("core.placebo.Deband(clip, dither=False)").ends_with("dither=none"));
    }

    #[test]
    fn ffmpegs_filter_is_read_with_its_defaults() {
        assert_eq!(
            parsed("libplacebo=deband=true:deband_iterations=3:deband_radius=20:dithering=white"),
            "iterations=3 threshold=4 radius=20 grain=6 dither=white-noise"
        );
        assert_eq!(parsed("libplacebo=deband=1"), "iterations=1 threshold=4 radius=16 grain=6");
        assert_eq!(parsed("libplacebo:iterations=3,grain=0"), "iterations=3 grain=0");
        assert_eq!(parsed("libplacebo"), "");
    }

    #[test]
    fn what_cannot_be_meant_is_said() {
        let error = |text: &str| parse_method(text, FILTERS).unwrap_err().to_string();
        assert_eq!(error("--deband-grains=3"), "libplacebo has no parameter `grains`");
        assert_eq!(error("--deband-grain=3 --vf=x"), "`--vf=x` is not a setting of libplacebo");
        assert_eq!(error("--deband=no"), "`--deband=no` is not a setting of libplacebo");
        assert_eq!(error("libplacebo=deband=false"), "`deband=false` is not a setting of libplacebo");
        assert_eq!(error("libplacebo=w=100"), "libplacebo has no parameter `w`");
        assert!(error("libplacebo=deband=true,format=gray").contains("more than one filter"));
        assert_eq!(
            error("core.placebo.Deband(clip, dither_algo=9)"),
            "`dither_algo=9` is not a setting of libplacebo"
        );
        assert!(error("core.placebo.Deband(clip, grain=2, 3)").contains("has no name"));
        assert!(error("core.placebo.Deband(clip,1,1,1,1,1,1,1,1,1)").contains("one too many"));
        assert!(parse_method("--deband-iterations=99", FILTERS).is_err());
    }
}
