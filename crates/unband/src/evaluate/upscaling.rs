//! Upscaling methods for table rows.

use std::path::Path;

use unband_data::Pair;
use unband_image::{Context, Image, Resampling};

use super::hash::sum_of;
use super::recipe::RecipeRow;
use super::{EvaluateError, RowFault};
use crate::models::file_named;
use crate::{OutputDepth, UpscaleOptions, UpscaleSize, Upscaler};

/// An upscaling method.
pub(super) enum Upscaling {
    /// Interpolation by a factor, rounded to the nearest code of a depth.
    Plain(Resampling, usize, OutputDepth),
    /// A network.
    Network(Box<Upscaler>, UpscaleOptions),
}

impl Upscaling {
    /// Finds a row's method: `bicubic-antialiased`, `lanczos` and other interpolation, or `upscale`, the
    /// network of the row's weights or else the built-in one.
    ///
    /// # Errors
    /// Other methods; a checkpoint that is unreadable or has a smaller scale.
    pub(super) fn new(
        method: &str,
        row: &RecipeRow,
        scale: usize,
        models: Option<&Path>,
    ) -> Result<Self, EvaluateError> {
        if method == "upscale" {
            let weights = row.weights.as_deref().map(|file| file_named(file, models)).transpose()?;
            let options = UpscaleOptions {
                size: UpscaleSize::Scale(scale as f64),
                weights,
                depth: row.depth,
                dither: row.dither,
                ..UpscaleOptions::default()
            };
            return Ok(Self::Network(Box::new(Upscaler::new(&options)?), options));
        }
        match Resampling::ALL.iter().find(|way| way.as_str() == method) {
            Some(&way) if row.weights.is_none() => Ok(Self::Plain(way, scale, row.depth)),
            Some(_) => Err(RowFault::NoWeights { method: method.to_owned(), scaled: true }.into()),
            None => Err(RowFault::DoesNotUpscale { method: method.to_owned() }.into()),
        }
    }

    /// What the result depends on besides the method's name: the hash of its weights.
    ///
    /// # Errors
    /// A checkpoint that cannot be read again.
    pub(super) fn weights(&self) -> Result<String, EvaluateError> {
        let Self::Network(_, UpscaleOptions { weights: Some(file), .. }) = self else {
            return Ok(String::new());
        };
        sum_of(file)
    }

    /// Its network.
    pub(super) fn graph(&self) -> Option<&unband_nets::Graph> {
        match self {
            Self::Plain(..) => None,
            Self::Network(upscaler, _) => Some(upscaler.graph()),
        }
    }

    /// Upscales an RGB or grey image.
    ///
    /// # Errors
    /// Inputs that the network does not support, as text.
    pub(super) fn run(&self, image: &Image, ctx: &Context<'_>) -> Result<Image, String> {
        match self {
            Self::Plain(resampling, scale, depth) => {
                let mut larger = resized(image, *resampling, *scale);
                larger.round_to(depth.resolve(image.depth));
                Ok(larger)
            }
            Self::Network(upscaler, options) => upscaler
                .upscale(image.clone(), options, ctx)
                .map(|(image, _)| image)
                .map_err(|error| error.to_string()),
        }
    }
}

/// A pair, with the image that metrics take as input.
pub struct ReadyPair {
    /// The pair.
    pub pair: Pair,
    /// The degraded side at the size of the clean one, by cubic interpolation, where it is smaller.
    larger: Option<Image>,
}

impl ReadyPair {
    /// Prepares a pair whose clean side is larger by this factor.
    pub fn new(pair: Pair, scale: usize) -> Self {
        let larger = (scale > 1).then(|| resized(&pair.lq, Resampling::BicubicAntialiased, scale));
        Self { pair, larger }
    }

    /// The image before the method.
    pub fn input(&self) -> &Image {
        self.larger.as_ref().unwrap_or(&self.pair.lq)
    }
}

fn resized(image: &Image, resampling: Resampling, scale: usize) -> Image {
    let mut larger = image.clone();
    for plane in larger.planes.iter_mut().chain(&mut larger.alpha) {
        *plane = plane.resized(scale * plane.width, scale * plane.height, resampling);
        plane.data.iter_mut().for_each(|v| *v = v.clamp(0.0, 1.0));
    }
    larger
}
