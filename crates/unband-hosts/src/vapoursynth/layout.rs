//! Formats of clips and properties of frames as the library's layouts.

use std::ffi::c_int;

use unband::{Color, Depth, Matrix, Model, Range, Subsampling};
use unband_image::color::{Cicp, Siting};

use super::api::{FLOAT, GRAY, INTEGER, RGB, VsVideoFormat, VsVideoInfo, YUV};
use super::host::{Values, VsMemory};
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
            "clips of 8 to 16-bit integers or 32-bit floating point are supported, this one has {bits}-bit {kind} \
             samples: convert it with `resize` first"
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
            "the frame is interlaced (_FieldBased): deinterlace the clip first, or work on `std.SeparateFields`".into()
        );
    }
    let (model, luma_only) = model(&format, (width, height), properties);
    let siting = match properties.int("_ChromaLocation").or_else(|| properties.int("_ChromaLoc")) {
        Some(1) => Siting::Center,
        Some(2) => Siting::TopLeft,
        _ => Siting::Left,
    };
    let cicp = cicp(properties, matches!(model, Model::Yuv { range: Range::Limited, .. }));
    let color = Color { model, cicp, siting };
    let lossy = lossy.unwrap_or(format.family == YUV);
    Ok(FrameLayout { width, height, color, depth: depth(&format), alpha: false, luma_only, lossy })
}

fn model(format: &VsVideoFormat, size: (usize, usize), properties: Values) -> (Model, bool) {
    // `_ColorRange` of API 4.0: 0 is full, 1 limited.
    let full = properties.int("_ColorRange").map(|range| range == 0);
    let code = |name: &str| properties.int(name).and_then(|code| u8::try_from(code).ok());
    let assumed = || Matrix::assumed(size, code("_Primaries") == Some(Matrix::BT2020_PRIMARIES));
    let matrix = code("_Matrix").and_then(Matrix::of_cicp).unwrap_or_else(assumed);
    let range = if full == Some(true) { Range::Full } else { Range::Limited };
    match format.family {
        RGB => (Model::Rgb, false),
        GRAY => FrameLayout::gray(range, matrix),
        _ => {
            let [x, y] = format.subsampling.map(|log: c_int| 1_u8 << log.clamp(0, 2));
            (Model::Yuv { matrix, range, subsampling: Subsampling { x, y } }, false)
        }
    }
}

/// Declared code points, if all are.
fn cicp(properties: Values, limited: bool) -> Option<Cicp> {
    let code = |name: &str| properties.int(name).and_then(|code| u8::try_from(code).ok());
    let (primaries, transfer, matrix) = (code("_Primaries")?, code("_Transfer")?, code("_Matrix")?);
    Some(Cicp { primaries, transfer, matrix, full_range: !limited })
}

/// A frame with its layout.
pub(super) fn framed(memory: VsMemory, lossy: Option<bool>) -> Result<HostFrame<VsMemory>, String> {
    Ok(HostFrame { layout: of(&memory, lossy)?, memory })
}
