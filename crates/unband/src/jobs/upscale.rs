//! Upscaling of one image in memory by a network.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use unband_image::dither::Dither;
use unband_image::{Context, Depth, Hint, Image, Origin, Plane, Resampling, Rng, Window, With};
use unband_infer::{Engine, TiledUpscaler, UpscaleError, models};
use unband_nets::arch::{self, Architecture, Purpose};
use unband_nets::{Convention, checkpoint};

use super::check::check;
use super::hidden::HiddenColours;
use super::memory;
use super::not_finite::NotFinite;
use super::round::{Rounding, regrid_alpha, round};
use crate::{Error, OutputDepth, Precision, shipped};

/// Memory for network buffers without a memory limit.
const MEMORY: u64 = 1 << 30;

/// Sides below which an image is framed.
const SMALL: usize = 4;
/// Sides above which it is not, since a frame would be many times its size.
const LONG: usize = 4096;
/// Width of the frame, in samples.
const MARGIN: usize = 32;

/// Options of upscaling. The default is the built-in network at scale 4.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct UpscaleOptions {
    /// Width of the result relative to the image; `None`: the scale of the weights, 4 for the built-in
    /// network.
    pub scale: Option<usize>,
    /// A checkpoint of an upscaling network; without one the built-in network runs.
    pub weights: Option<PathBuf>,
    /// Precision of the network's multiplications.
    pub precision: Precision,
    /// Bits per sample of the result.
    pub depth: OutputDepth,
    /// Dithering method.
    pub dither: Dither,
    /// The same dither threshold on all channels?
    pub locked: bool,
    /// Seed of the dither.
    pub seed: u64,
    /// Memory limit in bytes; windows shrink to fit it.
    pub max_memory: Option<u64>,
}

impl Default for UpscaleOptions {
    fn default() -> Self {
        Self {
            scale: None,
            weights: None,
            precision: Precision::Auto,
            depth: OutputDepth::Keep,
            dither: Dither::BlueNoise,
            locked: false,
            seed: 0,
            max_memory: None,
        }
    }
}

/// Report on one upscaled image.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct UpscaleReport {
    /// The network.
    pub network: &'static str,
    /// Width of the result relative to the image.
    pub scale: usize,
    /// Bits per sample of the result.
    pub depth: Depth,
}

/// An upscaling network, ready for many images.
pub struct Upscaler {
    upscaler: TiledUpscaler,
    network: &'static str,
}

impl std::fmt::Debug for Upscaler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Upscaler({} ×{})", self.network, self.scale())
    }
}

impl Upscaler {
    /// Loads the network that the options select.
    ///
    /// # Errors
    /// A file without one, or one with another scale than requested.
    pub fn new(options: &UpscaleOptions) -> Result<Self, Error> {
        let products = options.precision.products()?;
        let made = if let Some(file) = &options.weights {
            Self::of_file(file, products)?
        } else {
            let (architecture, engine) = shipped::upscaler(options.scale.unwrap_or(4), products)?;
            Self::of_engine(architecture, engine)?
        };
        let has = made.upscaler.scale();
        match (options.scale, &options.weights) {
            (Some(asked), Some(file)) if asked != has => Err(Error::Scale { file: file.clone(), has, asked }),
            _ => Ok(made),
        }
    }

    fn of_file(file: &Path, products: unband_simd::Precision) -> Result<Self, Error> {
        let fault = |what: String, hint: Option<String>| {
            let what = models::without_name(file, what);
            Error::Setting(unband_image::ParamError::File { path: file.display().to_string(), what, hint })
        };
        // The file defines the network.
        let source = checkpoint::load(file).map_err(|error| fault(error.to_string(), error.hint()))?;
        let opened = source.read().map_err(|error| fault(error.to_string(), error.hint()))?;
        let convention = Convention::of_file(&source, &opened.facts);
        drop(source);
        let network = opened.network().map_err(|error| fault(error.to_string(), error.hint()))?;
        let architecture: &'static Architecture = network.architecture;
        if architecture.use_as.purpose != Purpose::Upscale {
            let enlarging = arch::ARCHITECTURES.iter().filter(|a| a.use_as.purpose == Purpose::Upscale);
            let names: Vec<&str> = enlarging.map(|a| a.name).collect();
            let run = match architecture.use_as.purpose {
                Purpose::Deband => format!("`unband FILE --weights {}` runs it; ", file.display()),
                _ => String::new(),
            };
            let hint = format!("{run}upscaling networks are {}", names.join(", "));
            return Err(fault(
                format!("holds the network {}, which does not upscale", architecture.name),
                Some(hint),
            ));
        }
        let level = unband_simd::Level::best();
        let engine = Engine::with_precision(network.graph, network.weights, level, products);
        Self::of_engine(architecture, engine.with_convention(convention))
    }

    fn of_engine(architecture: &'static Architecture, engine: Engine) -> Result<Self, Error> {
        Ok(Self { upscaler: TiledUpscaler::new(architecture, Arc::new(engine))?, network: architecture.name })
    }

    /// The network's description.
    pub fn graph(&self) -> &unband_nets::Graph {
        self.upscaler.graph()
    }

    /// Name of the network.
    pub fn network(&self) -> &'static str {
        self.network
    }

    /// Width of the result relative to the image.
    pub fn scale(&self) -> usize {
        self.upscaler.scale()
    }

    /// Upscales an image. The same bytes come out for any number of threads.
    ///
    /// Colour, depth, profile and metadata stay. Alpha is upscaled by bicubic interpolation. YUV becomes RGB.
    /// Infinite and NaN samples take the value of their neighbour.
    ///
    /// # Errors
    /// Planes that do not fit together, too little memory allowed, or cancelled.
    pub fn upscale(
        &self,
        mut image: Image,
        options: &UpscaleOptions,
        ctx: &Context<'_>,
    ) -> Result<(Image, UpscaleReport), Error> {
        check(&image)?;
        if image.is_yuv() {
            image = image.into_rgb(ctx).map_err(|error| Error::Image(error.to_string()))?;
        }
        let _ = NotFinite::take(&mut image);
        let depth = options.depth.resolve(image.depth);
        let memory = self.memory(&image, options.max_memory);
        if !memory::at_hand(self.bytes(&image).saturating_sub(memory::PROGRAM)) {
            return Err(Error::NoMemory { needed_mib: self.bytes(&image).div_ceil(1 << 20) });
        }
        let own = self.bytes(&image);
        let hidden = HiddenColours::fill(&mut image);
        let planes = self.planes(&image, memory, ctx).map_err(|error| match error {
            UpscaleError::Memory { needed } => {
                memory::error(own + needed, options.max_memory.unwrap_or(own + MEMORY), false)
            }
            UpscaleError::Restore(error) => error.into(),
        })?;
        let alpha = image.alpha.as_ref().map(|alpha| self.upscaled_alpha(alpha));
        let mut made = Image { planes, alpha, origin: Origin::default(), ..image };
        let ctx = &(*ctx).but(|new| new.rng = Rng::new(options.seed));
        round(&mut made, None, Rounding { depth, dither: options.dither, locked: options.locked }, ctx);
        regrid_alpha(&mut made, depth);
        if let (Some(hidden), Some(source)) = (hidden, image.alpha) {
            hidden.put_back(&source, &mut made, self.scale());
        }
        let report = UpscaleReport { network: self.network, scale: self.scale(), depth };
        Ok((made, report))
    }

    /// The larger planes. The edges of a small image are repeated around it, since the network takes
    /// everything outside for black.
    fn planes(&self, image: &Image, memory: u64, ctx: &Context<'_>) -> Result<Vec<Plane>, UpscaleError> {
        let size = (image.width(), image.height());
        if size.0.min(size.1) >= SMALL || size.0.max(size.1) > LONG {
            return self.upscaler.upscaled(image, memory, ctx);
        }
        let planes = image.planes.iter().map(|plane| surrounded(plane, MARGIN)).collect();
        let framed = Image::new(planes, image.color.model, image.depth);
        let planes = self.upscaler.upscaled(&framed, memory, ctx)?;
        let scale = self.scale();
        let inner = Window { x0: MARGIN, y0: MARGIN, x1: MARGIN + size.0, y1: MARGIN + size.1 }.times(scale);
        Ok(planes.iter().map(|plane| plane.cut(inner)).collect())
    }

    fn upscaled_alpha(&self, alpha: &Plane) -> Plane {
        let (width, height) = (alpha.width * self.scale(), alpha.height * self.scale());
        let mut larger = alpha.resized(width, height, Resampling::Bicubic);
        larger.data.iter_mut().for_each(|v| *v = v.clamp(0.0, 1.0));
        larger
    }

    /// Bytes of the program, of an image and of its result.
    fn bytes(&self, image: &Image) -> u64 {
        let samples: usize = image.planes.iter().chain(&image.alpha).map(|plane| plane.data.len()).sum();
        // Hidden colours are kept, and their surroundings are computed at half the size and below.
        let hidden = if image.alpha.is_some() { 4 * samples as u64 * 3 / 2 } else { 0 };
        self.bytes_of(4 * samples as u64) + hidden
    }

    /// Bytes of the program, of an image with that many bytes of planes, and of its result.
    fn bytes_of(&self, planes: u64) -> u64 {
        let times = (1 + self.scale() * self.scale()) as u64;
        memory::PROGRAM + planes.saturating_mul(times)
    }

    /// The least memory for an image of given size and bytes of planes.
    #[cfg(feature = "files")]
    pub(crate) fn least(&self, size: (usize, usize), planes: u64, ctx: &Context<'_>) -> u64 {
        self.bytes_of(planes).saturating_add(self.upscaler.least_bytes(size, ctx.threads))
    }

    /// Memory left for the network besides the image and its result.
    fn memory(&self, image: &Image, allowed: Option<u64>) -> u64 {
        allowed.map_or(MEMORY, |allowed| allowed.saturating_sub(self.bytes(image)))
    }
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
