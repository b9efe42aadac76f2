//! Neural networks as methods: `--method ggdbn --weights FILE`.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use unband_filters::jpeg_bounds::{JpegDeblock, coefficients};
use unband_filters::smooth;
use unband_image::findings::Findings;
use unband_image::method::{Prepare, defaults};
use unband_image::{
    Entry, Hint, Image, JpegCoefficients, Method, ParamError, ParamInfo, Params, RestoreError, Restorer,
    params,
};
use unband_infer::blocks::Blocks;
use unband_infer::cells::Cells;
use unband_infer::conditioning::Conditioning;
use unband_infer::deepdeband::Variant;
use unband_infer::{ColorGuard, Engine, Execution, GuidedRestorer, NetRestorer, models};
use unband_nets::Convention;
use unband_nets::arch::{self, ARCHITECTURES, Architecture, Passes, Purpose, Sees};

use unband_simd::Precision as Products;
use unband_weights::NetworkFile;

use crate::feed::{self, Order, Scale};
use crate::{Error, Precision, Weights, shipped};

params! {
    /// Settings of single-pass networks.
    #[non_exhaustive]
    pub struct OnceParams {
        /// Weights: a file as the authors publish it, or the name of an imported model.
        weights: Weights = Weights::NONE;
        /// Order of the channels that the network gets.
        order: Order = Order::Auto;
        /// Factor of the values that the network gets: `1/255` if its training divided them by 255 twice.
        scale: Scale = Scale::AUTO;
        /// Precision of multiplications.
        precision: Precision = Precision::Auto;
    }
}

params! {
    /// Settings of the built-in networks.
    #[non_exhaustive]
    pub struct BuiltInParams {
        /// Weights that replace the built-in ones: a file, or the name of an imported model.
        weights: Weights = Weights::BuiltIn;
        /// Share of the correction that is applied. 0 changes nothing; values above 1 need `smooth`.
        strength: f32 = 1.0, 0.0..=1.0;
        /// Precision of multiplications.
        precision: Precision = Precision::Auto;
    }
}

params! {
    /// Settings of multi-step networks.
    #[non_exhaustive]
    pub struct StepsParams {
        /// Weights: a file as the authors publish it, or the name of an imported model.
        weights: Weights = Weights::NONE;
        /// Steps from the banded image to the clean one, by default those that the weights file states.
        /// 1 is a single pass; run time grows in proportion.
        steps in "steps": u32 = 30, 1..=1000;
        /// Order of the channels that the network gets.
        order: Order = Order::Auto;
        /// Factor of the values that the network gets: `1/255` if its training divided them by 255 twice.
        scale: Scale = Scale::AUTO;
        /// Precision of multiplications.
        precision: Precision = Precision::Auto;
    }
}

params! {
    /// Settings of deepDeband.
    #[non_exhaustive]
    pub struct DeepDebandParams {
        /// Weights: a file as the authors publish it, or the name of an imported model.
        weights: Weights = Weights::NONE;
        /// Run exactly as the authors do: image statistics, dropout, truncated codes. Otherwise the result is
        /// deterministic and about one code brighter.
        original: bool = false;
        /// Seed of the dropout.
        seed: u32 = 0;
        /// Order of the channels that the network gets.
        order: Order = Order::Auto;
        /// Factor of the values that the network gets: `1/255` if its training divided them by 255 twice.
        scale: Scale = Scale::AUTO;
        /// Precision of multiplications.
        precision: Precision = Precision::Auto;
    }
}

/// The hint for an invalid setting. Only the network limits the strength to 1.
pub fn setting_hint(error: &ParamError) -> Option<String> {
    let limited = matches!(error, ParamError::OutOfRange { name: STRENGTH, range: "0.0..=1.0", .. });
    let own = "above 1 needs smooth: drop `--method`, or use `--method smooth`, which goes up to 4";
    error.hint().or_else(|| limited.then(|| own.to_owned()))
}

/// The entry of a network with its parameters, and how it runs with them.
macro_rules! network {
    ($architecture:expr, $params:ident, $way:expr) => {
        Entry {
            name: $architecture.name,
            title: $architecture.title,
            source: $architecture.source,
            ours: false,
            rgb: true,
            params: $params::INFO,
            defaults: defaults::<$params>,
            build: |method| {
                let params = method.params::<$params>();
                let way: fn(&Method, &$params, Convention) -> Execution = $way;
                prepare(
                    network(method)?,
                    &params.weights,
                    params.precision,
                    |convention| way(method, &params, convention),
                    params.order,
                    params.scale,
                )
            },
        }
    };
}

/// The entry of a debanding network; its passes and inputs decide the parameters.
const fn entry(architecture: &Architecture) -> Entry {
    match (architecture.use_as.sees, architecture.use_as.passes) {
        (Sees::Cells, _) => LITE,
        (Sees::Blocks, _) => JPEG,
        (_, Passes::One) => network!(architecture, OnceParams, |_, _, _| Execution::Once),
        (_, Passes::Steps) => network!(architecture, StepsParams, |method, params, convention| {
            let stated = convention.steps.filter(|_| !method.is_given(STEPS));
            Execution::Steps(stated.or(NonZeroU32::new(params.steps)).unwrap_or(NonZeroU32::MIN))
        }),
        (_, Passes::Whole) => {
            network!(architecture, DeepDebandParams, |_, params, _| deep_deband(params, false))
        }
        (_, Passes::Patches) => {
            network!(architecture, DeepDebandParams, |_, params, _| deep_deband(params, true))
        }
    }
}

/// Entries of the debanding networks with their number; the rest of the array is unused.
const ENTRIES: ([Entry; ARCHITECTURES.len()], usize) = {
    let (mut all, mut count, mut at) = ([LITE; ARCHITECTURES.len()], 0, 0);
    while at < ARCHITECTURES.len() {
        if matches!(ARCHITECTURES[at].use_as.purpose, Purpose::Deband) {
            all[count] = entry(&ARCHITECTURES[at]);
            count += 1;
        }
        at += 1;
    }
    (all, count)
};

/// Debanding networks, in the order of their registry.
pub static NETWORKS: &[Entry] = ENTRIES.0.split_at(ENTRIES.1).0;

/// The built-in network for levels, on top of `smooth`; `smooth` alone where no grid was found.
pub(crate) const LITE: Entry = Entry {
    name: arch::unband_lite::ENTRY.name,
    title: arch::unband_lite::ENTRY.title,
    source: arch::unband_lite::ENTRY.source,
    ours: true,
    rgb: true,
    params: BuiltInParams::INFO,
    defaults: defaults::<BuiltInParams>,
    build: |method| {
        let architecture = &arch::unband_lite::ENTRY;
        let own = BuiltIn::new(method, architecture, shipped::debander)?;
        Ok(Box::new(move |image, findings, ctx| {
            if !has_grid(findings) {
                return (own.alone)(image, findings, ctx);
            }
            let surface = (own.surface)(image, findings, ctx)?;
            let restorer = own.restorer(surface, Cells::new(findings))?;
            let restorer = restorer.with_guard(ColorGuard::find(image, findings, ctx));
            Ok(Box::new(restorer) as Box<dyn Restorer>)
        }))
    },
};

/// The built-in network for JPEG files, on top of `smooth` and averaged coefficients; `smooth` alone for
/// other images.
pub(crate) const JPEG: Entry = Entry {
    name: arch::unband_jpeg::ENTRY.name,
    title: arch::unband_jpeg::ENTRY.title,
    source: arch::unband_jpeg::ENTRY.source,
    ours: true,
    rgb: true,
    params: BuiltInParams::INFO,
    defaults: defaults::<BuiltInParams>,
    build: |method| {
        let architecture = &arch::unband_jpeg::ENTRY;
        let own = BuiltIn::new(method, architecture, shipped::jpeg)?;
        Ok(Box::new(move |image, findings, ctx| {
            let Some((stored, blocks)) = blocks(image) else {
                return (own.alone)(image, findings, ctx);
            };
            let inner = (own.surface)(image, findings, ctx)?;
            let surface = JpegDeblock::within(image, &stored, inner).map(JpegDeblock::guided);
            let surface = surface.unwrap_or_else(|inner| inner);
            Ok(Box::new(own.restorer(surface, blocks)?) as Box<dyn Restorer>)
        }))
    },
};

/// A built-in network with its settings.
struct BuiltIn {
    architecture: &'static Architecture,
    engine: Arc<Engine>,
    strength: f32,
    /// `smooth` below the network.
    surface: Arc<Prepare>,
    /// `smooth` in place of it.
    alone: Arc<Prepare>,
}

impl BuiltIn {
    /// # Errors
    /// Unusable weights, a strength outside its range.
    fn new(
        method: &Method,
        architecture: &'static Architecture,
        shipped: fn(Products) -> Result<Arc<Engine>, ParamError>,
    ) -> Result<Self, ParamError> {
        let params = method.params::<BuiltInParams>();
        let precision = params.precision.products()?;
        let engine = match params.weights.file()? {
            None => shipped(precision)?,
            Some(file) => engine(architecture, &file, precision)?,
        };
        let mut alone = Method::new(&smooth::ENTRY);
        let surface = alone.prepare()?;
        alone.set(STRENGTH, &params.strength)?;
        Ok(Self { architecture, engine, strength: params.strength, surface, alone: alone.prepare()? })
    }

    fn restorer(
        &self,
        surface: Box<dyn Restorer>,
        known: impl Conditioning + 'static,
    ) -> Result<GuidedRestorer, RestoreError> {
        GuidedRestorer::new(self.architecture, Arc::clone(&self.engine), surface, known, self.strength)
    }
}

/// The stored coefficients of an image and what the network for JPEG files knows by them; `None` for other
/// images.
fn blocks(image: &Image) -> Option<(Arc<JpegCoefficients>, Blocks)> {
    let stored = coefficients(image)?;
    Some((Arc::clone(&stored), Blocks::new(&stored)?))
}

/// Can the built-in network for JPEG files restore the image?
pub(crate) fn has_blocks(image: &Image) -> bool {
    blocks(image).is_some()
}

/// Does the method average the coefficients of the image itself, below its network?
pub(crate) fn averages_blocks(method: &Method, image: &Image, findings: &Findings) -> bool {
    method.name() == JPEG_DEFAULT && !findings.resized && has_blocks(image)
}

/// Name of the built-in debanding network, the default method where a grid was found.
pub const DEFAULT: &str = arch::unband_lite::ENTRY.name;

/// Was a grid found in any plane? Without one the built-in network knows no more than `smooth`.
pub(crate) fn has_grid(findings: &Findings) -> bool {
    Cells::gridded(findings)
}

/// Name of the built-in network for JPEG files, the default method for them where no grid was found.
pub const JPEG_DEFAULT: &str = arch::unband_jpeg::ENTRY.name;

/// The file of a network that is part of unband.
fn file(method: &str) -> Option<&'static NetworkFile> {
    match method {
        DEFAULT => Some(&unband_weights::DEBANDER),
        JPEG_DEFAULT => Some(&unband_weights::JPEG),
        _ => None,
    }
}

/// Is it the method of a network that is part of unband?
pub fn is_built_in(method: &str) -> bool {
    file(method).is_some()
}

/// The weights of a network as a file, where they are built in.
pub fn built_in(method: &str) -> Option<&'static [u8]> {
    file(method)?.bytes()
}

/// Name of the strength parameter of unband's own methods.
pub const STRENGTH: &str = "strength";

/// Name of the precision parameter.
pub const PRECISION: &str = "precision";

/// Name of the parameter for the steps of a multi-step network.
const STEPS: &str = "steps";

/// Name of the checkpoint parameter.
pub const WEIGHTS: &str = "weights";

/// Does the method take a checkpoint?
pub fn takes_weights(params: &[ParamInfo]) -> bool {
    params.iter().any(|param| param.name == WEIGHTS)
}

fn deep_deband(params: &DeepDebandParams, weighted: bool) -> Execution {
    let variant = if params.original { Variant::Original } else { Variant::Fixed };
    Execution::DeepDeband { weighted, variant, seed: u64::from(params.seed) }
}

/// The network of an entry.
fn network(method: &Method) -> Result<&'static Architecture, ParamError> {
    let unknown =
        || ParamError::Unknown { method: method.name(), name: WEIGHTS.to_owned(), known: Vec::new() };
    arch::find(method.name()).ok_or_else(unknown)
}

fn prepare(
    architecture: &'static Architecture,
    weights: &Weights,
    precision: Precision,
    way: impl FnOnce(Convention) -> Execution,
    order: Order,
    scale: Scale,
) -> Result<Prepare, ParamError> {
    let engine = checked(architecture, weights, precision.products()?)?;
    let convention = feed::changed(engine.convention(), order, scale);
    let way = way(convention);
    Ok(Box::new(move |_, _, _| {
        let restorer = NetRestorer::new(architecture, Arc::clone(&engine), way)?.with_convention(convention);
        Ok(Box::new(restorer) as Box<dyn Restorer>)
    }))
}

fn checked(
    architecture: &'static Architecture,
    weights: &Weights,
    products: Products,
) -> Result<Arc<Engine>, ParamError> {
    let name = architecture.name;
    let missing = || ParamError::Required { method: name, name: WEIGHTS, hint: where_from(name) };
    engine(architecture, &weights.file()?.ok_or_else(missing)?, products)
}

/// Publisher and licence of a network's weights, and how to pass them.
fn where_from(name: &str) -> String {
    let published = unband_nets::zoo::PUBLISHED.iter().filter(|p| p.architecture == name);
    let listed: Vec<String> = published
        .map(|p| format!("`{}` of {}, {} (licence: {})", p.file, p.author, p.place, p.licence))
        .collect();
    let given = "use its file with `--weights FILE`, or import it once with `unband models import FILE`";
    match listed.as_slice() {
        [] => format!("no checkpoint was published; {given}"),
        listed => format!("published: {}; {given}", listed.join("; ")),
    }
}

/// The checkpoint of a method; `None` for built-in weights, and for methods without weights.
///
/// # Errors
/// As [`Weights::file`].
pub fn checkpoint(method: &Method) -> Result<Option<PathBuf>, ParamError> {
    method.get::<Weights>(WEIGHTS).map_or(Ok(None), |weights| weights.file())
}

/// Checks that the method has an extra output of that name.
///
/// # Errors
/// The outputs that it has, and the networks that have extra outputs.
pub fn check_extra_output(method: &Method, name: &str) -> Result<(), Error> {
    let outputs = asides(method)?;
    if outputs.iter().any(|output| output == name) {
        return Ok(());
    }
    let of = |entry: &Entry| Some((entry.name, arch::find(entry.name)?.build().ok()?.outputs));
    let others = NETWORKS.iter().filter_map(of).filter(|(_, outputs)| outputs.len() > 1);
    let others = others.map(|(network, outputs)| {
        let names: Vec<&str> = outputs[1..].iter().map(|(name, _)| name.as_str()).collect();
        format!("{network} has {}", names.join(", "))
    });
    Err(Error::NoExtraOutput {
        method: method.name(),
        name: name.to_owned(),
        has: outputs,
        others: others.collect(),
    })
}

/// Names of a network's extra outputs, by its checkpoint; none for other methods.
fn asides(method: &Method) -> Result<Vec<String>, ParamError> {
    let (Some(file), Some(architecture)) = (checkpoint(method)?, arch::find(method.name())) else {
        return Ok(Vec::new());
    };
    let engine = engine(architecture, &file, Products::F32)?;
    Ok(engine.graph().outputs.iter().skip(1).map(|(name, _)| name.clone()).collect())
}

fn engine(
    architecture: &'static Architecture,
    file: &Path,
    products: Products,
) -> Result<Arc<Engine>, ParamError> {
    models::engine(architecture, file, products).map_err(|error| ParamError::File {
        path: error.path.display().to_string(),
        what: error.what,
        hint: error.hint,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_debanding_network_is_a_method() {
        let debanding = ARCHITECTURES.iter().filter(|network| network.use_as.purpose == Purpose::Deband);
        let names: Vec<&str> = debanding.map(|network| network.name).collect();
        assert_eq!(names, NETWORKS.iter().map(|entry| entry.name).collect::<Vec<_>>());
        let patches =
            NETWORKS.iter().filter(|entry| entry.params.iter().any(|param| param.name == "original"));
        assert_eq!(patches.map(|entry| entry.name).collect::<Vec<_>>(), ["deepdeband-f", "deepdeband-w"]);
        let steps = NETWORKS.iter().filter(|entry| entry.params.iter().any(|param| param.name == STEPS));
        assert_eq!(steps.map(|entry| entry.name).collect::<Vec<_>>(), ["indi"]);
    }
}
