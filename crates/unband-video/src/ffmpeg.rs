//! Discovery, capabilities and arguments of the program `ffmpeg`.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::release::Release;
use super::{Images, PixelFormat, sniff};
use unband_io::process::{Answer, Piped, Program, Room, Watch};
use unband_io::{Error, Programs};

const INSTALL: &str =
    "install FFmpeg 5.1 or newer (`apt install ffmpeg`, `brew install ffmpeg`, `winget install ffmpeg`)";
/// The oldest release with all required features.
pub(super) const NEEDED: &str = "FFmpeg 5.1 or newer";

pub(super) const FFMPEG: Program = Program { names: &["ffmpeg"], purpose: "video", install: INSTALL };

pub(super) const FFPROBE: Program = Program { names: &["ffprobe"], ..FFMPEG };

/// Ample time to list encoders.
const MOST: Duration = Duration::from_secs(30);
const ANSWER_BYTES: u64 = 4 << 20;
/// After its last frame, a program still encodes the frames it holds back, at worst for several seconds each.
/// It writes as soon as it has them. It is considered hung if it writes nothing for this long.
pub(super) const IDLE: Duration = Duration::from_mins(30);

/// Capabilities of an installed `ffmpeg`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ffmpeg {
    release: Release,
    /// Its video encoders, by name.
    encoders: BTreeSet<String>,
}

impl Ffmpeg {
    /// Queries the installed `ffmpeg`, as one of the job's `programs`.
    ///
    /// # Errors
    /// It is not installed, does not answer, or is too old.
    pub fn find(programs: &Programs) -> Result<Self, Error> {
        // Without `-hide_banner`, the versions of its libraries come first.
        let answer = programs.ask_once(&FFMPEG, &["-encoders"], ANSWER_BYTES, MOST)?;
        let release = Release::of_banner(&answer.said);
        release.check(&FFMPEG)?;
        Ok(Self { release, encoders: names_of_coders(&answer.output) })
    }

    /// Whether it has a video decoder of that name.
    ///
    /// # Errors
    /// As [`Ffmpeg::find`].
    pub(super) fn decodes(name: &str, programs: &Programs) -> Result<bool, Error> {
        let answer = programs.ask_once(&FFMPEG, &["-hide_banner", "-decoders"], ANSWER_BYTES, MOST)?;
        Ok(names_of_coders(&answer.output).contains(name))
    }

    pub(super) fn release(&self) -> &Release {
        &self.release
    }

    /// The supported pixel formats of an encoder, as far as they are known here; empty if it accepts any, or
    /// does not report them.
    ///
    /// # Errors
    /// As [`Ffmpeg::find`].
    pub(super) fn stores(encoder: &str, programs: &Programs) -> Result<Vec<&'static PixelFormat>, Error> {
        Ok(names_of_formats(&about(encoder, programs)?.output).filter_map(PixelFormat::by_name).collect())
    }

    /// Whether an encoder accepts frames with alpha.
    ///
    /// # Errors
    /// As [`Ffmpeg::find`].
    pub(super) fn takes_alpha(encoder: &str, programs: &Programs) -> Result<bool, Error> {
        let alpha = ["yuva", "gbrap", "rgba", "bgra", "argb", "abgr", "ya"];
        let has = |format: &str| alpha.iter().any(|name| format.starts_with(name));
        Ok(names_of_formats(&about(encoder, programs)?.output).any(has))
    }

    /// Whether one of its filters has an option.
    ///
    /// # Errors
    /// As [`Ffmpeg::find`].
    pub(super) fn has_filter_option(filter: &str, option: &str, programs: &Programs) -> Result<bool, Error> {
        let asked = ["-hide_banner", "-h", &format!("filter={filter}")];
        let answer = programs.ask_once(&FFMPEG, &asked, ANSWER_BYTES, MOST)?;
        Ok(answer.output.lines().any(|line| line.split_whitespace().next() == Some(option)))
    }

    /// Whether it writes the rotation of a video in Matroska, by a trial with one grey frame.
    ///
    /// # Errors
    /// As [`Ffmpeg::find`].
    pub(super) fn turns_matroska(&self, programs: &Programs) -> Result<bool, Error> {
        if !self.release().orients_inputs() {
            return Ok(false);
        }
        let room = Room::new()?;
        let (frame, trial) = (room.path("frame"), room.path("trial"));
        std::fs::write(&frame, [0; 64]).map_err(|source| Error::Io { action: "write", source })?;
        let mut args = Args::quiet(true);
        args.put(&["-display_rotation", "90", "-f", "rawvideo", "-pix_fmt", "gray", "-s", "8x8", "-i"]);
        args.push(file_name(&frame)?);
        args.put(&["-c:v", "copy", "-f", "matroska"]);
        args.push(file_name(&trial)?);
        if !args.start([false; 2], programs)?.finish(MOST, None)?.0 {
            return Ok(false);
        }
        let mut args = Args::default();
        args.put(&["-v", "quiet", "-show_entries", "stream_side_data=rotation"]);
        args.input(&trial)?;
        let answer = FFPROBE.ask(&room, &args.into_list(), ANSWER_BYTES, MOST, programs)?;
        Ok(String::from_utf8_lossy(&answer).contains("rotation=90"))
    }

    /// Whether it has that encoder.
    pub(crate) fn encodes(&self, name: &str) -> bool {
        self.encoders.contains(name)
    }
}

/// From lines such as " V....D libx265   libx265 H.265 / HEVC", which follow a line of dashes.
fn names_of_coders(list: &str) -> BTreeSet<String> {
    let lines = list.lines().skip_while(|line| !line.trim().starts_with("---")).skip(1);
    let words = lines.map(|line| line.split_whitespace());
    words
        .filter_map(|mut words| {
            words.next()?.starts_with('V').then(|| words.next().map(str::to_owned)).flatten()
        })
        .collect()
}

/// `ffmpeg`'s help on an encoder.
fn about(encoder: &str, programs: &Programs) -> Result<Arc<Answer>, Error> {
    let asked = ["-hide_banner", "-h", &format!("encoder={encoder}")];
    programs.ask_once(&FFMPEG, &asked, ANSWER_BYTES, MOST)
}

/// From a line such as "    Supported pixel formats: yuv420p yuv420p10le".
fn names_of_formats(help: &str) -> impl Iterator<Item = &str> {
    let line = help.lines().find_map(|line| line.trim().strip_prefix("Supported pixel formats:"));
    line.unwrap_or_default().split_whitespace()
}

/// A file name as an `ffmpeg` argument, never interpreted as a URL.
pub(super) fn file_name(path: &Path) -> Result<OsString, Error> {
    let absolute =
        std::path::absolute(path).map_err(|source| Error::Io { action: "find", source }.in_file(path))?;
    let mut name = OsString::from("file:");
    name.push(absolute);
    Ok(name)
}

/// Containers and elementary streams that `FFmpeg` may open, by its names: those read from a single file.
/// `FFmpeg` knows hundreds more. Some are lists of other files (`concat`, `hls`, `dash`, `imf`,
/// `webm_dash_manifest`), some take names as patterns (`image2`), some draw text (`tty`). With an untrusted
/// file, these could reveal other files on the disk.
const CONTAINERS: [&str; 24] = [
    "matroska",
    "webm",
    "mov",
    "mp4",
    "3gp",
    "avi",
    "mpegts",
    "mpeg",
    "mpegvideo",
    "asf",
    "flv",
    "ogg",
    "mxf",
    "nut",
    "ivf",
    "obu",
    "dv",
    "h264",
    "hevc",
    "m4v",
    "vc1",
    "yuv4mpegpipe",
    "gif",
    "apng",
];
/// Subtitles inside AVI are opened as separate files.
const INSIDE: [&str; 2] = ["srt", "ass"];

/// Whether a container is one of them. `FFmpeg` separates alternative names by commas.
pub(super) fn is_opened(container: &str) -> bool {
    container.split(',').any(|name| CONTAINERS.contains(&name))
}

/// Those containers, for messages.
pub(super) fn opened() -> String {
    CONTAINERS.join(", ")
}

/// Arguments of a program, in order.
#[derive(Debug, Default)]
pub(super) struct Args(Vec<OsString>);

impl Args {
    /// Common options: no questions, only errors are printed. `strict`: damage ends the program.
    pub(super) fn quiet(strict: bool) -> Self {
        let mut args = Self::default();
        args.put(&["-nostdin", "-hide_banner", "-v", "error", "-y"]);
        if strict {
            args.put(&["-xerror"]);
        }
        args
    }

    /// As [`Args::quiet`], with a log of all levels by name, for [`super::watched`].
    pub(super) fn watched(strict: bool) -> Self {
        let mut args = Self::quiet(strict);
        args.put(&["-nostats", "-v", "level+info"]);
        args
    }

    /// Appends arguments.
    pub(super) fn put(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(OsString::from));
    }

    /// Appends a name or URL.
    pub(super) fn push(&mut self, word: OsString) {
        self.0.push(word);
    }

    /// Appends a video as input of `ffmpeg` or `ffprobe`, after its other options. Only this file is opened,
    /// in one of the containers, whatever its bytes or its name might refer to.
    ///
    /// # Errors
    /// The current directory, to which the name is relative, no longer exists.
    pub(super) fn input(&mut self, path: &Path) -> Result<(), Error> {
        let formats = [&CONTAINERS[..], &INSIDE].concat().join(",");
        self.put(&["-protocol_whitelist", "file", "-format_whitelist", &formats]);
        // FFmpeg may take an image name as a pattern and open the first match.
        let odd = path.as_os_str().as_encoded_bytes().iter().any(|byte| b"%*?[{".contains(byte));
        if odd && let Some(container) = sniff::container(path) {
            self.put(&["-f", container]);
        }
        self.put(&["-i"]);
        self.push(file_name(path)?);
        Ok(())
    }

    /// Appends a video as [`Args::input`] does, or the numbered images that it consists of.
    ///
    /// # Errors
    /// As [`Args::input`].
    pub(super) fn video(&mut self, path: &Path, images: Option<&Images>) -> Result<(), Error> {
        let Some(images) = images else { return self.input(path) };
        let (options, pattern) = images.input();
        self.0.extend(options.into_iter().map(OsString::from));
        self.put(&["-protocol_whitelist", "file", "-format_whitelist", "image2", "-i"]);
        self.push(file_name(&pattern)?);
        Ok(())
    }

    /// Starts `ffmpeg` with them. Its standard input and output are pipes if requested, else closed.
    ///
    /// # Errors
    /// It is not installed or too old, or an operating-system error.
    pub(super) fn start(self, pipes: [bool; 2], programs: &Programs) -> Result<Piped, Error> {
        self.start_watched(pipes, None, programs)
    }

    /// As [`Args::start`]; each line of its messages passes through `watch`.
    ///
    /// # Errors
    /// As [`Args::start`].
    pub(super) fn start_watched(
        self,
        pipes: [bool; 2],
        watch: Option<Watch>,
        programs: &Programs,
    ) -> Result<Piped, Error> {
        Ffmpeg::find(programs)?;
        Piped::start(&FFMPEG, &self.0, pipes, watch, programs)
    }

    pub(super) fn into_list(self) -> Vec<OsString> {
        self.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn coders_are_read_as_ffmpeg_prints_them() {
        let list = "Encoders:\n V..... = Video\n ------\n V....D libx265  H.265\n A....D aac  AAC\n VF...D ffv1  FFmpeg 1";
        assert_eq!(names_of_coders(list).into_iter().collect::<Vec<_>>(), ["ffv1", "libx265"]);
        let help = "Encoder libsvtav1 [SVT-AV1]:\n    Supported pixel formats: yuv420p yuv420p10le\nOptions:";
        assert_eq!(names_of_formats(help).collect::<Vec<_>>(), ["yuv420p", "yuv420p10le"]);
        assert_eq!(names_of_formats("Encoder rawvideo:").count(), 0);
    }
}
