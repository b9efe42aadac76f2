//! Cover images in Matroska: attached files, which `FFmpeg` would copy as further video tracks.

use std::sync::Arc;

use super::ffmpeg::{Args, file_name};
use super::probe::{Stream, StreamKind};
use super::{Programs, VideoFile};
use unband_io::Error;
use unband_io::process::Room;

/// Codecs of covers, with the extension and the type of their files.
const KINDS: [(&str, &str, &str); 2] = [("mjpeg", "jpg", "image/jpeg"), ("png", "png", "image/png")];
/// Ample time to extract a cover.
const MOST: std::time::Duration = std::time::Duration::from_mins(2);

/// Covers as files.
#[derive(Clone, Debug, Default)]
pub(super) struct Covers {
    room: Option<Arc<Room>>,
    /// Stream index, file name and type.
    files: Vec<(usize, String, &'static str)>,
}

impl Covers {
    /// Extracts all covers among the streams that Matroska can attach.
    pub(super) fn extract(
        video: &VideoFile,
        streams: &[&Stream],
        programs: &Programs,
    ) -> Result<Self, Error> {
        let mut covers = Self::default();
        for stream in streams {
            let kind = KINDS.iter().find(|(codec, ..)| stream.codec.as_deref() == Some(*codec));
            let Some(&(_, extension, mime)) = kind.filter(|_| is_cover(stream)) else { continue };
            let room = match &covers.room {
                Some(room) => room.clone(),
                None => Arc::new(Room::new()?),
            };
            let number = covers.files.len();
            let name = if number == 0 {
                format!("cover.{extension}")
            } else {
                format!("cover_{number}.{extension}")
            };
            let mut args = Args::quiet(false);
            args.video(&video.path, video.images.as_ref())?;
            args.put(&[
                "-map",
                &format!("0:{}", stream.index),
                "-c",
                "copy",
                "-frames:v",
                "1",
                "-f",
                "image2pipe",
            ]);
            args.push(file_name(&room.path(&name))?);
            let (success, _) = args.start([false; 2], programs)?.finish(MOST, None)?;
            // One that cannot be extracted is copied as a track, as FFmpeg does.
            if success {
                covers.files.push((stream.index, name, mime));
            }
            covers.room = Some(room);
        }
        Ok(covers)
    }

    /// Whether this stream is one of them.
    pub(super) fn has(&self, index: usize) -> bool {
        self.files.iter().any(|&(of, ..)| of == index)
    }

    /// Attaches all, after `before` other attachments.
    pub(super) fn attach(&self, before: usize, args: &mut Args) -> Result<(), Error> {
        let Some(room) = &self.room else { return Ok(()) };
        for (number, (_, name, mime)) in self.files.iter().enumerate() {
            args.put(&["-attach"]);
            args.push(file_name(&room.path(name))?);
            let place = format!("-metadata:s:t:{}", before + number);
            args.put(&[&place, &format!("mimetype={mime}"), &place, &format!("filename={name}")]);
        }
        Ok(())
    }
}

fn is_cover(stream: &Stream) -> bool {
    stream.kind == StreamKind::Video && stream.attached_image
}
