//! Rule of a decision table.

/// One row: a name to report, the condition in a few words, and the function that decides.
pub(crate) struct Rule<F> {
    /// Kebab-case.
    pub name: &'static str,
    /// The condition in a few words.
    pub when: &'static str,
    /// The answer where the rule applies.
    pub applies: F,
}

/// The first rule that applies, and its answer.
pub(crate) fn first<F, T>(table: &[Rule<F>], apply: impl Fn(&F) -> Option<T>) -> Option<(&Rule<F>, T)> {
    table.iter().find_map(|rule| Some((rule, apply(&rule.applies)?)))
}
