//! Metrics of images in memory.

use std::path::Path;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use unband::metrics::Scope;
use unband::metrics::{Better, ComparedWith, Domain, Fault as Cause, Metric, MetricError};
use unband::models;
use unband::{ErrorKind, With};

use crate::fault::Fault;
use crate::image_input::{ImageInput, hold};
use crate::options::Given;
use crate::wait::{self, Stop};

impl From<MetricError> for Fault {
    fn from(error: MetricError) -> Self {
        match &error.fault {
            Cause::Cancelled => Self::from_error(ErrorKind::Cancelled, &error),
            Cause::Missing(_) => Self::from_error(ErrorKind::Option, &error).about("reference"),
            Cause::NoNetwork(_) | Cause::Network { .. } => Self::from_error(ErrorKind::Unsupported, &error),
            Cause::Option { option, .. } => Self::from_error(ErrorKind::Option, &error).about(option),
            _ => Self::from_error(ErrorKind::Input, &error).about("image"),
        }
    }
}

/// All metrics as dicts.
#[pyfunction]
pub(crate) fn metrics(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let folder = models::folder();
    let list = PyList::empty(py);
    for metric in unband::metrics::metrics(Domain::Image) {
        list.append(row(py, metric, folder.as_deref())?)?;
    }
    Ok(list)
}

/// Names of the default metrics for an image, or for a result with its reference and the image before its
/// repair.
#[pyfunction]
pub(crate) fn default_metrics(reference: bool, before: bool) -> Vec<&'static str> {
    let scope = match (reference, before) {
        (false, _) => Scope::IMAGE,
        (true, false) => Scope::PAIR,
        (true, true) => Scope::RESTORED,
    };
    // Without names, nothing can be unknown.
    scope.select(None, None).map_or_else(|_| Vec::new(), |all| all.iter().map(Metric::base).collect())
}

fn row<'py>(py: Python<'py>, metric: &Metric, models: Option<&Path>) -> PyResult<Bound<'py, PyDict>> {
    let row = PyDict::new(py);
    let compared_with = match metric.compared_with {
        ComparedWith::Nothing => None,
        ComparedWith::Reference => Some("reference"),
        ComparedWith::Input => Some("input"),
    };
    row.set_item("name", metric.name())?;
    row.set_item("title", metric.title)?;
    row.set_item("purpose", metric.purpose)?;
    row.set_item("lower_better", metric.better == Better::Lower)?;
    row.set_item("compared_with", compared_with)?;
    row.set_item("range", metric.range)?;
    row.set_item("unit", metric.unit)?;
    row.set_item("source", metric.source)?;
    row.set_item("ready", metric.ready(models).is_ok())?;
    Ok(row)
}

/// A value and further named ones.
type Value = (f64, Vec<(&'static str, f64)>);

/// Values and further named values of metrics, in order. Without `strict` a metric without a value gives
/// None.
#[pyfunction]
#[allow(clippy::needless_pass_by_value)] // Python has no slices of texts
pub(crate) fn score<'py>(
    py: Python<'py>,
    names: Vec<String>,
    image: ImageInput<'py>,
    reference: Option<ImageInput<'py>>,
    input: Option<ImageInput<'py>>,
    options: &Bound<'py, PyDict>,
) -> PyResult<Vec<Option<Value>>> {
    let given = Given(options);
    let (job, strict) = (given.job(Stop::AtOnce)?, given.switch("strict")?);
    let chosen = names.iter().map(|name| {
        unband::metrics::find(name).filter(|metric| metric.domain == Domain::Image).ok_or_else(|| {
            let known: Vec<&str> = unband::metrics::metrics(Domain::Image).map(Metric::base).collect();
            Fault::new(ErrorKind::Option, format!("there is no metric `{name}`"))
                .about("metrics")
                .hint(format!("the metrics are {}", known.join(", ")))
        })
    });
    let chosen = chosen.collect::<Result<Vec<Metric>, Fault>>()?;
    let (image, reference, input) = (hold(image), reference.map(hold), input.map(hold));
    let values: Vec<Result<Value, Fault>> = wait::run(py, &job, move |ctx| {
        let folder = models::folder();
        let ctx = &(*ctx).but(|new| new.models = folder.as_deref());
        let image = image.rgb(ctx)?;
        let reference = reference.map(|other| other.rgb(ctx)).transpose()?;
        let input = input.map(|other| other.rgb(ctx)).transpose()?;
        for other in [&reference, &input] {
            let size = |image: &unband::Image| (image.width(), image.height());
            if let Some(other) = other.as_deref().filter(|other| size(other) != size(&image)) {
                let ((w, h), (width, height)) = (size(&image), size(other));
                let what = format!("the images must have one size, got {w}×{h} and {width}×{height}");
                return Err(Fault::new(ErrorKind::Input, what)
                    .about("image")
                    .hint("crop or resize one of them"));
            }
        }
        let value = |metric: &Metric| {
            let other = match metric.compared_with {
                ComparedWith::Nothing => None,
                ComparedWith::Reference => reference.as_deref(),
                ComparedWith::Input => input.as_deref(),
            };
            metric.score(&image, other, ctx).map(|score| (score.value, score.details)).map_err(Fault::from)
        };
        Ok(chosen.iter().map(value).collect())
    })?;
    let keep = |value: Result<Value, Fault>| match value {
        Ok(value) => Ok(Some(value)),
        Err(fault) if strict || fault.is_cancelled() => Err(fault.into()),
        Err(_) => Ok(None),
    };
    values.into_iter().map(keep).collect()
}
