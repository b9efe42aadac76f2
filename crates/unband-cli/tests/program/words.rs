//! The glossary of STYLE.md holds in comments, messages, help and documentation.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use unband_skips::{root, tracked_below};

/// A row of the glossary: a banned phrase, its replacement, and longer phrases in which it is right.
struct Banned {
    phrase: String,
    better: String,
    fine: Vec<String>,
}

/// Phrases in backticks of a table cell.
fn quoted(cell: &str) -> impl Iterator<Item = String> + '_ {
    cell.split('`').skip(1).step_by(2).map(str::to_lowercase)
}

/// The rows of the table in a section of STYLE.md.
fn table(section: &str) -> Vec<Banned> {
    let style = fs::read_to_string(root().join("STYLE.md")).unwrap();
    let table = style.split_once(&format!("\n## {section}\n")).unwrap().1;
    let table = table.split("\n## ").next().unwrap();
    let mut rows = Vec::new();
    for line in table.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        let [not, better, fine] = cells[..] else { panic!("three columns: {line}") };
        rows.extend(quoted(not).map(|phrase| Banned {
            phrase,
            better: better.trim().to_owned(),
            fine: quoted(fine).collect(),
        }));
    }
    rows
}

fn glossary() -> Vec<Banned> {
    let rows = table("Glossary");
    assert!(rows.len() > 30, "{} phrases", rows.len());
    rows
}

/// Words of a name in snake case or camel case, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut before = '_';
    for c in name.chars() {
        let begins = before == '_' || (c.is_uppercase() && !before.is_uppercase());
        if c != '_' && begins {
            found.push(String::new());
        }
        if c != '_'
            && let Some(word) = found.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    found
}

/// Names in the code of a Rust source, by line: neither comments nor strings.
fn names(source: &str) -> Vec<(usize, String)> {
    let (mut found, mut line, mut rest) = (Vec::new(), 1, source);
    while let Some(c) = rest.chars().next() {
        let name = rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(end) = raw_end(rest) {
            rest.find(&end).map_or(rest.len(), |at| at + end.len())
        } else if c == '"' {
            string(rest)
        } else if rest.starts_with("'\\") || (c == '\'' && rest.chars().nth(2) == Some('\'')) {
            let character = rest.chars().nth(1).map_or(1, char::len_utf8);
            rest[1 + character..].find('\'').map_or(rest.len(), |end| end + 2 + character)
        } else if name.is_empty() {
            c.len_utf8()
        } else {
            found.push((line, name.to_owned()));
            name.len()
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    found
}

/// The end of the raw string with hashes at the start of a text, if there is one.
fn raw_end(text: &str) -> Option<String> {
    let hashes = text.strip_prefix('r')?;
    let after = hashes.trim_start_matches('#');
    let count = hashes.len() - after.len();
    (count > 0 && after.starts_with('"')).then(|| format!("\"{}", "#".repeat(count)))
}

/// Bytes of the string literal at the start of a text, quotes included.
fn string(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|&(_, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// The first row that bans a word of a name.
fn misnamed<'a>(name: &str, table: &'a [Banned]) -> Option<&'a Banned> {
    let words = words(name);
    table.iter().find(|row| words.contains(&row.phrase) && !row.fine.contains(&name.to_lowercase()))
}

#[test]
fn no_name_has_a_word_of_the_old_dialect() {
    let table = table("Names");
    assert!(table.len() > 15, "{} words", table.len());
    let paths: Vec<PathBuf> = ["crates", "fuzz"].into_iter().flat_map(tracked_below).collect();
    let (mut faults, mut right) = (Vec::new(), BTreeSet::new());
    for path in paths.iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs")) {
        let shown = path.strip_prefix(root()).unwrap().display().to_string();
        for part in shown.trim_end_matches(".rs").split('/') {
            let module = MODULES.contains(&part) || part.ends_with("_rows");
            if module || misnamed(part, &table).is_some() {
                faults.push(format!("{shown}: a file called `{part}`"));
            }
        }
        for (line, name) in names(&fs::read_to_string(path).unwrap()) {
            if right.contains(&name) {
                continue;
            }
            match misnamed(&name, &table) {
                Some(row) => {
                    faults.push(format!("{shown}:{line}: `{name}`: `{}` → {}", row.phrase, row.better));
                }
                None => drop(right.insert(name)),
            }
        }
    }
    assert!(right.len() > 10_000, "{} names", right.len());
    assert!(faults.is_empty(), "{} places:\n{}", faults.len(), faults.join("\n"));
}

/// Names that say nothing about the content of a module.
const MODULES: [&str; 7] = ["alone", "light", "others", "steady", "work", "talk", "tell"];

/// Names that say nothing about the content of a type: each had up to 14 meanings.
const TYPES: [&str; 13] = [
    "Against", "Found", "Kept", "Kind", "Known", "Least", "Made", "Part", "Place", "Seen", "Source", "Way",
    "What",
];

/// The names of the types that a source defines, with their lines.
fn types(source: &str) -> Vec<(usize, String)> {
    let all = names(source);
    let defined = all.windows(2).filter(|pair| matches!(&*pair[0].1, "struct" | "enum" | "trait" | "type"));
    defined.map(|pair| pair[1].clone()).collect()
}

#[test]
fn every_type_has_a_name_of_its_own() {
    assert_eq!(types("enum A {} // struct B\npub type C = u8;"), [(1, "A".into()), (2, "C".into())]);
    let paths = tracked_below("crates");
    let mut faults = Vec::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs")) {
        let shown = path.strip_prefix(root()).unwrap().display().to_string();
        let own = types(&fs::read_to_string(path).unwrap());
        let own =
            own.into_iter().filter(|(_, name)| shown.contains("/src/") && TYPES.contains(&name.as_str()));
        faults.extend(own.map(|(line, name)| format!("{shown}:{line}: a type called `{name}`")));
    }
    assert!(faults.is_empty(), "{} types:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn words_of_names_are_found() {
    assert_eq!(words("TalkArgs"), ["talk", "args"]);
    assert_eq!(words("of_FILM_size"), ["of", "film", "size"]);
    assert_eq!(words("told"), ["told"]);
    let line = "let a_film = \"a film\"; // a film\nlet x = \"a\nfilm\";";
    let all: Vec<String> = names(line).into_iter().map(|(_, name)| name).collect();
    assert_eq!(all, ["let", "a_film", "let", "x"]);
    let line = ["f('\"', r#\"film \"is\"\"#, b\"\\\\\", ", "'\\'', 'a: \"b\\\"film\"); kept"].concat();
    let all: Vec<String> = names(&line).into_iter().map(|(_, name)| name).collect();
    assert_eq!(all, ["f", "b", "a", "kept"]);
    let rows = [Banned { phrase: "film".into(), better: String::new(), fine: vec!["filmgrain".into()] }];
    assert!(misnamed("FilmGrain", &rows).is_none() && misnamed("a_film", &rows).is_some());
}

/// Where a phrase is in a lower-case text as whole words. `*` at its end stands for any ending.
fn places(text: &str, phrase: &str) -> Vec<usize> {
    let (stem, open) = phrase.strip_suffix('*').map_or((phrase, false), |stem| (stem, true));
    let inner = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    text.match_indices(stem)
        .filter(|(at, _)| !text[..*at].ends_with(inner))
        .filter(|(at, _)| {
            let after = &text[at + stem.len()..];
            let word = after.trim_start_matches(|c: char| open && c.is_alphabetic());
            let name = word.strip_prefix('.').is_some_and(|ending| ending.starts_with(char::is_alphanumeric));
            !name && !word.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-'))
        })
        .map(|(at, _)| at)
        .collect()
}

/// The first banned phrase of a text, unless it is within one that is fine.
fn banned<'a>(text: &str, glossary: &'a [Banned]) -> Option<&'a Banned> {
    glossary.iter().find(|row| {
        places(text, &row.phrase).into_iter().any(|at| {
            !row.fine.iter().any(|fine| {
                text.match_indices(fine.as_str()).any(|(from, _)| (from..from + fine.len()).contains(&at))
            })
        })
    })
}

/// Code, link targets and values in braces say nothing in prose.
fn prose(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let (mut code, mut depth) = (false, 0_u32);
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '`' => code = !code,
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '(' if before == ']' => depth += 1,
            ')' if depth > 0 => depth -= 1,
            _ if code || depth > 0 => {}
            _ => kept.push(c),
        }
        before = c;
    }
    kept.to_lowercase()
}

/// Comments and prose in strings of a Rust source, by line. A character literal with a quote is rare enough
/// to be skipped whole.
fn rust(source: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in source.lines().enumerate() {
        let line = line.replace("\\\"", "'").replace("'\"'", "' '");
        let mut parts = line.split('"');
        let mut outside = String::new();
        while let Some(code) = parts.next() {
            outside.push_str(code);
            // A comment may hold quotes.
            if code.contains("//") {
                parts.by_ref().for_each(|rest| {
                    outside.push(' ');
                    outside.push_str(rest);
                });
                break;
            }
            // One word in a string is a name or a value.
            if let Some(text) = parts.next().filter(|text| text.trim().contains(' ')) {
                found.push((number + 1, prose(text)));
            }
        }
        if let Some((_, comment)) = outside.split_once("//") {
            found.push((number + 1, prose(comment)));
        }
    }
    found
}

/// Prose of a page or of the comments of a recipe or a script.
fn page(text: &str, comments_only: bool) -> Vec<(usize, String)> {
    let mut fenced = false;
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if comments_only {
            found.extend(line.split_once('#').map(|(_, comment)| (number + 1, prose(comment))));
        } else if !fenced {
            found.push((number + 1, prose(line)));
        }
    }
    found
}

#[test]
fn no_word_of_the_old_dialect_comes_back() {
    let glossary = glossary();
    let places = ["crates", "docs", "recipes", "scripts", "weights"];
    let mut paths: Vec<PathBuf> = places.into_iter().flat_map(tracked_below).collect();
    paths.extend(
        ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"].map(|name| root().join(name)),
    );
    paths.sort();
    let mut faults = Vec::new();
    for path in paths {
        let shown = path.strip_prefix(root()).unwrap().display().to_string();
        if shown.ends_with("words.rs") {
            continue;
        }
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        let script = ending.is_empty() && shown.starts_with("scripts");
        if !matches!(ending, "rs" | "md" | "toml") && !script {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let lines = match ending {
            "rs" => rust(&text),
            "md" => page(&text, false),
            _ => page(&text, true),
        };
        for (line, text) in lines {
            if let Some(row) = banned(&text, &glossary) {
                faults.push(format!("{shown}:{line}: `{}` → {}", row.phrase, row.better));
            }
        }
    }
    assert!(faults.is_empty(), "{} places:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn phrases_are_found_as_words_and_not_within_what_is_fine() {
    let row = |phrase: &str, fine: &[&str]| Banned {
        phrase: phrase.into(),
        better: String::new(),
        fine: fine.iter().map(|&f| f.into()).collect(),
    };
    let rows = [row("film*", &[]), row("is no", &["there is no"])];
    assert_eq!(banned("two films", &rows).map(|r| r.phrase.as_str()), Some("film*"));
    assert!(banned("video-speed.md and microfilm", &rows).is_none());
    assert!(banned("there is no file, which is not known, is noise", &rows).is_none());
    assert!(banned("that is no file", &rows).is_some());
    assert_eq!(prose("A `picture` of [films](videos.md) {film}"), "a  of [films] ");
    assert_eq!(
        rust("let a = \"one\"; f(\"two words\"); // why"),
        [(1, "two words".into()), (1, " why".into())]
    );
}
