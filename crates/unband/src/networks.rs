//! Neural networks as methods: `--method ggdbn --weights FILE`.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use unband_filters::smooth;
use unband_image::findings::Findings;
use unband_image::restorer::Prepare;
use unband_image::{Entry, ParamError, ParamInfo, Params, Restorer, params};
use unband_infer::cells::Cells;
use unband_infer::deepdeband::Variant;
use unband_infer::{Engine, GuidedRestorer, NetRestorer, Way, models};
use unband_nets::arch::{self, Architecture};

use unband_simd::Precision as Products;

use crate::feed::{self, Order, Scale};
use crate::{Error, Precision, shipped};

params! {
    /// Settings of single-pass networks.
    pub struct OnceParams {
        /// Weights: a file as the authors publish it, or the name of an imported model.
        weights: PathBuf = PathBuf::new();
        /// Order of the channels that the network gets.
        order: Order = Order::Auto;
        /// Factor of the values that the network gets: `1/255` if its training divided them by 255 twice.
        scale: Scale = Scale::AUTO;
        /// Precision of multiplications.
        precision: Precision = Precision::Auto;
    }
}

params! {
    /// Settings of the built-in network.
    pub struct LiteParams {
        /// Weights that replace the built-in ones: a file, or the name of an imported model.
        weights: PathBuf = PathBuf::new();
        /// Share of the correction that is applied. 0 changes nothing; values above 1 need `smooth`.
        strength: f32 = 1.0, 0.0..=1.0;
        /// Precision of multiplications.
        precision: Precision = Precision::Auto;
    }
}

params! {
    /// Settings of multi-step networks.
    pub struct StepsParams {
        /// Weights: a file as the authors publish it, or the name of an imported model.
        weights: PathBuf = PathBuf::new();
        /// Steps from the banded image to the clean one. 1 is a single pass; run time grows in proportion.
        steps: u32 = 30, 1..=1000;
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
    pub struct DeepDebandParams {
        /// Weights: a file as the authors publish it, or the name of an imported model.
        weights: PathBuf = PathBuf::new();
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

macro_rules! network {
    ($architecture:path, $params:ident, $way:expr) => {
        Entry {
            name: $architecture.name,
            title: $architecture.title,
            source: $architecture.source,
            ours: false,
            rgb: true,
            params: $params::INFO,
            build: |settings| {
                let architecture: &'static Architecture = &$architecture;
                let params = $params::from_settings(architecture.name, settings)?;
                let way: fn(&$params) -> Way = $way;
                prepare(
                    architecture,
                    (&params.weights, params.precision),
                    way(&params),
                    (params.order, params.scale),
                )
            },
        }
    };
}

/// Debanding networks, by date of publication.
pub static NETWORKS: &[Entry] = &[
    network!(arch::bitnet::ENTRY, OnceParams, |_| Way::Once),
    network!(arch::adnet::ENTRY, OnceParams, |_| Way::Once),
    network!(arch::brdnet::ENTRY, OnceParams, |_| Way::Once),
    network!(arch::uformer::ENTRY, OnceParams, |_| Way::Once),
    network!(arch::deepdeband::FULL, DeepDebandParams, |params| deep_deband(params, false)),
    network!(arch::deepdeband::WEIGHTED, DeepDebandParams, |params| deep_deband(params, true)),
    network!(arch::indi::ENTRY, StepsParams, |params| {
        Way::Steps(NonZeroU32::new(params.steps).unwrap_or(NonZeroU32::MIN))
    }),
    network!(arch::ggdbn::ENTRY, OnceParams, |_| Way::Once),
    network!(arch::bdinn::ENTRY, OnceParams, |_| Way::Once),
    LITE,
];

/// The built-in network, on top of `smooth`; `smooth` alone where no grid was found.
const LITE: Entry = Entry {
    name: arch::unband_lite::ENTRY.name,
    title: arch::unband_lite::ENTRY.title,
    source: arch::unband_lite::ENTRY.source,
    ours: true,
    rgb: true,
    params: LiteParams::INFO,
    build: |settings| {
        let architecture = &arch::unband_lite::ENTRY;
        let params = LiteParams::from_settings(architecture.name, settings)?;
        let precision = params.precision.products()?;
        let engine = match params.weights.as_os_str() {
            none if none.is_empty() => shipped::debander(precision)?,
            _ => engine(architecture, &params.weights, precision)?,
        };
        let alone = (smooth::ENTRY.build)(&[("strength".to_owned(), params.strength.to_string())])?;
        let surface = (smooth::ENTRY.build)(&[])?;
        Ok(Box::new(move |image, findings, ctx| {
            if !has_grid(findings) {
                return alone(image, findings, ctx);
            }
            let surface = surface(image, findings, ctx)?;
            let engine = Arc::clone(&engine);
            let restorer = GuidedRestorer::new(architecture, engine, surface, findings, params.strength)?;
            Ok(Box::new(restorer) as Box<dyn Restorer>)
        }))
    },
};

/// Name of the built-in debanding network, the default method where a grid was found.
pub const DEFAULT: &str = arch::unband_lite::ENTRY.name;

/// Was a grid found in any plane? Without one the built-in network knows no more than `smooth`.
pub(crate) fn has_grid(findings: &Findings) -> bool {
    Cells::gridded(findings)
}

/// The weights of a network as a file, where they are built in.
pub fn built_in(method: &str) -> Option<&'static [u8]> {
    (method == DEFAULT).then_some(shipped::DEBANDER)
}

/// Name of the precision parameter.
pub const PRECISION: &str = "precision";

/// Name of the checkpoint parameter.
pub const WEIGHTS: &str = "weights";

/// Does the method take a checkpoint?
pub fn takes_weights(params: &[ParamInfo]) -> bool {
    params.iter().any(|param| param.name == WEIGHTS)
}

fn deep_deband(params: &DeepDebandParams, weighted: bool) -> Way {
    let variant = if params.original { Variant::Original } else { Variant::Fixed };
    Way::DeepDeband { weighted, variant, seed: u64::from(params.seed) }
}

fn prepare(
    architecture: &'static Architecture,
    (file, precision): (&Path, Precision),
    way: Way,
    (order, scale): (Order, Scale),
) -> Result<Prepare, ParamError> {
    let engine = checked(architecture, file, precision.products()?)?;
    let convention = feed::changed(engine.convention(), order, scale);
    Ok(Box::new(move |_, _, _| {
        let restorer = NetRestorer::new(architecture, Arc::clone(&engine), way)?.with_convention(convention);
        Ok(Box::new(restorer) as Box<dyn Restorer>)
    }))
}

fn checked(
    architecture: &'static Architecture,
    file: &Path,
    products: Products,
) -> Result<Arc<Engine>, ParamError> {
    if file.as_os_str().is_empty() {
        let name = architecture.name;
        return Err(ParamError::Required { method: name, name: WEIGHTS, hint: where_from(name) });
    }
    engine(architecture, file, products)
}

/// Publisher and licence of a network's weights, and how to pass them.
fn where_from(name: &str) -> String {
    let published = unband_nets::zoo::PUBLISHED.iter().filter(|p| p.architecture == name);
    let told: Vec<String> = published
        .map(|p| format!("`{}` of {}, {} (licence: {})", p.file, p.author, p.place, p.licence))
        .collect();
    let given = "use its file with `--weights FILE`, or import it once with `unband models import FILE`";
    match told.as_slice() {
        [] => format!("no checkpoint was published; {given}"),
        told => format!("published: {}; {given}", told.join("; ")),
    }
}

/// Checks that the method has an extra output of that name.
///
/// # Errors
/// The outputs that it has, and the networks that have extra outputs.
pub fn check_aside(method: &'static str, settings: &[(String, String)], name: &str) -> Result<(), Error> {
    let outputs = asides(method, settings)?;
    if outputs.iter().any(|output| output == name) {
        return Ok(());
    }
    let of = |entry: &Entry| Some((entry.name, (arch::find(entry.name)?.build)().ok()?.outputs));
    let others = NETWORKS.iter().filter_map(of).filter(|(_, outputs)| outputs.len() > 1);
    let others = others.map(|(network, outputs)| {
        let names: Vec<&str> = outputs[1..].iter().map(|(name, _)| name.as_str()).collect();
        format!("{network} has {}", names.join(", "))
    });
    Err(Error::NoAside { method, name: name.to_owned(), has: outputs, others: others.collect() })
}

/// Names of a network's extra outputs, by its checkpoint; none for other methods.
fn asides(method: &str, settings: &[(String, String)]) -> Result<Vec<String>, ParamError> {
    let file = settings.iter().rev().find(|(name, _)| name == WEIGHTS).map(|(_, file)| Path::new(file));
    let network = NETWORKS.iter().any(|entry| entry.name == method);
    let (Some(file), Some(architecture)) = (file, arch::find(method).filter(|_| network)) else {
        return Ok(Vec::new());
    };
    let engine = engine(architecture, file, Products::F32)?;
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
