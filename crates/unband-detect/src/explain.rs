//! The rules that decided, and their evidence.

use std::fmt;

use crate::rule::Rule;

/// The rule that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fired {
    /// Kebab-case name.
    pub name: &'static str,
    /// Its condition in a few words.
    pub when: &'static str,
}

impl Fired {
    pub(crate) fn from_rule<F>(rule: &Rule<F>) -> Self {
        Self { name: rule.name, when: rule.when }
    }
}

/// The rules that decided, and the parts of the evidence that were computed for them.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Explanation {
    /// The rule for the cause; `None` for an image without samples.
    pub rule: Option<Fired>,
    /// The rule for intentional plateaus, where the file has no loss.
    pub drawing: Option<Fired>,
    /// Name and value.
    pub evidence: Vec<(&'static str, String)>,
}

impl fmt::Display for Explanation {
    /// One line for each rule and each part.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, rule) in [("rule", self.rule), ("drawing", self.drawing)] {
            if let Some(Fired { name, when }) = rule {
                writeln!(f, "{what}: {name} ({when})")?;
            }
        }
        self.evidence.iter().try_for_each(|(name, value)| writeln!(f, "{name}: {value}"))
    }
}
