//! Keyword arguments of Python as options of the library.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict};
use unband::models;
use unband::{
    Alpha, Bands, Choice, Dither, ErrorKind, Method, Options, OutputDepth, ParamInfo, Precision, TreatAs,
    UpscaleOptions, UpscaleSize, Wrap,
};
use unband::{ParamKind, ParamValue};

use crate::fault::Fault;
use crate::wait::{Job, Stop};

/// Keyword arguments by name; `None` and missing ones have the default.
pub(crate) struct Given<'a, 'py>(pub &'a Bound<'py, PyDict>);

impl<'py> Given<'_, 'py> {
    fn raw(&self, name: &str) -> Option<Bound<'py, PyAny>> {
        self.0.get_item(name).ok().flatten().filter(|value| !value.is_none())
    }

    /// The value of a keyword; `rule` describes it in the message on another type.
    pub(crate) fn value<T: for<'a> FromPyObject<'a, 'py>>(
        &self,
        name: &str,
        rule: &str,
    ) -> Result<Option<T>, Fault> {
        let Some(value) = self.raw(name) else { return Ok(None) };
        value.extract().map(Some).map_err(|_| Fault::option(name, rule, shown(&value)))
    }

    /// A switch. Numbers and texts are refused: `"no"` would be true.
    pub(crate) fn switch(&self, name: &str) -> Result<bool, Fault> {
        Ok(self.value(name, "True or False")?.unwrap_or(false))
    }

    /// Bytes: a number, or text such as "2G".
    pub(crate) fn amount(&self, name: &str) -> Result<Option<u64>, Fault> {
        let Some(value) = self.raw(name) else { return Ok(None) };
        let text = value.extract::<String>().ok();
        let bytes = text.map_or_else(|| value.extract().ok(), |text| unband::io::parse_amount(&text));
        bytes
            .map(Some)
            .ok_or_else(|| Fault::option(name, "a number of bytes, or text such as \"2G\"", shown(&value)))
    }

    /// One of the words of a registry.
    pub(crate) fn word<T: ParamValue>(&self, name: &str) -> Result<Option<T>, Fault> {
        let Some(text) = self.value::<String>(name, "a word")? else { return Ok(None) };
        let rule = format!("one of {}", T::KIND);
        T::parse(&text).map(Some).ok_or_else(|| Fault::option(name, &rule, format!("`{text}`")))
    }

    /// Bits of the result.
    pub(crate) fn depth(&self) -> Result<OutputDepth, Fault> {
        let Some(value) = self.raw("depth") else { return Ok(OutputDepth::Keep) };
        let wrong = || Fault::option("depth", "1 to 16, \"float\" or None", shown(&value));
        if let Ok(text) = value.extract::<String>() {
            return if matches!(text.as_str(), "float" | "32f") {
                Ok(OutputDepth::Float)
            } else {
                Err(wrong())
            };
        }
        let bits = value
            .extract::<u8>()
            .ok()
            .filter(|bits| (1..=16).contains(bits) && !value.is_instance_of::<PyBool>());
        bits.map(OutputDepth::Bits).ok_or_else(wrong)
    }

    /// Threads, progress and the answer to Ctrl-C.
    pub(crate) fn job(&self, stop: Stop) -> Result<Job, Fault> {
        let threads = self.value::<usize>("threads", "a whole number from 1")?;
        if threads == Some(0) {
            return Err(Fault::option("threads", "a whole number from 1", 0));
        }
        Ok(Job { threads, progress: self.raw("progress").map(Bound::unbind), stop, quick: false })
    }

    /// Options of the main job.
    pub(crate) fn options(&self) -> Result<Options, Fault> {
        let plain = Options::default();
        let mut own: Vec<&str> = Vec::new();
        let method = self.method(&mut own)?;
        // A keyword that is a parameter of the method is set there.
        let open = |name: &str| !own.contains(&name);
        let mut options = Options::default();
        options.method = method;
        options.strength =
            if open("strength") { self.value("strength", "0 to 4")? } else { None }.unwrap_or(plain.strength);
        options.depth = self.depth()?;
        options.dither =
            if open("dither") { self.word::<Dither>("dither")? } else { None }.unwrap_or_default();
        options.locked = self.switch("locked")?;
        options.seed = if open("seed") { self.value("seed", "a whole number from 0")? } else { None }
            .unwrap_or(plain.seed);
        options.precision =
            if open("precision") { self.word::<Precision>("precision")? } else { None }.unwrap_or_default();
        options.faithful = self.value("faithful", "True, False or None")?;
        options.everywhere = self.switch("everywhere")?;
        options.truncated = self.switch("truncated")?;
        options.bands = self.bands()?;
        options.alpha = if self.switch("alpha")? { Alpha::Repair } else { Alpha::Keep };
        options.treat_as = self.word::<TreatAs>("treat_as")?.unwrap_or_default();
        options.wrap = self.word::<Wrap>("wrap")?.unwrap_or_default();
        options.tile = plain.tile;
        options.max_memory = self.amount("max_memory")?;
        unband::check(&options)?;
        Ok(options)
    }

    /// Bands that the user has stated, by their bits or steps.
    pub(crate) fn bands(&self) -> Result<Option<Bands>, Fault> {
        let bits = self.value::<u8>("band_bits", "1 to 12")?.map(Bands::Bits);
        let Some(steps) = self.raw("band_step") else { return Ok(bits) };
        if bits.is_some() {
            return Err(Fault::option("band_step", "omitted where `band_bits` is given", "both"));
        }
        let same = steps.extract::<f32>().map(|step| [step; 3]);
        let each = same.or_else(|_| steps.extract::<[f32; 3]>()).map(|codes| Some(Bands::Steps(codes)));
        let rule = "a number of codes from 0.25 to 64, or three";
        each.map_err(|_| Fault::option("band_step", rule, shown(&steps)))
    }

    /// The method with its parameters. Names of general keywords that it takes itself go to `own`.
    fn method(&self, own: &mut Vec<&'static str>) -> Result<Choice, Fault> {
        let text =
            self.value::<String>("method", "the name of a method")?.unwrap_or_else(|| "auto".to_owned());
        let params = self.value::<Bound<'py, PyDict>>("params", "a dict")?;
        let params: Vec<_> = params.iter().flat_map(PyDictMethods::iter).collect();
        if text == "auto" {
            return match params.first() {
                None => Ok(Choice::Auto),
                Some((name, _)) => Err(Fault::new(ErrorKind::Option, format!("unknown argument `{name}`"))
                    .about(&name.to_string())
                    .hint(
                        "parameters of a method need its name: method=\"…\"; unband.list_methods() has them",
                    )),
            };
        }
        let mut method = unband::parse_method(&text)
            .map_err(|error| Fault::from_error(ErrorKind::Option, &error).about("method"))?;
        for (name, value) in &params {
            let name = name
                .extract::<String>()
                .map_err(|_| Fault::option("params", "a dict with names", shown(name)))?;
            self.set(&mut method, &name, value)?;
        }
        for name in ["strength", "seed", "dither", "precision"] {
            if let Some(value) = self.raw(name).filter(|_| !method.entry().ours && method.takes(name)) {
                self.set(&mut method, name, &value)?;
                own.push(name);
            }
        }
        Ok(Choice::Named(method))
    }

    #[allow(clippy::unused_self)] // reads like the others
    fn set(&self, method: &mut Method, name: &str, value: &Bound<'py, PyAny>) -> Result<(), Fault> {
        let name = method.entry().own_name(name, ParamInfo::identifier);
        let mut text = text_of(value);
        let kind = method.entry().params.iter().find(|param| param.name == name).map(|param| param.kind);
        if kind == Some(ParamKind::File) {
            text = model_file(&text);
        }
        method.set_text(name, &text).map_err(Fault::from)
    }

    /// The size of an upscaled image: at most one option names it.
    fn size(&self) -> Result<UpscaleSize, Fault> {
        let pixels = "a whole number of pixels, from 1";
        let scale = self.value::<f64>("scale", "a number above 0")?;
        let width = self.value::<usize>("width", pixels)?;
        let height = self.value::<usize>("height", pixels)?;
        let fit = self.value::<(usize, usize)>("fit", "width and height in pixels, from 1")?;
        if let Some(scale) = scale.filter(|&scale| !(scale > 0.0 && scale <= 64.0)) {
            return Err(Fault::option("scale", "above 0 and at most 64", scale));
        }
        if [width, height, fit.map(|(a, b)| a.min(b))].contains(&Some(0)) {
            return Err(Fault::option("width, height or fit", pixels, "0"));
        }
        let fit = fit.map(|(width, height)| UpscaleSize::Fit(width, height));
        let width = width.map(UpscaleSize::Width);
        let height = height.map(UpscaleSize::Height);
        let mut named = [scale.map(UpscaleSize::Scale), width, height, fit].into_iter().flatten();
        match (named.next(), named.next()) {
            (Some(_), Some(_)) => {
                Err(Fault::option("scale", "alone: width, height and fit say the same", "more"))
            }
            (size, _) => Ok(size.unwrap_or_default()),
        }
    }

    /// Options of upscaling.
    pub(crate) fn upscaling(&self) -> Result<UpscaleOptions, Fault> {
        let weights = self.raw("weights").map(|value| model_file(&text_of(&value)).into());
        let mut options = UpscaleOptions::default();
        options.size = self.size()?;
        options.weights = weights;
        options.denoise = self.value("denoise", "a number from 0 to 1")?;
        options.precision = self.word::<Precision>("precision")?.unwrap_or_default();
        options.depth = self.depth()?;
        options.dither = self.word::<Dither>("dither")?;
        options.locked = self.switch("locked")?;
        options.seed = self.value("seed", "a whole number from 0")?.unwrap_or(0);
        options.treat_as = self.word::<TreatAs>("treat_as")?.unwrap_or_default();
        options.wrap = self.word::<Wrap>("wrap")?.unwrap_or_default();
        options.max_memory = self.amount("max_memory")?;
        Ok(options)
    }
}

/// A value as parsers read it.
fn text_of(value: &Bound<'_, PyAny>) -> String {
    match value.extract::<bool>() {
        Ok(switch) if value.is_instance_of::<PyBool>() => switch.to_string(),
        _ => value.to_string(),
    }
}

/// A value in a message; long ones are cut.
fn shown(value: &Bound<'_, PyAny>) -> String {
    let text = value.repr().map_or_else(|_| "an object".to_owned(), |text| text.to_string());
    if text.chars().count() > 80 { text.chars().take(77).chain("…".chars()).collect() } else { text }
}

/// The file of an imported model of that name, unless a file has it.
fn model_file(text: &str) -> String {
    let known = |folder: &std::path::PathBuf| models::names(folder).iter().any(|name| name == text);
    match models::folder().filter(known) {
        Some(folder) if !std::path::Path::new(text).exists() => {
            models::file(&folder, text).display().to_string()
        }
        _ => text.to_owned(),
    }
}
