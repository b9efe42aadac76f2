//! Selection of the streams to copy, in the syntax of `ffmpeg`'s `-map`.

use std::str::FromStr;

use super::probe::{Stream, StreamKind};
use super::{VideoError, VideoFile};

/// Some streams of a video: an index ("2"), a kind ("a"), or one of a kind ("a:1"). A trailing "?" makes it
/// optional.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamSpec {
    kind: Option<StreamKind>,
    /// Index among streams of the kind, or among all.
    number: Option<usize>,
    optional: bool,
}

/// The streams to copy: all, or only the selected ones, minus the dropped ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamChoice {
    /// Only these.
    pub only: Option<Vec<StreamSpec>>,
    /// Not these.
    pub dropped: Vec<StreamSpec>,
}

const KINDS: [(&str, StreamKind); 5] = [
    ("v", StreamKind::Video),
    ("a", StreamKind::Audio),
    ("s", StreamKind::Subtitle),
    ("d", StreamKind::Data),
    ("t", StreamKind::Attachment),
];

impl FromStr for StreamSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a stream; use an index, or v, a, s, d, t, `a:1`");
        let plain = text.strip_suffix('?').unwrap_or(text);
        let optional = plain.len() < text.len();
        if let Ok(number) = plain.parse() {
            return Ok(Self { kind: None, number: Some(number), optional });
        }
        let (kind, number) = plain.split_once(':').map_or((plain, None), |(kind, rest)| (kind, Some(rest)));
        let kind = KINDS.into_iter().find_map(|(word, found)| (word == kind).then_some(found));
        let number = number.map(|number| number.parse().map_err(|_| wrong())).transpose()?;
        Ok(Self { kind: Some(kind.ok_or_else(wrong)?), number, optional })
    }
}

impl std::fmt::Display for StreamSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = KINDS.into_iter().find_map(|(word, kind)| (Some(kind) == self.kind).then_some(word));
        match (kind, self.number) {
            (Some(kind), Some(number)) => write!(f, "{kind}:{number}"),
            (Some(kind), None) => f.write_str(kind),
            (None, number) => write!(f, "{}", number.unwrap_or(0)),
        }
    }
}

impl StreamSpec {
    fn names(self, video: &VideoFile, stream: &Stream) -> bool {
        let Some(kind) = self.kind else { return self.number == Some(stream.index) };
        let of_kind = video.streams.iter().filter(|other| other.kind == kind);
        let place = of_kind.clone().position(|other| other.index == stream.index);
        place.is_some_and(|place| self.number.is_none_or(|number| number == place))
    }
}

impl StreamChoice {
    /// Whether a non-video stream is copied.
    pub(super) fn takes(&self, video: &VideoFile, stream: &Stream) -> bool {
        let named = |specs: &[StreamSpec]| specs.iter().any(|spec| spec.names(video, stream));
        self.only.as_deref().is_none_or(named) && !named(&self.dropped)
    }

    /// Checks that all selected streams exist. The restored video stream is always included.
    ///
    /// # Errors
    /// [`VideoError::NoStream`].
    pub fn check(&self, video: &VideoFile) -> Result<(), VideoError> {
        let wrong =
            |what| VideoError::NoStream { path: video.path.clone(), what, streams: video.streams.clone() };
        let none = |spec: &&StreamSpec| {
            !spec.optional && !video.streams.iter().any(|stream| spec.names(video, stream))
        };
        if let Some(spec) = self.only.iter().flatten().chain(&self.dropped).find(none) {
            return Err(wrong(format!("it has no stream `{spec}`")));
        }
        let restored = video.streams.iter().find(|stream| stream.index == video.video.stream);
        let drops = |spec: &&StreamSpec| restored.is_some_and(|stream| spec.names(video, stream));
        match self.dropped.iter().find(drops) {
            Some(spec) => {
                Err(wrong(format!("`{spec}` is the restored video stream, which cannot be dropped")))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs_are_written_as_they_are_read() {
        for text in ["2", "0", "v", "a", "s:1", "d", "t:0"] {
            assert_eq!(text.parse::<StreamSpec>().map(|spec| spec.to_string()), Ok(text.to_owned()));
        }
        assert_eq!(
            "d?".parse::<StreamSpec>().map(|spec| (spec.optional, spec.to_string())),
            Ok((true, "d".into()))
        );
        for text in ["", "x", "a:", "a:b", "-1", "1:2", "?", "audio"] {
            assert!(text.parse::<StreamSpec>().is_err(), "{text}");
        }
    }
}
