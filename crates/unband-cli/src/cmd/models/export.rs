//! `unband models export`: ONNX export.

use std::path::PathBuf;
use unband::{Hint, With};

use unband::io::{Access, Saving};
use unband::models::{self, Chosen, NetworkSource};
use unband::nets::arch::Passes;
use unband::nets::onnx;

use super::{ExportArgs, failure};
use crate::extras;
use crate::outcome::Outcome;
use crate::reporter::{Failure, Reporter, grouped};

/// Reads rows and columns, `512x768`.
///
/// # Errors
/// Anything but two whole numbers above 0.
pub(super) fn size(text: &str) -> Result<(usize, usize), String> {
    let number = |text: &str| text.parse().ok().filter(|&n| n > 0);
    let two = text.split_once(['x', '×']).and_then(|(rows, columns)| Some((number(rows)?, number(columns)?)));
    two.ok_or_else(|| "give height and width as two numbers, such as 512x768".to_owned())
}

pub(super) fn run(args: &ExportArgs, reporter: &Reporter<'_>) -> Outcome {
    match export(args, reporter) {
        Ok(()) => Outcome::Done,
        Err((outcome, failure)) => {
            reporter.failure(&failure);
            outcome
        }
    }
}

fn export(args: &ExportArgs, reporter: &Reporter<'_>) -> Result<(), (Outcome, Failure)> {
    let files =
        [args.weights.as_ref(), if let NetworkSource::File(file) = &args.what { Some(file) } else { None }];
    let files: Vec<&PathBuf> = files.into_iter().flatten().collect();
    extras::Inputs::from_paths(&files).keep_from(&args.onnx).map_err(|failure| (Outcome::Usage, failure))?;
    let folder = models::folder();
    let folder = folder.as_deref();
    let chosen = match (&args.what, &args.weights) {
        (NetworkSource::Network(name), None) => {
            reporter
                .note(&"the weights are random, useful only to test speed; `--weights FILE` sets real ones");
            Chosen::random(name)
        }
        (NetworkSource::Network(name), Some(file)) => Chosen::open(file, Some(name), folder),
        (NetworkSource::File(file), None) => Chosen::open(file, None, folder),
        (NetworkSource::File(_), Some(_)) => {
            let hint = "drop one, or name the network that `--weights` is for";
            return Err((
                Outcome::Usage,
                Failure::usage("two checkpoints, but only one can be exported", hint),
            ));
        }
    };
    let chosen = chosen.map_err(|error| (Outcome::SomeFailed, error.into()))?;
    let bytes = onnx::write(&chosen.graph, &chosen.weights, args.size, &facts(&chosen))
        .map_err(|e| (Outcome::Usage, failure(&args.onnx, &e, e.hint())))?;
    let saving = Saving::from(args.overwrite).but(|new| new.access = Access::from_paths(files));
    unband::io::write_bytes(&bytes, &args.onnx, saving)
        .map_err(|e| (Outcome::SomeFailed, failure(&args.onnx, &e, e.hint())))?;
    reporter.line(&format_args!(
        "{} → {}  {}, {} parameters, {}, opset {}",
        args.what,
        args.onnx.display(),
        chosen.name,
        grouped(chosen.graph.parameter_count() as u64),
        sizes(args.size, chosen.graph.size_multiple()),
        onnx::OPSET
    ));
    Ok(())
}

fn sizes(size: Option<(usize, usize)>, multiple: Option<usize>) -> String {
    match (size, multiple) {
        (Some((height, width)), _) => format!("{width}×{height}"),
        (None, Some(multiple)) if multiple > 1 => format!("sides that are multiples of {multiple}"),
        (None, _) => "any size".to_owned(),
    }
}

/// Facts that the file stores besides the network.
fn facts(chosen: &Chosen) -> Vec<(String, String)> {
    let (black, white) = chosen.architecture.use_as.range;
    let mut facts = vec![
        ("unband.network", chosen.name.clone()),
        ("unband.title", chosen.architecture.title.to_owned()),
        ("unband.source", chosen.architecture.source.to_owned()),
        ("unband.weights", chosen.from.clone()),
        ("unband.range", format!("{black} {white}")),
    ];
    if let Some(multiple) = chosen.graph.size_multiple() {
        facts.push(("unband.size_multiple", multiple.to_string()));
    }
    if chosen.architecture.use_as.passes == Passes::Steps {
        facts.push(("unband.passes", "steps over t from 1 to 0".to_owned()));
    }
    facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_two_numbers() {
        assert_eq!(size("512x768"), Ok((512, 768)));
        assert_eq!(size("1×2"), Ok((1, 2)));
        for wrong in ["", "512", "0x5", "5x0", "x", "5x5x5", "-5x5", "5.0x5", "99999999999999999999x1"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
