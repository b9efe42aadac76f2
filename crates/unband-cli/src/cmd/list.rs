//! `unband list`: methods, formats, metrics, recipes and other registries.

mod json;
mod markdown;
mod model;
mod network;
mod params;
mod text;

use clap::Args;

use crate::outcome::Outcome;
use crate::reporter::Failure;
use crate::result::{print_data, print_json};

use model::{List, ListEntry, lists};

const AFTER: &str = "\
Examples:
  unband list              names, one line each
  unband list methods      the methods with their parameters
  unband list f3kdb        any entry in detail
  unband list formats";

/// Arguments of `unband list`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct ListArgs {
    /// A kind, or the name of an entry
    ///
    /// Kinds: methods, dithers, formats, metrics, networks, degradations, tables,
    /// trainings.
    #[arg(value_name = "KIND|NAME")]
    pub what: Option<String>,
    /// Print Markdown, as in docs/reference
    #[arg(long)]
    pub markdown: bool,
    /// Print one JSON object
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,
}

/// The kinds that can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ListKind {
    Methods,
    Dithers,
    Formats,
    Metrics,
    Networks,
    Degradations,
    /// Recipes for `unband eval`.
    Tables,
    /// Recipes for `unband train`.
    Trainings,
}

impl ListKind {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Methods, "methods"),
        (Self::Dithers, "dithers"),
        (Self::Formats, "formats"),
        (Self::Metrics, "metrics"),
        (Self::Networks, "networks"),
        (Self::Degradations, "degradations"),
        (Self::Tables, "tables"),
        (Self::Trainings, "trainings"),
    ];

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind)
    }
}

/// Prints the lists.
pub(crate) fn run(args: &ListArgs) -> Outcome {
    let lists = lists();
    let asked = args.what.as_deref();
    let kind = asked.and_then(ListKind::from_word);
    if let (Some(word), None) = (asked, kind)
        && !lists.iter().any(|list| list.one.is_some() && list.items.iter().any(|item| item.is(word)))
    {
        unknown(word, &lists).print();
        return Outcome::Usage;
    }
    let wanted = |list: &List, item: &ListEntry| match (asked, kind) {
        (None, _) => true,
        (_, Some(kind)) => list.kind == kind,
        (Some(word), None) => item.is(word),
    };
    if args.json {
        return print_json(&json::Lists { lists: &lists, wanted: &wanted });
    }
    let of = |kind: ListKind| lists.iter().filter(move |list| list.kind == kind).collect::<Vec<_>>();
    let page = |kind: ListKind| markdown::page(kind, &of(kind));
    let text = match (asked, kind, args.markdown) {
        (None, _, true) => {
            ListKind::ALL.iter().filter_map(|(kind, _)| page(*kind)).collect::<Vec<_>>().join("\n")
        }
        (None, _, false) => text::names(&lists),
        (_, Some(kind), markdown) => {
            let text = || of(kind).into_iter().map(text::list).collect::<Vec<_>>().join("\n");
            page(kind).filter(|_| markdown).unwrap_or_else(text)
        }
        (Some(word), None, _) => text::entries(word, &lists),
    };
    print_data(text.as_bytes())
}

/// The failure for a word that names nothing.
fn unknown(word: &str, lists: &[List]) -> Failure {
    let items = lists.iter().filter(|list| list.one.is_some()).flat_map(|list| &list.items);
    let names = items.flat_map(|item| item.extensions.iter().copied().chain([item.name]));
    let near = names
        .chain(ListKind::ALL.iter().map(|(_, word)| *word))
        .map(|known| (strsim::damerau_levenshtein(known, word), known))
        .filter(|&(apart, known)| apart <= known.len() / 3)
        .min();
    let kinds: Vec<&str> = ListKind::ALL.iter().map(|(_, word)| *word).collect();
    let hint = match near {
        Some((_, near)) => format!("did you mean `{near}`?"),
        None => format!("kinds are {}; `unband list` shows all names", kinds.join(", ")),
    };
    Failure::usage(format!("there is no entry `{word}`"), hint)
}
