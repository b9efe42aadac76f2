//! Encoders of `FFmpeg`, and their choice and quality by purpose and container.

use super::container::Container;
use super::{Ffmpeg, Samples, Video};

/// Purpose of a video.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// Watching at home: visually lossless.
    #[default]
    Player,
    /// Sending to browsers: smaller.
    Web,
    /// Keeping: lossless.
    Archive,
    /// Uploading to sites that encode again, such as `YouTube`: little is lost before.
    Youtube,
    /// Editing programs: every frame by itself, as they expect it.
    Edit,
}

impl Purpose {
    /// All.
    pub const ALL: [Self; 5] = [Self::Web, Self::Archive, Self::Player, Self::Youtube, Self::Edit];

    /// The option value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Player => "player",
            Self::Web => "web",
            Self::Archive => "archive",
            Self::Youtube => "youtube",
            Self::Edit => "edit",
        }
    }
}

/// An encoder of `FFmpeg`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Codec {
    /// HEVC by x265.
    X265,
    /// AV1 by SVT-AV1.
    SvtAv1,
    /// VP9 by libvpx.
    Vp9,
    /// FFV1, lossless.
    Ffv1,
    /// `ProRes` 422 HQ, for editing.
    ProRes422,
    /// `ProRes` 4444, for alpha and chroma of full size; its best quality (XQ) if true.
    ProRes4444(bool),
    /// Another, as `-c:v` names it.
    Other(String),
}

impl Codec {
    /// `FFmpeg`'s name.
    pub fn name(&self) -> &str {
        match self {
            Self::X265 => "libx265",
            Self::SvtAv1 => "libsvtav1",
            Self::Vp9 => "libvpx-vp9",
            Self::Ffv1 => "ffv1",
            Self::ProRes422 | Self::ProRes4444(_) => "prores_ks",
            Self::Other(name) => name,
        }
    }

    /// The common name.
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::X265 => "x265",
            Self::SvtAv1 => "AV1 (SVT)",
            Self::Vp9 => "VP9",
            Self::Ffv1 => "FFV1",
            Self::ProRes422 => "ProRes 422 HQ",
            Self::ProRes4444(false) => "ProRes 4444",
            Self::ProRes4444(true) => "ProRes 4444 XQ",
            Self::Other(name) => name,
        }
    }

    /// Whether it needs even sides, so that no chroma sample is shared by fewer pixels. True where HEVC's
    /// rules apply, and for some other encoders.
    pub(super) fn needs_even(&self) -> bool {
        matches!(self, Self::X265 | Self::SvtAv1) || self.name() == "libx264"
    }

    /// Whether packets may be decoded in another order than they are shown.
    pub(super) fn reorders(&self) -> bool {
        matches!(self, Self::X265 | Self::Other(_))
    }

    /// Whether it stores alpha in this container. x265 and SVT-AV1 store none, although `FFmpeg` may list
    /// such formats for x265; VP9 stores it in packets that only Matroska and `WebM` have.
    pub(super) fn stores_alpha(&self, muxer: &str) -> bool {
        match self {
            Self::X265 | Self::SvtAv1 | Self::ProRes422 => false,
            Self::Vp9 => matches!(muxer, "matroska" | "webm"),
            Self::Ffv1 | Self::ProRes4444(_) | Self::Other(_) => true,
        }
    }

    /// The container of finished parts. MP4 has no codes for some codecs, and `QuickTime` none for others;
    /// both are fragmented. `alpha`: whether it is stored.
    pub(super) fn part_container(&self, alpha: bool) -> &'static str {
        let name = self.name();
        match self {
            Self::Vp9 if alpha => "matroska",
            _ if name.contains("av1") || name.contains("vp9") => "mp4",
            _ => "mov",
        }
    }
}

pub(super) fn known(name: &str) -> Codec {
    [Codec::X265, Codec::SvtAv1, Codec::Vp9, Codec::Ffv1]
        .into_iter()
        .find(|codec| codec.name() == name)
        .unwrap_or_else(|| Codec::Other(name.to_owned()))
}

/// The codec for a video. `odd`: it has odd sides and shared chroma.
pub(super) fn default_codec(
    container: &Container,
    purpose: Purpose,
    video: &Video,
    odd: bool,
    ffmpeg: &Ffmpeg,
) -> Codec {
    let av1 = || if ffmpeg.encodes(Codec::SvtAv1.name()) { Codec::SvtAv1 } else { Codec::Vp9 };
    let vp9 = matches!(video.codec.as_str(), "vp8" | "vp9") || purpose == Purpose::Web;
    let prores4444 = || Codec::ProRes4444(video.profile.as_deref() == Some("XQ"));
    match (purpose, container.muxer) {
        (Purpose::Archive, _) | (_, "image2") => Codec::Ffv1,
        (Purpose::Edit, _) if video.alpha || has_full_chroma(video) => prores4444(),
        (Purpose::Edit, _) => Codec::ProRes422,
        (_, "webm") if video.alpha => Codec::Vp9,
        (_, "matroska") if video.alpha && vp9 => Codec::Vp9,
        (_, "mov") if video.alpha => {
            let codec = prores4444();
            if ffmpeg.encodes(codec.name()) { codec } else { Codec::Ffv1 }
        }
        (_, "matroska" | "nut") if video.alpha => Codec::Ffv1,
        (_, "webm" | "mp4" | "matroska") if odd => Codec::Vp9,
        (_, "webm") | (Purpose::Web, "mp4" | "matroska") => av1(),
        _ => Codec::X265,
    }
}

/// Red, green and blue, or chroma of the size of luma.
fn has_full_chroma(video: &Video) -> bool {
    match video.samples {
        Some(Samples::Yuv(subsampling)) => (subsampling.x, subsampling.y) == (1, 1),
        samples => samples == Some(Samples::Rgb),
    }
}

/// Visually lossless for players; a third of that size for the web, and more where it is encoded again.
/// `bits`: of the frames.
pub(super) fn settings(codec: &Codec, purpose: Purpose, bits: u8) -> Vec<String> {
    let (web, upload) = (purpose == Purpose::Web, purpose == Purpose::Youtube);
    let eight = bits <= 8;
    let text = match codec {
        // Closed groups of frames: sites encode them on several machines.
        Codec::X265 if upload => "-c:v libx265 -preset medium -crf 12 -g 60 -x265-params open-gop=0",
        Codec::SvtAv1 if upload && eight => "-c:v libsvtav1 -preset 6 -crf 12 -g 60 -svtav1-params tune=0",
        Codec::SvtAv1 if upload => "-c:v libsvtav1 -preset 6 -crf 12 -g 60",
        Codec::Vp9 if upload => "-c:v libvpx-vp9 -b:v 0 -crf 12 -g 60 -row-mt 1 -cpu-used 3",
        Codec::X265 if web => "-c:v libx265 -preset medium -crf 21",
        Codec::X265 => "-c:v libx265 -preset medium -crf 16",
        // PSNR tuning would remove the dither of 8 bits in fades (docs/results/video-encoders.md).
        Codec::SvtAv1 if web && eight => "-c:v libsvtav1 -preset 7 -crf 28 -svtav1-params tune=0",
        Codec::SvtAv1 if eight => "-c:v libsvtav1 -preset 6 -crf 18 -svtav1-params tune=0",
        Codec::SvtAv1 if web => "-c:v libsvtav1 -preset 7 -crf 28",
        Codec::SvtAv1 => "-c:v libsvtav1 -preset 6 -crf 18",
        Codec::Vp9 if web => "-c:v libvpx-vp9 -b:v 0 -crf 28 -row-mt 1 -cpu-used 3",
        Codec::Vp9 => "-c:v libvpx-vp9 -b:v 0 -crf 18 -row-mt 1 -cpu-used 3",
        // Version 3 with a checksum per slice, every frame on its own.
        Codec::Ffv1 => "-c:v ffv1 -level 3 -g 1 -slicecrc 1 -slices 12",
        Codec::ProRes422 => "-c:v prores_ks -profile:v hq -vendor apl0",
        // Alpha is stored without loss.
        Codec::ProRes4444(false) => "-c:v prores_ks -profile:v 4444 -alpha_bits 16 -vendor apl0",
        Codec::ProRes4444(true) => "-c:v prores_ks -profile:v 4444xq -alpha_bits 16 -vendor apl0",
        Codec::Other(name) => return vec!["-c:v".to_owned(), name.clone()],
    };
    text.split(' ').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bits_of_av1_keep_their_dither() {
        for purpose in [Purpose::Player, Purpose::Web] {
            for (bits, tuned) in [(8, true), (10, false)] {
                let settings = settings(&Codec::SvtAv1, purpose, bits);
                assert_eq!(settings.iter().any(|word| word == "tune=0"), tuned, "{purpose:?}, {bits} bits");
            }
        }
    }
}
