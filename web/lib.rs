//! The files of the page, for a program that serves it.

/// A file of the page.
#[derive(Clone, Copy, Debug)]
pub struct PageFile {
    /// Its path from that of the page.
    pub name: &'static str,
    /// Its media type.
    pub kind: &'static str,
    /// Its content.
    pub text: &'static str,
}

macro_rules! files {
    ($kind:literal: $($name:literal),* $(,)?) => {
        &[$(PageFile { name: $name, kind: $kind, text: include_str!($name) }),*]
    };
}

/// Scripts.
const SCRIPTS: &[PageFile] = files![
    "text/javascript; charset=utf-8":
    "app/chart.js",
    "app/charts.js",
    "app/controls.js",
    "app/download.js",
    "app/engine.js",
    "app/frame.js",
    "app/gestures.js",
    "app/histogram.js",
    "app/images.js",
    "app/intake.js",
    "app/jobs.js",
    "app/latest.js",
    "app/list.js",
    "app/main.js",
    "app/map.js",
    "app/paint.js",
    "app/panel.js",
    "app/profile.js",
    "app/served.js",
    "app/viewer.js",
];
const STYLES: &[PageFile] = files!["text/css; charset=utf-8": "parts.css", "style.css"];
const IMAGES: &[PageFile] = files!["image/svg+xml": "icon.svg"];
const PAGES: &[PageFile] = files!["text/html; charset=utf-8": "index.html"];

/// All files that a server of the page has; `index.html` is the page itself.
pub fn files() -> impl Iterator<Item = &'static PageFile> {
    [SCRIPTS, STYLES, IMAGES, PAGES].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the page in the browser alone.
    const OTHERS: [&str; 1] = ["app/worker.js"];

    #[test]
    fn all_scripts_and_styles_are_there() {
        for path in unband_skips::tracked_in("web") {
            let name = path.to_string_lossy().replace('\\', "/");
            let Some((_, name)) = name.rsplit_once("web/") else { continue };
            let wanted = (name.starts_with("app/")
                || name.split_once(".css").is_some_and(|(_, end)| end.is_empty()))
                && !OTHERS.contains(&name);
            assert!(!wanted || files().any(|file| file.name == name), "{name}");
        }
    }
}
