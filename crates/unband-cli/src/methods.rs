//! Methods named in lists such as `--method smooth,gradfun`, and their runs.

use std::collections::HashSet;
use std::path::Path;

use unband::metrics::Inspected;
use unband::models;
use unband::{Choice, Context, Error, Options, Weights, networks};

use crate::settings::no_method;
use crate::talk::Failure;

/// The name for the automatic choice of `deband`.
const DEFAULT: &str = "default";

/// A method with its settings.
#[derive(Clone, Debug)]
pub struct Method {
    /// As typed.
    pub text: String,
    /// Options with the method and its settings.
    pub options: Options,
}

/// Parses comma-separated methods. A setting after a comma belongs to the method before it:
/// `gradfun:radius=20,strength=2,smooth`.
///
/// # Errors
/// Unknown names and invalid settings.
pub fn parse(texts: &[String]) -> Result<Vec<Method>, Failure> {
    let mut pieces: Vec<String> = Vec::new();
    for text in texts {
        let from = pieces.len();
        for piece in text.split(',').map(str::trim).filter(|piece| !piece.is_empty()) {
            let setting = piece.contains('=') && !piece.contains(':');
            match pieces[from..].last_mut().filter(|before| setting && before.contains(':')) {
                Some(before) => before.extend([",", piece]),
                None => pieces.push(piece.to_owned()),
            }
        }
    }
    if pieces.is_empty() {
        return Err(Failure::usage("`--method` names no method", "`unband list methods` shows all"));
    }
    let mut seen = HashSet::new();
    pieces.retain(|piece| seen.insert(piece.clone()));
    pieces.into_iter().map(|text| method(text, None, &Options::default())).collect()
}

/// Parses one method with further settings, run with the given options.
///
/// # Errors
/// As [`parse`].
pub fn method(text: String, weights: Option<&Path>, options: &Options) -> Result<Method, Failure> {
    if text == DEFAULT {
        return Ok(Method { text, options: Options { method: Choice::Auto, ..options.clone() } });
    }
    let mut method = unband::parse_method(&text).map_err(|error| no_method(&error))?;
    if let Some(file) = weights {
        method.set(networks::WEIGHTS, &Weights::File(file.to_owned()))?;
    }
    models::settle(&mut method, models::folder().as_deref())?;
    let options = Options { method: Choice::Named(method), ..options.clone() };
    unband::check(&options)?;
    Ok(Method { text, options })
}

impl Method {
    /// Runs the method as `unband deband --method` would, at the input's depth.
    ///
    /// # Errors
    /// Inputs that the method does not support, as text.
    pub fn run(&self, input: &Inspected, ctx: &Context<'_>) -> Result<Inspected, String> {
        let (picture, findings) = (input.as_stored(), input.findings.clone());
        let done = unband::files::deband_as_written(picture, findings, &self.options, ctx);
        let (result, _) = done.map_err(|error: Error| error.to_string())?;
        Inspected::new(result, ctx).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        parse(&[text.to_owned()]).unwrap().into_iter().map(|method| method.text).collect()
    }

    #[test]
    fn settings_stay_with_their_method() {
        assert_eq!(texts("smooth,gradfun,f3kdb,smooth"), ["smooth", "gradfun", "f3kdb"]);
        assert_eq!(
            texts("gradfun:radius=20,strength=2,smooth,deband=1thr=0.03:range=24"),
            ["gradfun:radius=20,strength=2", "smooth", "deband=1thr=0.03:range=24"]
        );
        assert_eq!(parse(&["default".to_owned()]).unwrap()[0].options.method, Choice::Auto);
    }

    #[test]
    fn what_is_no_method_is_said_before_the_work() {
        for wrong in
            ["", ",", "gradfun,none-such", "gradfun:radius=99", "gradfun:colour=1", "default:strength=1"]
        {
            assert!(parse(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
