//! Validation of model names.

/// Checks a model name; it becomes a file name on every system.
///
/// # Errors
/// Anything but letters, digits, `-`, `_` and `.`, or a leading dot.
pub(super) fn name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || ['-', '_', '.'].contains(&c);
    if text.is_empty() || text.len() > 80 || text.starts_with('.') || !text.chars().all(plain) {
        return Err(format!("`{text}` is not a valid name; use letters, digits, `-`, `_` and `.`"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside_the_folder() {
        assert_eq!(name("bsrgan-x4_v1.2"), Ok("bsrgan-x4_v1.2".to_owned()));
        for wrong in
            ["", ".", "..", "../x", "a/b", "a\\b", "/x", "a b", "a\0", ".hidden", "ä", &"a".repeat(81)]
        {
            assert!(name(wrong).is_err(), "{wrong}");
        }
    }
}
