//! Image formats and files below the jobs: reading, writing, limits, and streams of a video.
//!
//! [`FORMATS`] lists the formats; a [`FormatEntry`] says what it can store.

#[cfg(feature = "files")]
pub use unband_io::{
    Access, Saving, Spool, is_named_pipe, leave_nothing, load_from, read_file, read_text, write_bytes,
    write_file, write_from, writer_for,
};
pub use unband_io::{
    Dropped, Error, FORMATS, FormatEntry, Limits, WriteOptions, Writes, Y4mHeader, Y4mReader, address_space,
    amount, by_extension, by_name, check_can_hold, check_model, detect, is_decoding, parse_amount, read,
    read_partly, reason, write,
};

/// Properties of video files, their frames and streams.
#[cfg(feature = "video")]
pub mod video {
    pub use unband_video::probe::{Stream, StreamKind};
    pub use unband_video::{
        DecodeOptions, Decoder, FrameFormat, Images, Programs, Purpose, StreamChoice, StreamSpec, VideoError,
        VideoFile, begins_video, container_of, is_animation, is_video, probe, promises_video,
    };
}
