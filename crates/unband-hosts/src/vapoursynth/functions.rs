//! The functions of the plug-in: their arguments, and the filters that they make.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use unband::frames::{FrameOptions, Temporal};
use unband::{
    Choice, Depth, Entry, Method, Options, OutputDepth, UpscaleOptions, UpscaleSize, Weights, models,
};
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
    precision:data:opt;seed:int:opt;lossy:int:opt;cuts:int[]:opt:empty;window:int:opt;threads:int:opt;";
const NET: &str = "clip:vnode;weights:data;precision:data:opt;order:data:opt;scale:float:opt;steps:int:opt;\
    original:int:opt;seed:int:opt;planes:int[]:opt;depth:int:opt;dither:data:opt;threads:int:opt;";
const UPSCALE: &str = "clip:vnode;scale:float:opt;width:int:opt;height:int:opt;weights:data:opt;\
    precision:data:opt;depth:int:opt;dither:data:opt;treat_as:data:opt;seed:int:opt;threads:int:opt;";
const INSPECT: &str = "clip:vnode;map:int:opt;lossy:int:opt;threads:int:opt;";
const BBAND: &str = "clip:vnode;prop:data:opt;threads:int:opt;";
const CONTOUR_MASK: &str = "clip:vnode;radius:int:opt;step:float:opt;visibility:float:opt;threads:int:opt;";

/// Arguments of `neo_f3kdb` in their order. Two choose its implementation: accepted without effect.
const F3KDB: &str = "range y cb cr grainy grainc sample_mode seed blur_first dynamic_grain opt mt \
    dither_algo keep_tv_range output_depth random_algo_ref random_algo_grain random_param_ref \
    random_param_grain preset y_1 cb_1 cr_1 y_2 cb_2 cr_2 scale angle_boost max_angle";
/// Arguments of vs-placebo in their order: a switch and a number in place of the word for dither.
const PLACEBO: &str = "planes iterations threshold radius grain dither dither_algo log_level";
/// Its defaults, where libplacebo has others by now.
const PLACEBO_DEFAULTS: [(&str, &str); 3] = [("planes", "1"), ("threshold", "4"), ("grain", "6")];
/// Longest clip that f3kdb's random numbers know.
const MOST_FRAMES: i32 = 100_000_000;
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

/// A reimplemented filter under its original's argument names, in its original's order.
fn original(name: &'static str, entry: &'static Entry) -> Function {
    let first = match name {
        "F3kdb" => F3KDB,
        "Placebo" => PLACEBO,
        _ => "",
    };
    let first: Vec<&str> = first.split_whitespace().collect();
    let mut arguments = "clip:vnode;".to_owned();
    for name in &first {
        let own = entry.params.iter().find(|info| info.name == *name && info.name != "dither");
        arguments += &own.map_or_else(|| format!("{name}:int:opt;"), declared);
    }
    arguments.extend(entry.params.iter().filter(|info| !first.contains(&info.name)).map(declared));
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

/// The clip debanded by options, which are checked.
fn debanded(
    call: &Call<'_>,
    clip: Clip,
    info: VsVideoInfo,
    options: Options,
    temporal: Temporal,
) -> Result<NewFilter, String> {
    let arguments = Arguments(call.values);
    unband::check(&options).map_err(message)?;
    let before = layout::depth(&info.format);
    let depth = options.depth.resolve(before);
    let VsVideoFormat { family, subsampling, .. } = info.format;
    let format = call.host.output_format(family, depth, subsampling)?;
    let how = FrameOptions::new(options, temporal);
    let by_shots = how.follows_findings();
    let ranges = arguments.shots(u64::try_from(info.frames).unwrap_or(0))?;
    let own_planes =
        call.function.method.is_some_and(|entry| entry.params.iter().any(|info| info.name == "planes"));
    let planes = if own_planes {
        [true; 3]
    } else {
        arguments.planes(usize::try_from(info.format.planes).unwrap_or(3))?
    };
    let filter = Debanding::new(Deband {
        how: Arc::new(how),
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
    debanded(call, clip, info, options, temporal)
}

fn reimplemented(call: &Call<'_>) -> Result<NewFilter, String> {
    let (arguments, clip, info) = opened(call)?;
    let entry = call.function.method.ok_or("no method")?;
    let mut method = arguments.parameters(entry)?;
    let mut options = Options::default();
    options.depth = arguments.depth()?;
    let set = |method: &mut Method, name: &str, text: &str| method.set_text(name, text).map_err(message);
    match call.function.name {
        "Placebo" => {
            for (name, value) in PLACEBO_DEFAULTS.iter().filter(|(name, _)| !call.values.has(name)) {
                set(&mut method, name, value)?;
            }
            set(&mut method, "dither", placebo_dither(call.values)?)?;
        }
        "F3kdb" => {
            match arguments.whole("output_depth", 0..=16_i64)? {
                None | Some(0) => {}
                Some(bits @ 8..) => options.depth = OutputDepth::Bits(bits as u8),
                Some(bits) => {
                    return Err(format!("`output_depth` must be 8 to 16, or 0 for the clip's, got {bits}"));
                }
            }
            if !call.values.has("frames") {
                set(&mut method, "frames", &info.frames.clamp(1, MOST_FRAMES).to_string())?;
            }
        }
        _ => {}
    }
    options.method = Choice::Named(method);
    debanded(call, clip, info, options, Temporal::Off)
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
        if call.values.has(name) && !method.takes(name) {
            return Err(format!("{} has no `{name}`", method.name()));
        }
    }
    let mut options = Options::default();
    options.method = Choice::Named(method);
    options.depth = arguments.depth()?;
    options.dither = arguments.dither()?;
    debanded(call, clip, info, options, Temporal::Off)
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
    let scale = arguments.number("scale", 0.05..=64.0)?.map(UpscaleSize::Scale);
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
    let scaling = arguments.number("scaling", 0.0..=f64::MAX)?;
    let filter = Cambi {
        options,
        property: arguments.property("CAMBI")?,
        scores: arguments.switch("scores").unwrap_or(false),
        scaling,
        host: call.host,
        threads: arguments.threads()?,
    };
    Ok(NewFilter { clip, info, same: true, filter: Box::new(filter) })
}

fn make_bband(call: &Call<'_>) -> Result<NewFilter, String> {
    let (arguments, clip, info) = opened(call)?;
    let filter = BBand { property: arguments.property("BBAND")?, threads: arguments.threads()? };
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
    let shares = || call.host.format(GRAY, Depth::F32, [0, 0]);
    let format = if map { shares() } else { Some(info.format) }.ok_or("grey floating point is missing")?;
    Ok(NewFilter { clip, info: VsVideoInfo { format, ..info }, same: true, filter: Box::new(filter) })
}

fn contour_mask(call: &Call<'_>) -> Result<NewFilter, String> {
    let (arguments, clip, info) = opened(call)?;
    let step = arguments.number("step", 0.0..=64.0)?.map(|step| step as f32);
    let visibility = arguments.number("visibility", 0.0..=f64::MAX)?.unwrap_or(0.0);
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_guide_has_every_function() {
        let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/vapoursynth.md");
        let guide = fs::read_to_string(guide).unwrap();
        for function in FUNCTIONS.iter() {
            assert!(guide.contains(&format!("`{}`", function.name)), "{} is not in the guide", function.name);
        }
    }

    /// `VapourSynth` refuses plug-ins with others.
    #[test]
    fn arguments_are_unique_names() {
        for function in FUNCTIONS.iter() {
            let names: Vec<&str> =
                function.arguments.split_terminator(';').map(|a| a.split(':').next().unwrap()).collect();
            let plain = |name: &&str| name.starts_with(|c: char| c.is_ascii_alphabetic());
            assert!(names.iter().all(plain), "{}: {names:?}", function.name);
            let mut once = names.clone();
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), names.len(), "{}: {names:?}", function.name);
        }
    }
}
