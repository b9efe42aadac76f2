//! What can go wrong with a file, by fault, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use unband_image::{Depth, Model};

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Any other error, with the file it happened to.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What happened.
        source: Box<Error>,
    },
    /// The operating system refused.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was tried ("read", "write", "rename").
        action: &'static str,
        /// Its reason.
        source: io::Error,
    },
    /// Whoever asked for it does not want it any more.
    #[error("stopped before it was whole")]
    Stopped,
    /// No bytes at all.
    #[error("the file is empty")]
    Empty,
    /// The first bytes are of no format that is known.
    #[error("not an image format that is known here")]
    UnknownContent,
    /// The extension belongs to no format.
    #[error("{}", if extension.is_empty() { "no extension, so the format is unknown".to_owned() } else {
        format!("`.{extension}` is the extension of no format that is known here")
    })]
    UnknownExtension {
        /// As given, without the dot; empty when there is none.
        extension: String,
    },
    /// The file ends before its image does.
    #[error("the {format} file ends before the image does")]
    Truncated {
        /// The format.
        format: &'static str,
    },
    /// A stream of frames ends inside one, or before the first.
    #[error("the {format} stream ends at byte {byte}, {}", if *frames == 0 { "before the end of a first frame".to_owned() } else {
        format!("after {frames} whole frames and inside what follows")
    })]
    Cut {
        /// The format.
        format: &'static str,
        /// Bytes that there were.
        byte: u64,
        /// Frames that were whole.
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
    /// A variant of a known format that is not read.
    #[error("{format} with {what} is not supported")]
    Unsupported {
        /// The format.
        format: &'static str,
        /// The variant.
        what: String,
    },
    /// An animation or a file of several pages.
    #[error("the {format} file holds several {what}, one image is needed")]
    Several {
        /// The format.
        format: &'static str,
        /// "frames" or "pages".
        what: &'static str,
    },
    /// Larger than the limits allow.
    #[error("{width}×{height} needs {needs}, the limit is {limit}")]
    Limit {
        /// Width that the file declares.
        width: u64,
        /// Height that the file declares.
        height: u64,
        /// Bytes of its planes and of what is kept beside them.
        bytes: u64,
        /// What it would need.
        needs: String,
        /// What is allowed.
        limit: String,
    },
    /// A file that is larger than any image within the limits.
    #[error("the file has {mebibytes} MiB, the limit is {most} MiB")]
    FileSize {
        /// Its size.
        mebibytes: u64,
        /// What is allowed.
        most: u64,
    },
    /// The system has no memory for it.
    #[error("not enough memory for {width}×{height} samples")]
    Memory {
        /// Width.
        width: u64,
        /// Height.
        height: u64,
    },
    /// More bits than the format holds.
    #[error("{format} holds at most {most}, {asked} asked for")]
    Depth {
        /// The format.
        format: &'static str,
        /// The most it holds, in words.
        most: String,
        /// What was asked, in words.
        asked: String,
    },
    /// Transparency that the format cannot hold.
    #[error("{format} holds no transparency, the image has some")]
    Alpha {
        /// The format.
        format: &'static str,
    },
    /// A colour model that the format cannot hold.
    #[error("{format} cannot hold {}", model_words(*model))]
    Model {
        /// The format.
        format: &'static str,
        /// The image's model.
        model: Model,
    },
    /// Sides that the format cannot hold.
    #[error("{format} holds at most {most} samples a side, the image has {width}×{height}")]
    Size {
        /// The format.
        format: &'static str,
        /// The longest side.
        most: u32,
        /// Width.
        width: usize,
        /// Height.
        height: usize,
    },
    /// A format that is only read.
    #[error("{format} is read but not written here")]
    ReadOnly {
        /// The format.
        format: &'static str,
    },
    /// A result's folder is not there.
    #[error("the folder {} does not exist", folder.display())]
    NoFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// Something is already there.
    #[error("exists already")]
    Exists,
    /// An encoder refused.
    #[error("cannot write {format}: {message}")]
    Encode {
        /// The format.
        format: &'static str,
        /// Why.
        message: String,
    },
    /// What is wanted takes a program that is not installed.
    #[error("{purpose} needs the program `{program}`, which was not found")]
    NoProgram {
        /// Its name.
        program: &'static str,
        /// What it is needed for.
        purpose: &'static str,
        /// How to get it.
        install: &'static str,
    },
    /// Another program was run and failed.
    #[error("`{program}` failed: {message}")]
    Program {
        /// Its name.
        program: &'static str,
        /// What it said.
        message: String,
    },
}

impl Error {
    /// The same error, with the file it happened to. A file that is named already keeps its name.
    #[must_use]
    pub fn in_file(self, path: &Path) -> Self {
        match self {
            Self::File { .. } => self,
            other => Self::File { path: path.to_owned(), source: Box::new(other) },
        }
    }

    /// The error without the file name around it.
    pub fn fault(&self) -> &Self {
        match self {
            Self::File { source, .. } => source.fault(),
            other => other,
        }
    }

    /// What to do next, where there is something.
    pub fn hint(&self) -> Option<String> {
        let text = match self.fault() {
            Self::Io { action, source } => return io_hint(action, source),
            Self::Empty | Self::Truncated { .. } => "copy or download the file again".to_owned(),
            Self::Cut { .. } => "see why the program that writes it stopped".to_owned(),
            Self::Damaged { .. } => {
                "copy or download the file again, or save it anew with another program".to_owned()
            }
            Self::UnknownContent => format!("images that can be read: {}", names(|f| f.reads)),
            Self::UnknownExtension { .. } => {
                format!("extensions that can be written: {}", extensions())
            }
            Self::Unsupported { format: "NUT", .. } => {
                "ask for raw frames of a format that has a code, for example with `-c:v rawvideo -pix_fmt yuv420p10le`"
                    .to_owned()
            }
            Self::Unsupported { format: "YUV4MPEG2", what } if what == crate::format::y4m::INTERLACED => {
                "deinterlace it first, `ffmpeg -i IN -vf bwdif -f yuv4mpegpipe -strict -1 - | unband - -o -`; where its frames are whole all the same (PsF), say so with `--progressive`".to_owned()
            }
            Self::Unsupported { .. } => "convert it to PNG or TIFF with another program first".to_owned(),
            Self::Several { format: "YUV4MPEG2", .. } => {
                "take one frame of the video, for example with `ffmpeg -i FILE -frames:v 1 frame.y4m`"
                    .to_owned()
            }
            Self::Several { .. } => {
                "extract one image first, for example with `ffmpeg` or ImageMagick".to_owned()
            }
            Self::Limit { .. } | Self::FileSize { .. } => {
                "no larger image is read: if the size is right, split it with another program; else the file is damaged".to_owned()
            }
            Self::Memory { .. } => "close other programs, or work on a part of the image".to_owned(),
            Self::Depth { .. } => {
                "write PNG or TIFF for 16 bits, TIFF or PFM for floating point, or ask for fewer bits"
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
                format!("convert it to RGB first; formats with such planes: {yuv}")
            }
            Self::Model { .. } | Self::Size { .. } | Self::Encode { .. } => {
                "write PNG or TIFF instead".to_owned()
            }
            Self::ReadOnly { .. } => {
                format!("formats that can be written: {}", names(|f| f.writes.is_some()))
            }
            Self::NoProgram { install, .. } => (*install).to_owned(),
            Self::Program { .. } => "see that a recent version of that program is installed".to_owned(),
            Self::NoFolder { folder } => {
                format!("make it first, `mkdir -p {}`, or check its spelling", folder.display())
            }
            Self::Exists => "choose another name, or allow overwriting".to_owned(),
            Self::File { .. } | Self::Stopped => return None,
        };
        Some(text)
    }

    pub(crate) fn damaged(format: &'static str, message: impl std::fmt::Display) -> Self {
        Self::Damaged { format, message: message.to_string() }
    }

    pub(crate) fn unsupported(format: &'static str, what: impl Into<String>) -> Self {
        Self::Unsupported { format, what: what.into() }
    }

    pub(crate) fn encode(format: &'static str, message: impl std::fmt::Display) -> Self {
        Self::Encode { format, message: message.to_string() }
    }

    pub(crate) fn depth(format: &'static str, most: Depth, asked: Depth) -> Self {
        let most = match most {
            Depth::Int(bits) => format!("{bits} bits per sample"),
            Depth::F32 => "32-bit floating point".to_owned(),
        };
        let asked = match asked {
            Depth::Int(bits) => format!("{bits} were"),
            Depth::F32 => "32-bit floating point was".to_owned(),
        };
        Self::Depth { format, most, asked }
    }
}

fn model_words(model: Model) -> &'static str {
    match model {
        Model::Gray => "a grey image",
        Model::Rgb => "an RGB picture",
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
        Kind::StorageFull | Kind::QuotaExceeded => "free some space; nothing was left behind",
        Kind::ReadOnlyFilesystem => "choose an output folder on another disk",
        Kind::IsADirectory => "name a file, not a folder",
        Kind::NotADirectory => "a part of the path is a file; name another folder",
        _ => return None,
    };
    Some(text.to_owned())
}
