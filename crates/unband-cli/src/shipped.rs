//! Built-in recipes by the names that commands accept. A file of the same name takes precedence.

use std::path::Path;

use unband_recipes::Shipped;

/// The recipe of that name, `NAME` or `NAME.toml`, unless a file has this name.
pub fn find(all: &'static [Shipped], named: &Path) -> Option<&'static Shipped> {
    let name = named.to_str()?;
    let name = name.strip_suffix(".toml").unwrap_or(name);
    unband_recipes::find(all, name).filter(|_| !named.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use unband_recipes::{TABLES, TRAININGS, names};

    #[test]
    fn names_may_have_their_ending_and_paths_are_no_names() {
        let name = |text: &str| find(TABLES, Path::new(text)).map(|shipped| shipped.name);
        assert_eq!((name("bdinn-1"), name("bdinn-1.toml")), (Some("bdinn-1"), Some("bdinn-1")));
        assert_eq!((name("recipes/tables/bdinn-1.toml"), name("bdinn-2")), (None, None));
        assert!(names(TRAININGS).contains("ggdbn") && !names(TRAININGS).contains("small"));
    }
}
