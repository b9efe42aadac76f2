//! Boundaries between the segments of a video.

use unband_video::VideoFile;

use super::source::RawFrame;

/// Minimum length of a segment, in seconds; it then ends with a shot if one ends in time.
const SEGMENT_SECONDS: f64 = 10.0;
/// Maximum length of a segment, in seconds.
const LONGEST_SEGMENT_SECONDS: f64 = 60.0;

/// Decides where segments begin, frame by frame. It can start at the first frame of any segment.
#[derive(Default)]
pub(crate) struct Boundaries {
    /// Time of the first frame of the current segment, in ticks.
    first: Option<i64>,
}

impl Boundaries {
    /// Does a segment begin with the next frame?
    pub(crate) fn begins_with(&mut self, frame: &RawFrame, file: &VideoFile) -> bool {
        let age = self.first.map(|first| file.seconds(frame.ticks - first));
        let begins = age.is_none_or(|age| {
            (frame.begins_shot && age >= SEGMENT_SECONDS) || age >= LONGEST_SEGMENT_SECONDS
        });
        if begins {
            self.first = Some(frame.ticks);
        }
        begins
    }
}
