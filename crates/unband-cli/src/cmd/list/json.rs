//! JSON output of `unband list`.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::model::{List, ListEntry, Record};

/// The object of `--json`: the requested entries of all lists.
pub(super) struct Lists<'a> {
    /// All lists.
    pub lists: &'a [List],
    /// Is the entry requested?
    pub wanted: &'a dyn Fn(&List, &ListEntry) -> bool,
}

impl Serialize for Lists<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("schema", "unband-list/1")?;
        for list in self.lists {
            let Some(key) = list.key else { continue };
            let items = list.items.iter().filter(|item| (self.wanted)(list, item));
            object.serialize_entry(
                key,
                &items.filter_map(|item| item.record.as_ref()).collect::<Vec<&Record>>(),
            )?;
        }
        object.end()
    }
}
