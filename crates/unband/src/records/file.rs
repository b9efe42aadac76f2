//! Record of a processed image.

use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};
use unband_image::findings::Drawing;

use crate::files::{FileBytes, FileReport, Plan};
use crate::inputs::exact;
use crate::{Upscale, UpscaledBy};

/// Schema name and version of a `--json` object; by default that of `deband`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Schema(pub &'static str);

impl Default for Schema {
    fn default() -> Self {
        Self("unband-deband/1")
    }
}

/// One line of `--json`. Unknown fields are omitted.
#[derive(Debug, Default, Serialize)]
#[serde(default)]
pub struct FileRecord {
    /// The schema.
    pub schema: Schema,
    /// The input as named on the command line.
    pub input: String,
    /// `written`, `copied`, `unchanged` (nothing was written), `planned`, `skipped` or `failed`.
    pub status: &'static str,
    /// The output file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Finding and decision.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanRecord>,
    /// The result.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub done: Option<DoneRecord>,
    /// The error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The hint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Finding and decision.
#[derive(Debug, Serialize)]
pub struct PlanRecord {
    format: &'static str,
    width: usize,
    height: usize,
    /// Number of frames of an animation.
    #[serde(skip_serializing_if = "Option::is_none")]
    frames: Option<usize>,
    depth: u8,
    #[serde(flatten)]
    repair: Option<RepairRecord>,
    #[serde(flatten)]
    upscale: Option<UpscaleRecord>,
    output_format: &'static str,
    output_depth: u8,
    /// A file that exists and would have to be replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    exists: Option<String>,
}

#[derive(Debug, Serialize)]
struct RepairRecord {
    lossy: bool,
    finding: String,
    cause: &'static str,
    visible: bool,
    banded_share: f32,
    /// The kind of drawing, in a word, if one was detected.
    #[serde(skip_serializing_if = "Option::is_none")]
    drawing: Option<&'static str>,
    /// Bits of a banded alpha channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    alpha_bits: Option<u8>,
    method: &'static str,
    settings: Map<String, Value>,
    faithful: bool,
}

/// The network of an upscaled image or video, and the size of the result.
#[derive(Debug, Serialize)]
pub struct UpscaleRecord {
    network: &'static str,
    /// Factor of the network.
    scale: usize,
    output_width: usize,
    output_height: usize,
}

impl From<Upscale> for UpscaleRecord {
    fn from(Upscale { network, scale, width, height, .. }: Upscale) -> Self {
        Self { network, scale, output_width: width, output_height: height }
    }
}

/// File sizes.
#[derive(Debug, Serialize)]
struct BytesRecord {
    input_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_bytes: Option<u64>,
    /// Size ratio to the input, if it is larger than expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    growth: Option<f64>,
}

impl BytesRecord {
    /// From the file sizes in bytes.
    fn new(bytes: FileBytes) -> Self {
        Self { input_bytes: bytes.input, output_bytes: bytes.output, growth: bytes.growth() }
    }
}

/// The result.
#[derive(Debug, Serialize)]
pub struct DoneRecord {
    /// The result of debanding before upscaling.
    #[serde(skip_serializing_if = "Option::is_none")]
    debanded: Option<&'static str>,
    /// Mean share of the network in an upscaled image, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    network_share: Option<f32>,
    #[serde(flatten)]
    changes: Option<ChangeRecord>,
    /// Frames of an animation with changed samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_frames: Option<usize>,
    /// Metadata that the format cannot hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<ProofRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    saved_output: Option<String>,
    #[serde(flatten)]
    bytes: BytesRecord,
    seconds: f64,
}

#[derive(Debug, Serialize)]
struct ChangeRecord {
    reason: &'static str,
    mean_shift_codes: f32,
    max_change_codes: f32,
    samples_moved: u64,
    /// Was a banded alpha channel repaired?
    alpha_repaired: bool,
}

#[derive(Debug, Serialize)]
struct ProofRecord {
    samples: u64,
    outside: u64,
    worst_codes: f64,
}

impl PlanRecord {
    fn new(plan: &Plan) -> Self {
        // For upscaled images, `debanded` has the result of the repair.
        let repair = plan.repair.as_ref().filter(|_| plan.upscale.is_none()).map(|repair| RepairRecord {
            lossy: plan.input_lossy,
            finding: repair.findings.sentence(),
            cause: repair.findings.cause_word(),
            visible: repair.findings.visible,
            banded_share: repair.findings.visible_share(),
            drawing: repair.findings.drawing.map(Drawing::as_str),
            alpha_bits: repair.findings.alpha_bits(),
            method: repair.method,
            settings: repair
                .settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Value::String(value.clone())))
                .collect(),
            faithful: repair.faithful.keeps(),
        });
        Self {
            format: plan.input_format.name,
            width: plan.width,
            height: plan.height,
            frames: plan.frames,
            depth: plan.input_depth.bits(),
            repair,
            upscale: plan.upscale.map(UpscaleRecord::from),
            output_format: plan.format.name,
            output_depth: plan.depth.bits(),
            exists: shown(plan.taken.as_deref()),
        }
    }
}

impl FileRecord {
    /// The record of a plan.
    pub fn planned(input: String, plan: &Plan) -> Self {
        Self {
            input,
            status: "planned",
            output: shown(plan.output.as_deref()),
            plan: Some(PlanRecord::new(plan)),
            ..Self::default()
        }
    }

    /// The record of a processed image.
    pub fn done(input: String, report: &FileReport, to_stdout: bool) -> Self {
        let plan = &report.plan;
        let output = if to_stdout { Some("-".to_owned()) } else { shown(plan.output.as_deref()) };
        let status = match (plan.copies, output.is_some()) {
            (_, false) => "unchanged",
            (true, true) => "copied",
            (false, true) => "written",
        };
        let upscaled = plan.upscale.is_some();
        let dropped: Vec<String> = report.dropped.iter().map(ToString::to_string).collect();
        let changes = report.report.as_ref().filter(|_| !upscaled).map(|report| ChangeRecord {
            reason: report.reason.as_str(),
            mean_shift_codes: report.mean_shift_codes,
            max_change_codes: report.max_change_codes,
            samples_moved: report.samples_moved,
            alpha_repaired: report.alpha_repaired,
        });
        let done = DoneRecord {
            debanded: report.report.as_ref().filter(|_| upscaled).map(|report| report.reason.as_str()),
            network_share: report.upscaled.map(UpscaledBy::network_share),
            changes,
            changed_frames: report.animation.map(|counts| counts.changed),
            dropped: (!upscaled || !dropped.is_empty()).then_some(dropped),
            proof: report.proof.map(|proof| ProofRecord {
                samples: proof.samples,
                outside: proof.outside,
                worst_codes: proof.worst_codes,
            }),
            saved_output: shown(report.extra_output.as_deref()),
            bytes: BytesRecord::new(report.bytes),
            seconds: report.seconds,
        };
        Self { input, status, output, plan: Some(PlanRecord::new(plan)), done: Some(done), ..Self::default() }
    }

    /// The record of an image whose result exists.
    pub fn skipped(input: String, output: &Path) -> Self {
        Self { input, status: "skipped", output: shown(Some(output)), ..Self::default() }
    }

    /// The record of a failed image.
    pub fn failed(input: String, error: String, hint: Option<String>) -> Self {
        Self { input, status: "failed", error: Some(error), hint, ..Self::default() }
    }
}

/// A path as text.
fn shown(path: Option<&Path>) -> Option<String> {
    path.map(exact)
}
