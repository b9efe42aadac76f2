//! Profiles: the codes along a line.

use std::borrow::Cow;
use std::ops::Range;

use unband_image::dither::Grid;
use unband_image::{Context, Image, Model};

use super::display_image::rgb;
use super::line::{Line, contours};
use super::raster::Raster;
use super::spots::{Stretch, part};
use super::svg::Svg;
use super::{DisplayImage, ShowError, Spot, plot};

/// An image with its legend label.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    /// "input", "result", "reference", a method's name.
    pub name: &'a str,
    /// The image.
    pub image: &'a Image,
}

impl<'a> Series<'a> {
    /// An image and its label.
    pub fn new(name: &'a str, image: &'a Image) -> Self {
        Self { name, image }
    }
}

/// The codes of one channel along a line, for images of the same place, and the parts worth a closer look.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The line.
    pub line: Line,
    /// "red", "green", "blue", "grey", "luma".
    pub channel: &'static str,
    /// Unit of the values: "8-bit codes", whatever the depth.
    pub unit: &'static str,
    /// Names, in the order of `codes`.
    pub names: Vec<String>,
    /// For each image the value at each point of the line, in 8-bit codes. Images of higher depth have values
    /// between codes; none are rounded.
    pub codes: Vec<Vec<f64>>,
    /// The magnified parts, as ranges of points, in order and disjoint.
    pub zooms: Vec<Range<usize>>,
    /// For each part and image a strip around the line, with more contrast.
    pub(super) strips: Vec<Vec<DisplayImage>>,
}

/// Points in a magnified part.
const ZOOM: usize = 96;
/// Number of magnified parts.
const ZOOMS: usize = 2;
/// Pixels on either side of the line in the strip of a magnified part.
const HALF_STRIP: usize = 4;

impl Profile {
    /// Reads the images along a line. The channel is the one with the most false contours in the first image
    /// (always luma for YUV). Ends of the line outside the image move to its border.
    ///
    /// # Errors
    /// When there is no image, sizes differ, or planes do not fit their model.
    pub fn along(line: Line, inputs: &[Series<'_>]) -> Result<Self, ShowError> {
        let ctx = Context::default();
        let first = inputs.first().ok_or(ShowError::NoImage)?;
        for series in inputs {
            unband::check_planes(series.image)?;
        }
        same_size(inputs.iter().map(|s| (s.name, s.image)))?;
        let size = (first.image.width(), first.image.height());
        let line = line.within(size);
        // Images of the same model are read as stored, others as RGB.
        let stored = inputs.iter().all(|s| s.image.color.model == first.image.color.model);
        let images = inputs
            .iter()
            .map(|s| if stored { Ok(Cow::Borrowed(s.image)) } else { rgb(s.image, &ctx) })
            .collect::<Result<Vec<_>, _>>()?;
        let plane = worst_plane(&images[0], &line);
        let codes = images.iter().map(|image| {
            let plane = plane.min(image.planes.len() - 1);
            let grid = Grid::of_bits(image.color.model, plane, 8);
            let (scale, zero) = (f64::from(grid.scale), f64::from(grid.zero));
            line.values(image, plane).into_iter().map(|v| code(f64::from(v) * scale + zero)).collect()
        });
        let codes: Vec<Vec<f64>> = codes.collect();
        let zooms = zooms(&line.values(&images[0], plane));
        let strips =
            zooms.iter().map(|zoom| strips(&line, zoom, inputs, size, &ctx)).collect::<Result<_, _>>()?;
        Ok(Self {
            line,
            channel: channel(&images[0], plane),
            unit: "8-bit codes",
            names: inputs.iter().map(|s| s.name.to_owned()).collect(),
            codes,
            zooms,
            strips,
        })
    }

    /// As an SVG element of that width (720 and more: magnified parts side by side). Colours follow the
    /// page's custom properties (`--card`, `--text`, `--faint`, `--line`, `--c0` to `--c2`) where it defines
    /// them.
    ///
    /// # Errors
    /// Only if PNG encoding fails.
    pub fn svg(&self, width: usize) -> Result<String, ShowError> {
        let layout = plot::Layout::new(self, width);
        let mut svg = Svg::new(layout.width, layout.height, &self.sentence());
        layout.draw(self, &mut svg)?;
        Ok(svg.finish())
    }

    /// As an image of that width, on white.
    ///
    /// # Errors
    /// Currently never; as [`Profile::svg`].
    pub fn drawing(&self, width: usize) -> Result<DisplayImage, ShowError> {
        let layout = plot::Layout::new(self, width);
        let mut raster = Raster::new(layout.width as usize, layout.height as usize);
        layout.draw(self, &mut raster)?;
        Ok(raster.finish())
    }

    /// The channel and the line, as text.
    pub fn sentence(&self) -> String {
        let Line { from: (x0, y0), to: (x1, y1) } = self.line;
        let place = if y0 == y1 {
            format!("row {y0}, x {x0} to {x1}")
        } else if x0 == x1 {
            format!("column {x0}, y {y0} to {y1}")
        } else {
            format!("{x0},{y0} to {x1},{y1}")
        };
        format!("{}, {place}", self.channel)
    }

    /// The position at a point of the line: the column on rows, the row on columns, else the point's number.
    pub(super) fn position(&self, i: usize) -> f64 {
        let Line { from, to } = self.line;
        let along = |a: usize, b: usize| if a <= b { a as f64 + i as f64 } else { a as f64 - i as f64 };
        match (from.0 == to.0, from.1 == to.1) {
            (_, true) => along(from.0, to.0),
            (true, false) => along(from.1, to.1),
            _ => i as f64,
        }
    }

    /// The axis label of the positions.
    pub(super) fn position_name(&self) -> &'static str {
        match (self.line.from.0 == self.line.to.0, self.line.from.1 == self.line.to.1) {
            (_, true) => "x, pixels",
            (true, false) => "y, pixels",
            _ => "pixels from the start",
        }
    }
}

/// Snaps a value to its integer code: `f32` sums miss codes by a millionth.
fn code(value: f64) -> f64 {
    let whole = value.round();
    if (value - whole).abs() < 1e-3 { whole } else { value }
}

/// Checks that all images have the size of the first.
pub(super) fn same_size<'a>(mut inputs: impl Iterator<Item = (&'a str, &'a Image)>) -> Result<(), ShowError> {
    let size = |image: &Image| image.planes.first().map_or((0, 0), |p| (p.width, p.height));
    let Some((_, first)) = inputs.next() else { return Ok(()) };
    let (expected_width, expected_height) = size(first);
    for (name, image) in inputs {
        let (width, height) = size(image);
        if (width, height) != (expected_width, expected_height) {
            let name = name.to_owned();
            return Err(ShowError::Size { name, width, height, expected_width, expected_height });
        }
    }
    Ok(())
}

/// The plane with the most false contours along a line; green before the others.
fn worst_plane(image: &Image, line: &Line) -> usize {
    if image.color.model != Model::Rgb {
        return 0;
    }
    let count = |p: usize| contours(&line.values(image, p)).count();
    // Among equals the last one is kept.
    [2, 0, 1].into_iter().max_by_key(|&p| count(p)).unwrap_or(1)
}

fn channel(image: &Image, plane: usize) -> &'static str {
    match image.color.model {
        Model::Gray => "grey",
        Model::Rgb => ["red", "green", "blue"][plane.min(2)],
        Model::Yuv { .. } => "luma",
    }
}

/// The parts of a line with the most false contours, in order.
fn zooms(values: &[f32]) -> Vec<Range<usize>> {
    if values.len() < 2 * ZOOM {
        return Vec::new();
    }
    let mut marks = vec![0u32; values.len() + 1];
    contours(values).for_each(|i| marks[i + 1] = 1);
    for i in 1..marks.len() {
        marks[i] += marks[i - 1];
    }
    let mut found: Vec<Range<usize>> = Vec::new();
    for _ in 0..ZOOMS {
        let free = |start: &usize| found.iter().all(|z| start + ZOOM <= z.start || z.end <= *start);
        let starts = (0..=values.len() - ZOOM).filter(free);
        // Among equals the first one is kept.
        let best = starts.rev().max_by_key(|&start| marks[start + ZOOM] - marks[start]);
        let Some(start) = best else { break };
        if marks[start + ZOOM] == marks[start] && !found.is_empty() {
            break;
        }
        found.push(start..start + ZOOM);
    }
    found.sort_by_key(|zoom| zoom.start);
    found
}

/// The strips around a part of a line, for each image, all with the contrast of the first.
fn strips(
    line: &Line,
    zoom: &Range<usize>,
    inputs: &[Series<'_>],
    size: (usize, usize),
    ctx: &Context<'_>,
) -> Result<Vec<DisplayImage>, ShowError> {
    let points: Vec<_> = line.points().skip(zoom.start).take(zoom.len()).collect();
    let across = |(x, y): (usize, usize)| {
        let steep = line.from.0.abs_diff(line.to.0) < line.from.1.abs_diff(line.to.1);
        let near = |at: usize, by: usize, n: usize| (at + by).saturating_sub(HALF_STRIP).min(n - 1);
        (0..=2 * HALF_STRIP)
            .map(move |by| if steep { (near(x, by, size.0), y) } else { (x, near(y, by, size.1)) })
    };
    let places: Vec<(usize, usize)> = points.into_iter().flat_map(across).collect();
    let low = |f: fn(&(usize, usize)) -> usize| places.iter().map(f).min().unwrap_or(0);
    let high = |f: fn(&(usize, usize)) -> usize| places.iter().map(f).max().unwrap_or(0);
    let (x, y) = (low(|p| p.0), low(|p| p.1));
    let spot = Spot { x, y, width: high(|p| p.0) - x + 1, height: high(|p| p.1) - y + 1, strength: 0.0 };
    let mut stretch = None;
    let mut out = Vec::with_capacity(inputs.len());
    for series in inputs {
        let here = part(series.image, &spot, ctx)?;
        let stretch = stretch.get_or_insert_with(|| Stretch::of_part(&here));
        let shown = super::spots::apply(here, stretch);
        let rows = 2 * HALF_STRIP + 1;
        let mut strip = DisplayImage::filled(zoom.len(), rows, [0; 3]);
        for (i, &(px, py)) in places.iter().enumerate() {
            strip.set(i / rows, i % rows, shown.at(px - x, py - y));
        }
        out.push(strip);
    }
    Ok(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests;
