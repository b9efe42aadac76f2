//! BSRGAN's degradation models as functions that return a degraded and a clean patch.

use toml::{Table, Value};
use unband_image::{Image, ParamError, Rng};

use super::recipe::DegradationRecipe;
use super::{DegradeError, Pair};

/// The practical degradation model at a scale. Scale 4 uses the recipe `bsrgan`, which sometimes halves the
/// image first; other scales use `bsrgan-x2` with `scale` replaced.
///
/// Source: Zhang et al. 2021, "Designing a Practical Degradation Model for Deep Blind Image
/// Super-Resolution", and `degradation_bsrgan` of cszn/BSRGAN. The random numbers differ from theirs.
///
/// # Errors
/// A scale that is not 1 to 4.
pub fn bsrgan(sf: usize) -> Result<DegradationRecipe, DegradeError> {
    recipe(if sf == 4 { "bsrgan" } else { "bsrgan-x2" }, sf, |_| {})
}

/// The extended model at a scale: the recipe `bsrgan-plus`. `shuffle_prob` is the probability that the steps
/// are shuffled; `use_sharp` sharpens the clean side.
///
/// Source: `degradation_bsrgan_plus` of cszn/BSRGAN.
///
/// # Errors
/// A scale that is not 1 to 4, a probability that is not 0 to 1.
pub fn bsrgan_plus(sf: usize, shuffle_prob: f64, use_sharp: bool) -> Result<DegradationRecipe, DegradeError> {
    if !(0.0..=1.0).contains(&shuffle_prob) {
        return Err(outside("shuffle_prob", "0..=1", &shuffle_prob));
    }
    recipe("bsrgan-plus", sf, |table| {
        if !use_sharp {
            table.remove("clean");
        }
        let groups = table.get_mut("degrade").and_then(Value::as_array_mut).into_iter().flatten();
        for group in groups.filter_map(Value::as_table_mut) {
            if let Some(shuffle) = group.get_mut("shuffle") {
                *shuffle = Value::Float(shuffle_prob);
            }
        }
    })
}

/// A degraded patch of an RGB image, `lq_patchsize` samples on a side, and its clean patch, `sf` times as
/// large, by [`bsrgan`].
///
/// # Errors
/// A scale that is not 1 to 4, an image with a side below `lq_patchsize * sf`, or one that is not RGB.
pub fn degradation_bsrgan(
    img: &Image,
    sf: usize,
    lq_patchsize: usize,
    rng: Rng,
) -> Result<Pair, DegradeError> {
    Ok(bsrgan(sf)?.patch(img, lq_patchsize, rng)?.0)
}

/// As [`degradation_bsrgan`], by [`bsrgan_plus`].
///
/// # Errors
/// As [`degradation_bsrgan`], and a probability that is not 0 to 1.
pub fn degradation_bsrgan_plus(
    img: &Image,
    sf: usize,
    shuffle_prob: f64,
    use_sharp: bool,
    lq_patchsize: usize,
    rng: Rng,
) -> Result<Pair, DegradeError> {
    Ok(bsrgan_plus(sf, shuffle_prob, use_sharp)?.patch(img, lq_patchsize, rng)?.0)
}

fn outside(name: &'static str, range: &'static str, got: &dyn ToString) -> DegradeError {
    DegradeError::Setting(ParamError::OutOfRange { name, range, got: got.to_string() })
}

fn recipe(
    name: &'static str,
    sf: usize,
    change: impl FnOnce(&mut Table),
) -> Result<DegradationRecipe, DegradeError> {
    if !(1..=4).contains(&sf) {
        return Err(outside("sf", "1..=4", &sf));
    }
    let changed = DegradationRecipe::changed(name, |table| {
        table.insert("scale".to_owned(), Value::Integer(sf.cast_signed() as i64));
        change(table);
    });
    changed.map_err(|error| DegradeError::Recipe(Box::new(error)))
}
