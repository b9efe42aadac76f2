//! Samples on their container's own grid.

use super::Rule;

pub(super) const RULE: Rule =
    Rule { name: "plain", when: "nothing else applies", applies: |evidence| Some(evidence.plain_findings()) };
