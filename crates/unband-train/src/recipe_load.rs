//! Reading recipes: overrides, and settings for single networks.

use std::path::{Path, PathBuf};

use toml::{Table, Value};
use unband_data::recipe::{self, RecipeError};

use crate::recipe::Recipe;

/// Merges one table into another. The keys of `init` are those of its `kind`: another kind drops them.
fn merge(onto: &mut Table, from: Table) {
    let kind = |table: &Table| table.get("init")?.get("kind").cloned();
    if let (Some(before), Some(after)) = (kind(onto), kind(&from))
        && before != after
    {
        onto.remove("init");
    }
    recipe::merge(onto, from);
}

/// Merges the settings for a network, then those for its variant; whether there are any for the variant.
fn merge_special(onto: &mut Table, special: &Table, name: &str) -> bool {
    let mut merge_own = |name: &str| {
        let own = special.get(name).and_then(Value::as_table);
        own.map(|own| merge(onto, own.clone())).is_some()
    };
    let Some((network, _)) = name.split_once(':') else {
        merge_own(name);
        return false;
    };
    merge_own(network);
    merge_own(name)
}

impl Recipe {
    /// Reads a recipe, then its overrides: other files, and single settings `a.b = value`. Later ones win;
    /// tables are merged key by key, everything else is replaced, and so is `init` by one of another `kind`.
    /// A file's settings under `for.NETWORK` apply if that network is trained, or is the discriminator. Those
    /// under `for."NETWORK:VARIANT"` follow for a variant, and can replace one that the settings name by its
    /// narrow form.
    ///
    /// # Errors
    /// A file that cannot be read or is not valid TOML; unknown or missing keys; invalid values. The error
    /// names the files, the key and the allowed values.
    pub fn load(file: &Path, overrides: &[PathBuf], settings: &[String]) -> Result<Self, RecipeError> {
        let mut table = recipe::read(file)?;
        let mut names = vec![file.display().to_string()];
        let set_names: Vec<String> = settings.iter().map(|setting| format!("--set {setting}")).collect();
        let mut set = Table::new();
        for (setting, name) in settings.iter().zip(&set_names) {
            merge(&mut set, recipe::parse(setting, name)?);
        }
        if let Some(network) = set.get("network") {
            table.insert("network".into(), network.clone());
        }
        for file in overrides {
            let mut over = recipe::read(file)?;
            let special = over.remove("for");
            merge(&mut table, over);
            let named = |name: Option<&Value>| name.and_then(Value::as_str).map(str::to_owned);
            let network = named(table.get("network"));
            let discriminator = named(table.get("gan").and_then(|gan| gan.get("discriminator")));
            if let Some(Value::Table(special)) = special {
                if network.is_some_and(|name| merge_special(&mut table, &special, &name)) {
                    set.remove("network");
                }
                discriminator.map(|name| merge_special(&mut table, &special, &name));
            }
            names.push(file.display().to_string());
        }
        merge(&mut table, set);
        names.extend(set_names);
        Self::resolve(table, &names.join(" + "))
    }

    /// From text, for checkpoints and tests; `file` names it in errors.
    ///
    /// # Errors
    /// As [`Recipe::load`].
    pub fn parse(text: &str, file: &str) -> Result<Self, RecipeError> {
        Self::resolve(recipe::parse(text, file)?, file)
    }

    fn resolve(table: Table, file: &str) -> Result<Self, RecipeError> {
        let recipe: Self = recipe::typed(table, file)?;
        crate::recipe_check::check(&recipe, file)?;
        Ok(recipe)
    }
}
