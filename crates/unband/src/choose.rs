//! Per-image choice of method, settings and output depth.

use std::borrow::Cow;
use std::sync::Arc;

use unband_detect::{inspect, inspect_photo};
use unband_filters::{smooth, undither};
use unband_image::findings::{Cause, Findings, PlaneGrid, Space};
use unband_image::method::Prepare;
use unband_image::{Context, Depth, Entry, FloatCodes, Image, LightCodes, Method, With};

use crate::faithful::Faithful;
use crate::networks::{self, PRECISION, STRENGTH};
use crate::{Alpha, Bands, Choice, Error, Options, OutputDepth, Precision, Reason, TreatAs};

/// The action on an image's samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Act {
    /// The method runs.
    Restore,
    /// Nothing to repair; the samples only change depth, dithered where the new depth has no code for them.
    Regrid,
    /// The samples stay unchanged, for this reason.
    Leave(Reason),
}

impl Act {
    /// Its reason, as reports have it after the work.
    pub fn reason(self) -> Reason {
        match self {
            Self::Restore => Reason::Restored,
            Self::Regrid => Reason::DepthOnly,
            Self::Leave(reason) => reason,
        }
    }
}

/// The plan for one image.
#[derive(Clone)]
pub struct Choices {
    /// The method with its parameters.
    pub method: Method,
    /// Its preparation step.
    pub(crate) prepare: Arc<Prepare>,
    /// Depth of the result.
    pub depth: Depth,
    /// The intervals that samples are kept in.
    pub faithful: Faithful,
    /// The action.
    pub act: Act,
    /// Is the alpha channel repaired?
    pub alpha: bool,
}

/// The default method: `undither` where the source was dithered, the built-in network where a grid was found
/// behind red, green and blue, else `smooth`.
///
/// `smooth` also runs on YUV planes of a video, and for strengths above 1, which the network was not trained
/// for. In images that were JPEG once, only block means are on the grid: `smooth` is more accurate there, and
/// where a codec hides the levels of a channel, whose mean the network would move.
fn usual(image: &Image, findings: &Findings, options: &Options) -> &'static Entry {
    if findings.dither.is_some() {
        return &undither::ENTRY;
    }
    let hidden = || findings.space == Space::Native && findings.grids.iter().any(|grid| !grid.found);
    let samples = match findings.cause {
        Cause::Jpeg | Cause::Declared => false,
        Cause::RecodedGrid => !hidden(),
        _ => true,
    };
    let network = !image.is_yuv() && options.strength <= 1.0;
    if network && samples && networks::has_grid(findings) {
        &networks::LITE
    } else if network && is_photo_file(findings) && in_file(image, findings, options) {
        &networks::JPEG
    } else {
        &smooth::ENTRY
    }
}

/// Is the file's own coding the only one that was found?
fn is_photo_file(findings: &Findings) -> bool {
    matches!(findings.cause, Cause::Plain | Cause::Jpeg | Cause::Coded | Cause::Video)
}

/// Are results kept inside the intervals of JPEG coefficients that the network for such files knows?
fn in_file(image: &Image, findings: &Findings, options: &Options) -> bool {
    faithful(image, findings, options.faithful, true) == Faithful::File && networks::has_blocks(image)
}

/// Findings on an image, as far as options say more than its samples.
pub fn find(image: &Image, options: &Options, ctx: &Context<'_>) -> Findings {
    let found = match options.treat_as {
        TreatAs::Photo => inspect_photo(image, ctx),
        TreatAs::Auto | TreatAs::Drawing | TreatAs::Data => inspect(image, ctx),
    };
    let found = declared(found, image, options);
    let depth = found.float_codes.map_or(image.depth, |codes| codes.depth());
    if options.truncated { found.truncated(depth) } else { found }
}

/// Findings with the bands that the options declare. Levels that were found with as many bits stay: their
/// intervals are exact.
pub(crate) fn declared(found: Findings, image: &Image, options: &Options) -> Findings {
    let Some((steps, bits)) = options.bands.map(|bands| bands.of_planes(image)) else { return found };
    let exact = |grid: &PlaneGrid| grid.found && grid.bits == bits;
    if bits.is_some() && found.cause == Cause::Levels && found.grids.iter().all(exact) {
        return found.but(|new| (new.drawing, new.visible) = (None, true));
    }
    let light = || LightCodes::values(image).map(FloatCodes::Light);
    let codes = found.float_codes.or_else(light);
    found.declared(&steps, bits).but(|new| new.float_codes = codes)
}

/// Checks the options that need no image: the method with its weights, and ranges.
///
/// # Errors
/// A parameter that the method does not have, an option outside its range, unusable weights.
pub fn check(options: &Options) -> Result<(), Error> {
    if let Some(method) = options.method.named() {
        settled(method, options)?.prepare()?;
        let is_set = options.strength.to_bits() != 1.0f32.to_bits();
        if is_set && !method.entry().ours {
            let range = "omitted for a method of others, which has parameters of its own";
            return Err(Error::Option { name: STRENGTH, range, got: options.strength.to_string() });
        }
    }
    ranges(options)
}

fn ranges(options: &Options) -> Result<(), Error> {
    options.bands.map_or(Ok(()), Bands::check)?;
    if !(0.0..=4.0).contains(&options.strength) {
        return Err(Error::Option { name: "strength", range: "0 to 4", got: options.strength.to_string() });
    }
    if let OutputDepth::Bits(bits @ (0 | 17..)) = options.depth {
        return Err(Error::Option { name: "depth", range: "1 to 16", got: bits.to_string() });
    }
    Ok(())
}

/// The method with the general options. Its own parameters take precedence. Without such options it is the
/// given one, which a check has prepared for all images.
fn settled<'a>(given: &'a Method, options: &Options) -> Result<Cow<'a, Method>, Error> {
    let open = |name: &str| given.takes(name) && !given.is_given(name);
    let mut method = Cow::Borrowed(given);
    if given.entry().ours && options.strength.to_bits() != 1.0f32.to_bits() && open(STRENGTH) {
        method.to_mut().set(STRENGTH, &options.strength)?;
    }
    if options.precision != Precision::Auto && open(PRECISION) {
        method.to_mut().set(PRECISION, &options.precision)?;
    }
    Ok(method)
}

/// Plans the work on an image with known `findings`.
///
/// # Errors
/// As [`check`].
pub fn choose(image: &Image, findings: &Findings, options: &Options) -> Result<Choices, Error> {
    ranges(options)?;
    let own;
    let method = match &options.method {
        Choice::Auto => {
            own = Method::new(usual(image, findings, options));
            &own
        }
        Choice::Named(method) => method,
    };
    let method = settled(method, options)?;
    let prepare = method.prepare()?;
    let method = method.into_owned();
    let ours = method.entry().ours;
    let depth = match (options.depth, output_depth(&method)) {
        (OutputDepth::Keep, Some(own)) => own.resolve(image.depth),
        (asked, _) => asked.resolve(image.depth),
    };
    // Strength 0 asks for no change at all. Then nothing runs: the bounds of JPEG coefficients would move
    // samples too.
    let off = ours && method.get(STRENGTH) == Some(0.0f32);
    let nothing = ours && !options.everywhere && nothing_to_repair(image, findings, depth);
    let meant = ours && !options.everywhere && !nothing;
    let left = if off { Some(Reason::NotAsked) } else { kept(findings, options, meant) };
    let has_steps = findings.float_codes.is_some_and(|codes| codes.steps().is_some());
    let act = match (left, nothing, depth == image.depth) {
        (Some(reason), _, true) => Act::Leave(reason),
        // Codes have no number of metres for black and white.
        (None, _, false) if has_steps && depth != Depth::F32 => Act::Regrid,
        (None, false, _) => Act::Restore,
        (None, true, true) => Act::Leave(left_because(findings, depth)),
        (_, _, false) => Act::Regrid,
    };
    let alpha = options.alpha == Alpha::Repair && !off && !image.is_yuv() && findings.alpha.is_some();
    let faithful = faithful(image, findings, options.faithful, ours);
    Ok(Choices { method, prepare, depth, faithful, act, alpha })
}

/// The intervals that hold unless an option says otherwise: none for reimplementations; those of the image's
/// grid where that is coarser than the file's own steps, else those of the file.
fn faithful(image: &Image, findings: &Findings, asked: Option<bool>, ours: bool) -> Faithful {
    match asked {
        Some(false) => Faithful::No,
        None if !ours => Faithful::No,
        None if findings.coarser_than_file(&image.origin) => Faithful::Grid,
        _ => Faithful::File,
    }
}

/// The depth that a method's own parameters ask for.
fn output_depth(method: &Method) -> Option<OutputDepth> {
    let bits = method.get::<u32>("output_depth").filter(|_| method.is_given("output_depth"))?;
    u8::try_from(bits).ok().filter(|bits| (1..=16).contains(bits)).map(OutputDepth::Bits)
}

/// Are the plateaus of an image intended, by its looks or by the options? Then rounding adds no dither to
/// them.
pub(crate) fn is_meant(findings: &Findings, options: &Options) -> bool {
    match options.treat_as {
        TreatAs::Auto => findings.drawing.is_some(),
        TreatAs::Photo => false,
        TreatAs::Drawing | TreatAs::Data => true,
    }
}

/// The reason to keep an image's samples, whatever was found. A detected drawing is kept where unband's own
/// methods would change it (`meant`). An image that the options call a drawing is always kept.
fn kept(findings: &Findings, options: &Options, meant: bool) -> Option<Reason> {
    match options.treat_as {
        TreatAs::Auto => findings.drawing.filter(|_| meant).map(Reason::Drawn),
        TreatAs::Photo => None,
        TreatAs::Drawing | TreatAs::Data => Some(Reason::Asked),
    }
}

/// No visible banding and no coarse grid: a grid that is not finer cannot show the image better. Dither would
/// only add noise. In a file of more codes than it uses, such as 13 bits in 16, samples would move by less
/// than one of the codes in use: identifiers would become others, and no one would see a difference.
fn nothing_to_repair(image: &Image, findings: &Findings, depth: Depth) -> bool {
    let unused = findings.effective_bits > 8 && depth == image.depth && depth != Depth::F32;
    !findings.cause.is_coarse_grid()
        && !findings.visible
        && (depth.bits() <= findings.effective_bits || unused)
}

/// Share of the smooth area near a step from which a person may see bands.
const FAINT: f32 = 0.1;

/// The reason for an unchanged result.
pub(crate) fn left_because(findings: &Findings, depth: Depth) -> Reason {
    // Smoothing steps of more than ten bits has no visible effect.
    let own_steps = findings.cause == Cause::Plain && findings.effective_bits <= 10;
    if own_steps && findings.banded_share > 0.0 && depth.bits() <= findings.effective_bits {
        Reason::OneCodeOnly
    } else if findings.visible || (findings.banded_share >= FAINT && !own_steps) {
        Reason::StepsKept
    } else {
        Reason::NothingFound
    }
}

/// The reason why the default leaves an image unchanged at its own depth; `None` where it restores it.
pub fn left(image: &Image, findings: &Findings) -> Option<Reason> {
    let nothing = || nothing_to_repair(image, findings, image.depth);
    let drawn = findings.drawing.map(Reason::Drawn);
    drawn.or_else(|| nothing().then(|| left_because(findings, image.depth)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use unband_image::With;
    use unband_image::findings::PlaneGrid;

    #[test]
    fn a_method_is_prepared_once_for_its_check_and_all_images() {
        static BUILT: AtomicUsize = AtomicUsize::new(0);
        static COUNTED: Entry = Entry {
            build: |_| {
                BUILT.fetch_add(1, Ordering::Relaxed);
                Method::new(&smooth::ENTRY).prepare().map(|prepare| -> Prepare {
                    Box::new(move |image, findings, ctx| prepare(image, findings, ctx))
                })
            },
            ..smooth::ENTRY
        };
        let image = Image::from_rgb8(2, 1, &[0; 6]).unwrap();
        let options = Options::with(|new| new.method = Choice::Named(Method::new(&COUNTED)));
        check(&options).unwrap();
        for _ in 0..2 {
            choose(&image, &Findings::plain(3, 8), &options).unwrap();
        }
        assert_eq!(BUILT.load(Ordering::Relaxed), 1);
        let stronger = options.but(|new| new.strength = 2.0);
        choose(&image, &Findings::plain(3, 8), &stronger).unwrap();
        assert_eq!(BUILT.load(Ordering::Relaxed), 2, "other parameters are prepared again");
    }

    #[test]
    fn the_network_runs_where_samples_lie_on_a_grid() {
        let image = Image::from_rgb8(2, 1, &[0; 6]).unwrap();
        let chosen = |cause, planes, found, strength| {
            let mut findings = Findings::plain(3, 8);
            findings.cause = cause;
            findings.grids[..planes].fill(PlaneGrid::plain(4.0).but(|new| new.found = found));
            let options = Options { strength, ..Options::default() };
            choose(&image, &findings, &options).unwrap().method.name()
        };
        assert_eq!(chosen(Cause::Levels, 1, true, 1.0), networks::DEFAULT);
        assert_eq!(chosen(Cause::RecodedGrid, 3, true, 0.5), networks::DEFAULT);
        let hidden = (Cause::RecodedGrid, 2, true, 1.0);
        let rest = [
            (Cause::Jpeg, 3, true, 1.0),
            (Cause::Coded, 3, false, 1.0),
            (Cause::Levels, 3, true, 1.5),
            hidden,
        ];
        for (cause, planes, found, strength) in rest {
            let smooth = unband_filters::smooth::ENTRY.name;
            assert_eq!(chosen(cause, planes, found, strength), smooth, "{cause:?}");
        }
    }
}
