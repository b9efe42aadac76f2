//! The documentation is a book: every page is in it once, and every link leads somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use unband_skips::{root, tracked_below};

/// Markdown files of a folder of the repository and its subfolders, sorted.
fn pages(folder: &str) -> Vec<PathBuf> {
    let mut files = tracked_below(folder);
    files.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
    files
}

/// Lines of a page outside blocks of code and comments.
fn prose(page: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    page.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// Targets of the links and images of a line, code in backticks apart.
fn targets(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices("](") {
        let inside_code = line[..at].matches('`').count() % 2 == 1;
        let end = line[at + 2..].find(')').map(|end| at + 2 + end);
        found.extend(end.filter(|_| !inside_code).map(|end| &line[at + 2..end]));
    }
    found
}

/// The name of a heading in an address, as GitHub and mdBook make it.
fn place(heading: &str) -> String {
    let title = heading.trim_start_matches('#').trim().to_lowercase();
    title
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || matches!(c, '-' | '_') => Some(c),
            _ => None,
        })
        .collect()
}

/// Without `.` and `..`.
fn straight(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}

/// What is wrong with the links of a page; `places` has the headings of all pages.
fn faults(path: &Path, text: &str, places: &BTreeMap<PathBuf, BTreeSet<String>>) -> Vec<String> {
    let mut faults = Vec::new();
    for target in prose(text).flat_map(targets) {
        if target.contains("://") || target.starts_with("mailto:") {
            continue;
        }
        let (file, heading) = target.split_once('#').unwrap_or((target, ""));
        let to =
            if file.is_empty() { path.to_owned() } else { straight(&path.with_file_name("").join(file)) };
        let known = places.get(&to).is_none_or(|places| heading.is_empty() || places.contains(heading));
        if !to.exists() || !known {
            faults.push(format!("{}: {target}", path.strip_prefix(root()).unwrap_or(path).display()));
        }
    }
    faults
}

fn headings(text: &str) -> BTreeSet<String> {
    prose(text).filter(|line| line.starts_with('#')).map(place).collect()
}

#[test]
fn every_link_of_the_documentation_leads_somewhere() {
    let mut paths: Vec<PathBuf> = ["docs", "weights"].into_iter().flat_map(pages).collect();
    let top = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "STYLE.md", "CHANGELOG.md"];
    paths.extend(top.map(|name| root().join(name)));
    let texts: Vec<String> = paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let places = paths.iter().cloned().zip(texts.iter().map(|text| headings(text))).collect();
    let found: Vec<String> =
        paths.iter().zip(&texts).flat_map(|(path, text)| faults(path, text, &places)).collect();
    assert!(found.is_empty(), "{} links lead nowhere:\n{}", found.len(), found.join("\n"));
}

#[test]
fn every_page_is_in_the_book_once() {
    let docs = root().join("docs");
    let summary = fs::read_to_string(docs.join("SUMMARY.md")).unwrap();
    let mut listed: Vec<PathBuf> =
        summary.lines().flat_map(targets).map(|target| docs.join(target)).collect();
    let mut there = pages("docs");
    there.retain(|path| !path.ends_with("SUMMARY.md"));
    listed.sort();
    assert_eq!(listed, there);
}

#[test]
fn every_guide_begins_with_a_task_and_a_command() {
    let paths = pages("docs/guide");
    assert!(paths.len() > 10);
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        let mut lines = text.lines();
        assert!(lines.next().is_some_and(|title| title.starts_with("# ")), "{}", path.display());
        let task = lines.find(|line| !line.is_empty()).unwrap_or_default();
        assert!(task.starts_with(char::is_alphanumeric) || task.starts_with('`'), "{}", path.display());
        let begins = text.lines().take(25).any(|line| line.starts_with("```"));
        assert!(begins, "{}: no command in the first 25 lines", path.display());
    }
}

#[test]
fn links_to_nothing_would_be_noticed() {
    let page = root().join("docs/README.md");
    let places = BTreeMap::from([(page.clone(), headings("# Title of `it`\n"))]);
    let text =
        "[a](none.md) [b](#title-of-it) [c](#other) `[d](no.md)`\n```\n[e](no.md)\n```\n[f](https://x.org)";
    let found = faults(&page, text, &places);
    assert_eq!(found, ["docs/README.md: none.md", "docs/README.md: #other"]);
}

#[test]
fn the_tour_names_every_public_module_of_the_library() {
    let source = root().join("crates/unband/src");
    let lib = fs::read_to_string(source.join("lib.rs")).unwrap();
    let mut tour: String = lib.lines().filter(|line| line.starts_with("//!")).collect();
    for page in fs::read_dir(source.join("tour")).unwrap() {
        tour += &fs::read_to_string(page.unwrap().path()).unwrap();
    }
    let words: BTreeSet<&str> = tour.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let modules = lib.lines().filter_map(|line| {
        line.strip_prefix("pub mod ").or_else(|| line.strip_prefix("pub use jobs::"))?.strip_suffix(';')
    });
    let modules: Vec<&str> = modules.filter(|name| !name.contains(':')).collect();
    let missing: Vec<&&str> = modules.iter().filter(|name| !words.contains(**name)).collect();
    assert!(missing.is_empty() && modules.len() > 12, "of {}: {missing:?}", modules.len());
}

#[test]
fn every_source_file_named_in_the_documentation_exists() {
    let mut paths = pages("docs");
    paths.extend(["CONTRIBUTING.md", "README.md"].map(|name| root().join(name)));
    let (mut missing, mut count) = (Vec::new(), 0);
    for path in &paths {
        let text = fs::read_to_string(path).unwrap();
        let is_source = |name: &str| Path::new(name).extension().is_some_and(|ending| ending == "rs");
        for name in text.split('`').filter(|name| name.contains("/src/") && is_source(name)) {
            let whole = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '/' | '-' | '_' | '.'));
            if whole && !name.contains("NAME") {
                count += 1;
                let file = root().join("crates").join(name.trim_start_matches("crates/"));
                if !file.exists() {
                    missing.push(format!("{}: {name}", path.file_name().unwrap().display()));
                }
            }
        }
    }
    assert!(missing.is_empty() && count > 10, "of {count}: {missing:?}");
}
