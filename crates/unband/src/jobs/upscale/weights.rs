//! The network of a file of weights, or of the mean of two.

use std::path::{Path, PathBuf};

use unband_image::{Hint, ParamError};
use unband_infer::{Engine, models};
use unband_nets::arch::{self, Purpose};
use unband_nets::{Convention, checkpoint};

use super::{Network, Upscaler};
use crate::Error;

/// The file defines the network. `denoise`: its share in the mean with [`weaker`]'s file.
///
/// # Errors
/// A file without an upscaling network; a share outside 0 to 1; a second file that is missing, or of another
/// network.
pub(super) fn network(
    file: &Path,
    denoise: Option<f32>,
    products: unband_simd::Precision,
) -> Result<Network, Error> {
    let (network, convention) = read(file)?;
    let weights = match denoise {
        None => network.weights,
        Some(share) if (0.0..=1.0).contains(&share) => {
            let second = weaker(file);
            let (other, _) = read(&second)?;
            if other.graph != network.graph {
                let what = format!("holds another network than {}", file.display());
                return Err(fault(&second, what, None));
            }
            network.weights.mixed(&other.weights, share)
        }
        Some(share) => {
            return Err(Error::Option { name: "denoise", range: "0 to 1", got: share.to_string() });
        }
    };
    let engine = Engine::with_precision(network.graph, weights, unband_simd::Level::best(), products);
    Upscaler::of_engine(network.architecture, engine.with_convention(convention))
}

/// The file of the network that removes less noise: `realesr-general-wdn-x4v3.pth` for
/// `realesr-general-x4v3.pth`, as its authors name them.
fn weaker(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let (before, after) = name.rsplit_once('-').unwrap_or((&name, ""));
    file.with_file_name(format!("{before}-wdn-{after}"))
}

fn read(file: &Path) -> Result<(checkpoint::Network, Convention), Error> {
    let of_file = |error: &dyn Hint| fault(file, error.to_string(), error.hint());
    let source = checkpoint::load(file).map_err(|error| of_file(&error))?;
    let opened = source.read().map_err(|error| of_file(&error))?;
    let convention = Convention::of_file(&source, &opened.facts);
    drop(source);
    let network = opened.network().map_err(|error| of_file(&error))?;
    let architecture = network.architecture;
    if architecture.use_as.purpose == Purpose::Upscale {
        return Ok((network, convention));
    }
    let run = match architecture.use_as.purpose {
        Purpose::Deband => format!("`unband FILE --weights {}` runs it; ", file.display()),
        _ => String::new(),
    };
    let hint = format!("{run}upscaling networks are {}", arch::names(&[Purpose::Upscale]));
    let what = format!("holds the network {}, which does not upscale", architecture.name);
    Err(fault(file, what, Some(hint)))
}

fn fault(file: &Path, what: String, hint: Option<String>) -> Error {
    let what = models::without_name(file, what);
    Error::Setting(ParamError::File { path: file.display().to_string(), what, hint })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_file_has_the_name_that_its_authors_gave_it() {
        let name = |file: &str| weaker(Path::new(file)).display().to_string();
        assert_eq!(name("w/realesr-general-x4v3.pth"), "w/realesr-general-wdn-x4v3.pth");
        assert_eq!(name("realesr-general-x4v3.safetensors"), "realesr-general-wdn-x4v3.safetensors");
    }
}
