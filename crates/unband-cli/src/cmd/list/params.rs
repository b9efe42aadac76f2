//! Parameters of entries, in words.

use serde::Serialize;
use unband::{ParamInfo, ParamKind, spoken};

/// A parameter, in words.
#[derive(Serialize)]
pub(super) struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its default as typed on the command line.
    pub default: String,
    /// Allowed values.
    pub allowed: String,
    /// Its unit; empty for none.
    pub unit: &'static str,
    /// Its documentation.
    pub meaning: String,
}

/// The parameters of an entry, in words.
pub(super) fn parameters(params: &[ParamInfo]) -> Vec<Parameter> {
    let one = |param: &ParamInfo| Parameter {
        name: param.name,
        default: default(param),
        allowed: match param.kind {
            ParamKind::Number | ParamKind::Whole if !param.range.is_empty() => spoken(param.range),
            kind => kind.to_string(),
        },
        unit: param.unit,
        meaning: sentences(param.doc),
    };
    params.iter().map(one).collect()
}

/// The text with a full stop and single spaces.
pub(super) fn sentences(text: &str) -> String {
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if !text.is_empty() && !text.ends_with('.') {
        text.push('.');
    }
    text
}

/// A parameter's default as typed on the command line.
fn default(param: &ParamInfo) -> String {
    let variant = param.default.rsplit("::").next().unwrap_or_default().trim();
    let found = match param.kind {
        // Words that are not identifiers, such as 420, have a letter before them in the source.
        ParamKind::Word(words) => {
            words.iter().find(|word| variant.eq_ignore_ascii_case(word) || variant.get(1..) == Some(**word))
        }
        _ => None,
    };
    found.map_or_else(|| value(param.default), |word| (*word).to_owned())
}

/// `1.2` for a default written as `1.2`, `keep` for one written as `ListKind::Keep` or `"keep"`.
fn value(default: &str) -> String {
    let word = default.trim_matches('"').rsplit("::").next().unwrap_or(default);
    // A constant.
    if word != default
        && word.len() > 1
        && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
        && word != "TAU"
    {
        return word.to_ascii_lowercase().replace('_', "-");
    }
    match word {
        "TAU" => return "2π".to_owned(),
        // A file: no default.
        "new()" => return "none".to_owned(),
        _ => {}
    }
    if word == default || word.chars().any(|c| c.is_ascii_digit()) {
        return word.to_owned();
    }
    // An enumeration variant; the word on the command line is the same in kebab case.
    let mut out = String::new();
    for (i, c) in word.chars().enumerate() {
        if c.is_uppercase() && i > 0 {
            out.push('-');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// Breaks words into lines of at most `width` characters.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_shown_as_people_write_them() {
        assert_eq!(value("1.2"), "1.2");
        assert_eq!(value("true"), "true");
        assert_eq!(value("Kind::BlueNoise"), "blue-noise");
        assert_eq!(value("\"auto\""), "auto");
        assert_eq!(value("Presets::NONE"), "none");
        assert_eq!(value("std::f32::consts::TAU"), "2π");
    }

    #[test]
    fn long_docs_are_wrapped_at_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("", 7), [""]);
    }
}
