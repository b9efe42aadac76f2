//! Degradation recipes on images in memory.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use unband::degrade::{DegradationRecipe, DegradationRecipeError, DegradeError, Pair, clean_rgb, seed_of};
use unband::recipes::{DEGRADATION_RECIPES, find};
use unband::{Depth, ErrorKind, Rng};

use crate::array::Samples;
use crate::fault::Fault;
use crate::image_input::{ImageInput, hold};
use crate::options::Given;
use crate::wait::{self, Stop};

impl From<DegradationRecipeError> for Fault {
    fn from(error: DegradationRecipeError) -> Self {
        let kind = if matches!(error, DegradationRecipeError::Read { .. }) {
            ErrorKind::File
        } else {
            ErrorKind::Option
        };
        Self::from_error(kind, &error).about("recipe")
    }
}

impl From<DegradeError> for Fault {
    fn from(error: DegradeError) -> Self {
        match &error {
            DegradeError::TooSmall { .. } => Self::from_error(ErrorKind::Input, &error).about("image"),
            _ => Self::from_error(ErrorKind::Other, &error),
        }
    }
}

/// A recipe, which draws new settings for each image.
#[pyclass(frozen, module = "unband._unband")]
pub struct Recipe(Arc<DegradationRecipe>);

/// Names and titles of the built-in recipes.
#[pyfunction]
pub(crate) fn recipes() -> Vec<(&'static str, String)> {
    let title = |text: &str, name: &str| {
        DegradationRecipe::parse(text, name)
            .map_or_else(|_| String::new(), |recipe| recipe.title().to_owned())
    };
    DEGRADATION_RECIPES.iter().map(|shipped| (shipped.name, title(shipped.text, shipped.name))).collect()
}

#[pymethods]
impl Recipe {
    /// The built-in recipe of this name, or the text of a file called `name`.
    #[new]
    fn new(name: &str, text: Option<&str>) -> PyResult<Self> {
        let recipe = match text {
            Some(text) => DegradationRecipe::parse(text, name),
            None => DegradationRecipe::find(name),
        };
        Ok(Self(Arc::new(recipe.map_err(Fault::from)?)))
    }

    /// The text of the file that `name` means; None for a built-in recipe.
    #[staticmethod]
    fn text_of(name: &str) -> PyResult<Option<String>> {
        if find(DEGRADATION_RECIPES, name).is_some() {
            return Ok(None);
        }
        let path = PathBuf::from(name);
        let is_name = path.extension().is_none() && path.components().count() == 1;
        if is_name && !path.exists() {
            return Err(Fault::from(DegradationRecipeError::Unknown { name: name.to_owned() }).into());
        }
        let text = unband::io::read_text(&path);
        text.map(Some).map_err(|source| Fault::from(DegradationRecipeError::Read { path, source }).into())
    }

    /// Its title.
    #[getter]
    fn title(&self) -> &str {
        self.0.title()
    }

    /// Ratio of the clean side's size to the degraded side's.
    #[getter]
    fn scale(&self) -> usize {
        self.0.scale()
    }

    /// Samples of the clean image needed around a patch.
    #[getter]
    fn room(&self) -> usize {
        self.0.room()
    }

    /// May it start programs?
    #[getter]
    fn slow(&self) -> bool {
        self.0.is_slow()
    }

    /// Degrades an image: the degraded side and the clean one with this many bits, the draws as JSON, and
    /// their seed.
    fn apply<'py>(
        &self,
        py: Python<'py>,
        source: ImageInput<'py>,
        seed: u64,
        index: &str,
        bits: u8,
        options: &Bound<'py, PyDict>,
    ) -> PyResult<(Samples, Samples, String, u32)> {
        let given = Given(options);
        let patch = given.value::<usize>("patch", "a whole number")?;
        let seed = seed_of(seed, index, 1);
        let (job, held, recipe) = (given.job(Stop::AtOnce)?, hold(source), Arc::clone(&self.0));
        wait::run(py, &job, move |ctx| {
            let unusable =
                |error: unband::ImageError| Fault::new(ErrorKind::Input, error.to_string()).about("image");
            let clean = clean_rgb(Arc::unwrap_or_clone(held.image(ctx))).map_err(unusable)?;
            let rng = Rng::new(u64::from(seed));
            let (pair, record) = if let Some(side) = patch {
                recipe.patch(&clean, side, rng)?
            } else {
                let mut pair = Pair::from_clean(clean);
                let record = recipe.apply(&mut pair, rng)?;
                (pair, record)
            };
            let depth = if bits == 32 { Depth::F32 } else { Depth::Int(bits.clamp(1, 16)) };
            let side = |mut image: unband::Image| {
                image.depth = depth;
                Samples::from_image(&image, held.planar().unwrap_or(false), ctx)
            };
            let record = serde_json::to_string(&record).unwrap_or_default();
            Ok((side(pair.lq), side(pair.gt), record, seed))
        })
    }
}
