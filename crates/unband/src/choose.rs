//! Per-image choice of method, settings and output depth.

use unband_image::findings::{Cause, Findings};
use unband_image::{Depth, Entry, Image};

use crate::{Choice, Error, Options, OutputDepth, Precision, Reason, TreatAs, methods, networks};

/// The action on an image's samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// The method runs.
    Restore,
    /// Nothing to repair; the samples only change depth, dithered where the new depth has no code for them.
    Regrid,
    /// The samples stay unchanged, for this reason.
    Leave(Reason),
}

/// The plan for one image.
#[derive(Clone)]
pub struct Choices {
    /// The method.
    pub entry: &'static Entry,
    /// Its settings, in order.
    pub settings: Vec<(String, String)>,
    /// Depth of the result.
    pub depth: Depth,
    /// Keep samples inside their quantisation intervals?
    pub faithful: bool,
    /// The action.
    pub act: Act,
}

/// Name of the default method: the built-in network where a grid was found behind red, green and blue, else
/// `smooth`.
///
/// `smooth` also runs on YUV planes of a video, and for strengths above 1, which the network was not trained
/// for. In images that were JPEG once, only block means are on the grid: `smooth` is more accurate there.
fn usual(image: &Image, findings: &Findings, options: &Options) -> &'static str {
    let sampled = networks::has_grid(findings) && findings.cause != Cause::Jpeg;
    let network = !image.is_yuv() && options.strength <= 1.0 && sampled;
    if network { networks::DEFAULT } else { unband_filters::smooth::ENTRY.name }
}

/// Plans the work on an image with known `findings`.
///
/// # Errors
/// Unknown method, a setting that the method does not have, an option outside its range.
pub fn choose(image: &Image, findings: &Findings, options: &Options) -> Result<Choices, Error> {
    let (name, settings) = match &options.method {
        Choice::Auto => (usual(image, findings, options), &[][..]),
        Choice::Named { name, settings } => (name.as_str(), settings.as_slice()),
    };
    let entry = methods::method(name)
        .ok_or_else(|| Error::UnknownMethod { name: name.to_owned(), near: methods::nearest(name) })?;
    if !(0.0..=4.0).contains(&options.strength) {
        return Err(Error::Option { name: "strength", range: "0 to 4", got: options.strength.to_string() });
    }
    if let OutputDepth::Bits(bits @ (0 | 17..)) = options.depth {
        return Err(Error::Option { name: "depth", range: "1 to 16", got: bits.to_string() });
    }
    let mut settings = settings.to_vec();
    // A method's own setting takes precedence over the general option.
    let mut ask = |name: &str, value: String| {
        let takes = entry.params.iter().any(|param| param.name == name);
        if takes && !settings.iter().any(|(given, _)| given == name) {
            settings.push((name.to_owned(), value));
        }
    };
    if entry.ours && options.strength.to_bits() != 1.0f32.to_bits() {
        ask("strength", options.strength.to_string());
    }
    if options.precision != Precision::Auto {
        ask(networks::PRECISION, options.precision.word().to_owned());
    }
    // Wrong settings are reported before any work is done.
    drop((entry.build)(&settings)?);
    let depth = match (options.depth, output_depth(&settings)) {
        (OutputDepth::Keep, Some(own)) => own.resolve(image.depth),
        (asked, _) => asked.resolve(image.depth),
    };
    let off = entry.ours && has_no_strength(&settings);
    let nothing = entry.ours && !options.everywhere && nothing_to_repair(findings, depth);
    let meant = entry.ours && !options.everywhere && !nothing;
    let left = if off { Some(Reason::NotAsked) } else { kept(findings, options, meant) };
    let act = match (left, nothing, depth == image.depth) {
        (Some(reason), _, true) => Act::Leave(reason),
        (None, false, _) => Act::Restore,
        (None, true, true) => Act::Leave(left_because(findings, depth)),
        (_, _, false) => Act::Regrid,
    };
    Ok(Choices { entry, settings, depth, faithful: options.faithful.unwrap_or(entry.ours), act })
}

/// Do the settings ask for no change at all? Then nothing runs: the bounds of JPEG coefficients would move
/// samples too.
fn has_no_strength(settings: &[(String, String)]) -> bool {
    let asked = settings.iter().rev().find(|(name, _)| name == "strength");
    asked.is_some_and(|(_, strength)| strength.parse::<f32>().is_ok_and(|strength| strength == 0.0))
}

/// The depth that a method's own settings ask for.
fn output_depth(settings: &[(String, String)]) -> Option<OutputDepth> {
    let (_, bits) = settings.iter().rev().find(|(name, _)| name == "output_depth")?;
    bits.parse().ok().filter(|bits| (1..=16).contains(bits)).map(OutputDepth::Bits)
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
/// only add noise.
fn nothing_to_repair(findings: &Findings, depth: Depth) -> bool {
    let fine = match findings.cause {
        Cause::Plain | Cause::Video | Cause::Coded | Cause::Jpeg | Cause::ToneCurve => true,
        Cause::Levels | Cause::Palette | Cause::PlaneGrid | Cause::RecodedGrid => false,
    };
    fine && !findings.visible && depth.bits() <= findings.effective_bits
}

/// The reason for an unchanged result.
pub(crate) fn left_because(findings: &Findings, depth: Depth) -> Reason {
    // Smoothing steps of more than ten bits has no visible effect.
    let own_steps = findings.cause == Cause::Plain && findings.effective_bits <= 10;
    if own_steps && findings.banded_share > 0.0 && depth.bits() <= findings.effective_bits {
        Reason::OneCodeOnly
    } else {
        Reason::NothingFound
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use unband_image::findings::PlaneGrid;

    #[test]
    fn the_network_runs_where_samples_lie_on_a_grid() {
        let image = Image::from_rgb8(2, 1, &[0; 6]).unwrap();
        let chosen = |cause, found, strength| {
            let mut findings = Findings::plain(3, 8);
            findings.cause = cause;
            findings.grids[0] = PlaneGrid { found, ..PlaneGrid::plain(4.0) };
            let options = Options { strength, ..Options::default() };
            choose(&image, &findings, &options).unwrap().entry.name
        };
        assert_eq!(chosen(Cause::Levels, true, 1.0), networks::DEFAULT);
        assert_eq!(chosen(Cause::RecodedGrid, true, 0.5), networks::DEFAULT);
        let rest = [(Cause::Jpeg, true, 1.0), (Cause::Coded, false, 1.0), (Cause::Levels, true, 1.5)];
        for (cause, found, strength) in rest {
            assert_eq!(chosen(cause, found, strength), unband_filters::smooth::ENTRY.name, "{cause:?}");
        }
    }
}
