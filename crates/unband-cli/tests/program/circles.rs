//! Files of a crate import each other in one direction: circles are small, and do not grow.
//!
//! An import is a path that starts with `crate`, `self` or `super`. Uses of a module's own children, and of
//! the root's re-exports, are ignored.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Path of a module: `["engine", "conv"]`.
type Module = Vec<String>;

/// Most files of a circle.
const MOST: usize = 3;

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn modules(folder: &Path, inside: &[String], all: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            modules(&path, &[inside, &[name]].concat(), all);
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests" {
            let top = matches!(name.as_str(), "mod" | "lib" | "main");
            let module = if top { inside.to_vec() } else { [inside, &[name]].concat() };
            all.insert(module, code(&fs::read_to_string(path).unwrap()));
        }
    }
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

/// Modules that each module imports, its own children and the root apart.
fn imports(all: &BTreeMap<Module, String>) -> BTreeMap<&Module, BTreeSet<&Module>> {
    let of = |module: &Module, code: &str| {
        let mut found = BTreeSet::new();
        for path in paths(code) {
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
fn circles(source: &Path) -> BTreeSet<Vec<Module>> {
    let mut all = BTreeMap::new();
    modules(source, &[], &mut all);
    assert!(all.len() > 1, "{}", source.display());
    let graph = imports(&all);
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
    for entry in fs::read_dir(crates()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name == "unband-skips" || !path.join("src").is_dir() {
            continue;
        }
        for circle in circles(&path.join("src")) {
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
fn between_commands(source: &Path) -> Vec<String> {
    let mut all = BTreeMap::new();
    modules(source, &[], &mut all);
    let command = |module: &Module| (module[0] == "cmd").then(|| module.get(1).cloned()).flatten();
    let mut found = Vec::new();
    for (module, imported) in imports(&all) {
        let Some(own) = module.first().and_then(|_| command(module)) else { continue };
        let imported = imported.into_iter().filter(|other| command(other).is_some_and(|other| other != own));
        found.extend(imported.map(|other| format!("{} imports {}", module.join("/"), other.join("/"))));
    }
    found
}

#[test]
fn no_command_imports_a_command() {
    assert_eq!(between_commands(&crates().join("unband-cli/src")), [""; 0]);
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    fs::create_dir_all(folder.path().join("cmd/a")).unwrap();
    write("main.rs", "mod cmd;\n");
    write("cmd/mod.rs", "pub mod a;\npub mod b;\n");
    write("cmd/a.rs", "pub mod x;\n");
    write("cmd/a/x.rs", "use super::super::b::B;\nuse super::A;\n");
    write("cmd/b.rs", "use crate::cmd::a::x;\n");
    assert_eq!(between_commands(folder.path()), ["cmd/a/x imports cmd/b", "cmd/b imports cmd/a/x"]);
}

#[test]
fn a_circle_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("lib.rs", "mod a;\nmod b;\nmod c;\npub use a::A;\n");
    write("a.rs", "use crate::b::{B, C as D};\n");
    write("b.rs", "fn f(_: super::c::C) {}\n");
    write("c.rs", "// use crate::a::A;\n");
    assert!(circles(folder.path()).is_empty());
    write("c.rs", "pub(crate) fn f(_: crate::a::A) {}\n");
    let found = circles(folder.path());
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [3]);
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
        let mut loops = BTreeMap::new();
        modules(&crates().join("unband-simd/src").join(folder), &[], &mut loops);
        let mut sources = BTreeMap::new();
        modules(&crates().join(user).join("src"), &[], &mut sources);
        for name in loops.keys().filter(|module| module.len() == 1).map(|module| &module[0]) {
            let path = format!("{folder}::{name}");
            assert!(sources.values().any(|code| code.contains(&path)), "{user} does not use {path}");
            let file = crates().join(user).join("src").join(name).with_extension("rs");
            let same = folder != "filters" || file.exists() || file.with_extension("").is_dir();
            assert!(same, "{user} has no {name}.rs");
        }
    }
}
