//! HDR metadata of videos: mastering display, content light level, per-frame metadata.

use unband_image::{Colorimetry, Mastering, With};

use super::json::Node;

/// Per-frame metadata, which only fits the original frames and cannot be recomputed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DynamicHdr {
    /// Dolby Vision.
    DolbyVision {
        /// Its profile, if the stream declares it.
        profile: Option<i64>,
        /// Whether the frames can be shown without it; true if the stream does not declare it.
        base: bool,
    },
    /// HDR10+ (SMPTE ST 2094-40).
    Hdr10Plus,
    /// HDR Vivid (CUVA 005.1).
    HdrVivid,
}

impl DynamicHdr {
    /// Display name, such as "Dolby Vision".
    pub fn name(self) -> &'static str {
        match self {
            Self::DolbyVision { .. } => "Dolby Vision",
            Self::Hdr10Plus => "HDR10+",
            Self::HdrVivid => "HDR Vivid",
        }
    }

    /// Source: names in `FFmpeg`'s `libavcodec/avpacket.c` and `libavutil/frame.c` (in newer ones
    /// `side_data.c`), fields in `fftools/ffprobe.c`; compatibility 0 is "none" in Dolby's "Vision streams
    /// within the ISO base media file format".
    fn from_side_data(data: Node<'_>) -> Option<Self> {
        let base = data.whole("dv_bl_signal_compatibility_id") != Some(0);
        match data.text("side_data_type")? {
            "DOVI configuration record" => {
                Some(Self::DolbyVision { profile: data.whole("dv_profile"), base })
            }
            "Dolby Vision RPU Data" | "Dolby Vision Metadata" => {
                Some(Self::DolbyVision { profile: None, base: true })
            }
            name if name.contains("(HDR10+)") => Some(Self::Hdr10Plus),
            name if name.contains("(Vivid)") => Some(Self::HdrVivid),
            _ => None,
        }
    }
}

/// All per-frame metadata, each kind once; the first entry (the stream's) applies.
pub(super) fn dynamic<'a>(side_data: impl Iterator<Item = Node<'a>>) -> Vec<DynamicHdr> {
    let mut found: Vec<DynamicHdr> = Vec::new();
    for kind in side_data.filter_map(DynamicHdr::from_side_data) {
        if found.iter().all(|known| known.name() != kind.name()) {
            found.push(kind);
        }
    }
    found
}

/// Mastering display and content light level, if complete.
pub(super) fn colorimetry<'a, I: Iterator<Item = Node<'a>>>(side_data: impl Fn() -> I) -> Colorimetry {
    let find = |name| side_data().find(|data| data.text("side_data_type") == Some(name));
    Colorimetry::with(|new| {
        new.mastering = find("Mastering display metadata").and_then(mastering);
        new.content_light = find("Content light level metadata").and_then(content_light);
    })
}

fn mastering(data: Node<'_>) -> Option<Mastering> {
    let places =
        ["red_x", "red_y", "green_x", "green_y", "blue_x", "blue_y", "white_point_x", "white_point_y"];
    let mut chromaticities = [0; 8];
    for (stored, place) in chromaticities.iter_mut().zip(places) {
        *stored = scaled(data.fraction(place)?, 50_000.0).try_into().ok()?;
    }
    Some(Mastering {
        chromaticities,
        max_luminance: scaled(data.fraction("max_luminance")?, 10_000.0),
        min_luminance: scaled(data.fraction("min_luminance")?, 10_000.0),
    })
}

fn content_light(data: Node<'_>) -> Option<(u32, u32)> {
    let light = |key| Some(scaled(data.number(key)?, 10_000.0));
    Some((light("max_content")?, light("max_average")?))
}

fn scaled(value: f64, scale: f64) -> u32 {
    (value * scale).round() as u32
}

/// The mastering display in the syntax of x265's `master-display`: 1/50000 and 0.0001 cd/m².
pub fn x265_master_display(display: &Mastering) -> String {
    let [rx, ry, gx, gy, bx, by, wx, wy] = display.chromaticities;
    let (most, least) = (display.max_luminance, display.min_luminance);
    format!("G({gx},{gy})B({bx},{by})R({rx},{ry})WP({wx},{wy})L({most},{least})")
}

/// The mastering display in the syntax of SVT-AV1's `mastering-display`: chromaticities 0 to 1, and cd/m².
pub fn svt_mastering_display(display: &Mastering) -> String {
    let [rx, ry, gx, gy, bx, by, wx, wy] = display.chromaticities.map(|place| f64::from(place) / 50_000.0);
    let [most, least] =
        [display.max_luminance, display.min_luminance].map(|light| f64::from(light) / 10_000.0);
    format!(
        "G({gx:.5},{gy:.5})B({bx:.5},{by:.5})R({rx:.5},{ry:.5})WP({wx:.5},{wy:.5})L({most:.4},{least:.4})"
    )
}

/// Maximum content light level and frame average, both in 0.0001 cd/m² as in [`Colorimetry`], in the syntax
/// of x265's `max-cll` and SVT-AV1's `content-light`: whole cd/m².
pub fn content_light_words(content_light: (u32, u32)) -> String {
    let nits = |light: u32| light.div_ceil(10_000);
    format!("{},{}", nits(content_light.0), nits(content_light.1))
}
