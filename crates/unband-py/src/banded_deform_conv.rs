//! The banded deformable convolution and its gradients, for PyTorch.

use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use unband::nets::banded_deform_conv::{Banded, BandedShape};
use unband::{Context, ErrorKind, With};

use crate::fault::Fault;

/// Images, input channels, output channels, groups, rows and columns of the kernel, rows and columns of an
/// image.
type Sizes = [usize; 8];

/// Dimensions of the layer, its image, geometry and weight.
fn layer(
    py: Python<'_>,
    sizes: Sizes,
    inputs: &[Bound<'_, PyAny>; 3],
) -> PyResult<(BandedShape, [Vec<f32>; 3])> {
    let wrong = |message: &str| Err(Fault::new(ErrorKind::Input, message).about("x").into());
    let [images, input, output, groups, rows, columns, height, width] = sizes;
    let fits = groups > 0 && input.is_multiple_of(groups) && output.is_multiple_of(groups);
    if !fits || sizes.contains(&0) {
        return wrong("the layer has no such shape");
    }
    let shape = BandedShape { images, input, output, groups, kernel: (rows, columns), height, width };
    let data = [read(py, &inputs[0])?, read(py, &inputs[1])?, read(py, &inputs[2])?];
    if shape.lengths().is_none_or(|lengths| lengths[..3] != data.each_ref().map(Vec::len)) {
        return wrong("tensors do not have the sizes of the layer");
    }
    Ok((shape, data))
}

fn read(py: Python<'_>, array: &Bound<'_, PyAny>) -> PyResult<Vec<f32>> {
    PyBuffer::<f32>::get(array)?.to_vec(py)
}

fn write(py: Python<'_>, array: &Bound<'_, PyAny>, values: &[f32]) -> PyResult<()> {
    PyBuffer::<f32>::get(array)?.copy_from_slice(py, values)
}

/// The output of the layer, into `out`; all arrays are contiguous `float32`.
#[pyfunction]
#[allow(clippy::needless_pass_by_value)] // Python has no slices
pub(crate) fn banded_forward(
    py: Python<'_>,
    sizes: Sizes,
    inputs: [Bound<'_, PyAny>; 3],
    out: &Bound<'_, PyAny>,
    threads: usize,
) -> PyResult<()> {
    let (shape, [image, geometry, weight]) = layer(py, sizes, &inputs)?;
    let made = py.detach(|| {
        let ctx = Context::with(|new| new.threads = threads.max(1));
        Banded::new(shape, &image, &geometry, &weight, &ctx).forward(&ctx)
    });
    write(py, out, &made)
}

/// The gradients by image, geometry and weight for that of the output, into `out`.
#[pyfunction]
#[allow(clippy::needless_pass_by_value)] // Python has no slices
pub(crate) fn banded_backward(
    py: Python<'_>,
    sizes: Sizes,
    inputs: [Bound<'_, PyAny>; 3],
    gradient: &Bound<'_, PyAny>,
    out: [Bound<'_, PyAny>; 3],
    threads: usize,
) -> PyResult<()> {
    let (shape, [image, geometry, weight]) = layer(py, sizes, &inputs)?;
    let gradient = read(py, gradient)?;
    if shape.lengths().is_none_or(|lengths| lengths[3] != gradient.len()) {
        return Err(Fault::new(ErrorKind::Input, "the gradient does not have the size of the output").into());
    }
    let made = py.detach(|| {
        let ctx = Context::with(|new| new.threads = threads.max(1));
        Banded::new(shape, &image, &geometry, &weight, &ctx).backward(&gradient, &ctx)
    });
    write(py, &out[0], &made.image)?;
    write(py, &out[1], &made.geometry)?;
    write(py, &out[2], &made.weight)
}
