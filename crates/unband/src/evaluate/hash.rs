//! Hashes of what a result depends on.

use std::path::Path;

use sha2::{Digest, Sha256};
use unband_data::files::hexadecimal;
use unband_nets::checkpoint;

use super::{EvaluateError, EvaluateFault};

/// The SHA-256 of bytes in memory.
pub fn of_bytes(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Hash of several words; word boundaries matter.
pub(super) fn sha256(words: &[&str]) -> String {
    let mut sum = Sha256::new();
    for word in words {
        sum.update((word.len() as u64).to_le_bytes());
        sum.update(word.as_bytes());
    }
    hexadecimal(&sum.finalize())
}

/// Hash of a checkpoint file.
///
/// # Errors
/// An unreadable file.
pub(super) fn sum_of(file: &Path) -> Result<String, EvaluateError> {
    let source =
        checkpoint::load(file).map_err(|error| EvaluateFault::from(error).of(file.display().to_string()))?;
    Ok(source.sha256())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_run_together_have_another_number() {
        assert!(sha256(&["ab", "c"]) != sha256(&["a", "bc"]));
        assert!(sha256(&["ab"]) != sha256(&["ab", ""]));
    }
}
