//! Upscaling of one image in memory by a network, to any size.

mod blend;
mod drawing;
#[cfg(feature = "video")]
mod frames;
mod gate;
mod hidden_colours;
mod mode;
mod network;
mod pixels;
mod rows;
mod size;
mod weights;

use std::path::PathBuf;
use std::sync::Arc;

use unband_image::dither::Dither;
use unband_image::{Context, Depth, Image, Origin, Rng, With};
use unband_infer::{Engine, TiledUpscaler};
use unband_nets::arch::Architecture;

#[cfg(feature = "video")]
pub(crate) use self::frames::{FrameRounding, FrameUpscaler, LargeFrame};
pub(crate) use self::gate::Gate;
use self::hidden_colours::HiddenColours;
use self::mode::Evidence;
use self::network::Network;
pub use self::size::UpscaleSize;
use super::check::check;
use super::not_finite::NotFinite;
use super::round::{Rounding, regrid_alpha, round};
use super::wrapping::Wrapping;
use crate::{Error, OutputDepth, Precision, TreatAs, Wrap, shipped};

/// Options of upscaling. The default is the built-in network at scale 4.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct UpscaleOptions {
    /// Size of the result.
    pub size: UpscaleSize,
    /// A checkpoint of an upscaling network; without one the built-in network runs.
    pub weights: Option<PathBuf>,
    /// Share of `weights`, 0 to 1, the rest from the file with `-wdn` in its name next to it: Real-ESRGAN's
    /// general network, which removes less noise by the latter. `None`: `weights` alone.
    pub denoise: Option<f32>,
    /// Precision of the network's multiplications.
    pub precision: Precision,
    /// Bits per sample of the result.
    pub depth: OutputDepth,
    /// Dithering method. `None`: blue noise where the image has finer levels than the result, else none.
    pub dither: Option<Dither>,
    /// The same dither threshold on all channels?
    pub locked: bool,
    /// Seed of the dither.
    pub seed: u64,
    /// Treat the image as a photo, drawing or data, or by detection. Only for the built-in network.
    pub treat_as: TreatAs,
    /// Edges that meet.
    pub wrap: Wrap,
    /// Memory limit in bytes; windows shrink to fit it.
    pub max_memory: Option<u64>,
}

impl Default for UpscaleOptions {
    fn default() -> Self {
        Self {
            size: UpscaleSize::Network,
            weights: None,
            denoise: None,
            precision: Precision::Auto,
            depth: OutputDepth::Keep,
            dither: None,
            locked: false,
            seed: 0,
            treat_as: TreatAs::Auto,
            wrap: Wrap::Auto,
            max_memory: None,
        }
    }
}

/// Report on one upscaled image.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct UpscaleReport {
    /// The network, and the size of the result.
    pub work: Upscale,
    /// The method.
    pub by: UpscaledBy,
    /// Bits per sample of the result.
    pub depth: Depth,
}

/// How an image was upscaled.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum UpscaledBy {
    /// The network alone.
    Network,
    /// A blend of the result of the built-in network and cubic interpolation.
    Blend {
        /// Mean share of the network, 0 to 1.
        share: f32,
    },
    /// The network, its result within the range of the samples around each one: drawings.
    Confinement,
    /// Cubic interpolation: data such as normal maps and colour tables.
    Interpolation,
    /// Each pixel repeated: pixel art.
    Repetition,
}

impl UpscaledBy {
    /// Mean share of the network, 0 to 1.
    pub fn network_share(self) -> f32 {
        match self {
            Self::Network | Self::Confinement => 1.0,
            Self::Blend { share } => share,
            Self::Interpolation | Self::Repetition => 0.0,
        }
    }
}

/// Upscaling networks, ready for many images.
pub struct Upscaler {
    /// By increasing factor; never empty.
    networks: Vec<Network>,
    size: UpscaleSize,
    dither: Option<Dither>,
    treat_as: TreatAs,
    /// File of the weights, if they are not built in.
    file: Option<PathBuf>,
}

/// The planned upscaling of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upscale {
    /// The network.
    pub network: &'static str,
    /// Factor of the network.
    pub scale: usize,
    /// Width of the result.
    pub width: usize,
    /// Height of the result.
    pub height: usize,
}

impl std::fmt::Debug for Upscaler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let factors: Vec<usize> = self.networks.iter().map(|network| network.tiled.scale()).collect();
        write!(
            f,
            "Upscaler({} ×{factors:?} {:?}, {:?})",
            self.networks[0].name,
            self.file,
            (self.size, self.treat_as)
        )
    }
}

impl Upscaler {
    /// Loads the networks that the options need. The built-in one has factors 2 and 4: the smallest that
    /// reaches the size of an image upscales it.
    ///
    /// # Errors
    /// A file without such a network, and a factor above that of the weights.
    pub fn new(options: &UpscaleOptions) -> Result<Self, Error> {
        let products = options.precision.products()?;
        let UpscaleOptions { size, dither, treat_as, .. } = *options;
        if let Some(file) = &options.weights {
            let network = weights::network(file, options.denoise, products)?;
            let has = network.tiled.scale();
            return match size {
                UpscaleSize::Scale(asked) if asked > has as f64 => {
                    Err(Error::Scale { file: file.clone(), has, asked })
                }
                _ => Ok(Self { networks: vec![network], size, dither, treat_as, file: Some(file.clone()) }),
            };
        }
        let factors: &[usize] = match size {
            UpscaleSize::Network => &[4],
            UpscaleSize::Scale(factor) if factor <= 2.0 => &[2],
            UpscaleSize::Scale(factor) if factor <= 4.0 => &[4],
            UpscaleSize::Scale(scale) => return Err(Error::NoUpscaler { scale }),
            UpscaleSize::Width(_) | UpscaleSize::Height(_) | UpscaleSize::Fit(..) => &[2, 4],
        };
        let built_in = |&factor: &usize| {
            let (architecture, engine) = shipped::upscaler(factor, products)?;
            let gate = Some(shipped::upscaler_gate(factor)?);
            Ok::<_, Error>(Network { gate, ..Self::of_engine(architecture, engine)? })
        };
        let networks = factors.iter().map(built_in).collect::<Result<_, _>>()?;
        Ok(Self { networks, size, dither, treat_as, file: None })
    }

    fn of_engine(architecture: &'static Architecture, engine: Engine) -> Result<Network, Error> {
        let tiled = TiledUpscaler::new(architecture, Arc::new(engine))?;
        Ok(Network { name: architecture.name, tiled, gate: None })
    }

    /// Description of the network with the largest factor.
    pub fn graph(&self) -> &unband_nets::Graph {
        self.last().tiled.graph()
    }

    /// The size in names of files: `x4`, `x1.5`, `w1920`, `h1080`, `1920x1080`.
    pub fn label(&self) -> String {
        self.size.label(self.last().tiled.scale())
    }

    /// The work for an image of given width and height.
    pub fn planned(&self, size: (usize, usize)) -> Upscale {
        let (network, (width, height)) = self.network_for(size);
        Upscale { network: network.name, scale: network.tiled.scale(), width, height }
    }

    /// As [`Upscaler::planned`], for frames of a video: both sides are even, as encoders need them, and sizes
    /// are those on the display, where it shows frames turned by a quarter.
    #[cfg(feature = "video")]
    pub(crate) fn planned_frames(&self, own: (usize, usize), turned: bool) -> Upscale {
        let size = if turned { self.size.turned() } else { self.size };
        let made = size.even(own, self.last().tiled.scale());
        let network = self.reaching(own.0, own.1, made);
        Upscale { network: network.name, scale: network.tiled.scale(), width: made.0, height: made.1 }
    }

    /// Nothing is known about an image, or a shot, but what the user says.
    fn evidence(&self) -> Evidence {
        Evidence::new(self.treat_as)
    }

    fn last(&self) -> &Network {
        &self.networks[self.networks.len() - 1]
    }

    /// The network for an image, the smallest that reaches the size of the result, and that size.
    fn network_for(&self, own: (usize, usize)) -> (&Network, (usize, usize)) {
        let made = self.size.of(own, self.last().tiled.scale());
        (self.reaching(own.0, own.1, made), made)
    }

    /// The smallest network that upscales an image to a size.
    fn reaching(&self, width: usize, height: usize, made: (usize, usize)) -> &Network {
        let reaches = |network: &&Network| {
            let scale = network.tiled.scale();
            width * scale >= made.0 && height * scale >= made.1
        };
        self.networks.iter().find(reaches).unwrap_or(self.last())
    }

    /// Upscales an image. The same bytes come out for any number of threads. Where the factor of the network
    /// is not the one asked for, its result is resized by antialiased cubic interpolation.
    ///
    /// The result of the built-in network is blended with cubic interpolation: without noise or compression
    /// in the image, interpolation is nearer to the original where the network changes much. In drawings,
    /// each sample stays within the range of those around it; pixels of pixel art are repeated.
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
        let finer = image.depth.bits() > depth.bits();
        let default = if finer { Dither::BlueNoise } else { Dither::None };
        let dither = options.dither.or(self.dither).unwrap_or(default);
        let own_size = (image.width(), image.height());
        let (network, size) = self.network_for(own_size);
        network.check_memory(&image, size)?;
        let hidden = HiddenColours::fill(&mut image);
        let (allowed, evidence) = (options.max_memory, &mut self.evidence());
        let (planes, alpha, by) = match Wrapping::new(&image, options.wrap) {
            None => network.resized(&image, size, allowed, evidence, ctx)?,
            Some(wrapping) => network.resized_around(&image, size, wrapping, allowed, evidence, ctx)?,
        };
        let mut made = Image { planes, alpha, origin: Origin::default(), ..image };
        let ctx = &(*ctx).but(|new| new.rng = Rng::new(options.seed));
        round(&mut made, None, Rounding { depth, dither, locked: options.locked }, ctx);
        regrid_alpha(&mut made, depth);
        if let (Some(hidden), Some(source)) = (hidden, image.alpha) {
            hidden.put_back(&source, &mut made);
        }
        let report = UpscaleReport { work: self.planned(own_size), by, depth };
        Ok((made, report))
    }

    /// The least memory for an image of given size and bytes of planes.
    #[cfg(feature = "files")]
    pub(crate) fn least(&self, size: (usize, usize), planes: u64, ctx: &Context<'_>) -> u64 {
        let (network, made) = self.network_for(size);
        network.bytes_of(size, planes, made).saturating_add(network.tiled.least_bytes(size, ctx.threads))
    }
}
