//! Samples of arrays: buffers of Python to planes, and planes back to buffers.

use pyo3::buffer::{Element, PyBuffer};
use pyo3::prelude::*;
use unband::{Context, ErrorKind, Image, ImageError};
use unband::{SampleArray, SampleData};

use crate::fault::Fault;

/// Samples of an image without padding: `height × width × channels`, or `channels × height × width` where
/// `planar`.
///
/// Channels: grey 1, grey and alpha 2, RGB 3, RGB and alpha 4.
#[pyclass(frozen, module = "unband._unband")]
#[derive(Clone, Debug)]
pub struct Samples(SampleArray);

impl From<ImageError> for Fault {
    fn from(error: ImageError) -> Self {
        let argument = if matches!(error, ImageError::Code { .. }) { "bits" } else { "image" };
        Self::new(ErrorKind::Input, error.to_string()).about(argument)
    }
}

fn read<T: Element>(py: Python<'_>, array: &Bound<'_, PyAny>) -> PyResult<Vec<T>> {
    PyBuffer::<T>::get(array)?.to_vec(py)
}

#[pymethods]
impl Samples {
    /// Copies a contiguous array of `uint8`, `uint16` or `float32` in native byte order. `bits` is the depth
    /// of its codes.
    #[new]
    fn new(
        py: Python<'_>,
        array: &Bound<'_, PyAny>,
        size: (usize, usize, usize),
        planar: bool,
        bits: u8,
    ) -> PyResult<Self> {
        let data = match bits {
            32 => SampleData::F32(read(py, array)?),
            _ => match read(py, array) {
                Ok(codes) => SampleData::U8(codes),
                Err(_) => SampleData::U16(read(py, array)?),
            },
        };
        Ok(Self(SampleArray::new(data, size, planar, bits).map_err(Fault::from)?))
    }

    /// Copies the samples into a contiguous, writable array of their type.
    fn copy_to(&self, py: Python<'_>, array: &Bound<'_, PyAny>) -> PyResult<()> {
        match self.0.data() {
            SampleData::U8(data) => PyBuffer::<u8>::get(array)?.copy_from_slice(py, data),
            SampleData::U16(data) => PyBuffer::<u16>::get(array)?.copy_from_slice(py, data),
            SampleData::F32(data) => PyBuffer::<f32>::get(array)?.copy_from_slice(py, data),
        }
    }

    /// Lowest and highest value where floating-point samples are not values of 0 to 1: most are above 1, or a
    /// quarter is below 0, or all are whole numbers. None where they are.
    #[getter]
    fn outside(&self) -> Option<(f32, f32)> {
        let SampleData::F32(data) = self.0.data() else { return None };
        let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
        let (mut finite, mut above, mut below, mut whole) = (0_usize, 0_usize, 0_usize, true);
        for &value in data.iter().filter(|value| value.is_finite()) {
            finite += 1;
            above += usize::from(value > 1.0);
            below += usize::from(value < 0.0);
            whole &= value.fract() == 0.0;
            (low, high) = (low.min(value), high.max(value));
        }
        let codes = whole && high > 1.0;
        (2 * above > finite || 4 * below > finite || codes).then_some((low, high))
    }

    /// Rows.
    #[getter]
    fn height(&self) -> usize {
        self.0.height()
    }

    /// Columns.
    #[getter]
    fn width(&self) -> usize {
        self.0.width()
    }

    /// Samples of a pixel.
    #[getter]
    fn channels(&self) -> usize {
        self.0.channels()
    }

    /// Are the channels planes of their own?
    #[getter]
    fn planar(&self) -> bool {
        self.0.is_planar()
    }

    /// Bits of a code; 32 for values.
    #[getter]
    fn bits(&self) -> u8 {
        self.0.bits()
    }

    /// Name of the type of the samples.
    #[getter]
    fn dtype(&self) -> &'static str {
        match self.0.data() {
            SampleData::U8(_) => "uint8",
            SampleData::U16(_) => "uint16",
            SampleData::F32(_) => "float32",
        }
    }
}

impl Samples {
    /// Are the channels planes of their own?
    pub fn is_planar(&self) -> bool {
        self.0.is_planar()
    }

    /// Number of pixels.
    pub fn pixels(&self) -> usize {
        self.0.pixels()
    }

    /// The image of these samples.
    pub fn image(&self, ctx: &Context<'_>) -> Image {
        self.0.image(ctx)
    }

    /// The samples of an RGB or grey image, on the grid of its depth.
    pub fn from_image(image: &Image, planar: bool, ctx: &Context<'_>) -> Self {
        Self(SampleArray::from_image(image, planar, ctx))
    }
}
