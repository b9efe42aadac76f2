//! Standard input: an image, or frames of YUV4MPEG2 that never end.

use std::io::{self, Read};

use unband_io::{Limits, Y4mHeader};

use crate::inputs::reason;
use crate::talk::Failure;

/// Its name in messages.
pub const SHOWN: &str = "standard input";
const MAGIC: &[u8] = b"YUV4MPEG2";
/// No line of parameters is as long.
const LONGEST_LINE: u64 = 4096;

/// What standard input begins with, and whether it is a stream: YUV4MPEG2, with more than one frame or where that is wanted.
pub struct Look {
    pub begins: Vec<u8>,
    pub is_stream: bool,
}

/// Reads as much as it takes to tell: of YUV4MPEG2 at most one frame and one byte. `always`: it is a stream with one frame too.
///
/// # Errors
/// Whatever standard input gives.
pub fn look(always: bool) -> io::Result<Look> {
    let (mut begins, mut input) = (Vec::new(), io::stdin().lock());
    input.by_ref().take(MAGIC.len() as u64).read_to_end(&mut begins)?;
    if begins != MAGIC {
        return Ok(Look { begins, is_stream: false });
    }
    if always {
        return Ok(Look { begins, is_stream: true });
    }
    for byte in input.by_ref().take(LONGEST_LINE).bytes() {
        begins.push(byte?);
        if begins.last() == Some(&b'\n') {
            break;
        }
    }
    let line = String::from_utf8_lossy(&begins).trim_end().to_owned();
    let frame = Y4mHeader::parse(&line).ok().and_then(|header| {
        Limits::default().check(header.width as u64, header.height as u64, 4).ok()?;
        header.frame_bytes()
    });
    // What is wrong with it is told by whoever reads it.
    let Some(frame) = frame else { return Ok(Look { begins, is_stream: false }) };
    let one = begins.len() + b"FRAME\n".len() + frame;
    input.take((one + 1 - begins.len()) as u64).read_to_end(&mut begins)?;
    let is_stream = begins.len() > one;
    Ok(Look { begins, is_stream })
}

/// Standard input that could not be read.
pub fn unreadable(error: &io::Error) -> Failure {
    Failure::at(SHOWN.to_owned(), format!("cannot read: {}", reason(error)), None)
}
