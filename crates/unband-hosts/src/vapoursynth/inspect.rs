//! Findings as frame properties, and as maps and masks of false contours.

use std::ffi::c_int;

use unband::findings::BandingMap;
use unband::verdict::look_at_frame;
use unband::{Depth, Image, Model, Plane};

use super::api::{GRAY, VsVideoFormat};
use super::filter::{Asked, Filter, Step, context};
use super::host::Host;
use super::layout;
use super::scores::{bband_of, plane_of};
use crate::frame::FrameLayout;
use crate::guard::message;

/// The findings on each frame by itself.
pub(super) struct Inspect {
    /// The result is the map.
    pub(super) map: bool,
    /// Is it the only frame? Grey and RGB are an image then.
    pub(super) alone: bool,
    pub(super) lossy: Option<bool>,
    pub(super) host: Host,
    pub(super) threads: usize,
}

impl Filter for Inspect {
    fn frame(&self, n: c_int, source: Asked<'_>) -> Result<Step, String> {
        let frame = source.read(n, self.lossy)?;
        let ctx = &context(self.threads);
        let is_image = self.alone && frame.layout.is_image();
        let (findings, verdict) = frame.inspected(is_image, ctx).map_err(message)?;
        let mut made = if self.map {
            let (width, height) = (frame.layout.width, frame.layout.height);
            plane_of(&frame.memory, self.host, width, height, shares(&findings.map, width, height))?
        } else {
            frame.memory.copy()
        };
        let mut properties = made.properties_mut();
        properties.text("UnbandBanding", verdict.grade.as_str());
        properties.int("UnbandGrade", verdict.grade as i64);
        properties.float("UnbandShare", f64::from(verdict.share));
        properties.text("UnbandCause", verdict.cause.unwrap_or("none"));
        properties.text("UnbandFinding", &verdict.line);
        properties.floats("UnbandStep", findings.grids.iter().map(|grid| f64::from(grid.step_codes)));
        Ok(Step::Done(made))
    }
}

/// A map's share at each sample.
fn shares(map: &BandingMap, width: usize, height: usize) -> impl Iterator<Item = f32> {
    (0..height).flat_map(move |y| {
        let row = (y / BandingMap::SIDE) * map.columns;
        (0..width).map(move |x| map.share.get(row + x / BandingMap::SIDE).copied().unwrap_or(0.0))
    })
}

/// A mask of the surroundings of false contours, by BBAND's band edges.
///
/// BBAND takes steps of more than three 8-bit codes for edges of things: where the bands have larger steps,
/// contrast is lowered first.
pub(super) struct ContourMask {
    /// The step of the bands in 8-bit codes; `None` to find it.
    pub(super) step: Option<f32>,
    /// Distance across and down, in samples.
    pub(super) radius: usize,
    /// Least visibility of an edge.
    pub(super) visibility: f64,
    pub(super) host: Host,
    pub(super) threads: usize,
}

/// The step that [`ContourMask`] lowers larger ones to, in 8-bit codes.
const STEP: f32 = 2.0;

impl ContourMask {
    /// The image in which its false contours are band edges.
    fn lowered(&self, mut image: Image) -> Image {
        let found = || {
            let ctx = &context(self.threads);
            let grids = look_at_frame(&image, ctx).findings.grids;
            grids.iter().filter(|grid| grid.found).map(|grid| grid.step_codes).fold(0.0, f32::max)
        };
        let factor = STEP / self.step.unwrap_or_else(found);
        if factor < 1.0 {
            image.planes.iter_mut().flat_map(|plane| &mut plane.data).for_each(|v| *v *= factor);
            image.depth = Depth::F32;
        }
        image
    }

    /// The format of the mask for a clip.
    pub(super) fn format(host: Host, clip: &VsVideoFormat) -> Option<VsVideoFormat> {
        host.format(GRAY, layout::depth(clip), [0, 0])
    }
}

impl Filter for ContourMask {
    fn frame(&self, n: c_int, source: Asked<'_>) -> Result<Step, String> {
        let frame = source.read(n, None)?;
        let image = self.lowered(frame.to_image().map_err(message)?);
        let (_, points) = bband_of(&image, self.threads)?;
        let FrameLayout { width, height, depth, .. } = frame.layout;
        let mut near = vec![false; width * height];
        for point in points.iter().filter(|point| point.visibility >= self.visibility) {
            let reach = |at: u32, end: usize| {
                let at = at as usize;
                at.saturating_sub(self.radius)..(at + self.radius + 1).min(end)
            };
            // Rows first: points are many, and near each other.
            near[point.point.y as usize * width..][reach(point.point.x, width)].fill(true);
        }
        let mask = grown_down(&near, width, height, self.radius);
        let format = Self::format(self.host, &frame.memory.format()).ok_or("a grey format is missing")?;
        let image = Image::new(vec![Plane { width, height, data: mask }], Model::Gray, depth);
        let mut made = frame.memory.with_image(&format, &image).map_err(message)?;
        let mut properties = made.properties_mut();
        // All codes are used.
        properties.int("_ColorRange", 0);
        properties.delete("_ChromaLocation");
        Ok(Step::Done(made))
    }
}

/// 1 where a sample within `radius` rows is set, else 0.
fn grown_down(set: &[bool], width: usize, height: usize, radius: usize) -> Vec<f32> {
    let mut grown = vec![0.0; width * height];
    // Rows since the last sample that is set, from above and from below.
    let mut since = vec![usize::MAX; width];
    let mut sweep = |rows: &mut dyn Iterator<Item = usize>| {
        since.fill(usize::MAX);
        for y in rows {
            for x in 0..width {
                since[x] = if set[y * width + x] { 0 } else { since[x].saturating_add(1) };
                if since[x] <= radius {
                    grown[y * width + x] = 1.0;
                }
            }
        }
    };
    sweep(&mut (0..height));
    sweep(&mut (0..height).rev());
    grown
}
