//! The functions of the plug-in: their arguments, and the filters that they make.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use unband::frames::{FrameOptions, ShotRanges, Temporal};
use unband::{Choice, Entry, Method, Options, OutputDepth, UpscaleOptions, UpscaleSize, Weights, models};
use unband_filters as filters;
use unband_image::Params;
use unband_metrics::cambi;

use super::api::{GRAY, VsVideoFormat, VsVideoInfo};
use super::arguments::{Arguments, declared};
use super::deband::{Deband, Debanding};
use super::filter::NewFilter;
use super::host::{Clip, Host, Values};
use super::inspect::{ContourMask, Inspect};
use super::layout;
use super::scores::{BBand, Cambi};
use super::upscale::Upscaling;
use crate::guard::message;

/// A function of the plug-in.
pub(super) struct Function {
    pub(super) name: &'static str,
    /// As `VapourSynth` reads them.
    pub(super) arguments: String,
    pub(super) make: fn(&Call<'_>) -> Result<NewFilter, String>,
    /// The method of a reimplemented filter.
    method: Option<&'static Entry>,
}

/// A call of a function.
pub(super) struct Call<'a> {
    pub(super) host: Host,
    pub(super) values: Values,
    pub(super) function: &'a Function,
}

const DEBAND: &str = "clip:vnode;method:data:opt;strength:float:opt;band_step:float[]:opt;band_bits:int:opt;\
    temporal:data:opt;planes:int[]:opt;depth:int:opt;dither:data:opt;everywhere:int:opt;faithful:int:opt;\
    precision:data:opt;seed:int:opt;lossy:int:opt;cuts:int[]:opt;window:int:opt;threads:int:opt;";
const NET: &str = "clip:vnode;weights:data;precision:data:opt;order:data:opt;scale:float:opt;steps:int:opt;\
    original:int:opt;seed:int:opt;planes:int[]:opt;depth:int:opt;dither:data:opt;threads:int:opt;";
const UPSCALE: &str = "clip:vnode;scale:float:opt;width:int:opt;height:int:opt;weights:data:opt;\
    precision:data:opt;depth:int:opt;dither:data:opt;treat_as:data:opt;seed:int:opt;threads:int:opt;";
const INSPECT: &str = "clip:vnode;map:int:opt;lossy:int:opt;threads:int:opt;";
const BBAND: &str = "clip:vnode;prop:data:opt;threads:int:opt;";
const CONTOUR_MASK: &str = "clip:vnode;radius:int:opt;step:float:opt;visibility:float:opt;threads:int:opt;";

/// Arguments of `neo_f3kdb` that choose its implementation: accepted without effect.
const F3KDB_ONLY: &str = "opt:int:opt;mt:int:opt;";
/// Arguments of vs-placebo: a switch and a number in place of a word.
const PLACEBO_DITHER: &str = "dither:int:opt;dither_algo:int:opt;log_level:int:opt;";
/// CAMBI's first arguments, as in other plug-ins.
const CAMBI_FIRST: [&str; 4] = ["window_size", "topk", "tvi_threshold", "max_log_contrast"];
const CAMBI_OWN: &str = "eotf:int:opt;prop:data:opt;scores:int:opt;scaling:float:opt;";

/// All functions.
pub(super) static FUNCTIONS: LazyLock<Vec<Function>> = LazyLock::new(|| {
    let own =
        |name, arguments: &str, make| Function { name, arguments: arguments.to_owned(), make, method: None };
    let mut cambi = "clip:vnode;".to_owned();
    let infos = || cambi::Options::INFO.iter();
    cambi.extend(infos().filter(|info| CAMBI_FIRST.contains(&info.name)).map(declared));
    cambi += CAMBI_OWN;
    let rest = infos().filter(|info| !CAMBI_FIRST.contains(&info.name) && info.name != "eotf");
    cambi.extend(rest.map(declared));
    cambi += "threads:int:opt;";
    vec![
        own("Deband", DEBAND, deband),
        original("F3kdb", &filters::f3kdb::ENTRY),
        original("Gradfun", &filters::gradfun::ENTRY),
        original("FFmpegDeband", &filters::ffmpeg_deband::ENTRY),
        original("Placebo", &filters::libplacebo::ENTRY),
        original("AdaDeband", &filters::adadeband::ENTRY),
        original("FCDR", &filters::fcdr::ENTRY),
        own("Net", NET, net),
        own("Upscale", UPSCALE, upscale),
        own("Cambi", &cambi, make_cambi),
        own("BBand", BBAND, make_bband),
        own("Inspect", INSPECT, inspect),
        own("ContourMask", CONTOUR_MASK, contour_mask),
    ]
});

/// A reimplemented filter under its original's argument names.
fn original(name: &'static str, entry: &'static Entry) -> Function {
    let mut arguments = "clip:vnode;".to_owned();
    for info in entry.params {
        match info.name {
            "dither" if name == "Placebo" => arguments += PLACEBO_DITHER,
            "output_depth" => {
                arguments += &declared(info);
                arguments += F3KDB_ONLY;
            }
            _ => arguments += &declared(info),
        }
    }
    let takes = |name: &str| entry.params.iter().any(|info| info.name == name);
    if !takes("planes") {
        arguments += "planes:int[]:opt;";
    }
    if !takes("output_depth") {
        arguments += "depth:int:opt;";
    }
    arguments += "threads:int:opt;";
    Function { name, arguments, make: reimplemented, method: Some(entry) }
}

/// The clip and its format.
fn opened(call: &Call<'_>) -> Result<(Arguments, Clip, VsVideoInfo), String> {
    let arguments = Arguments(call.values);
    let clip = arguments.clip()?;
    let info = clip.info();
    layout::check(&info)?;
    Ok((arguments, clip, info))
}

/// Number of frames.
fn frames(info: &VsVideoInfo) -> u64 {
    u64::try_from(info.frames).unwrap_or(0)
}

/// The clip debanded by options, which are checked.
fn debanded(
    call: &Call<'_>,
    (clip, info): (Clip, VsVideoInfo),
    options: Options,
    temporal: Temporal,
) -> Result<NewFilter, String> {
    let arguments = Arguments(call.values);
    unband::check(&options).map_err(message)?;
    let before = layout::depth(&info.format);
    let depth = options.depth.resolve(before);
    let VsVideoFormat { family, subsampling, .. } = info.format;
    let format = call.host.format(family, depth == unband::Depth::F32, depth.bits(), subsampling);
    let format = format.ok_or("`depth` must be 8 to 16, or 32 for floating point")?;
    let cuts: Vec<u64> =
        call.values.ints("cuts").into_iter().filter_map(|cut| u64::try_from(cut).ok()).collect();
    let window = arguments.whole("window", 1..=1_000_000_i64)?.unwrap_or(1).unsigned_abs();
    let by_shots = options.method.is_ours() || options.faithful == Some(true);
    let ranges = match call.values.count("cuts") {
        0 => ShotRanges::fixed(frames(&info), window),
        _ => ShotRanges::from_cuts(frames(&info), &cuts),
    };
    let own_planes =
        call.function.method.is_some_and(|entry| entry.params.iter().any(|info| info.name == "planes"));
    let planes = if own_planes {
        [true; 3]
    } else {
        arguments.planes(usize::try_from(info.format.planes).unwrap_or(3))?
    };
    let filter = Debanding::new(Deband {
        how: Arc::new(FrameOptions::of(options, temporal)),
        ranges: by_shots.then_some(ranges),
        alone: info.frames == 1,
        lossy: arguments.switch("lossy"),
        planes,
        threads: arguments.threads()?,
    });
    Ok(NewFilter { clip, info: VsVideoInfo { format, ..info }, same: !by_shots, filter: Box::new(filter) })
}

fn deband(call: &Call<'_>) -> Result<NewFilter, String> {
    let (arguments, clip, info) = opened(call)?;
    let values = call.values;
    let mut options = Options::default();
    options.method = arguments.method()?;
    options.strength = values.float("strength").map_or(options.strength, |strength| strength as f32);
    options.bands = arguments.bands()?;
    options.depth = arguments.depth()?;
    options.dither = arguments.dither()?;
    options.everywhere = arguments.switch("everywhere").unwrap_or(false);
    options.faithful = arguments.switch("faithful");
    options.precision = arguments.precision()?;
    options.seed = arguments.whole("seed", 0..=i64::MAX)?.map_or(options.seed, i64::unsigned_abs);
    let temporal = arguments.word("temporal")?.unwrap_or_default();
    debanded(call, (clip, info), options, temporal)
}

fn reimplemented(call: &Call<'_>) -> Result<NewFilter, String> {
    let (arguments, clip, info) = opened(call)?;
    let entry = call.function.method.ok_or("no method")?;
    let mut method = arguments.parameters(entry)?;
    let mut options = Options::default();
    options.depth = arguments.depth()?;
    let set = |method: &mut Method, name: &str, text: &str| method.set_text(name, text).map_err(message);
    match call.function.name {
        "Placebo" => set(&mut method, "dither", placebo_dither(call.values)?)?,
        "F3kdb" => {
            if let Some(bits) = call.values.int("output_depth").filter(|bits| *bits != 0) {
                options.depth = OutputDepth::Bits(u8::try_from(bits).unwrap_or(0));
            }
            if call.values.int("frames").is_none() {
                set(&mut method, "frames", &info.frames.max(1).to_string())?;
            }
        }
        _ => {}
    }
    options.method = Choice::Named(method);
    debanded(call, (clip, info), options, Temporal::Off)
}

/// The word for vs-placebo's `dither` and `dither_algo`.
fn placebo_dither(values: Values) -> Result<&'static str, String> {
    if values.int("dither") == Some(0) {
        return Ok("none");
    }
    match values.int("dither_algo") {
        None | Some(0) => Ok("blue-noise"),
        Some(1) => Ok("ordered"),
        Some(2) => Ok("ordered-fixed"),
        Some(3) => Ok("white-noise"),
        Some(other) => Err(format!("`dither_algo` must be 0 to 3, got {other}")),
    }
}

fn net(call: &Call<'_>) -> Result<NewFilter, String> {
    let (arguments, clip, info) = opened(call)?;
    let named = call.values.text("weights").ok_or("`weights` must name a file or an imported model")?;
    let file = weights(&named)?;
    let entry = models::method_of(&file).map_err(message)?;
    let mut method = arguments.parameters(entry)?;
    method.set("weights", &Weights::File(file)).map_err(message)?;
    for name in ["order", "scale", "steps", "original", "seed"] {
        if call.values.count(name) > 0 && !method.takes(name) {
            return Err(format!("{} has no `{name}`", method.name()));
        }
    }
    let mut options = Options::default();
    options.method = Choice::Named(method);
    options.depth = arguments.depth()?;
    options.dither = arguments.dither()?;
    debanded(call, (clip, info), options, Temporal::Off)
}

/// A file of weights by its path or by the name of an imported model.
fn weights(named: &str) -> Result<std::path::PathBuf, String> {
    let folder = unband_infer::models::folder();
    models::file_named(Path::new(named), folder.as_deref()).map_err(message)
}

fn upscale(call: &Call<'_>) -> Result<NewFilter, String> {
    let (arguments, clip, info) = opened(call)?;
    let values = call.values;
    let side = |name| arguments.whole(name, 1..=65_535_i64);
    let scale = values.float("scale").map(UpscaleSize::Scale);
    if values.float("scale").is_some_and(|scale| !(scale > 0.0 && scale <= 64.0)) {
        return Err("`scale` must be above 0 and at most 64".into());
    }
    let pixels = |side: i64| usize::try_from(side).unwrap_or(1);
    let size = match (scale, side("width")?.map(pixels), side("height")?.map(pixels)) {
        (None, None, None) => UpscaleSize::default(),
        (Some(scale), None, None) => scale,
        (None, Some(width), None) => UpscaleSize::Width(width),
        (None, None, Some(height)) => UpscaleSize::Height(height),
        (None, Some(width), Some(height)) => UpscaleSize::Fit(width, height),
        _ => return Err("`scale` must be omitted where `width` or `height` is given".into()),
    };
    let mut options = UpscaleOptions::default();
    options.size = size;
    options.weights = values.text("weights").map(|named| weights(&named)).transpose()?;
    options.precision = arguments.precision()?;
    options.depth = arguments.depth()?;
    options.dither = arguments.word("dither")?;
    options.treat_as = arguments.word("treat_as")?.unwrap_or(options.treat_as);
    options.seed = arguments.whole("seed", 0..=i64::MAX)?.map_or(0, i64::unsigned_abs);
    let (filter, info) = Upscaling::new(call.host, &info, options, arguments.threads()?)?;
    Ok(NewFilter { clip, info, same: true, filter: Box::new(filter) })
}

fn make_cambi(call: &Call<'_>) -> Result<NewFilter, String> {
    let (arguments, clip, info) = opened(call)?;
    let mut options = cambi::Options::default();
    for info in cambi::Options::INFO.iter().filter(|info| info.name != "eotf") {
        if let Some(text) = arguments.parameter(info) {
            options.set("Cambi", info.name, &text).map_err(message)?;
        }
    }
    options.eotf = match call.values.int("eotf") {
        None | Some(0) => cambi::Eotf::Bt1886,
        Some(1) => cambi::Eotf::Pq,
        Some(other) => return Err(format!("`eotf` must be 0 (BT.1886) or 1 (PQ), got {other}")),
    };
    let scaling = call.values.float("scaling");
    if scaling.is_some_and(|factor| !(factor.is_finite() && factor > 0.0)) {
        return Err("`scaling` must be above 0".into());
    }
    let filter = Cambi {
        options,
        property: call.values.text("prop").unwrap_or_else(|| "CAMBI".to_owned()),
        scores: arguments.switch("scores").unwrap_or(false),
        scaling,
        host: call.host,
        threads: arguments.threads()?,
    };
    Ok(NewFilter { clip, info, same: true, filter: Box::new(filter) })
}

fn make_bband(call: &Call<'_>) -> Result<NewFilter, String> {
    let (arguments, clip, info) = opened(call)?;
    let property = call.values.text("prop").unwrap_or_else(|| "BBAND".to_owned());
    let filter = BBand { property, threads: arguments.threads()? };
    Ok(NewFilter { clip, info, same: true, filter: Box::new(filter) })
}

fn inspect(call: &Call<'_>) -> Result<NewFilter, String> {
    let (arguments, clip, info) = opened(call)?;
    let map = arguments.switch("map").unwrap_or(false);
    let filter = Inspect {
        map,
        alone: info.frames == 1,
        lossy: arguments.switch("lossy"),
        host: call.host,
        threads: arguments.threads()?,
    };
    let shares = || call.host.format(GRAY, true, 32, [0, 0]);
    let format = if map { shares() } else { Some(info.format) }.ok_or("grey floating point is missing")?;
    Ok(NewFilter { clip, info: VsVideoInfo { format, ..info }, same: true, filter: Box::new(filter) })
}

fn contour_mask(call: &Call<'_>) -> Result<NewFilter, String> {
    let (arguments, clip, info) = opened(call)?;
    let step = call.values.float("step").map(|step| step as f32);
    if step.is_some_and(|step| !(0.0..=64.0).contains(&step)) {
        return Err("`step` must be 0 to 64 8-bit codes".into());
    }
    let visibility = call.values.float("visibility").unwrap_or(0.0);
    if !(visibility.is_finite() && visibility >= 0.0) {
        return Err(format!("`visibility` must be 0 or more, got {visibility}"));
    }
    let filter = ContourMask {
        radius: arguments
            .whole("radius", 0..=1024_i64)?
            .map_or(16, |radius| usize::try_from(radius).unwrap_or(0)),
        step,
        visibility,
        host: call.host,
        threads: arguments.threads()?,
    };
    let format = ContourMask::format(call.host, &info.format).ok_or("a grey format is missing")?;
    Ok(NewFilter { clip, info: VsVideoInfo { format, ..info }, same: true, filter: Box::new(filter) })
}
