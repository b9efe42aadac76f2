//! Record of an inspected image.

use std::collections::BTreeMap;

use serde::Serialize;
use unband_detect::Explanation;
use unband_image::findings::{BandingMap, Dithering, Drawing, Findings, Space};
use unband_image::{Image, Model};

/// Names of the planes that findings are about.
pub fn plane_names(image: &Image, findings: &Findings) -> Vec<&'static str> {
    match (findings.space, image.color.model) {
        (Space::Yuv { .. }, _) | (Space::Native, Model::Yuv { .. }) => vec!["luma", "U", "V"],
        (Space::Native, Model::Rgb) | (Space::Rgb, _) => vec!["red", "green", "blue"],
        (Space::Native, Model::Gray) => vec!["grey"],
    }
}

/// Findings on an image.
#[derive(Debug, Serialize)]
pub struct InspectRecord {
    schema: &'static str,
    input: String,
    format: &'static str,
    width: usize,
    height: usize,
    depth: u8,
    lossy: bool,
    finding: String,
    cause: &'static str,
    space: &'static str,
    matrix: Option<&'static str>,
    range: Option<&'static str>,
    planes: Vec<PlaneRecord>,
    half_chroma: bool,
    effective_bits: u8,
    visible: bool,
    banded_share: f32,
    drawing: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dither: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dither_tile: Option<(usize, usize)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    colours: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    whole_step: Option<f64>,
    /// The curve behind linear light.
    #[serde(skip_serializing_if = "Option::is_none")]
    light_curve: Option<&'static str>,
    /// Bits of a banded alpha channel.
    alpha_bits: Option<u8>,
    map: MapRecord,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<ExplanationRecord>,
}

/// The rules that decided, for `--explain`.
#[derive(Debug, Serialize)]
struct ExplanationRecord {
    rule: Option<&'static str>,
    drawing_rule: Option<&'static str>,
    evidence: BTreeMap<&'static str, String>,
}

impl ExplanationRecord {
    fn from_explanation(explanation: Explanation) -> Self {
        Self {
            rule: explanation.rule.map(|rule| rule.name),
            drawing_rule: explanation.drawing.map(|rule| rule.name),
            evidence: explanation.evidence.into_iter().collect(),
        }
    }
}

#[derive(Debug, Serialize)]
struct PlaneRecord {
    plane: &'static str,
    found: bool,
    step_codes: f32,
    offset_codes: f32,
    bits: Option<u8>,
    confidence: f32,
}

#[derive(Debug, Serialize)]
struct MapRecord {
    side: usize,
    columns: usize,
    rows: usize,
    share: Vec<f32>,
}

impl InspectRecord {
    /// The record of an image in that format.
    pub fn new(input: String, format: &'static str, image: &Image, findings: &Findings) -> Self {
        let (space, matrix, range) = match findings.space {
            Space::Native => ("native", None, None),
            Space::Rgb => ("rgb", None, None),
            Space::Yuv { matrix, range } => ("yuv", Some(matrix.name()), Some(range.name())),
        };
        Self {
            schema: "unband-inspect/1",
            input,
            format,
            width: image.width(),
            height: image.height(),
            depth: image.depth.bits(),
            lossy: findings.lossy,
            finding: findings.sentence(),
            cause: findings.cause_word(),
            space,
            matrix,
            range,
            planes: plane_names(image, findings)
                .into_iter()
                .zip(&findings.grids)
                .map(|(plane, grid)| PlaneRecord {
                    plane,
                    found: grid.found,
                    step_codes: grid.step_codes,
                    offset_codes: grid.offset_codes,
                    bits: grid.bits,
                    confidence: grid.confidence,
                })
                .collect(),
            half_chroma: findings.half_chroma,
            effective_bits: findings.effective_bits,
            visible: findings.visible,
            banded_share: findings.visible_share(),
            drawing: findings.drawing.map(Drawing::as_str),
            dither: findings.dither.as_ref().map(Dithering::as_str),
            dither_tile: findings.dither.as_ref().and_then(Dithering::side),
            colours: findings.colours,
            whole_step: findings.float_codes.and_then(|codes| codes.steps().map(|steps| steps.step)),
            light_curve: findings.light_curve(),
            alpha_bits: findings.alpha_bits(),
            map: MapRecord {
                side: BandingMap::SIDE,
                columns: findings.map.columns,
                rows: findings.map.rows,
                share: findings.map.share.iter().map(|share| (share * 1000.0).round() / 1000.0).collect(),
            },
            explanation: None,
        }
    }

    /// The same with the rules that decided.
    #[must_use]
    pub fn explained(self, explanation: Explanation) -> Self {
        Self { explanation: Some(ExplanationRecord::from_explanation(explanation)), ..self }
    }
}
