//! Findings and reports as dicts.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use unband::FloatCodes;
use unband::findings::{Dithering, Space};
use unband::verdict::grade;
use unband::{Findings, Proof, Report};

/// Findings; the map is rows × columns of `float32` in bytes.
pub(crate) fn findings<'py>(py: Python<'py>, found: &Findings) -> PyResult<Bound<'py, PyDict>> {
    let row = PyDict::new(py);
    row.set_item("cause", found.cause_word())?;
    row.set_item("sentence", found.sentence())?;
    row.set_item("grade", grade(found).as_str())?;
    row.set_item("banded_share", found.visible_share())?;
    row.set_item("visible", found.visible)?;
    row.set_item("lossy", found.lossy)?;
    row.set_item("resized", found.resized)?;
    row.set_item("effective_bits", found.effective_bits)?;
    row.set_item("alpha_bits", found.alpha_bits())?;
    row.set_item("dither", found.dither.as_ref().map(Dithering::as_str))?;
    row.set_item("dither_tile", found.dither.as_ref().and_then(Dithering::side))?;
    row.set_item("colours", found.colours)?;
    let steps = |codes: &FloatCodes| codes.steps().map(|steps| steps.step);
    row.set_item("whole_step", found.float_codes.as_ref().and_then(steps))?;
    row.set_item("light_curve", found.light_curve())?;
    row.set_item("drawing", found.drawing.map(unband::Drawing::as_str))?;
    row.set_item(
        "space",
        match found.space {
            Space::Native => "native".to_owned(),
            Space::Rgb => "rgb".to_owned(),
            Space::Yuv { matrix, range } => format!("{} {}", matrix.name(), range.name()),
        },
    )?;
    let grids = found.grids.iter().map(|grid| {
        let plane = PyDict::new(py);
        plane.set_item("step_codes", grid.step_codes)?;
        plane.set_item("offset_codes", grid.offset_codes)?;
        plane.set_item("bits", grid.bits)?;
        plane.set_item("found", grid.found)?;
        plane.set_item("confidence", grid.confidence)?;
        plane.set_item("truncated", grid.truncated)?;
        Ok(plane)
    });
    row.set_item("grids", grids.collect::<PyResult<Vec<_>>>()?)?;
    let map: Vec<u8> = found.map.share.iter().flat_map(|share| share.to_ne_bytes()).collect();
    row.set_item("map", (found.map.rows, found.map.columns, PyBytes::new(py, &map)))?;
    Ok(row)
}

/// A report with its findings.
pub(crate) fn report<'py>(py: Python<'py>, report: &Report) -> PyResult<Bound<'py, PyDict>> {
    let row = PyDict::new(py);
    row.set_item("findings", findings(py, &report.findings)?)?;
    row.set_item("method", report.method)?;
    row.set_item("faithful", report.faithful.as_str())?;
    row.set_item("changed", report.changed)?;
    row.set_item("alpha_repaired", report.alpha_repaired)?;
    row.set_item("reason", report.reason.as_str())?;
    row.set_item("depth", report.depth.bits())?;
    row.set_item("mean_shift_codes", report.mean_shift_codes)?;
    row.set_item("max_change_codes", report.max_change_codes)?;
    row.set_item("samples_moved", report.samples_moved)?;
    row.set_item("samples_clipped", report.samples_clipped)?;
    Ok(row)
}

/// Counts of a proof.
pub(crate) fn proof<'py>(py: Python<'py>, proof: &Proof) -> PyResult<Bound<'py, PyDict>> {
    let row = PyDict::new(py);
    row.set_item("samples", proof.samples)?;
    row.set_item("outside", proof.outside)?;
    row.set_item("worst_codes", proof.worst_codes)?;
    Ok(row)
}
