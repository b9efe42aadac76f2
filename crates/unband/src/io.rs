//! Image formats and files below the jobs: reading, writing, limits, and streams of a video.
//!
//! [`FORMATS`] lists the formats; a [`FormatEntry`] says what it can store.

pub use unband_io::{
    Access, Dropped, Error, FORMATS, FormatEntry, Limits, Saving, Spool, WriteOptions, Writes, Y4mHeader,
    Y4mReader, address_space, amount, by_extension, by_name, check_can_hold, detect, is_decoding,
    is_named_pipe, leave_nothing, load_from, parse_amount, read_file, read_text, reason, write_bytes,
    write_file, write_from,
};

/// Properties of video files, their frames and streams.
pub mod video {
    pub use unband_io::video::probe::{Stream, StreamKind};
    pub use unband_io::video::{
        DecodeOptions, Decoder, FrameFormat, Images, Programs, Purpose, StreamChoice, StreamSpec, VideoError,
        VideoFile, begins_video, container_of, is_video, probe, promises_video,
    };
}
