//! Files of a crate import each other in one direction: circles are small, and do not grow.
//!
//! An import is a path that starts with `crate`, `self` or `super`. Uses of a module's own children, and of
//! the root's re-exports, are ignored.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use unband_skips::{root, tracked_below};

/// Path of a module: `["engine", "conv"]`.
type Module = Vec<String>;

/// Most files of a circle.
const MOST: usize = 3;

/// The code of each module, from the tracked files of a folder such as `crates/unband/src`.
fn modules(folder: &str) -> BTreeMap<Module, String> {
    let files = tracked_below(folder).into_iter();
    let rust = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let named = rust.map(|path| {
        let name = path.strip_prefix(root().join(folder)).unwrap().to_str().unwrap().replace('\\', "/");
        (name, fs::read_to_string(path).unwrap())
    });
    parsed(named)
}

/// The code of each module, from names and texts of files.
fn parsed<S: AsRef<str>>(files: impl IntoIterator<Item = (S, S)>) -> BTreeMap<Module, String> {
    let modules =
        files.into_iter().filter_map(|(name, text)| Some((module(name.as_ref())?, code(text.as_ref()))));
    modules.collect()
}

/// The module of a file: `["engine", "conv"]` of `engine/conv.rs`. Tests are not one.
fn module(file: &str) -> Option<Module> {
    let mut path: Module = file.strip_suffix(".rs")?.split('/').map(str::to_owned).collect();
    match path.last()?.as_str() {
        "tests" => return None,
        "mod" | "lib" | "main" => drop(path.pop()),
        _ => {}
    }
    Some(path)
}

/// The text without comments and unit tests.
fn code(text: &str) -> String {
    let text = text.split("\nmod tests {").next().unwrap();
    text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// Paths of a `use` tree such as `super::{a, b::{c, d}}`.
fn expand(tree: &str, before: &[String], all: &mut Vec<Module>) {
    let tree = tree.trim();
    let (head, inner) = match tree.split_once('{') {
        Some((head, rest)) => (head, Some(rest.rsplit_once('}').map_or(rest, |(inner, _)| inner))),
        None => (tree.split(" as ").next().unwrap(), None),
    };
    let parts = head.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty());
    let path: Module = before.iter().cloned().chain(parts).collect();
    let Some(inner) = inner else { return all.push(path) };
    let (mut depth, mut start) = (0, 0);
    for (i, letter) in inner.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&inner[start..i], &path, all);
                start = i + 1;
            }
            _ => {}
        }
    }
    if !inner[start..].trim().is_empty() {
        expand(&inner[start..], &path, all);
    }
}

/// All paths in a module's code that start at the crate, the module or its parents.
fn paths(code: &str) -> Vec<Module> {
    let mut all = Vec::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(start) {
            // Inside another word, or inside a longer path that is found by its own start.
            if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let rest = &code[at..];
            let line_start = code[..at].rfind('\n').map_or(0, |i| i + 1);
            if code[line_start..at].trim_start().trim_start_matches("pub ").starts_with("use ") {
                expand(rest.split(';').next().unwrap(), &[], &mut all);
            } else {
                let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
                expand(&rest[..end.unwrap_or(rest.len())], &[], &mut all);
            }
        }
    }
    all
}

/// Paths that start at an imported module: `crate::rules::a` for `rules::a` after `use crate::rules;`.
fn continued(imported: &[Module], code: &str) -> Vec<Module> {
    let mut all = Vec::new();
    for path in imported {
        let start = format!("{}::", path.last().unwrap());
        for (at, _) in code.match_indices(&start) {
            if !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
                let rest = &code[at + start.len()..];
                let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
                expand(&rest[..end.unwrap_or(rest.len())], path, &mut all);
            }
        }
    }
    all
}

/// Modules that each module imports, its own children and the root apart.
fn imports(all: &BTreeMap<Module, String>) -> BTreeMap<&Module, BTreeSet<&Module>> {
    let of = |module: &Module, code: &str| {
        let mut found = BTreeSet::new();
        let imported = paths(code);
        let continued = continued(&imported, code);
        for path in imported.into_iter().chain(continued) {
            let ups = path.iter().take_while(|part| *part == "super").count();
            let base = match path[0].as_str() {
                "crate" => &[][..],
                _ => &module[..module.len().saturating_sub(ups)],
            };
            let rest = path.iter().skip(ups.max(1)).cloned();
            let mut full: Module = base.iter().cloned().chain(rest).collect();
            while !full.is_empty() && !all.contains_key(&full) {
                full.pop();
            }
            if !full.is_empty() && !full.starts_with(module) {
                found.extend(all.get_key_value(&full).map(|(module, _)| module));
            }
        }
        found
    };
    all.iter().map(|(module, code)| (module, of(module, code))).collect()
}

/// Modules that are reached from `from`.
fn reached<'a>(from: &'a Module, graph: &BTreeMap<&'a Module, BTreeSet<&'a Module>>) -> BTreeSet<&'a Module> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(module) = next.pop() {
        next.extend(graph[module].iter().copied().filter(|module| seen.insert(*module)));
    }
    seen
}

/// The circles of a crate, each sorted.
fn circles(all: &BTreeMap<Module, String>) -> BTreeSet<Vec<Module>> {
    assert!(all.len() > 1, "{all:?}");
    let graph = imports(all);
    let reach: BTreeMap<&Module, BTreeSet<&Module>> =
        all.keys().map(|module| (module, reached(module, &graph))).collect();
    let circle = |module: &Module| -> Vec<Module> {
        reach[module]
            .iter()
            .filter(|other| reach[**other].contains(module))
            .map(|other| (*other).clone())
            .collect()
    };
    all.keys().map(circle).filter(|circle| circle.len() > 1).collect()
}

#[test]
fn circles_of_files_are_small() {
    let manifests = tracked_below("crates").into_iter().filter(|path| path.ends_with("Cargo.toml"));
    for manifest in manifests {
        let name = manifest.parent().unwrap().file_name().unwrap().to_str().unwrap();
        // Of a file or two.
        if matches!(name, "unband-skips" | "unband-bindgen") {
            continue;
        }
        for circle in circles(&modules(&format!("crates/{name}/src"))) {
            let names: Vec<String> = circle.iter().map(|module| module.join("/")).collect();
            assert!(
                circle.len() <= MOST,
                "{name}: {} files import each other: {}",
                names.len(),
                names.join(", ")
            );
        }
    }
}

/// Imports of one command by another: `cmd/a/x imports cmd/b`.
fn between_commands(all: &BTreeMap<Module, String>) -> Vec<String> {
    let command = |module: &Module| (module[0] == "cmd").then(|| module.get(1).cloned()).flatten();
    let mut found = Vec::new();
    for (module, imported) in imports(all) {
        let Some(own) = module.first().and_then(|_| command(module)) else { continue };
        let imported = imported.into_iter().filter(|other| command(other).is_some_and(|other| other != own));
        found.extend(imported.map(|other| format!("{} imports {}", module.join("/"), other.join("/"))));
    }
    found
}

#[test]
fn no_command_imports_a_command() {
    assert_eq!(between_commands(&modules("crates/unband-cli/src")), [""; 0]);
    let all = parsed([
        ("main.rs", "mod cmd;\n"),
        ("cmd/mod.rs", "pub mod a;\npub mod b;\n"),
        ("cmd/a.rs", "pub mod x;\n"),
        ("cmd/a/x.rs", "use super::super::b::B;\nuse super::A;\n"),
        ("cmd/b.rs", "use crate::cmd::a::x;\n"),
    ]);
    assert_eq!(between_commands(&all), ["cmd/a/x imports cmd/b", "cmd/b imports cmd/a/x"]);
}

#[test]
fn a_circle_is_found() {
    let with = |c: &str| {
        parsed([
            ("lib.rs", "mod a;\nmod b;\nmod c;\npub use a::A;\n"),
            ("a.rs", "use crate::b::{B, C as D};\n"),
            ("b.rs", "fn f(_: super::c::C) {}\n"),
            ("c.rs", c),
        ])
    };
    assert!(circles(&with("// use crate::a::A;\n")).is_empty());
    let found = circles(&with("pub(crate) fn f(_: crate::a::A) {}\n"));
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [3]);
    // A path that goes on from an imported module.
    let all = parsed([
        ("lib.rs", "mod a;\nmod rules;\n"),
        ("a.rs", "use super::rules;\nfn f() { rules::b::g() }\n"),
        ("rules/mod.rs", "pub mod b;\n"),
        ("rules/b.rs", "use crate::a;\n"),
    ]);
    assert_eq!(circles(&all).iter().map(Vec::len).collect::<Vec<_>>(), [2]);
}

/// Folders of unband-simd with the crate that runs their loops.
const USERS: [(&str, &str); 9] = [
    ("detect", "unband-detect"),
    ("filters", "unband-filters"),
    ("image", "unband-image"),
    ("infer", "unband-infer"),
    ("io", "unband-io"),
    ("jobs", "unband"),
    ("metrics", "unband-metrics"),
    ("py", "unband-py"),
    ("train", "unband-train"),
];

#[test]
fn loops_are_in_folders_named_as_their_users() {
    for (folder, user) in USERS {
        let loops = modules(&format!("crates/unband-simd/src/{folder}"));
        let sources = modules(&format!("crates/{user}/src"));
        for name in loops.keys().filter(|module| module.len() == 1).map(|module| &module[0]) {
            let path = format!("{folder}::{name}");
            assert!(sources.values().any(|code| code.contains(&path)), "{user} does not use {path}");
            let same = folder != "filters" || sources.keys().any(|module| module.first() == Some(name));
            assert!(same, "{user} has no {name}.rs");
        }
    }
}
