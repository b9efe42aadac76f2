//! Methods named in lists such as `--method smooth,gradfun`, and their runs.

use std::collections::HashSet;
use std::path::Path;

use unband_image::{Context, Hint, ParamError};

use crate::metrics::Inspected;
use crate::models::{self, MethodError, ModelsError};
use crate::{Choice, Error, Options, Weights, networks};

/// The name for the automatic choice of `deband`.
const DEFAULT: &str = "default";

/// A method with its settings.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NamedMethod {
    /// As typed.
    pub text: String,
    /// Options with the method and its settings.
    pub options: Options,
}

/// Why a method with its settings and weights cannot run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NamedMethodError {
    /// A list without methods.
    #[error("`--method` names no method")]
    Nothing,
    /// An unknown method or an invalid setting.
    #[error(transparent)]
    Method(#[from] MethodError),
    /// It does not take the weights.
    #[error(transparent)]
    Weights(#[from] ParamError),
    /// The weights are missing.
    #[error(transparent)]
    Models(#[from] ModelsError),
    /// It cannot run with the options.
    #[error(transparent)]
    Options(#[from] Error),
}

impl Hint for NamedMethodError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Nothing => Some("`unband list methods` shows all".to_owned()),
            Self::Method(error) => error.hint(),
            Self::Weights(error) => error.hint(),
            Self::Models(error) => error.hint(),
            Self::Options(error) => error.hint(),
        }
    }
}

/// Parses comma-separated methods. A setting after a comma belongs to the method before it:
/// `gradfun:radius=20,strength=2,smooth`. `folder` holds imported models.
///
/// # Errors
/// Unknown names and invalid settings.
pub fn parse(texts: &[String], folder: Option<&Path>) -> Result<Vec<NamedMethod>, NamedMethodError> {
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
        return Err(NamedMethodError::Nothing);
    }
    let mut seen = HashSet::new();
    pieces.retain(|piece| seen.insert(piece.clone()));
    pieces.into_iter().map(|text| NamedMethod::new(text, None, &Options::default(), folder)).collect()
}

impl NamedMethod {
    /// Parses one method with further settings, run with the given options.
    ///
    /// # Errors
    /// Unknown names and invalid settings, missing weights.
    pub fn new(
        text: String,
        weights: Option<&Path>,
        options: &Options,
        folder: Option<&Path>,
    ) -> Result<Self, NamedMethodError> {
        if text == DEFAULT {
            return Ok(Self { text, options: Options { method: Choice::Auto, ..options.clone() } });
        }
        let mut method = models::parse_method(&text, folder)?;
        if let Some(file) = weights {
            method.set(networks::WEIGHTS, &Weights::File(file.to_owned()))?;
        }
        models::resolve(&mut method, folder)?;
        let options = Options { method: Choice::Named(method), ..options.clone() };
        crate::check(&options)?;
        Ok(Self { text, options })
    }

    /// Runs the method as `unband deband --method` would, at the input's depth.
    ///
    /// # Errors
    /// Inputs that the method does not support, as text.
    pub fn run(&self, input: &Inspected, ctx: &Context<'_>) -> Result<Inspected, String> {
        let (image, findings) = (input.as_stored(), input.findings.clone());
        let done = crate::files::deband_as_written(image, findings, &self.options, ctx);
        let (result, _) = done.map_err(|error: Error| error.to_string())?;
        Inspected::new(result, ctx).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        parse(&[text.to_owned()], None).unwrap().into_iter().map(|method| method.text).collect()
    }

    #[test]
    fn settings_stay_with_their_method() {
        assert_eq!(texts("smooth,gradfun,f3kdb,smooth"), ["smooth", "gradfun", "f3kdb"]);
        assert_eq!(
            texts("gradfun:radius=20,strength=2,smooth,deband=1thr=0.03:range=24"),
            ["gradfun:radius=20,strength=2", "smooth", "deband=1thr=0.03:range=24"]
        );
        assert_eq!(parse(&["default".to_owned()], None).unwrap()[0].options.method, Choice::Auto);
    }

    #[test]
    fn what_is_no_method_is_said_before_the_work() {
        for wrong in
            ["", ",", "gradfun,none-such", "gradfun:radius=99", "gradfun:colour=1", "default:strength=1"]
        {
            assert!(parse(&[wrong.to_owned()], None).is_err(), "{wrong}");
        }
    }
}
