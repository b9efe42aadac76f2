//! Standard input: detection of images, YUV4MPEG2 streams and videos.

use std::io::{self, Read};

use unband::io::video::begins_video;
use unband::io::{Limits, Spool, Y4mHeader};

use crate::inputs::reason;
use crate::reporter::Failure;
use crate::streams::{self, Input};

/// Its name in messages.
pub(crate) const SHOWN: &str = "standard input";
const MAGIC: &[u8] = b"YUV4MPEG2";
/// Number of bytes by which a video is recognised.
const HEAD: u64 = 4096;
/// Upper limit of the length of a YUV4MPEG2 header.
const LONGEST_LINE: usize = 4096;

/// The first bytes of standard input, and their kind.
pub(crate) struct Look {
    pub begins: Vec<u8>,
    /// YUV4MPEG2 with more than one frame, or with any number on request.
    pub is_stream: bool,
    /// A video in a container.
    pub is_video: bool,
}

/// Reads as much as detection needs: of YUV4MPEG2 at most one frame and one byte. `always`: one frame is a
/// stream too.
///
/// # Errors
/// I/O errors of standard input.
pub(crate) fn look(always: bool) -> io::Result<Look> {
    let (mut begins, mut input) = (Vec::new(), Input);
    input.by_ref().take(MAGIC.len() as u64).read_to_end(&mut begins)?;
    if begins != MAGIC {
        input.take(HEAD).read_to_end(&mut begins)?;
        let is_video = begins_video(&begins);
        return Ok(Look { begins, is_stream: false, is_video });
    }
    let look = |begins, is_stream| Ok(Look { begins, is_stream, is_video: false });
    if always {
        return look(begins, true);
    }
    // No more than the line: the frames are read later.
    let (mut byte, most) = ([0], begins.len() + LONGEST_LINE);
    while begins.last() != Some(&b'\n') && begins.len() < most && input.read(&mut byte)? > 0 {
        begins.push(byte[0]);
    }
    let line = String::from_utf8_lossy(&begins).trim_end().to_owned();
    let frame = Y4mHeader::parse(&line).ok().and_then(|header| {
        Limits::default().check(header.width as u64, header.height as u64, 4).ok()?;
        header.frame_bytes()
    });
    // Errors in it are reported by its reader.
    let Some(frame) = frame else { return look(begins, false) };
    let one = begins.len() + b"FRAME\n".len() + frame;
    input.take((one + 1 - begins.len()) as u64).read_to_end(&mut begins)?;
    let is_stream = begins.len() > one;
    look(begins, is_stream)
}

/// Copies a video to a private file; `begins` are the bytes already read.
///
/// # Errors
/// No space, and I/O errors.
pub(crate) fn spool(begins: &[u8]) -> Result<Spool, Failure> {
    let known = streams::input_bytes().map(|bytes| bytes.saturating_sub(begins.len() as u64));
    Spool::fill(begins, &mut Input, known).map_err(|error| Failure::from_error(SHOWN.to_owned(), &error))
}

/// A failure to read standard input.
pub(crate) fn unreadable(error: &io::Error) -> Failure {
    Failure::at(SHOWN.to_owned(), format!("cannot read: {}", reason(error)), None)
}
