//! Options by name and text.

use std::ffi::CStr;

use unband::frames::{FrameOptions, Temporal};
use unband::{
    Alpha, Bands, Context, Dither, Options, OutputDepth, ParamKind, ParamValue, Precision, TreatAs, Wrap,
};

use super::status::{CallFailure, Status};
use crate::guard::method;

/// `unband_options`.
#[derive(Clone, Default)]
pub(crate) struct CallOptions {
    pub(crate) options: Options,
    pub(crate) temporal: Temporal,
    /// Threads; 0 for all processors.
    pub(crate) threads: usize,
}

/// Names that [`CallOptions::set`] takes.
const NAMES: &[&str] = &[
    "method",
    "strength",
    "depth",
    "dither",
    "seed",
    "faithful",
    "everywhere",
    "truncated",
    "band-bits",
    "band-step",
    "precision",
    "alpha",
    "treat-as",
    "wrap",
    "locked",
    "temporal",
    "max-memory",
    "threads",
];

fn value<T: ParamValue>(name: &str, text: &str) -> Result<T, CallFailure> {
    let rule = || match T::KIND {
        ParamKind::Number => "a number".to_owned(),
        kind => kind.to_string(),
    };
    T::parse(text).ok_or_else(|| CallFailure::option(name, rule(), text))
}

fn whole<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, CallFailure> {
    text.trim().parse().map_err(|_| CallFailure::option(name, "a whole number", text))
}

impl CallOptions {
    /// Sets an option; names and values as on the program's command line.
    pub(crate) fn set(&mut self, name: &str, text: &str) -> Result<(), CallFailure> {
        let options = &mut self.options;
        let wrong = |rule: String| CallFailure::option(name, rule, text);
        match &*name.replace('_', "-") {
            "method" => options.method = method(text).map_err(|what| CallFailure(Status::Option, what))?,
            "strength" => options.strength = value(name, text)?,
            "depth" => options.depth = depth(text).ok_or_else(|| wrong("8 to 16, 32f or keep".to_owned()))?,
            "dither" => options.dither = value::<Dither>(name, text)?,
            "seed" => options.seed = whole(name, text)?,
            "faithful" if text == "auto" => options.faithful = None,
            "faithful" => options.faithful = Some(value(name, text)?),
            "everywhere" => options.everywhere = value(name, text)?,
            "truncated" => options.truncated = value(name, text)?,
            "band-bits" => match whole(name, text)? {
                bits @ 1..=12 => options.bands = Some(Bands::Bits(bits)),
                _ => return Err(wrong("1 to 12".to_owned())),
            },
            "band-step" => {
                let said = |rule| CallFailure(Status::Option, format!("`{name}` must be {rule}"));
                options.bands = Some(text.parse::<Bands>().map_err(said)?);
            }
            "precision" => options.precision = value::<Precision>(name, text)?,
            "alpha" => options.alpha = if value(name, text)? { Alpha::Repair } else { Alpha::Keep },
            "treat-as" => options.treat_as = value::<TreatAs>(name, text)?,
            "wrap" => options.wrap = value::<Wrap>(name, text)?,
            "locked" => options.locked = value(name, text)?,
            "temporal" => self.temporal = value(name, text)?,
            "max-memory" => {
                options.max_memory = Some(
                    unband::io::parse_amount(text)
                        .ok_or_else(|| wrong("a size such as 500M or 2G".to_owned()))?,
                );
            }
            "threads" => self.threads = whole(name, text)?,
            _ => {
                let what = format!("there is no option `{name}`; the options are {}", NAMES.join(", "));
                return Err(CallFailure(Status::Option, what));
            }
        }
        unband::check(&self.options)?;
        Ok(())
    }

    /// For the library's frames.
    pub(crate) fn for_frames(&self) -> FrameOptions {
        FrameOptions::new(self.options.clone(), self.temporal)
    }

    /// Threads to use.
    pub(crate) fn thread_count(&self) -> usize {
        match self.threads {
            0 => Context::default().threads,
            threads => threads.min(1024),
        }
    }
}

fn depth(text: &str) -> Option<OutputDepth> {
    match text.trim() {
        "keep" => Some(OutputDepth::Keep),
        "32f" | "32" | "float" => Some(OutputDepth::Float),
        bits => bits.parse().ok().filter(|bits| (8..=16).contains(bits)).map(OutputDepth::Bits),
    }
}

/// A text of C.
///
/// # Safety
/// Null, or a text that ends in a zero.
pub(crate) unsafe fn text_of<'a>(text: *const std::ffi::c_char, name: &str) -> Result<&'a str, CallFailure> {
    if text.is_null() {
        return Err(CallFailure::argument(format!("`{name}` is null")));
    }
    // SAFETY: promised by the caller.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|_| CallFailure::argument(format!("`{name}` must be UTF-8")))
}
