//! Degradation, training and evaluation recipes that are part of unband, as the texts of TOML files.

use std::path::Path;

/// A recipe of the package.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// File name without extension.
    pub name: &'static str,
    /// The file's text.
    pub text: &'static str,
}

macro_rules! shipped {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(Shipped { name: $name, text: include_str!(concat!("../", $folder, $name, ".toml")) }),*]
    };
}

/// The changes of `--small`; not a recipe by themselves.
pub const SMALL: &str = "small";

/// Degradations.
pub static DEGRADATION_RECIPES: &[Shipped] = shipped![
    "degrade/":
    "default", "banding", "fhd", "fhd-ffmpeg", "rgb", "rgb-4-5", "images", "codecs", "bsrgan", "bsrgan-x2",
    "bsrgan-plus", "bsrgan-plus-x2", "bsrgan-face", "upscaling", "upscaling-x2", "small-images",
    "small-images-x2", "light", "light-x2", "bicubic", "bicubic-x2", "srmd", "dpsr", "usrnet",
];

/// Tables, and the changes of `--small`.
pub static TABLES: &[Shipped] = shipped![
    "tables/":
    "unband", "bdinn-1", "bdinn-3", "bdinn-4", "bdinn-5", "bdinn-6", "upscale-x2", "upscale-x4", "small",
];

/// Trainings, and the changes of `--small`.
pub static TRAININGS: &[Shipped] = shipped![
    "":
    "unband-lite", "unband-sr-lite-x2", "unband-sr-lite-x4", "unband-classifier", "adnet", "bdinn", "bitnet", "brdnet",
    "bsrgan-x2", "bsrgan-x4", "bsrnet-x2", "bsrnet-x4", "compact-x4", "deepdeband-f", "deepdeband-w",
    "ggdbn", "indi", "uformer-t", "small",
];

/// The recipe of that name.
pub fn find(all: &'static [Shipped], name: &str) -> Option<&'static Shipped> {
    all.iter().find(|shipped| shipped.name == name)
}

/// The recipe of that name, `NAME` or `NAME.toml`, unless a file has this name.
pub fn find_unless_file(all: &'static [Shipped], named: &Path) -> Option<&'static Shipped> {
    let name = named.to_str()?;
    let name = name.strip_suffix(".toml").unwrap_or(name);
    find(all, name).filter(|_| !named.is_file())
}

/// Names of recipes, separated by commas.
pub fn names(all: &[Shipped]) -> String {
    let names = all.iter().map(|shipped| shipped.name).filter(|name| *name != SMALL);
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_may_have_their_ending_and_paths_are_no_names() {
        let name = |text: &str| find_unless_file(TABLES, Path::new(text)).map(|shipped| shipped.name);
        assert_eq!((name("bdinn-1"), name("bdinn-1.toml")), (Some("bdinn-1"), Some("bdinn-1")));
        assert_eq!((name("recipes/tables/bdinn-1.toml"), name("bdinn-2")), (None, None));
        assert!(names(TRAININGS).contains("ggdbn") && !names(TRAININGS).contains("small"));
    }

    #[test]
    fn every_file_is_part_of_the_package() {
        let folders =
            [("recipes/degrade", DEGRADATION_RECIPES), ("recipes/tables", TABLES), ("recipes", TRAININGS)];
        for (folder, all) in folders {
            for path in unband_skips::tracked_in(folder) {
                let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
                if path.extension().is_some_and(|end| end == "toml") && name != "Cargo" {
                    assert!(all.iter().any(|shipped| shipped.name == name), "{name}");
                }
            }
        }
    }
}
