//! Repair of a banded alpha channel: the default method on alpha as a grey image.

use unband_image::findings::{Cause, Findings, PlaneGrid};
use unband_image::{Context, Image, Model, With};

use super::image::deband_found;
use crate::{Alpha, Choice, Error, Options, OutputDepth, TreatAs};

/// Repairs the alpha channel of an image, whose levels are on `grid`. Fully transparent and fully opaque
/// samples stay exact.
///
/// # Errors
/// As [`deband_found`].
pub(super) fn repair(
    image: &mut Image,
    grid: &PlaneGrid,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<(), Error> {
    let Some(alpha) = image.alpha.take() else { return Ok(()) };
    let end = |value: f32| if value <= 0.0 { Some(0.0) } else { (value >= 1.0).then_some(1.0) };
    let ends: Vec<Option<f32>> = alpha.data.iter().map(|&value| end(value)).collect();
    let grey = Image::new(vec![alpha], Model::Gray, image.depth);
    let findings = Findings::plain(1, image.depth.bits()).but(|new| {
        new.cause = Cause::Levels;
        new.grids = vec![grid.clone()];
        new.visible = true;
        new.banded_share = 1.0;
    });
    let options = Options {
        method: Choice::Auto,
        depth: OutputDepth::Keep,
        alpha: Alpha::Keep,
        everywhere: true,
        treat_as: TreatAs::Photo,
        ..options.clone()
    };
    let ctx = &(*ctx).but(|new| new.extra_output = None);
    let (mut grey, _) = deband_found(grey, findings, &options, ctx)?;
    let mut alpha = grey.planes.swap_remove(0);
    for (value, end) in alpha.data.iter_mut().zip(ends) {
        *value = end.unwrap_or(*value);
    }
    image.alpha = Some(alpha);
    Ok(())
}
