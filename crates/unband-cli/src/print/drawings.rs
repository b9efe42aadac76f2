//! Images written by `--save-map`, `--save-segmentation`, `--save-profile` and `--save-difference`.

use std::path::Path;

use unband::{Context, Image};
use unband_report::{
    Difference, DisplayImage, HeatMap, Line, Profile, Series, ShowError, overlay, segments, worst_spots,
};

use crate::args::MetricArgs;
use crate::reporter::{Failure, Reporter};

/// An image to draw.
#[derive(Clone, Copy)]
pub(crate) struct Drawing<'a> {
    /// Its name.
    pub name: &'a str,
    /// RGB or grey.
    pub image: &'a Image,
    /// Where it is banded.
    pub map: &'a HeatMap,
}

impl Drawing<'_> {
    /// Amount of banding in its worst place, 0 to 1.
    pub(crate) fn strength(&self) -> f32 {
        let size = (self.image.width(), self.image.height());
        worst_spots(self.map, size, 1, WORST).first().map_or(0.0, |spot| spot.strength)
    }
}

/// Side of the worst place, in pixels.
const WORST: usize = 256;
/// Width of the profile drawing, in pixels.
const PROFILE_WIDTH: usize = 1600;
/// Seed of the colours of regions.
const COLOURS: u64 = 0;

/// Writes a result minus its reference.
///
/// # Errors
/// Drawing and I/O errors.
pub(crate) fn draw_difference(
    args: &MetricArgs,
    path: &Path,
    reference: Drawing<'_>,
    result: Drawing<'_>,
    reporter: &Reporter<'_>,
    ctx: &Context<'_>,
) -> Result<(), Failure> {
    let shown = path.display().to_string();
    let failed = |error: ShowError| Failure::at(shown.clone(), error.to_string(), None);
    let made = Difference::new(reference.image, result.image, ctx).map_err(failed)?;
    args.write(path, &made.image.png().map_err(failed)?, ctx)?;
    let Difference { gain, mean_codes, most_codes, .. } = made;
    reporter.line(&format_args!(
        "{shown}: {} minus {}, {gain} times; differences in codes of 8 bits: mean {mean_codes:.3}, largest {most_codes:.2}",
        result.name, reference.name
    ));
    Ok(())
}

/// Writes the requested drawings: map and regions of the first image, the profile of all along its worst
/// place.
///
/// # Errors
/// Drawing and I/O errors.
pub(crate) fn draw(
    args: &MetricArgs,
    drawing: Drawing<'_>,
    profile: &[Drawing<'_>],
    reporter: &Reporter<'_>,
    ctx: &Context<'_>,
) -> Result<(), Failure> {
    let Drawing { name, image, map } = drawing;
    let save = |path: &Path, canvas: Result<DisplayImage, ShowError>| {
        let png = canvas.and_then(|canvas| canvas.png());
        let bytes = png.map_err(|error| Failure::at(path.display().to_string(), error.to_string(), None))?;
        args.write(path, &bytes, ctx)
    };
    if let Some(path) = &args.save_map {
        save(path, DisplayImage::from_image(image, ctx).map(|canvas| overlay(&canvas, map)))?;
        if drawing.strength() <= 0.0 {
            reporter.note(&format!("{}: no orange areas, as no banding was found in {name}", path.display()));
        }
    }
    if let Some(path) = &args.save_segmentation {
        save(path, segments(image, 0).map(|segments| segments.image(COLOURS)))?;
    }
    if let (Some(path), Some(first)) = (&args.save_profile, profile.first()) {
        let series: Vec<Series<'_>> = profile.iter().map(|part| Series::new(part.name, part.image)).collect();
        let line = Line::worst(first.image, first.map);
        save(path, Profile::along(line, &series).and_then(|profile| profile.drawing(PROFILE_WIDTH)))?;
    }
    Ok(())
}
