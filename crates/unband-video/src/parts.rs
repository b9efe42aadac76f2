//! Finished parts of a video: the display times of their frames, in either container.

use std::io::{Read, Seek};

use super::{fragments, matroska_parts};
use unband_io::Error;

/// Display times of a part's frames, in decoding order and in units of its track.
///
/// # Errors
/// Contradictory contents, and read errors.
pub(super) fn shown<F: Read + Seek>(file: &mut F) -> Result<Vec<i64>, Error> {
    if matroska_parts::is_one(file)? { matroska_parts::shown(file) } else { fragments::shown(file) }
}
