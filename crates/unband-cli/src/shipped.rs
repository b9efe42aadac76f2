//! Built-in recipes: the tables and trainings of `recipes/`. A file of the same name takes precedence.

use std::path::Path;

/// A built-in recipe.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// File name without extension.
    pub name: &'static str,
    /// The file's text.
    pub text: &'static str,
}

macro_rules! shipped {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(Shipped { name: $name, text: include_str!(concat!("../../../", $folder, $name, ".toml")) }),*]
    };
}

/// The overrides for `--small`; not a recipe by themselves.
pub const SMALL: &str = "small";

/// Tables for `unband eval`, and the overrides for `--small`.
pub static TABLES: &[Shipped] = shipped![
    "recipes/tables/":
    "unband", "bdinn-1", "bdinn-3", "bdinn-4", "bdinn-5", "bdinn-6", "upscale-x2", "upscale-x4", "small",
];

/// Trainings for `unband train`, and the overrides for `--small`.
pub static TRAININGS: &[Shipped] = shipped![
    "recipes/":
    "unband-lite", "unband-sr-lite-x2", "unband-sr-lite-x4", "unband-classifier", "adnet", "bdinn", "bitnet", "brdnet",
    "bsrgan-x2", "bsrgan-x4", "bsrnet-x2", "bsrnet-x4", "deepdeband-f", "deepdeband-w", "ggdbn", "indi", "uformer-t", "small",
];

/// The recipe of that name, `NAME` or `NAME.toml`, unless a file has this name.
pub fn find(all: &'static [Shipped], named: &Path) -> Option<&'static Shipped> {
    let name = named.to_str()?;
    let name = name.strip_suffix(".toml").unwrap_or(name);
    all.iter().find(|shipped| shipped.name == name).filter(|_| !named.is_file())
}

/// Names of the recipes, for messages.
pub fn names(all: &[Shipped]) -> String {
    let names = all.iter().map(|shipped| shipped.name).filter(|name| *name != SMALL);
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_of_the_repository_is_part_of_the_program() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../recipes");
        for (folder, all) in [(root.join("tables"), TABLES), (root, TRAININGS)] {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|end| end == "toml") {
                    let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
                    assert!(all.iter().any(|shipped| shipped.name == name), "{name}");
                }
            }
        }
    }

    #[test]
    fn names_may_have_their_ending_and_paths_are_no_names() {
        let name = |text: &str| find(TABLES, Path::new(text)).map(|shipped| shipped.name);
        assert_eq!((name("bdinn-1"), name("bdinn-1.toml")), (Some("bdinn-1"), Some("bdinn-1")));
        assert_eq!((name("recipes/tables/bdinn-1.toml"), name("bdinn-2")), (None, None));
        assert!(names(TRAININGS).contains("ggdbn") && !names(TRAININGS).contains("small"));
    }
}
