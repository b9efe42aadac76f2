//! `unband upscale`: upscaling of images and videos.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use unband::batch::Cost;
use unband::files::{self, FileOptions, Task};
use unband::records::Schema;
use unband::{Context, TreatAs, UpscaleOptions, UpscaleSize, Upscaler, With, models};

use crate::args::{ImageArgs, VideoArgs, treat_as, within};
use crate::bar::Bar;
use crate::images::{self, ImageCommand};
use crate::inputs::{Gathered, SUFFIX};
use crate::media::{self, MediaCommand};
use crate::outcome::Outcome;
use crate::reporter::{Failure, Reporter};
use crate::settings;
use crate::videos::{self, VideoJob};

const AFTER: &str = "\
Examples:
  unband upscale old.jpg                           old.jpg → old_x4_unband.png, 4 times the width and height
  unband upscale old.jpg --weights BSRGAN.pth      with a published network
  unband upscale photos -o large --fit 3840x2160   as large as fits into that size
  unband upscale old.jpg --scale 1.5               the result of 2 times, made smaller
  unband upscale clip.mkv --scale 2                a video: clip_x2_unband.mkv; `-n` says time and size first
  unband upscale sky.png --weights RealESRGAN_x2plus.pth --deband --depth 16

Without `--weights`, banding is removed, then a small built-in network upscales 4 times, or 2 times where that \
reaches the size asked for. Its result is blended with interpolation where the image has neither noise nor \
traces of compression; drawings get sharp edges without halos, pixels of pixel art are repeated. The result is \
made smaller where it is larger than asked for, and interpolated where a size needs more. `--look crisp` needs \
an imported Real-ESRGAN: `unband models import RealESRGAN_x4plus.pth`. Published checkpoints of \
BSRGAN, BSRNet, ESRGAN, FSSR, RealSR, Real-ESRGAN (realesr-animevideov3 and realesr-general-x4v3 too), \
SPAN, RealPLKSR and SwinIR work as they are: `unband models list` names them, \
`unband models info FILE` shows the contents of a file.

Exit codes:
  0    done
  1    some images failed, the others are done
  2    wrong usage, nothing was started
  130  interrupted";

/// Arguments of `unband upscale`. Texts that differ from those of `deband` replace them.
#[derive(Clone, Debug, Args)]
#[command(
    after_long_help = AFTER,
    mut_arg("output", |arg| arg.help(OUTPUT).long_help(format!("{OUTPUT}\n\n{OUTPUT_MORE}"))),
    mut_arg("dither", |arg| {
        let help = "Dithering method [default: blue-noise where levels are lost, else none; video as `deband`]";
        arg.help(help).long_help(format!("{help}\n\n`unband list dithers` shows all."))
    }),
    mut_arg("suffix", |arg| arg.help(SUFFIX_HELP).long_help(format!("{SUFFIX_HELP}\n\n{SUFFIX_MORE}")))
)]
pub(crate) struct UpscaleArgs {
    /// Scale factor, above 1 [default: that of the weights, else 4]
    #[arg(short, long, value_name = "N", value_parser = scale, group = "size", help_heading = "Method")]
    scale: Option<f64>,
    /// Width of the result, in pixels
    #[arg(long, value_name = "N", value_parser = within::<usize>(1..=LONGEST), group = "size", help_heading = "Method")]
    width: Option<usize>,
    /// Height of the result, in pixels
    #[arg(long, value_name = "N", value_parser = within::<usize>(1..=LONGEST), group = "size", help_heading = "Method")]
    height: Option<usize>,
    /// Largest size of the result, in pixels
    #[arg(long, value_name = "WxH", value_parser = fit, group = "size", help_heading = "Method")]
    fit: Option<(usize, usize)>,
    /// Network weights: a file or an imported model [default: built-in]
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, help_heading = "Method")]
    weights: Option<PathBuf>,
    /// Noise removal of realesr-general-x4v3, 0 to 1 [default: 1]
    ///
    /// Mixes its weights with those of realesr-general-wdn-x4v3, a file next to it.
    #[arg(long, value_name = "N", value_parser = share, requires = "weights", help_heading = "Method")]
    denoise: Option<f32>,
    /// `faithful` to the image, or `crisp`: detail invented by an imported Real-ESRGAN
    #[arg(long, value_name = "LOOK", value_enum, default_value_t = Look::Faithful, hide_default_value = true)]
    #[arg(conflicts_with = "weights", help_heading = "Method")]
    look: Look,
    /// Treat as photo, drawing, data or auto
    ///
    /// photo: a blend of network and interpolation
    /// drawing: sharp edges without halos; banding stays
    /// data: interpolated; banding stays
    #[arg(long, value_name = "KIND", default_value = "auto", value_parser = treat_as, help_heading = "Method", verbatim_doc_comment)]
    treat_as: TreatAs,
    /// Remove banding first [default: without `--weights`]
    #[arg(long, help_heading = "Method")]
    deband: bool,
    /// Leave banding as it is
    #[arg(long, conflicts_with = "deband", help_heading = "Method")]
    no_deband: bool,
    /// Options of all commands that write images.
    #[command(flatten)]
    images: ImageArgs,
    /// Options for videos.
    #[command(flatten)]
    video: VideoArgs,
}

impl UpscaleArgs {
    /// Options of all commands that write images.
    pub(crate) fn images(&self) -> &ImageArgs {
        &self.images
    }

    fn size(&self) -> UpscaleSize {
        let own = self.scale.map(UpscaleSize::Scale);
        let width = self.width.map(UpscaleSize::Width);
        let height = self.height.map(UpscaleSize::Height);
        let fit = self.fit.map(|(width, height)| UpscaleSize::Fit(width, height));
        own.or(width).or(height).or(fit).unwrap_or_default()
    }
}

/// Origin of the detail of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Look {
    /// The image alone.
    Faithful,
    /// Invented too.
    Crisp,
}

/// A scale factor.
fn scale(text: &str) -> Result<f64, String> {
    let factor: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if factor > 1.0 && factor <= 64.0 {
        return Ok(factor);
    }
    Err("must be above 1 and at most 64".to_owned())
}

/// A share.
fn share(text: &str) -> Result<f32, String> {
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| "must be 0 to 1".to_owned())
}

/// Width and height, as `1920x1080`.
fn fit(text: &str) -> Result<(usize, usize), String> {
    let sides = text.split_once(['x', '×']).and_then(|(width, height)| {
        let side = |text: &str| text.parse().ok().filter(|side| (1..=LONGEST).contains(side));
        Some((side(width)?, side(height)?))
    });
    sides.ok_or_else(|| format!("must be like `1920x1080`, each side in 1..={LONGEST}"))
}

/// Largest side of a result.
const LONGEST: usize = 65_535;

const SUFFIX_HELP: &str =
    "Text after the name of each output [default: `_x4_unband` next to the input, none in a folder]";

const SUFFIX_MORE: &str =
    "KAIR's scripts write `NAME_MODEL.png`: `-o results --suffix _BSRGAN --format png`.";

const OUTPUT: &str = "File, folder, or `-` [default: `NAME_x4_unband.EXT`]";

const OUTPUT_MORE: &str = "\
By default the result is written next to the input; `_x4` is the scale factor, or `_w1920`, `_h1080`, `_1920x1080`.
`-` is standard output.
Several inputs, or a folder, need a folder here; names and subfolders are kept.";

/// Upscales images and videos.
pub(crate) fn run(args: &UpscaleArgs) -> Outcome {
    let quiet_bar = Bar::none();
    let reporter = &args.images.reporter;
    let reporter = Reporter { loudness: reporter.loudness(), bar: &quiet_bar };
    let Ok(work) = reporter.or_usage(Upscale::new(args)) else { return Outcome::Usage };
    media::run(&work, &reporter)
}

/// The upscaling job.
struct Upscale<'a> {
    args: &'a UpscaleArgs,
    options: FileOptions,
    upscaler: Arc<Upscaler>,
}

impl<'a> Upscale<'a> {
    fn new(args: &'a UpscaleArgs) -> Result<Self, Failure> {
        let images = &args.images;
        let folder = models::folder();
        let weights = args.weights.as_deref().map(|file| models::file_named(file, folder.as_deref()));
        let weights = match args.look {
            Look::Faithful => weights.transpose()?,
            Look::Crisp => Some(models::crisp(args.scale.unwrap_or(4.0), folder.as_deref())?),
        };
        let options = UpscaleOptions::with(|new| {
            new.size = args.size();
            new.weights = weights;
            new.denoise = args.denoise;
            new.precision = images.precision;
            new.dither = images.dither;
            new.treat_as = args.treat_as;
        });
        let format = images.format.as_deref().map(settings::format_named).transpose()?;
        if let Some(format) = format {
            settings::check_depth(format, images.depth, None)?;
        }
        let upscaler = Arc::new(Upscaler::new(&options)?);
        let made = Arc::clone(&upscaler);
        let options = settings::of_images(images).but(|new| {
            let deband = args.deband || args.weights.is_none() && !args.no_deband;
            new.task = if deband { Task::DebandThenUpscale(upscaler) } else { Task::Upscale(upscaler) };
            new.format = format;
            new.options.treat_as = args.treat_as;
        });
        Ok(Self { args, options, upscaler: made })
    }
}

impl MediaCommand for Upscale<'_> {
    fn images(&self) -> &ImageArgs {
        &self.args.images
    }

    fn video(&self) -> &VideoArgs {
        &self.args.video
    }

    fn job(&self, _no_copies: bool) -> Result<VideoJob<'_>, Failure> {
        let (images, video) = (&self.args.images, &self.args.video);
        let label = self.upscaler.label();
        let suffix = images.suffix.clone().unwrap_or_else(|| format!("_{label}{SUFFIX}"));
        let options =
            videos::options(images, video, self.options.task.clone(), self.options.options.clone())?;
        Ok(VideoJob { images, video, suffix, options, schema: self.schema() })
    }

    fn run_images(
        &self,
        found: Gathered,
        begins: Vec<u8>,
        _no_copies: bool,
        reporter: &Reporter<'_>,
    ) -> Outcome {
        images::run(self, &self.args.images, found, begins, reporter)
    }
}

impl ImageCommand for Upscale<'_> {
    fn options(&self) -> &FileOptions {
        &self.options
    }

    fn stem(&self, input: &Path) -> PathBuf {
        files::upscaled_stem(input, &self.upscaler)
    }

    fn cost(&self, _: &Path, ctx: &Context<'_>) -> Cost {
        // One image at a time: its network uses all threads and all memory.
        Cost { threads: ctx.threads, memory: self.args.images.resources.max_memory.unwrap_or(0) }
    }

    fn schema(&self) -> Schema {
        Schema("unband-upscale/1")
    }
}
