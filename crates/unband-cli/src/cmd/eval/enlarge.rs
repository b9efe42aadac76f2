//! Upscaling methods for table rows.

use unband::{Context, Image, OutputDepth, Resampling, UpscaleOptions, Upscaler};
use unband_data::Pair;
use unband_image::Hint;

use super::contender::{file_named, sum_of};
use super::data::rounded;
use crate::talk::Failure;
use unband::evaluate::RecipeRow;

/// An upscaling method.
pub enum Enlargement {
    /// Interpolation by a factor, rounded to the nearest code of a depth.
    Plain(Resampling, usize, OutputDepth),
    /// A network.
    Network(Box<Upscaler>, UpscaleOptions),
}

impl Enlargement {
    /// Finds a row's method: `bicubic-antialiased`, `lanczos` and other interpolation, or `upscale`, the
    /// network of the row's weights or else the built-in one.
    ///
    /// # Errors
    /// Other methods; a checkpoint that is unreadable or has another scale.
    pub fn new(method: &str, row: &RecipeRow, scale: usize) -> Result<Self, Failure> {
        if method == "upscale" {
            let weights = row.weights.as_deref().map(file_named).transpose()?;
            let options = UpscaleOptions {
                scale: Some(scale),
                weights,
                depth: row.depth,
                dither: row.dither,
                ..UpscaleOptions::default()
            };
            let failed = |error: unband::Error| Failure {
                subject: None,
                message: error.to_string(),
                hint: error.hint(),
            };
            return Ok(Self::Network(Box::new(Upscaler::new(&options).map_err(failed)?), options));
        }
        match Resampling::ALL.iter().find(|way| way.word() == method) {
            Some(&way) if row.weights.is_none() => Ok(Self::Plain(way, scale, row.depth)),
            Some(_) => Err(Failure::usage(
                format!("{method} takes no `weights`"),
                "in tables with a scale, only `upscale` takes weights; the other methods are interpolation",
            )),
            None => {
                let words: Vec<&str> = Resampling::ALL.iter().map(|way| way.word()).collect();
                Err(Failure::usage(
                    format!("`{method}` does not upscale"),
                    format!("methods of tables with a scale are `upscale` and {}", words.join(", ")),
                ))
            }
        }
    }

    /// What the result depends on besides the method's name: the hash of its weights.
    ///
    /// # Errors
    /// A checkpoint that cannot be read again.
    pub fn weights(&self) -> Result<String, Failure> {
        let Self::Network(_, UpscaleOptions { weights: Some(file), .. }) = self else {
            return Ok(String::new());
        };
        sum_of(file)
    }

    /// Its network.
    pub fn graph(&self) -> Option<&unband_nets::Graph> {
        match self {
            Self::Plain(..) => None,
            Self::Network(upscaler, _) => Some(upscaler.graph()),
        }
    }

    /// Upscales an RGB or grey image.
    ///
    /// # Errors
    /// Inputs that the network does not support, as text.
    pub fn run(&self, image: &Image, ctx: &Context<'_>) -> Result<Image, String> {
        match self {
            Self::Plain(resampling, scale, depth) => {
                let mut larger = resized(image, *resampling, *scale);
                rounded(&mut larger, depth.resolve(image.depth));
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
pub struct Ready {
    /// The pair.
    pub pair: Pair,
    /// The degraded side at the size of the clean one, by cubic interpolation, where it is smaller.
    larger: Option<Image>,
}

impl Ready {
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
