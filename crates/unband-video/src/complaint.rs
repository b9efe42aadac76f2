//! Causes of failures in the messages of `ffmpeg`, which repeats each failure at every stage that it ends.

use unband_io::process::Said;

/// Parts of lines that only report that something failed; the cause is in other lines. The last lines of
/// `FFmpeg` 5.1, 6.1, 7.1 and 9.0 for encoders, muxers and options that refuse.
const EMPTY: [&str; 16] = [
    "Conversion failed!",
    "Could not open encoder before EOF",
    "Could not write header",
    "Error applying encoder options",
    "Error initializing output stream",
    "Error initializing the muxer",
    "Error opening input files:",
    "Error opening output file",
    "Error parsing options for",
    "Error sending frames to consumers",
    "Error splitting the argument list",
    "Error while opening encoder",
    "Error while processing the decoded data",
    "Nothing was written into output file",
    "Task finished with error code",
    "Terminating thread with return code",
];
/// Number of lines that become a message.
const MOST: usize = 2;

/// The kind of a cause, on which the next action depends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// No space on the disk of the result.
    Disk,
    /// Something else has killed `ffmpeg`, or it made no progress.
    Killed,
    /// An argument that this `ffmpeg` does not have.
    Argument,
    /// Any other, such as an encoder that refuses.
    Other,
}

/// The cause, in one line.
pub(super) fn cause(said: &Said) -> String {
    let whole = |line: &&String| !EMPTY.iter().any(|empty| line.contains(empty));
    let causes: Vec<&String> = said.lines.iter().filter(whole).collect();
    let causes = if causes.is_empty() { said.lines.iter().collect() } else { causes };
    let mut words: Vec<&str> = Vec::new();
    for line in causes {
        // FFmpeg 5.1 ends some lines with a dash, after which nothing follows.
        let line = line.trim_end_matches(['-', ' ', '.']);
        if !line.is_empty() && !words.contains(&line) {
            words.push(line);
        }
    }
    if words.is_empty() { said.message() } else { words[words.len().saturating_sub(MOST)..].join("; ") }
}

/// The kind of a cause, from its message.
pub(super) fn fault(message: &str) -> Fault {
    let any = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if any(&["No space left", "quota exceeded", "File too large"]) {
        Fault::Disk
    } else if any(&["it was killed by", "it made no progress"]) {
        Fault::Killed
    } else if any(&[
        "Unrecognized option",
        "Option not found",
        "Missing argument for option",
        "Unable to choose an output format",
        "Unable to find a suitable output format",
        "you are trying to apply an input option",
        "Invalid time base",
    ]) {
        Fault::Argument
    } else {
        Fault::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages as the program's reader passes them on.
    fn said(lines: &[&str]) -> Said {
        Said { lines: lines.iter().map(ToString::to_string).collect(), count: lines.len() }
    }

    #[test]
    fn a_cause_is_found_among_the_messages_of_each_release() {
        let rows: [(&[&str], &str, Fault); 9] = [
            // 5.1, then 7.1 or 9.0.
            (
                &[
                    "flac in MP4 support is experimental, add '-strict -2' if you want to use it.",
                    "Could not write header for output file #0 (incorrect codec parameters ?): Experimental feature",
                    "Error initializing output stream 0:0 -- ",
                ],
                "flac in MP4 support is experimental, add '-strict -2' if you want to use it",
                Fault::Other,
            ),
            (
                &[
                    "Image size is too small (2x2).",
                    "Error initializing output stream 0:0 -- Error while opening encoder for output stream #0:0 - maybe incorrect parameters such as bit_rate, rate, width or height",
                ],
                "Image size is too small (2x2)",
                Fault::Other,
            ),
            (
                &[
                    "Loaded libx265 does not support alpha layer encoding.",
                    "Error while opening encoder - maybe incorrect parameters such as bit_rate, rate, width or height.",
                    "Error sending frames to consumers: Operation not supported",
                    "Task finished with error code: -95 (Operation not supported)",
                    "Could not open encoder before EOF",
                    "Terminating thread with return code -22 (Invalid argument)",
                    "Nothing was written into output file, because at least one of its streams received no packets.",
                ],
                "Loaded libx265 does not support alpha layer encoding",
                Fault::Other,
            ),
            (
                &[
                    "Value 77.000000 for parameter 'preset' out of range [-2 - 13]",
                    "Error setting option preset to value 77.",
                    "Error applying encoder options: Numerical result out of range",
                    "Error opening output file x.mp4.",
                    "Error opening output files: Numerical result out of range",
                ],
                "Value 77.000000 for parameter 'preset' out of range [-2 - 13]; Error setting option preset to value 77",
                Fault::Other,
            ),
            (
                &["Unrecognized option 'wrong'.", "Error splitting the argument list: Option not found"],
                "Unrecognized option 'wrong'",
                Fault::Argument,
            ),
            (
                &[
                    "Unable to choose an output format for '0'; use a standard extension for the filename or specify the format manually.",
                    "Error initializing the muxer for 0: Invalid argument",
                    "Error opening output file 0.",
                    "Error opening output files: Invalid argument",
                ],
                "Unable to choose an output format for '0'; use a standard extension for the filename or specify the format manually",
                Fault::Argument,
            ),
            (
                &["av_interleaved_write_frame(): No space left on device", "Conversion failed!"],
                "av_interleaved_write_frame(): No space left on device",
                Fault::Disk,
            ),
            (
                &["it was killed by signal: 9 (SIGKILL)"],
                "it was killed by signal: 9 (SIGKILL)",
                Fault::Killed,
            ),
            (&[], "it failed without a message", Fault::Other),
        ];
        for (lines, expected, kind) in rows {
            let message = cause(&said(lines));
            assert_eq!((message.as_str(), fault(&message)), (expected, kind));
        }
    }

    #[test]
    fn the_last_causes_are_named_once() {
        let lines = [
            "first",
            "non-existing PPS 0 referenced",
            "decode_slice_header error",
            "decode_slice_header error",
        ];
        assert_eq!(cause(&said(&lines)), "non-existing PPS 0 referenced; decode_slice_header error");
    }
}
