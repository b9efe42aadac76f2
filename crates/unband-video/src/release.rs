//! Release of an installed `FFmpeg`, by the numbers of its libraries, and the features that depend on it.
//!
//! Every build prints these numbers; development builds have no version besides. A build whose numbers are
//! unknown is taken for the newest one.

use super::ffmpeg::NEEDED;
use super::probe::Node;
use unband_io::Error;
use unband_io::process::Program;

/// Major and minor number of a library.
type Numbers = (u32, u32);

/// `libavcodec` of `FFmpeg` 5.1, which introduced the option `-fps_mode`; the option it replaces was removed
/// later.
const OLDEST: Numbers = (59, 37);

/// A release of `FFmpeg`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Release {
    /// As printed ("5.1.9-0+deb12u1", "N-109468-gd39b34123d").
    version: Option<String>,
    libavcodec: Option<Numbers>,
    libavformat: Option<Numbers>,
}

impl Release {
    /// From the lines that `ffmpeg` prints first: "ffmpeg version 5.1.9 Copyright …", and for each library
    /// one such as "libavformat    59. 27.100 / 59. 27.100".
    pub(super) fn of_banner(text: &str) -> Self {
        let version = text.lines().find_map(|line| line.trim().strip_prefix("ffmpeg version "));
        let numbers = |library: &str| {
            let line = text.lines().find_map(|line| line.trim().strip_prefix(library))?;
            let mut parts = line.split('.').map(|part| part.trim().parse().ok());
            Some((parts.next()??, parts.next()??))
        };
        Self {
            version: version.and_then(|rest| rest.split_whitespace().next()).map(str::to_owned),
            libavcodec: numbers("libavcodec"),
            libavformat: numbers("libavformat"),
        }
    }

    /// From `ffprobe`'s answer to `-show_program_version -show_library_versions`.
    pub(super) fn of_answer(answer: Node<'_>) -> Self {
        let numbers = |name: &str| {
            let library =
                answer.list("library_versions").find(|library| library.text("name") == Some(name))?;
            let number = |key| u32::try_from(library.whole(key)?).ok();
            Some((number("major")?, number("minor")?))
        };
        Self {
            version: answer.at("program_version").text("version").map(str::to_owned),
            libavcodec: numbers("libavcodec"),
            libavformat: numbers("libavformat"),
        }
    }

    /// Checks that it has all required features.
    ///
    /// # Errors
    /// [`Error::OldProgram`].
    pub(super) fn check(&self, program: &Program) -> Result<(), Error> {
        if self.libavcodec.is_none_or(|numbers| numbers >= OLDEST) {
            return Ok(());
        }
        let version = self.version.clone().unwrap_or_else(|| "one without a version".to_owned());
        Err(program.too_old(NEEDED, version))
    }

    /// Whether the orientation of a stream is an option of its input (`-display_rotation`, from 6.0 on).
    /// Before, it is metadata of the output.
    pub(super) fn orients_inputs(&self) -> bool {
        self.libavformat.is_none_or(|(major, _)| major >= 60)
    }

    /// Whether its filters may tag frames with the place of chroma: not before 7.0.
    pub(super) fn may_place_chroma(&self) -> bool {
        self.libavformat.is_none_or(|(major, _)| major >= 61)
    }

    /// Whether its filters give all frames the pixel shape of the first one (from 7.0 on), so that `showinfo`
    /// does not log a change.
    pub(super) fn hides_shapes(&self) -> bool {
        self.libavformat.is_none_or(|(major, _)| major >= 61)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::ffmpeg::FFMPEG;
    use super::*;

    fn banner(version: &str, libavcodec: &str, libavformat: &str) -> Release {
        Release::of_banner(&format!(
            "ffmpeg version {version} Copyright (c) 2000-2026 the FFmpeg developers\n  built with gcc\n  \
             libavutil      57. 28.100 / 57. 28.100\n  libavcodec     {libavcodec}.100 / {libavcodec}.100\n  \
             libavformat    {libavformat}.100 / {libavformat}.100\n"
        ))
    }

    #[test]
    fn releases_are_known_by_the_numbers_of_their_libraries() {
        // Version, libavcodec, libavformat; new enough, orientation as an input option, one pixel shape.
        for (version, libavcodec, libavformat, enough, orients, hides) in [
            ("4.1.11-0+deb10u1", "58. 35", "58. 20", false, false, false),
            ("4.4.2", "58.134", "58. 76", false, false, false),
            ("5.0.1", "59. 18", "59. 16", false, false, false),
            ("5.1.9-0+deb12u1", "59. 37", "59. 27", true, false, false),
            ("6.1.1-3ubuntu5", "60. 31", "60. 16", true, true, false),
            ("7.1.5-0+deb13u1", "61. 19", "61.  7", true, true, true),
            ("9.0.2-1", "63. 11", "63.  3", true, true, true),
            ("N-109468-gd39b34123d", "59. 55", "59. 36", true, false, false),
            ("2031-01-01-git-0123456789-full_build", "71.  4", "71.  1", true, true, true),
            ("unknown", "x. y", "", true, true, true),
        ] {
            let release = banner(version, libavcodec, libavformat);
            assert_eq!(
                (release.check(&FFMPEG).is_ok(), release.orients_inputs(), release.hides_shapes()),
                (enough, orients, hides),
                "{version}"
            );
            assert_eq!(release.may_place_chroma(), hides, "{version}");
            if !enough {
                let error = release.check(&FFMPEG).unwrap_err().to_string();
                assert_eq!(error, format!("video needs FFmpeg 5.1 or newer, but `ffmpeg` is {version}"));
            }
        }
        let nothing = Release::of_banner("");
        assert!(nothing.check(&FFMPEG).is_ok() && nothing.orients_inputs() && nothing.hides_shapes());
    }

    #[test]
    fn the_answer_of_ffprobe_has_the_same_numbers() {
        let answer = serde_json::json!({
            "program_version": { "version": "5.1.9-0+deb12u1" },
            "library_versions": [
                { "name": "libavcodec", "major": 59, "minor": 37, "micro": 100 },
                { "name": "libavformat", "major": 59, "minor": 27, "micro": 100 },
            ],
        });
        assert_eq!(Release::of_answer(Node::new(&answer)), banner("5.1.9-0+deb12u1", "59. 37", "59. 27"));
        assert_eq!(Release::of_answer(Node::new(&serde_json::Value::Null)), Release::default());
    }
}
