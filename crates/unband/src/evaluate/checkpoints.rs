//! Search for the checkpoints that a table names.

use std::path::{Path, PathBuf};

use unband_infer::models::EXTENSION;
use unband_nets::zoo;

use super::recipe::RecipeRow;
use crate::models;

/// Folders that relative names refer to, in order: the current one, those above each file of the recipe, and
/// the clone that the program was built in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roots(Vec<PathBuf>);

impl Roots {
    /// Of a recipe made of these files.
    pub fn from_paths<'a>(files: impl IntoIterator<Item = &'a Path>) -> Self {
        let mut folders = vec![PathBuf::new()];
        let mut add = |folder: &Path| {
            if !folders.iter().any(|known| known == folder) {
                folders.push(folder.to_path_buf());
            }
        };
        let files = files.into_iter().filter(|file| file.is_file());
        for file in files.filter_map(|file| std::path::absolute(file).ok()) {
            file.ancestors().skip(1).for_each(&mut add);
        }
        std::env::current_exe().ok().as_deref().and_then(clone_of).iter().for_each(|folder| add(folder));
        Self(folders)
    }

    /// The first existing file of that name.
    fn file(&self, name: &Path) -> Option<PathBuf> {
        self.0.iter().map(|folder| folder.join(name)).find(|path| path.exists())
    }

    /// Is there a folder of that name?
    pub fn has(&self, name: &Path) -> bool {
        self.0.iter().any(|folder| folder.join(name).is_dir())
    }
}

/// The clone whose `target` folder holds a program.
fn clone_of(program: &Path) -> Option<&Path> {
    program.ancestors().find(|folder| folder.file_name().is_some_and(|name| name == "target"))?.parent()
}

/// The checkpoint of a row, `None` if it is nowhere: as named; of `runs/NAME/best.safetensors` the kept
/// `NAME.safetensors`; the imported model of that name, or of the published file.
pub(super) fn of_row(
    row: &RecipeRow,
    roots: &Roots,
    kept: Option<&Path>,
    imported: Option<&Path>,
) -> Option<PathBuf> {
    let own = row.weights.as_deref()?;
    let name = trained_name(own).map(Path::new);
    let in_kept = || roots.file(&kept?.join(name?).with_added_extension(EXTENSION));
    let called = |name: &Path| models::file_named(name, imported).ok();
    let published = || {
        let of = |published: &&zoo::Published| own.file_name() == Some(published.file.as_ref());
        let name = zoo::PUBLISHED.iter().find(of)?.name;
        let verified = |file: &PathBuf| {
            models::facts(file).get(models::PUBLISHED).is_some_and(|published| published == name)
        };
        called_in(imported?, name).filter(verified)
    };
    roots
        .file(own)
        .or_else(in_kept)
        .or_else(|| called(own))
        .or_else(|| imported.zip(name).and_then(|(folder, name)| called_in(folder, name.to_str()?)))
        .or_else(published)
}

/// May the default model of its network replace a row's missing checkpoint? Not that of a variant.
pub(super) fn takes_default(row: &RecipeRow, method: &str) -> bool {
    row.weights.as_deref().and_then(trained_name).is_none_or(|name| name == method)
}

fn called_in(folder: &Path, name: &str) -> Option<PathBuf> {
    Some(models::file(folder, name)).filter(|file| file.is_file())
}

/// The name of a training, from the file that it writes: `NAME` of `runs/NAME/best.safetensors`.
fn trained_name(file: &Path) -> Option<&str> {
    let best = file.file_stem().is_some_and(|stem| stem == "best");
    file.parent().filter(|_| best)?.file_name()?.to_str()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use unband_nets::{StateDict, checkpoint};

    fn row(file: &str) -> RecipeRow {
        RecipeRow { weights: Some(file.into()), ..RecipeRow::new("R", "bdinn") }
    }

    #[test]
    fn checkpoints_are_found_from_any_folder() {
        let clone = tempfile::tempdir().unwrap();
        let put = |name: &str| {
            let path = clone.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "").unwrap();
            path
        };
        let table = put("recipes/tables/table.toml");
        let kept = put("weights/small/bdinn-unet.safetensors");
        let own = put("runs/adnet/best.safetensors");
        let published = put("models/bsrnet-x4.safetensors");
        let facts = |name: &str| {
            checkpoint::write_safetensors(
                &StateDict::new(),
                &[(models::PUBLISHED.to_owned(), name.to_owned())],
            )
        };
        std::fs::write(&published, facts("bsrnet-x4")).unwrap();
        // A namesake of a published file.
        put("models/rrdb-x4.safetensors");
        let imported = put("models/bdinn-mine.safetensors");
        let (roots, models) = (Roots::from_paths([table.as_path()]), clone.path().join("models"));
        let find =
            |file: &str, kept: Option<&str>| of_row(&row(file), &roots, kept.map(Path::new), Some(&models));
        let small = Some("weights/small");
        for (named, folder, want) in [
            ("runs/bdinn-unet/best.safetensors", small, Some(&kept)),
            ("runs/bdinn-unet/best.safetensors", None, None),
            ("runs/adnet/best.safetensors", small, Some(&own)),
            ("runs/bdinn-mine/best.safetensors", small, Some(&imported)),
            ("bdinn-mine", None, Some(&imported)),
            ("weights/BSRNet.pth", None, Some(&published)),
            ("weights/RRDB.pth", None, None),
            ("runs/none/best.safetensors", small, None),
        ] {
            assert_eq!(find(named, folder).as_ref(), want, "{named}");
        }
        assert!(roots.has(Path::new("weights/small")) && !roots.has(Path::new("weights/none")));
    }

    #[test]
    fn the_default_model_replaces_that_of_its_own_network_alone() {
        for (file, may) in [
            ("runs/bdinn/best.safetensors", true),
            ("runs/bdinn-unet/best.safetensors", false),
            ("mine.pth", true),
        ] {
            assert_eq!(takes_default(&row(file), "bdinn"), may, "{file}");
        }
    }

    #[test]
    fn a_program_in_a_target_folder_has_a_clone() {
        assert_eq!(clone_of(Path::new("/a/clone/target/release/unband")), Some(Path::new("/a/clone")));
        assert_eq!(clone_of(Path::new("/usr/bin/unband")), None);
    }
}
