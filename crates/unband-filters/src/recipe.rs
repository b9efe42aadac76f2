//! Parser of method settings: `NAME:key=value,key=value`, and recipes pasted from ffmpeg
//! (`deband=1thr=0.03:range=24`, `gradfun=1.2:16`), mpv and `VapourSynth`.

mod call;
mod f3kdb;
mod libplacebo;

use unband_image::{Entry, Hint, Method, ParamError, ParamKind};

/// Parsers of other programs' syntaxes, and their methods. A parser returns `None` for a text in another
/// syntax.
const FOREIGN: &[(&str, Reader)] = &[("libplacebo", libplacebo::read), ("f3kdb", f3kdb::read)];

type Reader = fn(&str) -> Option<Result<Settings, RecipeError>>;

/// Other programs' names of methods.
const FOREIGN_NAMES: &[(&str, &str)] = &[("deband", "ffmpeg-deband")];

/// ffmpeg's short forms: method, short name, name.
const SHORT_PARAMS: &[(&str, &str, &str)] = &[
    ("ffmpeg-deband", "r", "range"),
    ("ffmpeg-deband", "d", "direction"),
    ("ffmpeg-deband", "b", "blur"),
    ("ffmpeg-deband", "c", "coupling"),
];

/// Parameter names and values, in the order written.
type Settings = Vec<(String, String)>;

/// An invalid recipe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// The text is empty.
    #[error("the method has no name")]
    Empty,
    /// A value that a parameter cannot have.
    #[error(transparent)]
    Setting(#[from] ParamError),
    /// Unknown method.
    #[error("there is no method `{name}`")]
    UnknownMethod {
        /// The name given.
        name: String,
        /// The most similar name.
        near: Option<&'static str>,
        /// All methods.
        known: Vec<&'static str>,
    },
    /// Unknown parameter.
    #[error("{method} has no parameter `{name}`")]
    UnknownParam {
        /// The method.
        method: &'static str,
        /// The name given.
        name: String,
        /// The most similar name.
        near: Option<&'static str>,
        /// All parameters of the method.
        known: Vec<&'static str>,
    },
    /// A part is not a setting.
    #[error("`{got}` is not a setting of {method}")]
    NotASetting {
        /// The method.
        method: &'static str,
        /// The part.
        got: String,
    },
    /// A value without a name follows a named one, so its meaning is undefined.
    #[error("the value `{got}` has no name but follows a named one")]
    Nameless {
        /// The value.
        got: String,
    },
    /// More values than parameters.
    #[error("{method} has {count} parameters, the value `{got}` is one too many")]
    TooMany {
        /// The method.
        method: &'static str,
        /// Number of parameters.
        count: usize,
        /// The first value too many.
        got: String,
    },
    /// Several filters.
    #[error("`{text}` is more than one filter")]
    Chain {
        /// The text given.
        text: String,
    },
}

impl Hint for RecipeError {
    fn hint(&self) -> Option<String> {
        let names = |near: Option<&str>, what: &str, known: &[&str]| match near {
            Some(near) => format!("did you mean `{near}`? {what} {}", known.join(", ")),
            None => format!("{what} {}", known.join(", ")),
        };
        match self {
            Self::UnknownMethod { near, known, .. } => Some(names(*near, "the methods are", known)),
            Self::UnknownParam { known, method, .. } if known.is_empty() => {
                Some(format!("{method} has no parameters"))
            }
            Self::UnknownParam { near, known, .. } => Some(names(*near, "its parameters are", known)),
            Self::NotASetting { .. } => Some("write NAME:key=value,key=value".to_owned()),
            Self::Nameless { .. } => Some("name it, or put it before the named ones".to_owned()),
            Self::Setting(error) => error.hint(),
            Self::Empty | Self::TooMany { .. } => None,
            Self::Chain { .. } => Some("give one filter at a time".to_owned()),
        }
    }
}

/// Parses a method with its settings, all checked, with the names of `entries`.
///
/// Accepted: `NAME`, `NAME:key=value,key=value` (also with `:` between), or ffmpeg's filter syntax
/// `NAME=key=value:key=value`, with unnamed values first, in the order of the parameters. ffmpeg's names,
/// short names, booleans and products like `2*PI` are accepted. So are mpv's debanding options
/// (`--deband-iterations=2`, or configuration lines) and script calls: `core.placebo.Deband(clip, …)`,
/// `core.neo_f3kdb.Deband(clip, …)`, `f3kdb(…)`.
///
/// # Errors
/// Unknown names, parts that are not settings, several filters at once, values that a parameter cannot have.
///
/// ```
/// use unband_filters::{FILTERS, parse_method};
/// let method = parse_method("deband=1thr=0.03:range=24", FILTERS)?;
/// assert_eq!(method.to_string(), "ffmpeg-deband:1thr=0.03,range=24");
/// assert_eq!(method.get("range"), Some(24i32));
/// # Ok::<(), unband_filters::RecipeError>(())
/// ```
pub fn parse_method(
    text: &str,
    entries: impl IntoIterator<Item = &'static Entry>,
) -> Result<Method, RecipeError> {
    let (entry, settings) = read(text, entries)?;
    Ok(Method::from_texts(entry, settings)?)
}

/// The method, and the text of its settings.
fn read(
    text: &str,
    entries: impl IntoIterator<Item = &'static Entry>,
) -> Result<(&'static Entry, Settings), RecipeError> {
    let entries: Vec<&'static Entry> = entries.into_iter().collect();
    let text = text.trim().trim_matches(['"', '\'']).trim();
    for (method, read) in FOREIGN {
        if let Some(settings) = read(text) {
            return Ok((find(method, &entries)?, settings?));
        }
    }
    let end = text.find([':', '=']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let as_ffmpeg = rest.starts_with('=');
    if name.contains([',', ';', '[']) || (as_ffmpeg && rest.contains([',', ';', '['])) {
        return Err(RecipeError::Chain { text: text.to_owned() });
    }
    let entry = find(name.trim(), &entries)?;
    let mut settings = Vec::new();
    let mut named = false;
    for piece in
        rest.get(1..).unwrap_or("").split([':', ',']).map(str::trim).filter(|piece| !piece.is_empty())
    {
        let (info, value) = match piece.split_once('=') {
            Some((key, value)) => {
                named = true;
                (param(entry, key.trim())?, value.trim())
            }
            None if !as_ffmpeg => {
                return Err(RecipeError::NotASetting { method: entry.name, got: piece.to_owned() });
            }
            None if named => return Err(RecipeError::Nameless { got: piece.to_owned() }),
            None => {
                let info = entry.params.get(settings.len()).ok_or_else(|| RecipeError::TooMany {
                    method: entry.name,
                    count: entry.params.len(),
                    got: piece.to_owned(),
                })?;
                (info, piece)
            }
        };
        settings.push((info.name.to_owned(), own_spelling(info.kind, value)));
    }
    Ok((entry, settings))
}

fn find<'a>(name: &str, entries: &[&'a Entry]) -> Result<&'a Entry, RecipeError> {
    if name.is_empty() {
        return Err(RecipeError::Empty);
    }
    let own = FOREIGN_NAMES.iter().find(|(foreign, _)| *foreign == name).map_or(name, |&(_, own)| own);
    entries.iter().copied().find(|entry| entry.name == own).ok_or_else(|| {
        let known: Vec<_> = entries.iter().map(|entry| entry.name).collect();
        let foreign =
            FOREIGN_NAMES.iter().filter(|(_, own)| known.contains(own)).map(|&(foreign, _)| foreign);
        let near = nearest(name, known.iter().copied().chain(foreign));
        RecipeError::UnknownMethod { name: name.to_owned(), near, known }
    })
}

fn param(entry: &Entry, key: &str) -> Result<&'static unband_image::ParamInfo, RecipeError> {
    let long = SHORT_PARAMS.iter().find(|&&(method, short, _)| method == entry.name && short == key);
    let key = long.map_or(key, |&(_, _, long)| long);
    entry.params.iter().find(|info| info.name == key).ok_or_else(|| {
        let known: Vec<_> = entry.params.iter().map(|info| info.name).collect();
        let near = nearest(key, known.iter().copied());
        RecipeError::UnknownParam { method: entry.name, name: key.to_owned(), near, known }
    })
}

/// The candidate most similar to `name`, if any is similar enough.
fn nearest(name: &str, candidates: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    candidates
        .map(|candidate| (strsim::normalized_damerau_levenshtein(name, candidate), candidate))
        .filter(|&(likeness, _)| likeness >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// ffmpeg's spellings of values that unband's parser does not know.
fn own_spelling(kind: ParamKind, value: &str) -> String {
    let own = match kind {
        ParamKind::Switch => match value.to_ascii_lowercase().as_str() {
            "y" | "enable" | "enabled" => Some("true".to_owned()),
            "n" | "disable" | "disabled" => Some("false".to_owned()),
            _ => None,
        },
        ParamKind::Number if value.contains("PI") => product(value).map(|number| number.to_string()),
        _ => None,
    };
    own.unwrap_or_else(|| value.to_owned())
}

/// Evaluates products and quotients of numbers and PI.
fn product(text: &str) -> Option<f32> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let mut result = 1.0;
    for (i, factor) in text.split('*').enumerate() {
        for (j, part) in factor.split('/').enumerate() {
            let part = part.trim();
            let number = if part == "PI" {
                std::f64::consts::PI
            } else {
                part.parse().ok().filter(|v: &f64| v.is_finite())?
            };
            result = if j == 0 { if i == 0 { number } else { result * number } } else { result / number };
        }
    }
    Some((if negative { -result } else { result }) as f32)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::cast_possible_wrap)]
mod tests {
    use super::*;
    use crate::FILTERS;

    fn parsed(text: &str) -> (&'static str, String) {
        let (entry, settings) = read(text, FILTERS).unwrap();
        (entry.name, settings.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" "))
    }

    fn builds(text: &str) -> bool {
        parse_method(text, FILTERS).is_ok_and(|method| method.prepare().is_ok())
    }

    #[test]
    fn own_recipes_are_read() {
        assert_eq!(parsed("gradfun"), ("gradfun", String::new()));
        assert_eq!(parsed("gradfun:"), ("gradfun", String::new()));
        assert_eq!(parsed(" gradfun:radius=20, strength=2 "), ("gradfun", "radius=20 strength=2".to_owned()));
        assert_eq!(
            parsed("ffmpeg-deband:1thr=0.1:blur=off"),
            ("ffmpeg-deband", "1thr=0.1 blur=off".to_owned())
        );
    }

    #[test]
    fn recipes_of_ffmpeg_are_read() {
        for (text, name, settings) in [
            ("deband", "ffmpeg-deband", ""),
            ("deband=1thr=0.03:range=24", "ffmpeg-deband", "1thr=0.03 range=24"),
            (
                "'deband=0.03:0.03:0.03:r=24:b=n'",
                "ffmpeg-deband",
                "1thr=0.03 2thr=0.03 3thr=0.03 range=24 blur=false",
            ),
            ("deband=direction=-PI/2:c=1", "ffmpeg-deband", "direction=-1.5707964 coupling=1"),
            ("deband=d=2*PI", "ffmpeg-deband", "direction=6.2831855"),
            ("gradfun=1.2:16", "gradfun", "strength=1.2 radius=16"),
            ("gradfun=strength=2:radius=20", "gradfun", "strength=2 radius=20"),
            ("gradfun=2:radius=20", "gradfun", "strength=2 radius=20"),
        ] {
            assert_eq!(parsed(text), (name, settings.to_owned()), "{text}");
            assert!(builds(text), "{text}");
        }
    }

    #[test]
    fn what_is_meant_is_guessed_and_what_there_is_is_listed() {
        let hint = |text: &str| {
            static TWO: [Entry; 2] = [crate::ffmpeg_deband::ENTRY, crate::gradfun::ENTRY];
            let error = parse_method(text, &TWO).unwrap_err();
            format!("{error}; {}", error.hint().unwrap_or_default())
        };
        assert_eq!(
            hint("gradfan:radius=3"),
            "there is no method `gradfan`; did you mean `gradfun`? the methods are ffmpeg-deband, gradfun"
        );
        assert_eq!(hint("xyz"), "there is no method `xyz`; the methods are ffmpeg-deband, gradfun");
        assert!(hint("debnad=range=2").contains("did you mean `deband`?"));
        assert_eq!(
            hint("gradfun:raduis=3"),
            "gradfun has no parameter `raduis`; did you mean `radius`? its parameters are strength, radius"
        );
        assert!(hint("gradfun:20").starts_with("`20` is not a setting of gradfun; write NAME:key=value"));
        assert!(hint("gradfun=radius=20:2").starts_with("the value `2` has no name"));
        assert!(
            hint("gradfun=1:16:3").starts_with("gradfun has 2 parameters, the value `3` is one too many")
        );
        assert!(hint("format=gbrp,deband").contains("is more than one filter"));
        assert!(hint("deband,gradfun").contains("is more than one filter"));
        assert_eq!(parse_method("", FILTERS), Err(RecipeError::Empty));
        assert_eq!(parse_method("=3", FILTERS), Err(RecipeError::Empty));
    }

    #[test]
    fn values_out_of_range_are_left_to_the_method() {
        assert!(!builds("gradfun=1.2:99"));
        assert!(!builds("deband=1thr=PI/0"));
        assert!(!builds("deband=direction=PI*x"));
    }
}
