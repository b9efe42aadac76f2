//! Plan of a file's work: the repair and upscaling of its image, and the format and name of its result.

use std::path::{Path, PathBuf};

use unband_image::findings::Findings;
use unband_image::{Context, Depth, Image, Model};
use unband_io::FormatEntry;

use super::names::{asked_format, default_format, extension, fitting_depth, is_taken, with_extension};
use super::{FileOptions, Input, Output, path_of};
use crate::choose::{Act, Choices, choose, find};
use crate::faithful::Faithful;
use crate::jobs::check::check;
use crate::jobs::upscale::Upscale;
use crate::networks;
use crate::{Error, Options, OutputDepth};

/// Findings on an image, and the planned repair.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Repair {
    /// The findings.
    pub findings: Findings,
    /// The method.
    pub method: &'static str,
    /// The parameters that were set, in order.
    pub settings: Vec<(&'static str, String)>,
    /// The intervals that samples are kept in.
    pub faithful: Faithful,
    /// The action on the samples.
    pub act: Act,
    /// Is the alpha channel repaired?
    pub alpha: bool,
}

impl Repair {
    pub(super) fn new(findings: Findings, choices: &Choices) -> Self {
        Self {
            findings,
            method: choices.method.name(),
            settings: choices.method.given(),
            faithful: choices.faithful,
            act: choices.act,
            alpha: choices.alpha,
        }
    }
}

/// Properties of a file, and the planned work.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// Format of the input, by its content.
    pub input_format: &'static FormatEntry,
    /// Width, after orientation.
    pub width: usize,
    /// Height, after orientation.
    pub height: usize,
    /// Bits per sample of the input.
    pub input_depth: Depth,
    /// Is the input's coding lossy?
    pub input_lossy: bool,
    /// The removal of banding; `None` where the image is only upscaled.
    pub repair: Option<Repair>,
    /// The upscaling network, where there is one.
    pub upscale: Option<Upscale>,
    /// Number of frames of an animation; its repair is that of the first shot that needs one.
    pub frames: Option<usize>,
    /// Bits per sample of the result.
    pub depth: Depth,
    /// Format of the result.
    pub format: &'static FormatEntry,
    /// File of the result; `None` for bytes, and where nothing is written.
    pub output: Option<PathBuf>,
    /// Is the input copied byte for byte?
    pub copies: bool,
    /// Does the input end before the image does? Then the result is never a copy.
    pub partial: bool,
    /// A file that exists and would have to be replaced: `output`, or that of an extra output.
    pub taken: Option<PathBuf>,
}

/// Checks that a format can hold a result.
///
/// # Errors
/// It cannot; with the file.
pub(super) fn check_holds(
    model: Model,
    depth: Depth,
    alpha: bool,
    format: &'static FormatEntry,
    path: Option<&Path>,
) -> Result<(), Error> {
    let holds =
        unband_io::check_model(model, format).and_then(|()| unband_io::check_can_hold(depth, alpha, format));
    holds.map_err(|error| match path {
        Some(path) => error.in_file(path).into(),
        None => error.into(),
    })
}

/// Plans the work on an image, with the choices for its repair.
pub(super) fn plan(
    input: Input<'_>,
    image: &Image,
    input_format: &'static FormatEntry,
    output: &Output<'_>,
    options: &FileOptions,
    ctx: &Context<'_>,
) -> Result<(Plan, Option<Choices>), Error> {
    check(image)?;
    ctx.check()?;
    let asked = asked_format(options.format, output)?;
    let depth = fitting_depth(options.options.depth, asked);
    let upscaler = options.task.upscaler();
    let (mut repair, mut choices, mut taken) = (None, None, None);
    if options.task.debands() {
        let findings = find(image, &options.options, ctx);
        let chosen_for = |depth| choose(image, &findings, &Options { depth, ..options.options.clone() });
        let mut chosen = chosen_for(depth)?;
        if upscaler.is_some() {
            // It is rounded once, at the end; with nothing to repair it has the levels of its file.
            let restored = chosen.act == Act::Restore;
            chosen = chosen_for(if restored { OutputDepth::Float } else { OutputDepth::Keep })?;
        }
        if let Some(file) = &options.extra_output {
            networks::check_extra_output(&chosen.method, &file.name)?;
            taken = is_taken(Some(&file.path), options.overwrite)?.then(|| file.path.clone());
        }
        (repair, choices) = (Some(Repair::new(findings, &chosen)), Some(chosen));
    }
    let own = choices.as_ref().filter(|_| upscaler.is_none());
    let depth = own.map_or(depth.resolve(image.depth), |choices| choices.depth);
    let mut plan = Plan {
        input_format,
        width: image.width(),
        height: image.height(),
        input_depth: image.depth,
        input_lossy: image.origin.is_lossy(),
        repair,
        upscale: upscaler.map(|made| made.planned((image.width(), image.height()))),
        frames: None,
        depth,
        format: asked.unwrap_or_else(|| default_format(image, input_format, depth)),
        output: None,
        copies: false,
        partial: image.metadata.missing_rows.is_some(),
        taken,
    };
    let unchanged =
        own.is_some_and(|choices| matches!(choices.act, Act::Leave(_)) && !choices.alpha) && !plan.partial;
    target(&mut plan, input, output, options, unchanged);
    // Before any work: can the format hold the result, and may the file be written?
    if !plan.copies {
        let holds_planes = holds_planes_of(plan.format, image);
        if options.prove && !holds_planes {
            return Err(Error::Unprovable { format: plan.format.name });
        }
        // YUV becomes RGB where the format has no planes for it, and for a network.
        let rgb = image.is_yuv() && (upscaler.is_some() || !holds_planes);
        let model = if rgb { Model::Rgb } else { image.color.model };
        let alpha = upscaler.is_some() && image.alpha.is_some();
        check_holds(model, plan.depth, alpha, plan.format, plan.output.as_deref())?;
    }
    if is_taken(plan.output.as_deref(), options.overwrite)? {
        plan.taken.clone_from(&plan.output);
    }
    Ok((plan, choices))
}

/// Can the format hold the image's planes as they are? Always true for RGB and grey.
pub(super) fn holds_planes_of(format: &'static FormatEntry, image: &Image) -> bool {
    !image.is_yuv() || unband_io::check_model(image.color.model, format).is_ok()
}

/// Sets the destination and format of the result, and whether it is a copy.
pub(super) fn target(
    plan: &mut Plan,
    input: Input<'_>,
    output: &Output<'_>,
    options: &FileOptions,
    unchanged: bool,
) {
    let own = match output {
        Output::File(_) => plan.format == plan.input_format,
        _ => options.format.is_none_or(|format| format == plan.input_format),
    };
    plan.copies = unchanged && own;
    if plan.copies {
        plan.format = plan.input_format;
    }
    let path = path_of(input);
    plan.output = match output {
        _ if unchanged && options.only_banded => None,
        Output::Sink(_) => None,
        Output::File(path) => Some(path.to_path_buf()),
        Output::Stem(stem) => Some(with_extension(stem, &extension(path, plan.format))),
    };
}
