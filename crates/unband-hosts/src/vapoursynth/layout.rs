//! Formats of clips and properties of frames as the library's layouts.

use std::ffi::c_int;

use unband::{Depth, Range, Subsampling};
use unband_image::color::Siting;

use super::api::{FLOAT, GRAY, INTEGER, RGB, VsVideoFormat, VsVideoInfo, YUV};
use super::host::VsMemory;
use crate::colors::{DeclaredColor, PlaneKind};
use crate::frame::{FrameLayout, HostFrame};

/// Refuses clips whose frames have no format, size or depth in common, or another than unband reads.
pub(super) fn check(info: &VsVideoInfo) -> Result<(), String> {
    let VsVideoFormat { family, sample_type, bits, subsampling, .. } = info.format;
    if ![GRAY, RGB, YUV].contains(&family) || info.width < 1 || info.height < 1 {
        return Err(
            "the frames of the clip must have one format and size: convert it with `resize` first".into()
        );
    }
    let known = match sample_type {
        INTEGER => (8..=16).contains(&bits),
        FLOAT => bits == 32,
        _ => false,
    };
    if !known {
        let kind = if sample_type == FLOAT { "floating-point" } else { "integer" };
        return Err(format!(
            "clips of 8 to 16-bit integers or 32-bit floating point are supported, this one has {bits}-bit \
             {kind} samples: convert it with `resize` first"
        ));
    }
    if subsampling.iter().any(|&log| !(0..=2).contains(&log)) {
        return Err(
            "chroma planes smaller than a quarter are not supported: convert the clip with `resize`".into()
        );
    }
    Ok(())
}

/// The depth of a format that [`check`] passed.
pub(super) fn depth(format: &VsVideoFormat) -> Depth {
    if format.sample_type == FLOAT { Depth::F32 } else { Depth::Int(u8::try_from(format.bits).unwrap_or(16)) }
}

/// The layout of a frame. `lossy`: the coding that it came from, where that is known; by default YUV is.
pub(super) fn of(frame: &VsMemory, lossy: Option<bool>) -> Result<FrameLayout, String> {
    let format = frame.format();
    let (width, height) = frame.size();
    let properties = frame.properties();
    if properties.int("_FieldBased").is_some_and(|field| field != 0) {
        return Err(
            "the frame is interlaced (_FieldBased): deinterlace first, or work on `std.SeparateFields`"
                .into(),
        );
    }
    let point = |name: &str| {
        let declared = properties.int(name).unwrap_or(2);
        u8::try_from(declared).map_err(|_| format!("{name} must be a code point, got {declared}"))
    };
    let [x, y] = format.subsampling.map(|log: c_int| 1_u8 << log.clamp(0, 2));
    let declared = DeclaredColor {
        kind: match format.family {
            RGB => PlaneKind::Rgb,
            GRAY => PlaneKind::Gray,
            _ => PlaneKind::Yuv(Subsampling { x, y }),
        },
        size: (width, height),
        // `_ColorRange` of API 4.0: 0 is full, 1 limited.
        range: properties
            .int("_ColorRange")
            .map(|range| if range == 0 { Range::Full } else { Range::Limited }),
        // As `resize` takes it.
        gray: Range::Limited,
        points: [point("_Primaries")?, point("_Transfer")?, point("_Matrix")?],
        siting: match properties.int("_ChromaLocation") {
            Some(1) => Siting::Center,
            Some(2) => Siting::TopLeft,
            _ => Siting::Left,
        },
    };
    let (color, luma_only) = declared.color()?;
    let lossy = lossy.unwrap_or(format.family == YUV);
    Ok(FrameLayout { width, height, color, depth: depth(&format), alpha: false, luma_only, lossy })
}

/// A frame with its layout.
pub(super) fn framed(memory: VsMemory, lossy: Option<bool>) -> Result<HostFrame<VsMemory>, String> {
    Ok(HostFrame { layout: of(&memory, lossy)?, memory })
}
