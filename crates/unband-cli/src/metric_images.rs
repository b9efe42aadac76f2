//! Images written by `--save-map`, `--save-segmentation`, `--save-profile` and `--save-difference`.

use std::path::Path;

use unband::{Context, Image};
use unband_report::{
    Difference, DisplayImage, HeatMap, Line, Profile, Series, ShowError, Spot, overlay, segments, worst_spots,
};

use crate::args::MetricArgs;
use crate::reporter::{Failure, Reporter};

/// An image to draw.
#[derive(Clone, Copy)]
pub(crate) struct DrawnImage<'a> {
    /// Its name.
    pub name: &'a str,
    /// RGB or grey.
    pub image: &'a Image,
    /// Where it is banded.
    pub map: &'a HeatMap,
}

impl DrawnImage<'_> {
    /// Amount of banding in its worst place, 0 to 1.
    pub(crate) fn strength(&self) -> f32 {
        let size = (self.image.width(), self.image.height());
        worst_spots(self.map, size, 1, Spot::SIDE).first().map_or(0.0, |spot| spot.strength)
    }
}

/// Width of the profile drawing, in pixels.
const PROFILE_WIDTH: usize = 1600;
/// Seed of the colours of regions.
const COLOURS: u64 = 0;

/// A failure to draw the image of this file.
fn failed(path: &Path) -> impl Fn(ShowError) -> Failure {
    move |error| Failure::at(path.display().to_string(), error.to_string(), None)
}

/// Writes a result minus its reference.
///
/// # Errors
/// Drawing and I/O errors.
pub(crate) fn draw_difference(
    args: &MetricArgs,
    path: &Path,
    reference: DrawnImage<'_>,
    result: DrawnImage<'_>,
    reporter: &Reporter<'_>,
    ctx: &Context<'_>,
) -> Result<(), Failure> {
    let made = Difference::new(reference.image, result.image, ctx).map_err(failed(path))?;
    args.write(path, &made.image.png().map_err(failed(path))?, ctx)?;
    let Difference { gain, mean_codes, most_codes, .. } = made;
    reporter.line(&format_args!(
        "{}: {} minus {}, {gain} times; differences in codes of 8 bits: mean {mean_codes:.3}, largest {most_codes:.2}",
        path.display(), result.name, reference.name
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
    drawing: DrawnImage<'_>,
    profile: &[DrawnImage<'_>],
    reporter: &Reporter<'_>,
    ctx: &Context<'_>,
) -> Result<(), Failure> {
    let DrawnImage { name, image, map } = drawing;
    let save = |path: &Path, canvas: Result<DisplayImage, ShowError>| {
        let png = canvas.and_then(|canvas| canvas.png());
        args.write(path, &png.map_err(failed(path))?, ctx)
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
