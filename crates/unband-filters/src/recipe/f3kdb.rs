//! f3kdb settings from `VapourSynth` and `AviSynth` scripts.

use unband_image::Params;

use super::{RecipeError, Settings, call, nearest};
use crate::f3kdb::F3kdbParams;

const METHOD: &str = "f3kdb";

/// Function names, longer ones before their own suffixes.
const FUNCTIONS: [&str; 5] = ["neo_f3kdb.deband", "f3kdb.deband", "neo_f3kdb", "f3kdb", "flash3kyuu_deband"];

/// The original's parameters in their order, as far as they are useful. `opt` and `mt` do not change results.
const ORDER: [&str; 20] = [
    "range",
    "y",
    "cb",
    "cr",
    "grainy",
    "grainc",
    "sample_mode",
    "seed",
    "blur_first",
    "dynamic_grain",
    "opt",
    "mt",
    "dither_algo",
    "keep_tv_range",
    "output_depth",
    "random_algo_ref",
    "random_algo_grain",
    "random_param_ref",
    "random_param_grain",
    "preset",
];

/// Parses a call: `core.neo_f3kdb.Deband(clip, y=64)`, `neo_f3kdb(range=15, Y=64)`. `None` for any other
/// text.
pub(super) fn read(text: &str) -> Option<Result<Settings, RecipeError>> {
    // AviSynth is case-insensitive; so are all of the values.
    let lower = text.to_ascii_lowercase();
    let arguments = FUNCTIONS.iter().find_map(|function| call::arguments(&lower, function))?;
    if lower.matches('(').count() > 1 {
        return Some(Err(RecipeError::Chain { text: text.to_owned() }));
    }
    Some(settings(arguments))
}

fn settings(arguments: Vec<call::Argument<'_>>) -> Result<Settings, RecipeError> {
    let known: Vec<_> = F3kdbParams::INFO.iter().map(|info| info.name).collect();
    let (mut settings, mut named) = (Settings::new(), false);
    for (i, (name, value)) in arguments.into_iter().enumerate() {
        named |= name.is_some();
        let name = match name {
            Some(name) => name,
            None if named => return Err(RecipeError::Nameless { got: value.to_owned() }),
            None => ORDER.get(i).copied().ok_or_else(|| RecipeError::TooMany {
                method: METHOD,
                count: ORDER.len(),
                got: value.to_owned(),
            })?,
        };
        let value = match (name, value) {
            ("opt" | "mt", _) => continue,
            // As the input: the final depth is decided where the output is known.
            ("output_depth", "-1") => "0",
            _ => value,
        };
        if !known.contains(&name) {
            let near = nearest(name, known.iter().copied());
            return Err(RecipeError::UnknownParam { method: METHOD, name: name.to_owned(), near, known });
        }
        settings.push((name.to_owned(), value.to_owned()));
    }
    Ok(settings)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::{FILTERS, parse_method};
    use unband_image::Hint;

    fn parsed(text: &str) -> String {
        let method = parse_method(text, FILTERS).unwrap();
        assert_eq!(method.name(), "f3kdb", "{text}");
        assert!(method.prepare().is_ok(), "{text}: {method}");
        method.given().iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn calls_in_scripts_are_read() {
        let own = "range=15 y=64 grainy=0 dither_algo=2";
        for text in [
            "core.neo_f3kdb.Deband(clip, range=15, y=64, grainy=0, dither_algo=2)",
            "clip = core.neo_f3kdb.Deband(clip, range=15, y=64, grainy=0, dither_algo=2, opt=1, mt=False)",
            "neo_f3kdb.Deband(clip=src, range=15, y=64, grainy=0, dither_algo=2)",
            "src.neo_f3kdb.Deband(range=15, y=64, grainy=0, dither_algo=2)",
            "core.f3kdb.Deband(src, range=15, y=64, grainy=0, dither_algo=2)",
            "f3kdb(range=15, Y=64, grainY=0, dither_algo=2)",
            "neo_f3kdb(range=15, Y=64, grainY=0, dither_algo=2)",
            "neo_f3kdb(last, 15, Y=64, grainY=0, dither_algo=2)",
            "neo_f3kdb(15, 64, grainY=0, dither_algo=2)",
            "f3kdb:range=15,y=64,grainy=0,dither_algo=2",
            "f3kdb=range=15:y=64:grainy=0:dither_algo=2",
        ] {
            assert_eq!(parsed(text), own, "{text}");
        }
        assert_eq!(parsed("core.neo_f3kdb.Deband(clip)"), "");
        assert_eq!(parsed("f3kdb()"), "");
        assert_eq!(parsed("f3kdb"), "");
        assert_eq!(
            parsed(
                "core.neo_f3kdb.Deband(clip, preset=\"medium/nograin\", blur_first=False, output_depth=-1)"
            ),
            "preset=medium/nograin blur_first=false output_depth=0"
        );
        assert_eq!(
            parsed("neo_f3kdb(Y_1=30, scale=true, angle_boost=1.5)"),
            "y_1=30 scale=true angle_boost=1.5"
        );
    }

    #[test]
    fn what_cannot_be_meant_is_said() {
        let error = |text: &str| parse_method(text, FILTERS).unwrap_err();
        let wrong = error("core.neo_f3kdb.Deband(clip, rang=3)");
        assert_eq!(wrong.to_string(), "f3kdb has no parameter `rang`");
        assert!(wrong.hint().unwrap().starts_with("did you mean `range`?"), "{:?}", wrong.hint());
        assert!(error("f3kdb(y=64, 3)").to_string().contains("has no name"));
        assert!(
            error("core.resize.Point(core.neo_f3kdb.Deband(clip))").to_string().contains("more than one")
        );
        assert!(parse_method("f3kdb(preset=\"strong\")", FILTERS).is_err());
    }
}
