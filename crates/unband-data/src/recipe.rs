//! TOML recipes of trainings and tables, with overrides and error positions.

use std::path::Path;

use serde::de::DeserializeOwned;
use toml::{Table, Value};

/// Why a recipe cannot be used. `file` is the file with the value: the recipe, or one that overrides it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// It cannot be read.
    #[error("{file}: {source}")]
    Read {
        /// The file.
        file: String,
        /// The error of the system.
        source: std::io::Error,
    },
    /// It is not valid TOML.
    #[error("{file}: {what}")]
    Toml {
        /// The file.
        file: String,
        /// Line and reason.
        what: String,
    },
    /// A key is unknown, missing or of another type.
    #[error("{file}: `{key}`: {what}")]
    Key {
        /// The files, in the order of overriding.
        file: String,
        /// Path of the key.
        key: String,
        /// The fault and the allowed values.
        what: String,
    },
}

/// Reads a file as a table.
///
/// # Errors
/// An unreadable file or invalid TOML.
pub fn read(file: &Path) -> Result<Table, RecipeError> {
    let name = file.display().to_string();
    let text =
        unband_io::read_text(file).map_err(|source| RecipeError::Read { file: name.clone(), source })?;
    parse(&text, &name)
}

/// Parses text as a table; `file` is its name in messages.
///
/// # Errors
/// Invalid TOML.
pub fn parse(text: &str, file: &str) -> Result<Table, RecipeError> {
    text.parse().map_err(|error: toml::de::Error| RecipeError::Toml {
        file: file.to_owned(),
        what: shortened(error.to_string().trim()),
    })
}

/// Letters of a line, or of a value, that an error repeats.
const LONGEST: usize = 80;

/// A message with long lines cut: errors repeat lines and values of the file, which may be of any length.
fn shortened(message: &str) -> String {
    let cut = |line: &str| match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    };
    let lines: Vec<String> = message.lines().map(cut).collect();
    lines.join("\n")
}

/// A message about a value, with the value cut where it is long; lists of allowed words stay whole.
fn long_values_cut(message: &str) -> String {
    let cut = |(i, part): (usize, &str)| match part.char_indices().nth(LONGEST) {
        // Every second part is inside quotes.
        Some((at, _)) if i % 2 == 1 => format!("{}…", &part[..at]),
        _ => part.to_owned(),
    };
    let quote = if message.contains('"') { '"' } else { '`' };
    let parts: Vec<String> = message.split(quote).enumerate().map(cut).collect();
    parts.join(&quote.to_string())
}

/// Merges one table into another: tables key by key, other values by replacement.
pub fn merge(onto: &mut Table, from: Table) {
    for (key, value) in from {
        match (onto.get_mut(&key), value) {
            (Some(Value::Table(inner)), Value::Table(value)) => merge(inner, value),
            (_, value) => {
                onto.insert(key, value);
            }
        }
    }
}

/// Converts a table to a type; `file` names its files.
///
/// # Errors
/// Unknown or missing keys, invalid values.
pub fn typed<T: DeserializeOwned>(table: Table, file: &str) -> Result<T, RecipeError> {
    serde_path_to_error::deserialize(Value::Table(table)).map_err(|error| RecipeError::Key {
        file: file.to_owned(),
        key: shortened(&error.path().to_string()),
        what: long_values_cut(error.into_inner().to_string().trim()),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_merged_key_by_key_and_all_else_is_replaced() {
        let mut table = parse("a = 1\nlist = [1, 2]\n[b]\nc = 2\nd.e = 3\n", "base").unwrap();
        merge(&mut table, parse("list = [3]\nb.d.f = 4\nb.c = 5\n", "over").unwrap());
        merge(&mut table, parse("a.g = 6", "setting").unwrap());
        let want = parse("list = [3]\na.g = 6\n[b]\nc = 5\nd = { e = 3, f = 4 }\n", "want").unwrap();
        assert_eq!(table, want);
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct One {
        #[allow(dead_code)]
        number: u8,
    }

    #[test]
    fn errors_do_not_repeat_long_lines() {
        let long = "x".repeat(200_000);
        let broken = parse(&format!("a = \"{long}\nb = 1\n"), "r.toml").unwrap_err().to_string();
        assert!(broken.len() < 600 && broken.contains("r.toml") && broken.contains("line 1"), "{broken}");
        for text in [format!("number = \"{long}\""), format!("{long} = 1")] {
            let error = typed::<One>(parse(&text, "r.toml").unwrap(), "r.toml").unwrap_err().to_string();
            assert!(error.len() < 600, "{}", error.len());
        }
        assert!(long_values_cut("unknown variant `a`, expected `b`").ends_with("expected `b`"));
    }
}
