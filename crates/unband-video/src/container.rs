//! Containers of output videos.

use std::path::Path;

use super::stills;

/// A container for output videos.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // facts that have nothing to do with each other
pub struct Container {
    /// `FFmpeg`'s name of its muxer.
    pub muxer: &'static str,
    extensions: &'static [&'static str],
    /// Whether it can hold FFV1.
    pub ffv1: bool,
    /// Whether players recognise HEVC in it only under the code `hvc1`.
    pub(super) tagged: bool,
    /// Whether each stream has its own time base.
    pub(super) times_of_tracks: bool,
    /// Whether players and editors expect it to begin at 0.
    pub(super) from_zero: bool,
    /// Whether its timestamps are in milliseconds.
    pub(super) rounds: bool,
    /// Whether its packets begin with four more bytes, as on Blu-ray discs and in camcorders.
    pub(super) blu_ray: bool,
    /// Whether it can store mastering display and content light level.
    pub(super) light: bool,
}

impl Container {
    /// The usual extension of its files.
    pub(super) fn extension(&self) -> &'static str {
        self.extensions.first().copied().unwrap_or_default()
    }
}

/// A container without any optional features.
const PLAIN: Container = Container {
    muxer: "",
    extensions: &[],
    ffv1: false,
    tagged: false,
    times_of_tracks: false,
    from_zero: false,
    rounds: false,
    blu_ray: false,
    light: false,
};

pub(super) const CONTAINERS: &[Container] = &[
    Container {
        muxer: "matroska",
        extensions: &["mkv"],
        ffv1: true,
        from_zero: true,
        rounds: true,
        light: true,
        ..PLAIN
    },
    Container { muxer: "webm", extensions: &["webm"], from_zero: true, rounds: true, light: true, ..PLAIN },
    Container {
        muxer: "mp4",
        extensions: &["mp4", "m4v"],
        tagged: true,
        times_of_tracks: true,
        from_zero: true,
        light: true,
        ..PLAIN
    },
    Container {
        muxer: "mov",
        extensions: &["mov"],
        ffv1: true,
        tagged: true,
        times_of_tracks: true,
        from_zero: true,
        light: true,
        ..PLAIN
    },
    Container { muxer: "nut", extensions: &["nut"], ffv1: true, ..PLAIN },
    Container { muxer: "mpegts", extensions: &["ts"], ..PLAIN },
    Container { muxer: "mpegts", extensions: &["m2ts", "mts"], blu_ray: true, ..PLAIN },
];

/// Numbered images.
pub(super) static IMAGES: Container = Container { muxer: "image2", ffv1: true, ..PLAIN };

/// The container for a file name's extension, or numbered images for a pattern; `None` if videos cannot be
/// written under that name.
pub fn container_of(path: &Path) -> Option<&'static Container> {
    if stills::are_named(path) {
        return Some(&IMAGES);
    }
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    CONTAINERS.iter().find(|container| container.extensions.contains(&extension.as_str()))
}
