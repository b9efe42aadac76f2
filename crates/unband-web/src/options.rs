//! Options of calls, as JSON.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use unband::files::{FileOptions, Task};
use unband::io::{FormatEntry, Limits};
use unband::{
    Alpha, Bands, Choice, Dither, ErrorKind, Options, OutputDepth, TreatAs, UpscaleOptions, UpscaleSize,
    Upscaler, With, Wrap,
};

use crate::fault::{Fault, camel};

/// Most pixels of an image: WebAssembly has 4 GiB of memory.
const MOST_PIXELS: u64 = 100_000_000;

/// Size limits of images here.
pub(crate) fn limits() -> Limits {
    Limits::with(|new| (new.max_pixels, new.max_bytes) = (MOST_PIXELS, 16 * MOST_PIXELS))
}

/// Options of all calls; each takes those that concern it.
#[derive(Clone, Debug, Default, Deserialize)]
#[allow(clippy::struct_excessive_bools)] // independent switches
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Given {
    method: Option<String>,
    params: Map<String, Value>,
    strength: Option<f32>,
    depth: Option<Value>,
    dither: Option<String>,
    locked: bool,
    seed: u64,
    faithful: Option<bool>,
    everywhere: bool,
    truncated: bool,
    band_step: Option<Value>,
    band_bits: Option<u8>,
    alpha: bool,
    treat_as: Option<String>,
    wrap: Option<String>,
    format: Option<String>,
    quality: Option<u8>,
    effort: Option<u8>,
    only_banded: bool,
    keep_going: bool,
    scale: Option<f64>,
    width: Option<usize>,
    height: Option<usize>,
    fit: Option<(usize, usize)>,
    deband: Option<bool>,
    metrics: Option<String>,
    explain: bool,
}

impl Given {
    /// From the text of an object.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        serde_json::from_str(text).map_err(|error| {
            let text = error.to_string();
            // The place in the text, which the caller has not written.
            let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
            Fault::option("options", "an object with known properties", message)
        })
    }

    fn depth(&self) -> Result<OutputDepth, Fault> {
        let wrong = |got: &Value| Fault::option("depth", "1 to 16, \"float\" or \"keep\"", got);
        match &self.depth {
            None | Some(Value::Null) => Ok(OutputDepth::Keep),
            Some(value @ Value::Number(_)) => {
                let bits =
                    value.as_u64().filter(|bits| (1..=16).contains(bits)).ok_or_else(|| wrong(value))?;
                Ok(OutputDepth::Bits(bits as u8))
            }
            Some(Value::String(word)) if word == "float" => Ok(OutputDepth::Float),
            Some(Value::String(word)) if word == "keep" => Ok(OutputDepth::Keep),
            Some(other) => Err(wrong(other)),
        }
    }

    fn bands(&self) -> Result<Option<Bands>, Fault> {
        let Some(step) = &self.band_step else { return Ok(self.band_bits.map(Bands::Bits)) };
        if self.band_bits.is_some() {
            return Err(Fault::option("bandStep", "omitted where `bandBits` is given", "both"));
        }
        let wrong = || Fault::option("bandStep", "a number of codes from 0.25 to 64, or three", step);
        let steps: [f32; 3] = match step {
            Value::Number(_) => [read::<f32>(step).ok_or_else(wrong)?; 3],
            _ => read(step).ok_or_else(wrong)?,
        };
        Ok(Some(Bands::Steps(steps)))
    }

    fn method(&self) -> Result<Choice, Fault> {
        let name = self.method.as_deref().unwrap_or("auto");
        if name == "auto" {
            return match self.params.keys().next() {
                None => Ok(Choice::Auto),
                Some(_) => Err(Fault::option("params", "given with a `method`", "none")),
            };
        }
        let parsed = unband::parse_method(name);
        let mut method =
            parsed.map_err(|error| Fault::from_error(ErrorKind::Option, &error).about("method"))?;
        for (name, value) in &self.params {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            method
                .set_text(method.entry().own_name(name, |info| camel(info.name)), &text)
                .map_err(unband::Error::from)?;
        }
        Ok(Choice::Named(method))
    }

    /// Options of the main job.
    pub(crate) fn options(&self) -> Result<Options, Fault> {
        let mut options = Options::default();
        options.method = self.method()?;
        options.strength = self.strength.unwrap_or(options.strength);
        options.depth = self.depth()?;
        options.dither = word::<Dither>("dither", self.dither.as_deref())?.unwrap_or_default();
        (options.locked, options.seed, options.faithful) = (self.locked, self.seed, self.faithful);
        (options.everywhere, options.truncated) = (self.everywhere, self.truncated);
        options.bands = self.bands()?;
        options.alpha = if self.alpha { Alpha::Repair } else { Alpha::Keep };
        options.treat_as = word::<TreatAs>("treatAs", self.treat_as.as_deref())?.unwrap_or_default();
        options.wrap = word::<Wrap>("wrap", self.wrap.as_deref())?.unwrap_or_default();
        unband::check(&options)?;
        Ok(options)
    }

    /// Options of upscaling.
    pub(crate) fn upscaling(&self) -> Result<UpscaleOptions, Fault> {
        let mut options = UpscaleOptions::default();
        options.size = self.size()?;
        options.depth = self.depth()?;
        options.dither = word::<Dither>("dither", self.dither.as_deref())?;
        (options.locked, options.seed) = (self.locked, self.seed);
        options.treat_as = word::<TreatAs>("treatAs", self.treat_as.as_deref())?.unwrap_or_default();
        options.wrap = word::<Wrap>("wrap", self.wrap.as_deref())?.unwrap_or_default();
        Ok(options)
    }

    fn size(&self) -> Result<UpscaleSize, Fault> {
        let given = [
            self.scale.map(UpscaleSize::Scale),
            self.width.map(UpscaleSize::Width),
            self.height.map(UpscaleSize::Height),
            self.fit.map(|(width, height)| UpscaleSize::Fit(width, height)),
        ];
        let mut given = given.into_iter().flatten();
        match (given.next(), given.next()) {
            (None, _) => Ok(UpscaleSize::Network),
            (Some(UpscaleSize::Scale(scale)), None) if !(scale > 1.0 && scale <= 64.0) => {
                Err(Fault::option("scale", "above 1, at most 64", scale))
            }
            (Some(UpscaleSize::Width(0) | UpscaleSize::Height(0)), None) => {
                Err(Fault::option("width", "at least 1, as `height`", 0))
            }
            (Some(UpscaleSize::Fit(width, height)), None) if width == 0 || height == 0 => {
                Err(Fault::option("fit", "two sides of at least 1", format!("{width}, {height}")))
            }
            (Some(size), None) => Ok(size),
            (Some(_), Some(_)) => {
                Err(Fault::option("scale", "the only one of scale, width, height and fit", "several"))
            }
        }
    }

    /// Options for the bytes of a file.
    pub(crate) fn file(&self) -> Result<FileOptions, Fault> {
        let options = self.options()?;
        if let OutputDepth::Bits(bits) = options.depth
            && !matches!(bits, 8 | 10 | 12 | 16)
        {
            return Err(Fault::option("depth", "8, 10, 12 or 16 for a file", bits));
        }
        if self.quality.is_some_and(|quality| !(1..=100).contains(&quality)) {
            return Err(Fault::option("quality", "1 to 100", self.quality.unwrap_or_default()));
        }
        if self.effort.is_some_and(|effort| effort > 9) {
            return Err(Fault::option("effort", "0 to 9", self.effort.unwrap_or_default()));
        }
        Ok(FileOptions::with(|new| {
            new.options = options;
            (new.quality, new.effort) = (self.quality, self.effort);
            (new.only_banded, new.keep_going) = (self.only_banded, self.keep_going);
            new.limits = limits();
        }))
    }

    /// As [`Given::file`], with the requested format.
    pub(crate) fn file_in_format(&self) -> Result<FileOptions, Fault> {
        let format = self.format()?;
        Ok(self.file()?.but(|new| new.format = format))
    }

    /// Options for upscaling the bytes of a file; it is debanded before, unless that is turned off.
    pub(crate) fn upscaled_file(&self) -> Result<FileOptions, Fault> {
        let upscaler = std::sync::Arc::new(Upscaler::new(&self.upscaling()?)?);
        let task = match self.deband {
            Some(false) => Task::Upscale(upscaler),
            _ => Task::DebandThenUpscale(upscaler),
        };
        Ok(self.file_in_format()?.but(|new| new.task = task))
    }

    /// The format of the result.
    pub(crate) fn format(&self) -> Result<Option<&'static FormatEntry>, Fault> {
        let Some(name) = &self.format else { return Ok(None) };
        let known = |name: &str| {
            let by_extension = unband::io::by_extension(std::path::Path::new(&format!("x.{name}")));
            unband::io::by_name(name).or(by_extension).filter(|format| format.writes.is_some())
        };
        let names =
            unband::io::FORMATS.iter().filter(|format| format.writes.is_some()).map(|format| format.name);
        let rule = || format!("one of {}", names.collect::<Vec<_>>().join(", "));
        known(name).map(Some).ok_or_else(|| Fault::option("format", &rule(), name))
    }

    /// Names of metrics.
    pub(crate) fn metrics(&self) -> Option<&str> {
        self.metrics.as_deref()
    }

    /// Are the rules that decided wanted?
    pub(crate) fn explain(&self) -> bool {
        self.explain
    }

    /// Bits and dither of a call that only rounds.
    pub(crate) fn rounding(&self) -> Result<(OutputDepth, Dither, bool, u64), Fault> {
        let dither = word::<Dither>("dither", self.dither.as_deref())?.unwrap_or_default();
        Ok((self.depth()?, dither, self.locked, self.seed))
    }
}

fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

/// One of the words of a registry.
fn word<T: unband::ParamValue>(name: &str, text: Option<&str>) -> Result<Option<T>, Fault> {
    let Some(text) = text else { return Ok(None) };
    T::parse(text).map(Some).ok_or_else(|| Fault::option(name, &format!("one of {}", T::KIND), text))
}
