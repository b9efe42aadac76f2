//! Tables of methods on image pairs.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use unband::evaluate::{
    Column, CostColumn, Data, EvaluateError, EvaluateOptions, Evaluation, Measured, Recipe, RecipeRow, Table,
    TableRow, WeightsPolicy,
};
use unband::metrics::Direction;
use unband::models;
use unband::{ErrorKind, With};

use crate::fault::Fault;
use crate::options::Given;
use crate::wait::{self, Stop};

impl From<EvaluateError> for Fault {
    fn from(error: EvaluateError) -> Self {
        match &error {
            EvaluateError::Cancelled => Self::from_error(ErrorKind::Cancelled, &error),
            EvaluateError::File { .. } => Self::from_error(ErrorKind::File, &error),
            _ => Self::from_error(ErrorKind::Option, &error).about("table"),
        }
    }
}

/// The recipe of a file or a built-in name, or of keyword arguments.
fn recipe(given: &Given<'_, '_>) -> Result<Recipe, Fault> {
    let folder: Option<PathBuf> = given.value("images", "a folder")?;
    let mut recipe = if let Some(table) = given.value::<PathBuf>("table", "a file or a built-in name")? {
        let mut recipe = Recipe::load(&table, &[])?;
        if let Some(other) = folder {
            recipe.data.set_folder(other);
        }
        recipe
    } else {
        let Some(folder) = folder else {
            return Err(Fault::new(ErrorKind::Option, "evaluate needs `table` or `images`").about("images"));
        };
        let degradations: Option<Vec<String>> = given.value("degradations", "a list of names")?;
        let data = match degradations {
            Some(degradations) => Data::Clean { folder, degradations },
            None => Data::Pairs { folder },
        };
        let metrics: Vec<String> = given.value("metrics", "a list of names")?.unwrap_or_default();
        let metrics: Vec<&str> = metrics.iter().map(String::as_str).collect();
        let mut recipe = Recipe::new("Methods", &metrics, data);
        recipe.costs = vec![CostColumn::Seconds];
        let methods: Vec<(String, String)> = given.value("methods", "a dict")?.unwrap_or_default();
        recipe.method = methods.into_iter().map(|(name, method)| RecipeRow::new(name, method)).collect();
        recipe
    };
    if let Some(seed) = given.value("seed", "a whole number from 0")? {
        recipe.seed = seed;
    }
    if let Some(count) = given.value("count", "a whole number from 0")? {
        recipe.images = count;
    }
    if let Some(crop) = given.value("crop", "a whole number from 0")? {
        recipe.crop = crop;
    }
    recipe.keep_only(&given.value::<Vec<String>>("only", "a list of names")?.unwrap_or_default())?;
    if given.switch("untrained")? {
        recipe.weights = WeightsPolicy::Untrained;
    }
    Ok(recipe)
}

/// Evaluates a table.
#[pyfunction]
pub(crate) fn evaluate<'py>(py: Python<'py>, options: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyDict>> {
    let given = Given(options);
    let (recipe, job) = (recipe(&given)?, given.job(Stop::WithWork)?);
    let output: Option<PathBuf> = given.value("out", "a folder")?;
    let (evaluation, table) = wait::run(py, &job, move |ctx| {
        let folder = models::folder();
        let ctx = &(*ctx).but(|new| new.models = folder.as_deref());
        let options = EvaluateOptions::with(|new| new.output = output);
        let evaluation = Evaluation::new(recipe, &options, ctx)?;
        let table = evaluation.run(ctx)?;
        Ok((evaluation, table))
    })?;
    shown(py, &evaluation, &table)
}

fn shown<'py>(py: Python<'py>, evaluation: &Evaluation, table: &Table) -> PyResult<Bound<'py, PyDict>> {
    let made = PyDict::new(py);
    made.set_item("title", &table.title)?;
    let columns = PyList::empty(py);
    for column in &table.columns {
        let lower = match column.better() {
            Direction::Higher => Some(false),
            Direction::Lower => Some(true),
            Direction::Neither => None,
        };
        columns.append((column.name(), column.unit(), lower))?;
    }
    made.set_item("columns", columns)?;
    let groups = PyList::empty(py);
    for group in &table.groups {
        let rows = PyList::empty(py);
        for row in &group.rows {
            rows.append(shown_row(py, row, &table.columns)?)?;
        }
        groups.append((&group.cause, group.pairs, rows))?;
    }
    made.set_item("groups", groups)?;
    let pairs = PyList::empty(py);
    for pair in &table.pairs {
        shown_pair(evaluation, table, pair, &pairs)?;
    }
    made.set_item("pairs", pairs)?;
    let unpaired = evaluation.unpaired.iter().map(ToString::to_string);
    let failed: Vec<String> = unpaired.chain(table.failed.iter().map(ToString::to_string)).collect();
    made.set_item("failed", failed)?;
    made.set_item("notes", &table.notes)?;
    Ok(made)
}

fn shown_row<'py>(py: Python<'py>, row: &TableRow, columns: &[Column]) -> PyResult<Bound<'py, PyDict>> {
    let made = PyDict::new(py);
    made.set_item("name", &row.name)?;
    made.set_item("setting", &row.setting)?;
    made.set_item("input", row.input)?;
    let means = PyDict::new(py);
    if let Ok(cells) = &row.cells {
        for (column, cell) in columns.iter().zip(cells) {
            if let Some(cell) = cell {
                means.set_item(column.name(), (cell.mean, cell.low, cell.high, cell.count))?;
            }
        }
    }
    made.set_item("means", means)?;
    made.set_item("error", row.cells.as_ref().err())?;
    Ok(made)
}

/// Values of the chosen setting of each row on one pair.
fn shown_pair(
    evaluation: &Evaluation,
    table: &Table,
    pair: &Measured,
    to: &Bound<'_, PyList>,
) -> PyResult<()> {
    for ((row, cells), chosen) in evaluation.rows.iter().zip(&pair.cells).zip(&table.chosen) {
        let Some(Ok(record)) = chosen.as_ref().ok().and_then(|&setting| cells.get(setting)) else { continue };
        let values = PyDict::new(to.py());
        for metric in &evaluation.metrics {
            values.set_item(metric.name(), record.number(metric))?;
        }
        to.append((&pair.name, &pair.cause, &row.recipe.name, values, record.seconds))?;
    }
    Ok(())
}
