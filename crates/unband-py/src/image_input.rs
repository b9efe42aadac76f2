//! Images from and to Python: arrays, and images with the properties of their files.

use std::sync::Arc;

use pyo3::prelude::*;
use unband::{Context, Image};

use crate::array::Samples;
use crate::fault::Fault;
use crate::image::{self, as_rgb};

/// Most pixels of an image that is worked on in Python's own thread: some milliseconds.
const SMALL: usize = 96 * 96;

/// Samples of an array, or an image with its file's properties.
#[derive(FromPyObject)]
pub(crate) enum ImageInput<'py> {
    /// Samples of an array.
    Samples(Bound<'py, Samples>),
    /// An image.
    Image(Bound<'py, image::Image>),
}

/// A source on its way to the work.
pub(crate) enum Held {
    /// Samples, copied out of an array.
    Samples(Py<Samples>),
    /// An image.
    Image(Arc<Image>),
}

/// The source, ready for another thread.
pub(crate) fn hold(source: ImageInput<'_>) -> Held {
    match source {
        ImageInput::Samples(samples) => Held::Samples(samples.unbind()),
        ImageInput::Image(image) => Held::Image(Arc::clone(&image.get().0)),
    }
}

impl Held {
    /// The image.
    pub(crate) fn image(&self, ctx: &Context<'_>) -> Arc<Image> {
        match self {
            Self::Samples(samples) => Arc::new(samples.get().image(ctx)),
            Self::Image(image) => Arc::clone(image),
        }
    }

    /// The image in RGB or grey.
    pub(crate) fn rgb(&self, ctx: &Context<'_>) -> Result<Arc<Image>, Fault> {
        as_rgb(&self.image(ctx), ctx)
    }

    /// Are the channels of an array planes of their own? None for an image.
    pub(crate) fn planar(&self) -> Option<bool> {
        match self {
            Self::Samples(samples) => Some(samples.get().is_planar()),
            Self::Image(_) => None,
        }
    }

    /// Is it an array that takes less time than starting a thread is worth?
    pub(crate) fn is_small(&self) -> bool {
        matches!(self, Self::Samples(samples) if samples.get().pixels() <= SMALL)
    }

    /// The result in the form of the source.
    pub(crate) fn result(&self, image: Image, ctx: &Context<'_>) -> ImageOutput {
        match self.planar() {
            Some(planar) => ImageOutput::Samples(Samples::from_image(&image, planar, ctx)),
            None => ImageOutput::Image(image::Image::from_image(image)),
        }
    }
}

/// A result in the form of its source.
#[derive(IntoPyObject)]
pub(crate) enum ImageOutput {
    /// For an array.
    Samples(Samples),
    /// For an image.
    Image(image::Image),
}
