//! Options of calls, as JSON.

use super::error::{CallError, camel};
use crate::files::{FileOptions, Task};
use crate::io::{FormatEntry, Limits};
use crate::{
    Alpha, Bands, Choice, Dither, ErrorKind, Options, OutputDepth, TreatAs, UpscaleOptions, UpscaleSize,
    Upscaler, With, Wrap,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Options of all calls, as properties of one object; each call takes those that concern it.
#[derive(Clone, Debug, Default, Deserialize)]
#[allow(clippy::struct_excessive_bools)] // independent switches
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct CallOptions {
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

impl CallOptions {
    /// From the text of an object in JSON.
    ///
    /// # Errors
    /// Other text, and unknown properties.
    pub fn parse(text: &str) -> Result<Self, CallError> {
        serde_json::from_str(text).map_err(|error| {
            let text = error.to_string();
            // The place in the text, which the caller has not written.
            let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
            CallError::option("options", "an object with known properties", message)
        })
    }

    fn depth(&self) -> Result<OutputDepth, CallError> {
        let wrong = |got: &Value| CallError::option("depth", "1 to 16, \"float\" or \"keep\"", got);
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

    fn bands(&self) -> Result<Option<Bands>, CallError> {
        let Some(step) = &self.band_step else { return Ok(self.band_bits.map(Bands::Bits)) };
        if self.band_bits.is_some() {
            return Err(CallError::option("bandStep", "omitted where `bandBits` is given", "both"));
        }
        let wrong = || CallError::option("bandStep", "a number of codes from 0.25 to 64, or three", step);
        let steps: [f32; 3] = match step {
            Value::Number(_) => [read::<f32>(step).ok_or_else(wrong)?; 3],
            _ => read(step).ok_or_else(wrong)?,
        };
        Ok(Some(Bands::Steps(steps)))
    }

    fn method(&self) -> Result<Choice, CallError> {
        let name = self.method.as_deref().unwrap_or("auto");
        if name == "auto" {
            return match self.params.keys().next() {
                None => Ok(Choice::Auto),
                Some(_) => Err(CallError::option("params", "given with a `method`", "none")),
            };
        }
        let parsed = crate::parse_method(name);
        let mut method =
            parsed.map_err(|error| CallError::from_error(ErrorKind::Option, &error).about("method"))?;
        for (name, value) in &self.params {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            method
                .set_text(method.entry().own_name(name, |info| camel(info.name)), &text)
                .map_err(crate::Error::from)?;
        }
        Ok(Choice::Named(method))
    }

    /// Options of the main job.
    ///
    /// # Errors
    /// Values out of range.
    pub fn options(&self) -> Result<Options, CallError> {
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
        crate::check(&options)?;
        Ok(options)
    }

    /// Options of upscaling.
    ///
    /// # Errors
    /// Values out of range.
    pub fn upscaling(&self) -> Result<UpscaleOptions, CallError> {
        let (size, depth) = (self.size()?, self.depth()?);
        let dither = word::<Dither>("dither", self.dither.as_deref())?;
        let treat_as = word::<TreatAs>("treatAs", self.treat_as.as_deref())?.unwrap_or_default();
        let wrap = word::<Wrap>("wrap", self.wrap.as_deref())?.unwrap_or_default();
        Ok(UpscaleOptions::with(|new| {
            (new.size, new.depth, new.dither, new.treat_as, new.wrap) = (size, depth, dither, treat_as, wrap);
            (new.locked, new.seed) = (self.locked, self.seed);
        }))
    }

    fn size(&self) -> Result<UpscaleSize, CallError> {
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
                Err(CallError::option("scale", "above 1, at most 64", scale))
            }
            (Some(UpscaleSize::Width(0) | UpscaleSize::Height(0)), None) => {
                Err(CallError::option("width", "at least 1, as `height`", 0))
            }
            (Some(UpscaleSize::Fit(width, height)), None) if width == 0 || height == 0 => {
                Err(CallError::option("fit", "two sides of at least 1", format!("{width}, {height}")))
            }
            (Some(size), None) => Ok(size),
            (Some(_), Some(_)) => {
                Err(CallError::option("scale", "the only one of scale, width, height and fit", "several"))
            }
        }
    }

    /// Options for the bytes of a file.
    fn file(&self, limits: &Limits) -> Result<FileOptions, CallError> {
        let options = self.options()?;
        if let OutputDepth::Bits(bits) = options.depth
            && !matches!(bits, 8 | 10 | 12 | 16)
        {
            return Err(CallError::option("depth", "8, 10, 12 or 16 for a file", bits));
        }
        if self.quality.is_some_and(|quality| !(1..=100).contains(&quality)) {
            return Err(CallError::option("quality", "1 to 100", self.quality.unwrap_or_default()));
        }
        if self.effort.is_some_and(|effort| effort > 9) {
            return Err(CallError::option("effort", "0 to 9", self.effort.unwrap_or_default()));
        }
        Ok(FileOptions::with(|new| {
            new.options = options;
            (new.quality, new.effort) = (self.quality, self.effort);
            (new.only_banded, new.keep_going) = (self.only_banded, self.keep_going);
            new.limits = *limits;
        }))
    }

    /// As `file`, with the requested format.
    pub(super) fn file_in_format(&self, limits: &Limits) -> Result<FileOptions, CallError> {
        let format = self.format()?;
        Ok(self.file(limits)?.but(|new| new.format = format))
    }

    /// Options for upscaling the bytes of a file; it is debanded before, unless that is turned off.
    pub(super) fn upscaled_file(&self, limits: &Limits) -> Result<FileOptions, CallError> {
        let upscaler = std::sync::Arc::new(Upscaler::new(&self.upscaling()?)?);
        let task = match self.deband {
            Some(false) => Task::Upscale(upscaler),
            _ => Task::DebandThenUpscale(upscaler),
        };
        Ok(self.file_in_format(limits)?.but(|new| new.task = task))
    }

    /// The format of the result.
    ///
    /// # Errors
    /// A format that is not written.
    pub fn format(&self) -> Result<Option<&'static FormatEntry>, CallError> {
        let Some(name) = &self.format else { return Ok(None) };
        let known = |name: &str| {
            let by_extension = crate::io::by_extension(std::path::Path::new(&format!("x.{name}")));
            crate::io::by_name(name).or(by_extension).filter(|format| format.writes.is_some())
        };
        let names =
            crate::io::FORMATS.iter().filter(|format| format.writes.is_some()).map(|format| format.name);
        let rule = || format!("one of {}", names.collect::<Vec<_>>().join(", "));
        known(name).map(Some).ok_or_else(|| CallError::option("format", &rule(), name))
    }

    /// Names of metrics.
    pub fn metrics(&self) -> Option<&str> {
        self.metrics.as_deref()
    }

    /// Are the rules that decided wanted?
    pub(super) fn explain(&self) -> bool {
        self.explain
    }

    /// Bits and dither of a call that only rounds.
    pub(super) fn rounding(&self) -> Result<(OutputDepth, Dither, bool, u64), CallError> {
        let dither = word::<Dither>("dither", self.dither.as_deref())?.unwrap_or_default();
        Ok((self.depth()?, dither, self.locked, self.seed))
    }
}

fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

/// One of the words of a registry.
fn word<T: crate::ParamValue>(name: &str, text: Option<&str>) -> Result<Option<T>, CallError> {
    let Some(text) = text else { return Ok(None) };
    T::parse(text).map(Some).ok_or_else(|| CallError::option(name, &format!("one of {}", T::KIND), text))
}
