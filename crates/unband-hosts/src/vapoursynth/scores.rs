//! Metrics as frame properties.

use std::ffi::c_int;

use unband::{Depth, Image, Model, Plane, Range};
use unband_filters::bband::Visible;
use unband_image::Codes;
use unband_metrics::bband::{Bband, bband_with_points};
use unband_metrics::cambi::{self, Luma, Maps, Report};

use super::api::GRAY;
use super::filter::{Asked, Filter, Step, context};
use super::host::{Host, VsMemory};
use crate::frame::{FrameLayout, HostFrame};
use crate::guard::message;

/// CAMBI of each frame.
pub(super) struct Cambi {
    pub(super) options: cambi::Options,
    pub(super) property: String,
    /// Attach contrasts as frames?
    pub(super) scores: bool,
    /// Their factor, if one is given.
    pub(super) scaling: Option<f64>,
    pub(super) host: Host,
    pub(super) threads: usize,
}

impl Cambi {
    /// The score; from the codes themselves where they are luma in limited range.
    fn score(&self, frame: &HostFrame<VsMemory>) -> Result<(Report, Option<Maps>), String> {
        let ctx = context(self.threads);
        let FrameLayout { width, height, color, depth, .. } = frame.layout;
        let limited = matches!(color.model, Model::Yuv { range: Range::Limited, .. });
        let mut packed = Vec::new();
        if let (true, Depth::Int(bits)) = (limited, depth) {
            let codes = match frame.codes(0, &mut packed) {
                Some(Codes::Bytes(codes)) => cambi::Codes::Bytes(codes),
                Some(Codes::Words(codes)) => cambi::Codes::Words(codes),
                None => return Err("the samples are not aligned".to_owned()),
            };
            let luma = Luma::new(codes, bits, width, height).map_err(message)?;
            return if self.scores {
                cambi::score_with_maps(&luma, &self.options, &ctx).map(with_maps).map_err(message)
            } else {
                cambi::score(&luma, &self.options, &ctx).map(|report| (report, None)).map_err(message)
            };
        }
        let image = frame.to_image().map_err(message)?;
        if self.scores {
            cambi::score_image_with_maps(&image, &self.options, &ctx).map(with_maps).map_err(message)
        } else {
            cambi::score_image(&image, &self.options, &ctx).map(|report| (report, None)).map_err(message)
        }
    }
}

fn with_maps((report, maps): (Report, Maps)) -> (Report, Option<Maps>) {
    (report, Some(maps))
}

impl Filter for Cambi {
    fn frame(&self, n: c_int, source: Asked<'_>) -> Result<Step, String> {
        let frame = source.read(n, None)?;
        let (report, maps) = self.score(&frame)?;
        let mut made = frame.memory.copy();
        let mut scales = Vec::new();
        for (scale, map) in maps.iter().flat_map(|maps| maps.scales.iter().enumerate()) {
            let unit = self.scaling.unwrap_or(1.0 / report.window as f64) as f32;
            let contrasts = map.contrasts.iter().map(|contrast| contrast * unit);
            let plane = plane_of(&frame.memory, self.host, map.width, map.height, contrasts)?;
            scales.push((format!("{}_SCALE{scale}", self.property), plane));
        }
        let mut properties = made.properties_mut();
        properties.float(&self.property, report.score);
        for (name, plane) in &scales {
            properties.frame(name, plane);
        }
        Ok(Step::Done(made))
    }
}

/// BBAND of each frame.
pub(super) struct BBand {
    pub(super) property: String,
    pub(super) threads: usize,
}

/// The score of an image and its points.
pub(super) fn bband_of(image: &Image, threads: usize) -> Result<(Bband, Vec<Visible>), String> {
    bband_with_points(image, &context(threads)).map_err(message)
}

impl Filter for BBand {
    fn frame(&self, n: c_int, source: Asked<'_>) -> Result<Step, String> {
        let frame = source.read(n, None)?;
        let image = frame.to_image().map_err(message)?;
        let (found, _) = bband_of(&image, self.threads)?;
        let mut made = frame.memory.copy();
        made.properties_mut().float(&self.property, found.score);
        Ok(Step::Done(made))
    }
}

/// A new grey frame of floating point, with the properties of another.
pub(super) fn plane_of(
    like: &VsMemory,
    host: Host,
    width: usize,
    height: usize,
    values: impl IntoIterator<Item = f32>,
) -> Result<VsMemory, String> {
    let format = host.format(GRAY, Depth::F32, [0, 0]).ok_or("grey floating point is missing")?;
    let plane = Plane { width, height, data: values.into_iter().collect() };
    like.with_image(&format, &Image::new(vec![plane], Model::Gray, Depth::F32)).map_err(message)
}
