//! One upscaling network on one image: memory, mode, windows, resizing.

use unband_image::{Context, Image, Plane, Resampling, Window};
use unband_infer::{TiledUpscaler, UpscaleError};

use super::gate::Gate;
use super::mode::{Evidence, UpscalingMode};
use super::{UpscaledBy, blend, drawing, pixels};
use crate::Error;
use crate::jobs::memory;
use crate::jobs::wrapping::Wrapping;

/// Memory for network buffers without a memory limit.
const MEMORY: u64 = 1 << 30;

/// Sides below which an image is framed.
const SMALL: usize = 4;
/// Sides above which it is not, since a frame would be many times its size.
const LONG: usize = 4096;
/// Width of the frame, in samples.
const MARGIN: usize = 32;

/// An upscaling network and its name.
pub(super) struct Network {
    pub(super) name: &'static str,
    pub(super) tiled: TiledUpscaler,
    /// Shares of its result in the blend with interpolation; without it the result is the network's.
    pub(super) gate: Option<Gate>,
}

impl Network {
    /// Planes and alpha in another size, not rounded.
    pub(super) fn resized(
        &self,
        image: &Image,
        size: (usize, usize),
        allowed: Option<u64>,
        evidence: &mut Evidence,
        ctx: &Context<'_>,
    ) -> Result<(Vec<Plane>, Option<Plane>, UpscaledBy), Error> {
        let memory = allowed.map_or(MEMORY, |allowed| allowed.saturating_sub(self.bytes(image, size)));
        let (planes, by) = self.planes(image, size, memory, evidence, ctx).map_err(|error| match error {
            UpscaleError::Memory { needed } => {
                let own = self.bytes(image, size);
                memory::error(own + needed, allowed.unwrap_or(own + MEMORY), false)
            }
            UpscaleError::Restore(error) => error.into(),
        })?;
        let alpha = image.alpha.as_ref().map(|alpha| match by {
            UpscaledBy::Repetition => pixels::repeated(alpha, size.0, size.1),
            _ => resized_alpha(alpha, size.0, size.1),
        });
        Ok((planes, alpha, by))
    }

    /// As [`Self::resized`], for an image whose edges meet.
    pub(super) fn resized_around(
        &self,
        image: &Image,
        (width, height): (usize, usize),
        wrapping: Wrapping,
        allowed: Option<u64>,
        evidence: &mut Evidence,
        ctx: &Context<'_>,
    ) -> Result<(Vec<Plane>, Option<Plane>, UpscaledBy), Error> {
        let (larger, scale) = (wrapping.around(image), self.tiled.scale());
        let size = (scale * larger.width(), scale * larger.height());
        let (planes, alpha, by) = self.resized(&larger, size, allowed, evidence, ctx)?;
        if by == UpscaledBy::Repetition {
            let repeated = |plane: &Plane| pixels::repeated(plane, width, height);
            let planes = image.planes.iter().map(repeated).collect();
            return Ok((planes, image.alpha.as_ref().map(repeated), by));
        }
        let inner = wrapping.inner(size, scale);
        let cut = |plane: &Plane| wrapping.resized(&plane.cut(inner), width, height);
        let mut alpha = alpha.as_ref().map(cut);
        alpha.iter_mut().flat_map(|alpha| &mut alpha.data).for_each(|v| *v = v.clamp(0.0, 1.0));
        Ok((planes.iter().map(cut).collect(), alpha, by))
    }

    /// Does the system have the memory for an image and its result?
    pub(super) fn check_memory(&self, image: &Image, made: (usize, usize)) -> Result<(), Error> {
        let needed = self.bytes(image, made);
        if memory::at_hand(needed.saturating_sub(memory::PROGRAM)) {
            return Ok(());
        }
        Err(Error::NoMemory { needed_mib: needed.div_ceil(1 << 20) })
    }

    /// Bytes of the program, of an image and of its result.
    fn bytes(&self, image: &Image, made: (usize, usize)) -> u64 {
        let samples: usize = image.planes.iter().chain(&image.alpha).map(|plane| plane.data.len()).sum();
        // Hidden colours are kept, and their surroundings are computed at half the size and below.
        let hidden = if image.alpha.is_some() { 4 * samples as u64 * 3 / 2 } else { 0 };
        self.bytes_of((image.width(), image.height()), 4 * samples as u64, made) + hidden
    }

    /// Bytes of the program, of an image with that many bytes of planes, of the network's result, and of that
    /// in another size.
    pub(super) fn bytes_of(&self, size: (usize, usize), planes: u64, (width, height): (usize, usize)) -> u64 {
        let factor = self.tiled.scale();
        let times = (1 + factor * factor) as u64;
        let of_network = planes.saturating_mul(times);
        let other = if (width, height) == (size.0 * factor, size.1 * factor) {
            0.0
        } else {
            planes as f64 * (width as f64 / size.0 as f64) * (height as f64 / size.1 as f64)
        };
        // Blending, or a second copy of a plane.
        let plane = 4 * (size.0 * size.1) as u64;
        let blend = (planes + 3 * plane).max(plane * (factor * factor) as u64);
        let blend = if self.gate.is_some() { blend } else { 0 };
        memory::PROGRAM.saturating_add(of_network).saturating_add(other as u64).saturating_add(blend)
    }

    /// The planes in another size. The edges of a small image are repeated around it, since the network takes
    /// everything outside for black.
    fn planes(
        &self,
        image: &Image,
        (width, height): (usize, usize),
        memory: u64,
        evidence: &mut Evidence,
        ctx: &Context<'_>,
    ) -> Result<(Vec<Plane>, UpscaledBy), UpscaleError> {
        let scale = self.tiled.scale();
        let mode = match self.gate {
            Some(_) => evidence.mode.unwrap_or_else(|| UpscalingMode::from_image(image, ctx)),
            None => UpscalingMode::Network,
        };
        let (mut planes, by) = match (mode, &self.gate) {
            (UpscalingMode::Repetition, _) => {
                let repeated = image.planes.iter().map(|plane| pixels::repeated(plane, width, height));
                (repeated.collect(), UpscaledBy::Repetition)
            }
            (UpscalingMode::Interpolation, _) => {
                let size = (scale * image.width(), scale * image.height());
                let cubic = |plane: &Plane| plane.resized(size.0, size.1, Resampling::BicubicAntialiased);
                (image.planes.iter().map(cubic).collect(), UpscaledBy::Interpolation)
            }
            (UpscalingMode::Confinement, _) => {
                let mut planes = self.upscaled(image, memory, ctx)?;
                drawing::confine(&image.planes, &mut planes, scale, ctx);
                (planes, UpscaledBy::Confinement)
            }
            (UpscalingMode::Blend, Some(gate)) => {
                let mut planes = self.upscaled(image, memory, ctx)?;
                let share = blend::blend(gate, &image.planes, &mut planes, scale, evidence, ctx);
                (planes, UpscaledBy::Blend { share })
            }
            (UpscalingMode::Network, _) | (UpscalingMode::Blend, None) => {
                (self.upscaled(image, memory, ctx)?, UpscaledBy::Network)
            }
        };
        for plane in planes.iter_mut().filter(|plane| (plane.width, plane.height) != (width, height)) {
            *plane = plane.resized(width, height, Resampling::BicubicAntialiased);
        }
        Ok((planes, by))
    }

    /// The planes as the network scales them.
    fn upscaled(&self, image: &Image, memory: u64, ctx: &Context<'_>) -> Result<Vec<Plane>, UpscaleError> {
        let size = (image.width(), image.height());
        if size.0.min(size.1) >= SMALL || size.0.max(size.1) > LONG {
            return self.tiled.upscaled(image, memory, ctx);
        }
        let planes = image.planes.iter().map(|plane| surrounded(plane, MARGIN)).collect();
        let framed = Image::new(planes, image.color.model, image.depth);
        let planes = self.tiled.upscaled(&framed, memory, ctx)?;
        let scale = self.tiled.scale();
        let inner = Window { x0: MARGIN, y0: MARGIN, x1: MARGIN + size.0, y1: MARGIN + size.1 }.times(scale);
        Ok(planes.iter().map(|plane| plane.cut(inner)).collect())
    }
}

/// Alpha in the size of the result.
fn resized_alpha(alpha: &Plane, width: usize, height: usize) -> Plane {
    let smaller = width < alpha.width || height < alpha.height;
    let method = if smaller { Resampling::BicubicAntialiased } else { Resampling::Bicubic };
    let mut made = alpha.resized(width, height, method);
    made.data.iter_mut().for_each(|v| *v = v.clamp(0.0, 1.0));
    made
}

/// A plane with its edges repeated around it.
fn surrounded(plane: &Plane, margin: usize) -> Plane {
    let (width, height) = (plane.width + 2 * margin, plane.height + 2 * margin);
    let inside = |at: usize, side: usize| at.saturating_sub(margin).min(side - 1);
    let mut data = Vec::with_capacity(width * height);
    for y in 0..height {
        let row = plane.row(inside(y, plane.height));
        data.extend((0..width).map(|x| row[inside(x, plane.width)]));
    }
    Plane { width, height, data }
}
