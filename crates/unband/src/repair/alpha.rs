//! Repair of a banded alpha channel: the default method on alpha as a grey image.

use unband_image::findings::{Cause, Findings, PlaneGrid};
use unband_image::{Image, Model, With};

use super::{Deband, Done, Repair};
use crate::{Alpha, Choice, Error, Options, OutputDepth, TreatAs};

pub(crate) struct BandedAlpha;

impl Repair for BandedAlpha {
    fn applies(&self, findings: &Findings) -> bool {
        findings.alpha.is_some()
    }

    /// Fully transparent and fully opaque samples stay exact.
    fn after(&self, done: &mut Done<'_>, deband: Deband<'_>) -> Result<(), Error> {
        if let (true, Some(grid)) = (done.choices.alpha, &done.findings.alpha) {
            repair(done.image, grid, done.options, deband)?;
            done.alpha_repaired = true;
        }
        Ok(())
    }
}

fn repair(image: &mut Image, grid: &PlaneGrid, options: &Options, deband: Deband<'_>) -> Result<(), Error> {
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
    let mut grey = deband(grey, findings, &options)?;
    let mut alpha = grey.planes.swap_remove(0);
    for (value, end) in alpha.data.iter_mut().zip(ends) {
        *value = end.unwrap_or(*value);
    }
    image.alpha = Some(alpha);
    Ok(())
}
