//! Pixel format in which an encoder stores frames, found by a trial, and conversion to it.

use unband_image::Subsampling;

use super::Encoding;
use crate::codec::Codec;
use crate::complaint::{Fault, fault};
use crate::encode::Encoder;
use crate::{Ffmpeg, FrameFormat, PixelFormat, Programs, Purpose, Samples, Video, VideoError, VideoFile};
use unband_io::process::Room;

/// Formats that FFV1 stores as they are, in every release.
const FFV1_STORES: [&str; 16] = [
    "yuv420p",
    "yuv420p10le",
    "yuv420p12le",
    "yuv420p16le",
    "yuv422p",
    "yuv422p10le",
    "yuv422p12le",
    "yuv422p16le",
    "yuv444p",
    "yuv444p10le",
    "yuv444p12le",
    "yuv444p16le",
    "gray",
    "gray10le",
    "gray12le",
    "gray16le",
];
/// Formats tried before an encoder is considered to refuse the video.
const TRIALS: usize = 3;

impl Encoding {
    /// Chooses the stored pixel format for frames in `frames`, and sets the bits accordingly. `asked`: only
    /// exactly that depth. Otherwise fewer bits are possible, or more if the encoder has no fewer. One frame
    /// is encoded as a trial, since encoders refuse formats that `FFmpeg` lists; if none works, see
    /// [`Encoding::refusal`].
    ///
    /// # Errors
    /// [`VideoError::Depth`], or an `ffmpeg` that does not answer.
    pub fn fit(
        &mut self,
        frames: &'static PixelFormat,
        asked: bool,
        file: &VideoFile,
        programs: &Programs,
    ) -> Result<&'static PixelFormat, VideoError> {
        let of_output = |error: unband_io::Error| error.in_file(&self.output);
        // A program is only asked where the answer is not known.
        let known = self.codec == Codec::Ffv1 && FFV1_STORES.contains(&frames.name);
        let all = if known {
            vec![frames]
        } else {
            Ffmpeg::stores(self.codec.name(), programs).map_err(of_output)?
        };
        let places_chroma = file.video.chroma_location.is_some()
            && Ffmpeg::find(programs).map_err(of_output)?.release().may_place_chroma()
            && Ffmpeg::has_filter_option("setparams", "chroma_location", programs).map_err(of_output)?;
        self.places_chroma = places_chroma;
        let wanted = Wanted {
            samples: self.converted.unwrap_or(frames.samples),
            bits: frames.bits,
            alpha: frames.alpha && self.codec.stores_alpha(self.container.muxer),
        };
        // Browsers and other players know VP9's alpha in this format only.
        let wanted = if wanted.alpha && self.codec == Codec::Vp9 {
            Wanted { samples: Samples::Yuv(Subsampling::HALF), bits: 8, ..wanted }
        } else {
            wanted
        };
        let mut candidates = match self.codec {
            Codec::Ffv1 => wanted.lossless(&all),
            _ => wanted.nearest(&all),
        };
        if candidates.is_empty() || (self.codec == Codec::Ffv1 && asked) {
            candidates.insert(0, frames);
        }
        if let Some(stored) = candidates.first().filter(|stored| asked && stored.bits != frames.bits) {
            let alike = candidates.iter().filter(|format| format.samples == stored.samples);
            let mut has: Vec<u8> = alike.map(|format| format.bits).collect();
            has.sort_unstable();
            has.dedup();
            let (path, encoder) = (self.output.clone(), self.codec.as_str().to_owned());
            return Err(VideoError::Depth { path, encoder, asked: frames.bits, has });
        }
        let mut refusal = None;
        for &stored in candidates.iter().take(TRIALS) {
            (self.bits, self.stored) = (stored.bits, Some(stored));
            match self.trial(frames, file, programs)? {
                None => return Ok(stored),
                Some(message) => refusal = refusal.or(Some(message)),
            }
            if asked || matches!(self.codec, Codec::Other(_)) {
                break;
            }
        }
        let stored = candidates[0];
        (self.bits, self.stored, self.refusal) = (stored.bits, Some(stored), refusal);
        Ok(stored)
    }

    /// The error of an encoder that refuses the video.
    pub fn refusal(&self) -> Option<VideoError> {
        let (path, message) = (self.output.clone(), self.refusal.clone()?);
        Some(VideoError::NotWritten { path, doing: "encode", message })
    }

    /// Encodes one frame; returns `ffmpeg`'s message if the encoder refuses it.
    fn trial(
        &self,
        frames: &'static PixelFormat,
        file: &VideoFile,
        programs: &Programs,
    ) -> Result<Option<String>, VideoError> {
        // It takes all that are listed.
        if self.codec == Codec::Ffv1 {
            return Ok(None);
        }
        let of_output = |error: unband_io::Error| error.in_file(&self.output);
        let Some(pixels) = PixelFormat::planar(frames.samples, self.bits, frames.alpha) else {
            return Ok(None);
        };
        let (width, height) = (file.video.width, file.video.height);
        let format = FrameFormat { width, height, pixels, color: file.color()?, lossy: false };
        let room = Room::new().map_err(of_output)?;
        let frame = vec![0; format.frame_bytes()];
        let encoded =
            Encoder::new(file, &format, self, &room.path("trial"), programs).and_then(|mut encoder| {
                encoder.write_frame(0, &frame)?;
                encoder.finish()
            });
        match encoded {
            Err(VideoError::NotWritten { message, .. })
                if matches!(fault(&message), Fault::Argument | Fault::Other) =>
            {
                Ok(Some(message))
            }
            // Filters of the user may give another number of frames.
            Ok(_) | Err(VideoError::Frames { .. }) => Ok(None),
            Err(VideoError::NotWritten { doing, message, .. }) => {
                Err(VideoError::NotWritten { path: self.output.clone(), doing, message })
            }
            Err(other) => Err(other),
        }
    }

    /// The samples to which RGB and grey frames are converted, since few players take these: luma and chroma
    /// of half the size, or of full size with alpha. `None` for all others, and where the user or the purpose
    /// decides otherwise.
    pub(super) fn converts(&self, video: &Video, purpose: Purpose, decided: bool) -> Option<Samples> {
        let grey_or_rgb = matches!(video.samples, Some(Samples::Rgb | Samples::Gray));
        if decided || purpose == Purpose::Archive || !grey_or_rgb {
            return None;
        }
        match self.codec {
            Codec::ProRes4444(_) => Some(Samples::Yuv(Subsampling::NONE)),
            Codec::ProRes422 => Some(Samples::Yuv(Subsampling { x: 2, y: 1 })),
            Codec::X265 | Codec::SvtAv1 => {
                Some(Samples::Yuv(Subsampling::HALF)).filter(|_| video.has_even_sides())
            }
            Codec::Vp9 => Some(Samples::Yuv(Subsampling::HALF)),
            Codec::Ffv1 | Codec::Other(_) => None,
        }
    }

    /// The filter of that conversion.
    pub(super) fn conversion(&self, video: &Video) -> Option<String> {
        self.converted?;
        Some(match video.samples {
            // FFmpeg 5.1 considers all grey frames as full range. Equal ranges leave the codes as they are.
            Some(Samples::Gray) if is_limited(video) => "scale=in_range=pc:out_range=pc".to_owned(),
            Some(Samples::Gray) => "scale=in_range=pc:out_range=tv".to_owned(),
            _ => format!(
                "scale=flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp:out_color_matrix={}:out_range=tv",
                if is_wide(video) { "bt2020" } else { "bt709" }
            ),
        })
    }

    /// Sets the tags of converted frames. RGB without tags is sRGB.
    pub(super) fn tag_converted(&self, video: &mut Video) {
        if self.converted.is_none() {
            return;
        }
        if !(video.samples == Some(Samples::Gray) && is_limited(video)) {
            video.primaries.get_or_insert_with(|| "bt709".to_owned());
            video.transfer.get_or_insert_with(|| "iec61966-2-1".to_owned());
        }
        video.matrix = Some(if is_wide(video) { "bt2020nc" } else { "bt709" }.to_owned());
        video.range = Some("tv".to_owned());
    }
}

fn is_limited(video: &Video) -> bool {
    video.range.as_deref() != Some("pc")
}

fn is_wide(video: &Video) -> bool {
    video.primaries.as_deref() == Some("bt2020")
}

/// The properties that a stored format should have.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    samples: Samples,
    bits: u8,
    alpha: bool,
}

impl Wanted {
    /// All formats from the best on: alpha as wanted, the same samples, as many bits, in this order of
    /// priority. Of those with fewer bits the most come first, of those with more the fewest.
    fn nearest(self, all: &[&'static PixelFormat]) -> Vec<&'static PixelFormat> {
        let rank = |format: &&'static PixelFormat| {
            let more = format.bits > self.bits;
            let apart = format.bits.abs_diff(self.bits);
            (format.alpha != self.alpha, format.samples != self.samples, more, apart)
        };
        let mut sorted = all.to_vec();
        sorted.sort_by_key(rank);
        sorted
    }

    /// The formats with the same samples and at least as many bits, from the fewest on.
    fn lossless(self, all: &[&'static PixelFormat]) -> Vec<&'static PixelFormat> {
        let fits = |format: &&'static PixelFormat| {
            format.samples == self.samples && format.alpha == self.alpha && format.bits >= self.bits
        };
        let mut sorted: Vec<_> = all.iter().copied().filter(fits).collect();
        sorted.sort_by_key(|format| format.bits);
        sorted
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn formats(names: &[&str]) -> Vec<&'static PixelFormat> {
        names.iter().map(|name| PixelFormat::by_name(name).unwrap()).collect()
    }

    fn wanted(name: &str, alpha: bool) -> Wanted {
        let format = PixelFormat::by_name(name).unwrap();
        Wanted { samples: format.samples, bits: format.bits, alpha }
    }

    #[test]
    fn an_encoder_stores_the_nearest_format_that_it_has() {
        let x265 = ["yuv420p", "yuv420p10le", "yuv422p10le", "yuv420p12le", "gray"];
        let vp9 = ["yuv420p", "yuva420p", "yuv422p", "yuv420p10le"];
        let vp9_of_9 = ["yuv420p", "yuva420p", "yuv422p", "yuva444p12le", "yuva420p10le", "yuv420p10le"];
        for (frames, alpha, all, first) in [
            ("yuv420p16le", false, &x265[..], Some("yuv420p12le")),
            ("yuv420p10le", false, &x265, Some("yuv420p10le")),
            ("yuva420p10le", false, &x265, Some("yuv420p10le")),
            ("yuva420p10le", true, &x265, Some("yuv420p10le")),
            // Its samples come before its bits.
            ("yuv422p12le", false, &x265, Some("yuv422p10le")),
            ("yuv422p", false, &["yuv422p10le"], Some("yuv422p10le")),
            ("yuv444p10le", false, &["yuv420p", "yuv420p10le"], Some("yuv420p10le")),
            ("yuva420p10le", true, &vp9, Some("yuva420p")),
            ("yuva420p10le", true, &vp9_of_9, Some("yuva420p10le")),
            ("yuva420p10le", false, &vp9_of_9, Some("yuv420p10le")),
            ("yuva444p12le", true, &["yuv422p10le", "yuv444p10le", "yuva444p10le"], Some("yuva444p10le")),
            ("gray", false, &[], None),
        ] {
            let found = wanted(frames, alpha).nearest(&formats(all)).first().map(|format| format.name);
            assert_eq!(found, first, "{frames}, {alpha}");
        }
    }

    #[test]
    fn a_lossless_encoder_never_stores_fewer_bits() {
        let ffv1 = ["yuv444p10le", "yuva444p10le", "yuva444p16le", "yuv444p12le", "gray10le", "gray16le"];
        for (frames, first) in [
            ("yuva444p10le", Some("yuva444p10le")),
            ("yuva444p12le", Some("yuva444p16le")),
            ("yuv444p12le", Some("yuv444p12le")),
            ("gray14le", Some("gray16le")),
            ("gbrp14le", None),
        ] {
            let alpha = PixelFormat::by_name(frames).unwrap().alpha;
            let found = wanted(frames, alpha).lossless(&formats(&ffv1)).first().map(|format| format.name);
            assert_eq!(found, first, "{frames}");
        }
    }
}
