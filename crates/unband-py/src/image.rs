//! An image with colour, depth and metadata, as its file had it.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use unband::io::{Limits, Saving, WriteOptions};
use unband::{ErrorKind, With};

use crate::array::Samples;
use crate::fault::Fault;
use crate::options::Given;
use crate::pickle;
use crate::wait::{self, Stop};

/// An image; it never changes.
#[pyclass(frozen, module = "unband._unband")]
#[derive(Clone, Debug)]
pub struct Image(pub Arc<unband::Image>);

impl Image {
    /// Of an image of the library.
    pub fn from_image(image: unband::Image) -> Self {
        Self(Arc::new(image))
    }
}

/// Reads an image file: the orientation is applied, the depth stays.
#[pyfunction]
pub(crate) fn open(py: Python<'_>, path: PathBuf, options: &Bound<'_, PyDict>) -> PyResult<Image> {
    let job = Given(options).job(Stop::AtOnce)?;
    wait::run(py, &job, move |_| Ok(Image::from_image(unband::io::read_file(&path, &Limits::default())?.0)))
}

/// An image whose samples can be those of an array: RGB or grey.
pub(crate) fn as_rgb(
    image: &Arc<unband::Image>,
    ctx: &unband::Context<'_>,
) -> Result<Arc<unband::Image>, Fault> {
    if !image.is_yuv() {
        return Ok(Arc::clone(image));
    }
    let rgb = unband::Image::clone(image).into_rgb(ctx);
    rgb.map(Arc::new).map_err(|error| Fault::new(ErrorKind::Unsupported, error.to_string()).about("image"))
}

#[pymethods]
impl Image {
    /// Samples in `height × width × channels`. Luma and colour differences become RGB.
    fn samples(&self, py: Python<'_>, options: &Bound<'_, PyDict>) -> PyResult<Samples> {
        let (image, job) = (Arc::clone(&self.0), Given(options).job(Stop::AtOnce)?);
        wait::run(py, &job, move |ctx| Ok(Samples::from_image(&*as_rgb(&image, ctx)?, false, ctx)))
    }

    /// Everything that it holds, as text and blocks of bytes.
    fn dump<'py>(&self, py: Python<'py>) -> (String, Vec<Bound<'py, PyBytes>>) {
        let image = Arc::clone(&self.0);
        let (text, blobs) = py.detach(move || pickle::dumped(&image));
        (text, blobs.iter().map(|blob| PyBytes::new(py, blob)).collect())
    }

    /// The image of `dump`.
    #[staticmethod]
    fn load(py: Python<'_>, text: String, blobs: Vec<Vec<u8>>) -> PyResult<Self> {
        Ok(Self::from_image(py.detach(move || pickle::loaded(&text, blobs))?))
    }

    /// Are samples, colour, depth and metadata the same?
    fn equals(&self, py: Python<'_>, other: &Self) -> bool {
        let (one, two) = (Arc::clone(&self.0), Arc::clone(&other.0));
        Arc::ptr_eq(&one, &two) || py.detach(move || one == two)
    }

    /// Columns.
    #[getter]
    fn width(&self) -> usize {
        self.0.width()
    }

    /// Rows.
    #[getter]
    fn height(&self) -> usize {
        self.0.height()
    }

    /// Samples of a pixel: 1 to 4.
    #[getter]
    fn channels(&self) -> usize {
        self.0.planes.len() + usize::from(self.0.alpha.is_some())
    }

    /// Bits of a code; 32 for floating point.
    #[getter]
    fn bits(&self) -> u8 {
        self.0.depth.bits()
    }

    /// Format of its file; empty for an image made in memory.
    #[getter]
    fn format(&self) -> &'static str {
        self.0.origin.format
    }

    /// Was its last coding lossy?
    #[getter]
    fn lossy(&self) -> bool {
        self.0.origin.is_lossy()
    }

    /// ICC, Exif, XMP and IPTC as bytes, density and text, as far as they are there.
    #[getter]
    fn metadata<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (row, all) = (PyDict::new(py), &self.0.metadata);
        for (name, block) in [("icc", &all.icc), ("exif", &all.exif), ("xmp", &all.xmp), ("iptc", &all.iptc)]
        {
            if let Some(block) = block {
                row.set_item(name, PyBytes::new(py, block))?;
            }
        }
        if let Some(density) = all.density {
            row.set_item("density", (density.x, density.y))?;
        }
        if !all.text.is_empty() {
            row.set_item("text", all.text.clone())?;
        }
        Ok(row)
    }

    /// Writes a file; its extension selects the format. Returns the properties that the format could not
    /// hold.
    fn save(&self, py: Python<'_>, path: PathBuf, options: &Bound<'_, PyDict>) -> PyResult<Vec<String>> {
        let given = Given(options);
        let (job, overwrite) = (given.job(Stop::WithWork)?, given.switch("overwrite")?);
        let (quality, effort) = (given.value("quality", "1 to 100")?, given.value("effort", "0 to 9")?);
        let image = Arc::clone(&self.0);
        wait::run(py, &job, move |ctx| {
            let how = WriteOptions::with(|new| {
                new.quality = quality;
                new.effort = effort;
                new.threads = ctx.threads;
            });
            let saving = Saving::from(overwrite).but(|new| new.cancel = Some(ctx.cancel));
            let format = unband::io::writer_for(&path)?;
            let image = match unband::io::check_model(image.color.model, format) {
                Ok(()) => image,
                Err(_) => as_rgb(&image, ctx)?,
            };
            let dropped = unband::io::write_file(&image, &path, format, &how, saving)?;
            Ok(dropped.iter().map(ToString::to_string).collect())
        })
    }
}
