//! HTML templates with placeholders.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use unband::inputs::steers;

/// Escapes a text for HTML, SVG and quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Control characters are invalid in both; marks of direction would show a name backwards.
            c if steers(c) && !matches!(c, '\n' | '\t') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Replaces `{{name}}` in the template. Values are not expanded again. Unknown names are removed.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() + values.iter().map(|v| v.1.len()).sum::<usize>());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            rest = after;
            break;
        };
        out.push_str(values.iter().find(|v| v.0 == name).map_or("", |v| v.1));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The content security policy of a page: nothing from elsewhere, and no script but the page's own one.
///
/// The script is the last element of that kind in the template; its hash includes the line break before it.
pub(crate) fn policy(template: &str, script: &str) -> String {
    let start = template.rfind("<script>").map_or(0, |at| at + "<script>".len());
    let end = template.rfind("</script>").unwrap_or(template.len());
    let element = fill(template.get(start..end).unwrap_or_default(), &[("script", script)]);
    let hash = STANDARD.encode(Sha256::digest(element));
    format!(
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; \
         base-uri 'none'; form-action 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_templates() {
        assert_eq!(fill("<{{a}}|{{b}}|{{c}}>", &[("a", "{{b}}"), ("b", "2")]), "<{{b}}|2|>");
    }

    #[test]
    fn a_policy_names_the_hash_of_the_script_as_browsers_compute_it() {
        let policy =
            policy("<script type=\"x\">{{data}}</script><script>\n{{script}}</script>", "alert(1);\n");
        // printf '\nalert(1);\n' | openssl dgst -sha256 -binary | base64
        assert!(
            policy.contains("script-src 'sha256-L+t9q3v5LeakHkwTJJlqwHiLsxVtqG4eOt8NDvhN6eg='; "),
            "{policy}"
        );
    }

    #[test]
    fn nothing_gets_out_of_an_attribute_or_an_element() {
        assert_eq!(escape("\"><script>'&\u{1b}é"), "&quot;&gt;&lt;script&gt;&#39;&amp;\u{fffd}é");
        assert_eq!(escape("a\u{202e}cba.png\u{2066}"), "a\u{fffd}cba.png\u{fffd}");
    }
}
