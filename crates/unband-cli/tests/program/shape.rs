//! Shape of the sources: length of lines and functions, and parameters that can be read at the call.
#![allow(clippy::unwrap_used)]

use std::fs;

use unband_skips::{root, tracked_below};

/// Most columns of a line.
const COLUMNS: usize = 110;
/// Most lines of a function.
const LINES: usize = 80;
/// Longer functions: a table, or a kernel whose registers stay together.
const LONGER: [&str; 4] = [
    "unband-video/src/error.rs: hint",
    "unband-nets/src/checkpoint/pickle/machine.rs: step",
    "unband-simd/src/filters/f3kdb/x86.rs: $name",
    "unband-simd/src/filters/ffmpeg_deband/x86.rs: row_u8",
];

/// Sources of all crates, without tests and benchmarks, by their path below `crates/`.
fn sources() -> Vec<(String, String)> {
    let folder = root().join("crates");
    let mut all = Vec::new();
    for path in tracked_below("crates") {
        let name = path.strip_prefix(&folder).unwrap().to_str().unwrap();
        let rust = path.extension().is_some_and(|extension| extension == "rs");
        if rust && name.split('/').nth(1) == Some("src") && !path.ends_with("tests.rs") {
            all.push((name.to_owned(), fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(all.len() > 500, "{}", all.len());
    all
}

/// Names and lengths of the functions with a body, by the indentation of their last brace.
fn functions(text: &str) -> Vec<(&str, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let signature = line.trim_start();
        let words = ["pub ", "pub(crate) ", "pub(super) ", "const ", "unsafe ", "async "];
        let bare = words.iter().fold(signature, |rest, word| rest.strip_prefix(word).unwrap_or(rest));
        let Some(name) = bare.strip_prefix("fn ").and_then(|rest| rest.split(['(', '<']).next()) else {
            continue;
        };
        let body = lines[start..].iter().position(|line| line.ends_with(['{', '}', ';']));
        if body.is_none_or(|body| !lines[start + body].ends_with('{')) {
            continue;
        }
        let end = format!("{}}}", &line[..line.len() - signature.len()]);
        found.extend(lines[start..].iter().position(|line| *line == end).map(|last| (name, last + 1)));
    }
    found
}

/// Parameters such as `(options, quick): (&Options, bool)`, of which a call only shows `true`.
fn hidden_bools(text: &str) -> Vec<&str> {
    let hides = |line: &&str| {
        let parameter = line.split_once("): (").or_else(|| line.split_once("): &("));
        let Some((before, types)) = parameter.filter(|_| !line.contains('|')) else { return false };
        let types = types.split(')').next().unwrap_or_default();
        before.trim_start().starts_with('(') && types.split(", ").any(|one| one == "bool")
    };
    text.lines().filter(hides).map(str::trim).collect()
}

#[test]
fn lines_have_at_most_110_columns() {
    for (name, text) in sources() {
        for (number, line) in (1..).zip(text.lines()) {
            // Texts, tables and addresses stay whole; texts of several lines begin at the margin or go on.
            let text = line.contains('"')
                || line.ends_with('\\')
                || line.starts_with(|c: char| c.is_alphanumeric() || c == '(');
            let whole = text || line.contains("://") || line.trim_start().starts_with("/// |");
            let columns = line.chars().count();
            assert!(columns <= COLUMNS || whole, "{name}:{number}: {columns} columns");
        }
    }
}

#[test]
fn functions_have_at_most_80_lines() {
    for (name, text) in sources() {
        for (function, lines) in functions(&text) {
            let longer = LONGER.contains(&format!("{name}: {function}").as_str());
            assert!(lines <= LINES || longer, "{name}: {function} has {lines} lines");
        }
    }
    let text = "fn a(\n    x: u8,\n) -> u8 {\n    x\n}\ntrait T {\n    fn b();\n    fn c() {\n    }\n}\n";
    assert_eq!(functions(text), [("a", 5), ("c", 2)]);
}

#[test]
fn no_tuple_parameter_hides_a_bool() {
    for (name, text) in sources() {
        assert_eq!(hidden_bools(&text), [""; 0], "{name}");
    }
    assert_eq!(hidden_bools("fn f(\n    (a, b): (&A, bool),\n    c: bool,\n)").len(), 1);
}
