//! Errors of image files, with hints.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use unband_image::frame::FrameError;
use unband_image::{Depth, Hint, Model};

use crate::foreign::{self, ForeignType};

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Any other error, with the file it occurred in.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The error.
        source: Box<Error>,
    },
    /// The operating system refused.
    #[error("cannot {action}: {source}")]
    Io {
        /// The action that failed ("read", "write", "rename").
        action: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// The caller cancelled the operation.
    #[error("stopped before it was complete")]
    Stopped,
    /// The file has no bytes.
    #[error("the file is empty")]
    Empty,
    /// The first bytes match no known format.
    #[error("unknown image format")]
    UnknownContent,
    /// A type of file that is recognised and not read.
    #[error("{}, which is not read", kind.name)]
    Foreign {
        /// The type.
        kind: ForeignType,
    },
    /// No format has this extension.
    #[error("{}", if extension.is_empty() { "no extension, so the format is unknown".to_owned() } else {
        format!("`.{extension}` is not the extension of a known image format")
    })]
    UnknownExtension {
        /// The extension as given, without the dot; empty when there is none.
        extension: String,
    },
    /// The file ends before its image does.
    #[error("the {format} file ends before the image does")]
    Truncated {
        /// The format.
        format: &'static str,
    },
    /// A stream of frames ends inside a frame, or before the first one.
    #[error("the {format} stream is cut off at byte {byte}, {}", if *frames == 0 { "before the end of the first frame".to_owned() } else {
        format!("after {frames} complete frames")
    })]
    Cut {
        /// The format.
        format: &'static str,
        /// Length of the stream in bytes.
        byte: u64,
        /// Number of complete frames.
        frames: u64,
    },
    /// The file contradicts its format.
    #[error("damaged {format} file: {message}")]
    Damaged {
        /// The format.
        format: &'static str,
        /// What is wrong.
        message: String,
    },
    /// A variant of a known format that cannot be read.
    #[error("{format} with {what} is not supported")]
    Unsupported {
        /// The format.
        format: &'static str,
        /// The variant.
        what: String,
    },
    /// An animation or a file with several pages.
    #[error("the {format} file contains several {what}, expected one image")]
    Several {
        /// The format.
        format: &'static str,
        /// "frames", "pages" or "images".
        what: &'static str,
    },
    /// An animation, to a format that holds one image.
    #[error("{format} holds one image, not the frames of an animation")]
    OneImage {
        /// The format.
        format: &'static str,
    },
    /// Larger than the limits allow.
    #[error("{width}×{height} needs {needs}, the limit is {limit}")]
    Limit {
        /// Declared width.
        width: u64,
        /// Declared height.
        height: u64,
        /// Bytes of the planes and of the data kept with them.
        bytes: u64,
        /// Required size.
        needs: String,
        /// Allowed size.
        limit: String,
    },
    /// A file larger than any image within the limits.
    #[error("the file has {mebibytes} MiB, the limit is {most} MiB")]
    FileSize {
        /// Size of the file.
        mebibytes: u64,
        /// Allowed size.
        most: u64,
    },
    /// The system cannot provide enough memory.
    #[error("not enough memory for {width}×{height} samples")]
    Memory {
        /// Width.
        width: u64,
        /// Height.
        height: u64,
    },
    /// More bits than the format can store.
    #[error("{format} holds at most {most}, got {asked}")]
    Depth {
        /// The format.
        format: &'static str,
        /// The most it can store, in words.
        most: String,
        /// The requested depth, in words.
        asked: String,
    },
    /// Transparency, in a format without it.
    #[error("{format} cannot store the image's transparency")]
    Alpha {
        /// The format.
        format: &'static str,
    },
    /// A colour model that the format cannot store.
    #[error("{format} cannot store {}", model_words(*model))]
    Model {
        /// The format.
        format: &'static str,
        /// The image's model.
        model: Model,
    },
    /// An image too large for the format.
    #[error("{format} holds at most {most} pixels per side, got {width}×{height}")]
    Size {
        /// The format.
        format: &'static str,
        /// The longest side allowed.
        most: u32,
        /// Width.
        width: usize,
        /// Height.
        height: usize,
    },
    /// A format that can be read but not written.
    #[error("{format} can be read but not written")]
    ReadOnly {
        /// The format.
        format: &'static str,
    },
    /// The output folder does not exist.
    #[error("the folder {} does not exist", folder.display())]
    NoFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// A disk without enough space for temporary files.
    #[error("temporary files need {} in {}, {} are free", crate::amount(*needed), folder.display(), crate::amount(*free))]
    NoSpace {
        /// The folder of temporary files.
        folder: PathBuf,
        /// Bytes needed.
        needed: u64,
        /// Free bytes.
        free: u64,
    },
    /// The output already exists.
    #[error("exists already")]
    Exists,
    /// The system cannot store a file of this name.
    #[error("{fault}")]
    Name {
        /// The reason.
        fault: String,
    },
    /// The encoder refused.
    #[error("cannot write {format}: {message}")]
    Encode {
        /// The format.
        format: &'static str,
        /// The reason.
        message: String,
    },
    /// The operation needs a program that is not installed.
    #[error("{purpose} needs the program `{program}`, which was not found")]
    NoProgram {
        /// Its name.
        program: &'static str,
        /// What needs it.
        purpose: Cow<'static, str>,
        /// How to install it.
        install: &'static str,
    },
    /// The operation needs a newer version of an installed program.
    #[error("{purpose} needs {needed}, but `{program}` is {version}")]
    OldProgram {
        /// Its name.
        program: &'static str,
        /// What needs it.
        purpose: &'static str,
        /// The oldest version that would do ("`FFmpeg` 5.1 or newer").
        needed: &'static str,
        /// Its version as printed.
        version: String,
        /// How to install a newer one.
        install: &'static str,
    },
    /// Another program was run and failed.
    #[error("`{program}` failed: {message}")]
    Program {
        /// Its name.
        program: &'static str,
        /// Its error message.
        message: String,
    },
}

impl Error {
    /// The same error with the file it occurred in. An error that already names a file is unchanged.
    #[must_use]
    pub fn in_file(self, path: &Path) -> Self {
        match self {
            Self::File { .. } => self,
            other => Self::File { path: path.to_owned(), source: Box::new(other) },
        }
    }

    /// The error without the file name.
    pub fn fault(&self) -> &Self {
        match self {
            Self::File { source, .. } => source.fault(),
            other => other,
        }
    }

    /// The way to convert a file of a type that is not read.
    fn conversion(&self, path: Option<&Path>) -> Option<String> {
        match self {
            Self::Foreign { kind } => Some(kind.hint(path)),
            Self::UnknownContent => path.and_then(foreign::by_extension),
            Self::Several { format, what: "frames" } => foreign::animation_hint(format, path),
            Self::Unsupported { format: "JPEG", what } if what == crate::format::jpeg::markers::LS => {
                Some(foreign::conversion("ffmpeg -i IN OUT.png", path))
            }
            Self::Unsupported { what, .. } if what.contains("camera raw") => {
                Some(foreign::DEVELOP.to_owned())
            }
            _ => None,
        }
    }

    /// A file of a format that contradicts it.
    pub fn damaged(format: &'static str, message: impl std::fmt::Display) -> Self {
        Self::Damaged { format, message: message.to_string() }
    }

    /// A variant of a format that cannot be read.
    pub fn unsupported(format: &'static str, what: impl Into<String>) -> Self {
        Self::Unsupported { format, what: what.into() }
    }

    /// A result that a format or encoder refuses.
    pub fn encode(format: &'static str, message: impl std::fmt::Display) -> Self {
        Self::Encode { format, message: message.to_string() }
    }

    pub(crate) fn depth(format: &'static str, most: Depth, asked: Depth) -> Self {
        let most = match most {
            Depth::Int(bits) => format!("{bits} bits per sample"),
            Depth::F32 => "32-bit floating point".to_owned(),
        };
        let asked = match asked {
            Depth::Int(bits) => bits.to_string(),
            Depth::F32 => "32-bit floating point".to_owned(),
        };
        Self::Depth { format, most, asked }
    }
}

impl From<FrameError> for Error {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Length => Self::Truncated { format: "NUT" },
            FrameError::Memory { width, height } => {
                Self::Memory { width: width as u64, height: height as u64 }
            }
            other => Self::encode("NUT", other),
        }
    }
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        let path = if let Self::File { path, .. } = self { Some(path.as_path()) } else { None };
        if let Some(conversion) = self.fault().conversion(path) {
            return Some(conversion);
        }
        let text = match self.fault() {
            Self::Io { action, source } => return io_hint(action, source),
            Self::Truncated { format: "JPEG" } => {
                "copy or download the file again, or add `--keep-going` to repair its readable part".to_owned()
            }
            Self::Empty | Self::Truncated { .. } => "copy or download the file again".to_owned(),
            Self::Cut { .. } => "check why the program that wrote it stopped".to_owned(),
            Self::Damaged { .. } => {
                "copy or download the file again, or save it again with another program".to_owned()
            }
            Self::UnknownContent => {
                format!("formats that can be read: {}; {}", names(|f| f.reads), foreign::VIDEO_COMMANDS)
            }
            Self::UnknownExtension { .. } => {
                format!("extensions that can be written: {}", extensions())
            }
            Self::Unsupported { format: "NUT", .. } => {
                "request raw frames in a supported pixel format, for example with `-c:v rawvideo -pix_fmt yuv420p10le`"
                    .to_owned()
            }
            Self::Unsupported { format: "YUV4MPEG2", what } if what == crate::format::y4m::INTERLACED => {
                "deinterlace it first, `ffmpeg -i IN -vf bwdif -f yuv4mpegpipe -strict -1 - | unband - -o -`; if its frames are progressive nevertheless (PsF), add `--progressive`".to_owned()
            }
            Self::Unsupported { .. } => "convert it to PNG or TIFF with another program first".to_owned(),
            Self::Several { format: "YUV4MPEG2", .. } => {
                "take one frame of the video, for example with `ffmpeg -i FILE -frames:v 1 frame.y4m`"
                    .to_owned()
            }
            Self::Several { .. } => {
                "extract one image first, for example with `ffmpeg` or ImageMagick".to_owned()
            }
            Self::OneImage { .. } => {
                let formats = names(crate::FormatEntry::writes_animations);
                format!("formats with animations: {formats}; or name a video, such as `-o FILE.mkv`")
            }
            Self::Limit { .. } | Self::FileSize { .. } => {
                "larger images are not read: if the size is correct, split the image with another program; otherwise the file is damaged".to_owned()
            }
            Self::Memory { .. } => "close other programs, or process a part of the image".to_owned(),
            Self::Depth { .. } => {
                "write PNG or TIFF for 16 bits, TIFF or PFM for floating point, or choose fewer bits"
                    .to_owned()
            }
            Self::Alpha { .. } => {
                format!(
                    "formats with transparency: {}",
                    names(|f| f.writes.as_ref().is_some_and(|w| w.alpha))
                )
            }
            Self::Model { model: Model::Yuv { .. }, .. } => {
                let yuv = names(|f| f.writes.as_ref().is_some_and(|w| w.yuv));
                format!("convert it to RGB first; formats with luma and chroma planes: {yuv}")
            }
            Self::Model { .. } | Self::Size { .. } | Self::Encode { .. } => {
                "write PNG or TIFF instead".to_owned()
            }
            Self::ReadOnly { .. } => {
                format!("formats that can be written: {}", names(|f| f.writes.is_some()))
            }
            Self::NoProgram { install, .. } | Self::OldProgram { install, .. } => (*install).to_owned(),
            Self::Program { .. } => "install a recent version of that program".to_owned(),
            Self::NoFolder { folder } => {
                let parents = if cfg!(windows) { "" } else { " -p" };
                format!("create it with `mkdir{parents} {}`, or check the spelling", folder.display())
            }
            Self::NoSpace { .. } => {
                "free some disk space, or set `TMPDIR` to a folder on a larger disk".to_owned()
            }
            Self::Exists => "choose another name or add `--overwrite`".to_owned(),
            Self::Name { .. } => "choose another name with `-o`".to_owned(),
            Self::File { .. } | Self::Foreign { .. } | Self::Stopped => return None,
        };
        Some(text)
    }
}

fn model_words(model: Model) -> &'static str {
    match model {
        Model::Gray => "a grey image",
        Model::Rgb => "an RGB image",
        Model::Yuv { .. } => "planes of luma and chroma (YUV)",
    }
}

fn names(which: fn(&crate::FormatEntry) -> bool) -> String {
    let names: Vec<_> = crate::FORMATS.iter().filter(|f| which(f)).map(|f| f.name).collect();
    names.join(", ")
}

fn extensions() -> String {
    let all: Vec<_> = crate::FORMATS.iter().filter(|f| f.writes.is_some()).map(|f| f.extensions[0]).collect();
    all.join(", ")
}

fn io_hint(action: &str, source: &io::Error) -> Option<String> {
    use io::ErrorKind as Kind;
    let text = match source.kind() {
        Kind::NotFound if action == "read" => "check the name",
        Kind::NotFound => "create the folder first",
        Kind::PermissionDenied => "check the permissions of the file and its folder",
        Kind::StorageFull | Kind::QuotaExceeded => "free some disk space; no partial file remains",
        Kind::ReadOnlyFilesystem => "choose an output folder on another disk",
        Kind::IsADirectory => "name a file, not a folder",
        Kind::NotADirectory => "part of the path is a file; choose another folder",
        _ => return None,
    };
    Some(text.to_owned())
}

/// The system's message, without its error number, lower case.
pub fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
