//! Result line and JSON record of an image.

use std::fmt::Write;
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};
use unband::files::{FileBytes, FileReport, Plan, Repair};
use unband::{Act, Drawing, Reason, Upscale, UpscaledBy};

use crate::inputs::exact;
use crate::reporter::Failure;

/// Schema name and version of a `--json` object; by default that of `deband`.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Schema(pub &'static str);

impl Default for Schema {
    fn default() -> Self {
        Self("unband-deband/1")
    }
}

/// One line of `--json`. Unknown fields are omitted.
#[derive(Debug, Default, Serialize)]
#[serde(default)]
pub(crate) struct FileRecord {
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
pub(crate) struct PlanRecord {
    format: &'static str,
    width: usize,
    height: usize,
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
pub(crate) struct UpscaleRecord {
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

/// "unband-sr-lite ×2 to 1280×720".
pub(crate) fn upscaling(Upscale { network, scale, width, height, .. }: &Upscale) -> String {
    format!("{network} ×{scale} to {width}×{height}")
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

/// A note that a result is much larger than its input.
fn growth(bytes: FileBytes) -> String {
    let (Some(output), Some(times)) = (bytes.output, bytes.growth()) else { return String::new() };
    format!(", {}, {times:.1} × the input", unband::io::amount(output))
}

/// The result.
#[derive(Debug, Serialize)]
pub(crate) struct DoneRecord {
    /// The result of debanding before upscaling.
    #[serde(skip_serializing_if = "Option::is_none")]
    debanded: Option<&'static str>,
    /// Mean share of the network in an upscaled image, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    network_share: Option<f32>,
    #[serde(flatten)]
    changes: Option<ChangeRecord>,
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
            drawing: repair.findings.drawing.map(Drawing::word),
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
    pub(crate) fn planned(input: String, plan: &Plan) -> Self {
        Self {
            input,
            status: "planned",
            output: shown(plan.output.as_deref()),
            plan: Some(PlanRecord::new(plan)),
            ..Self::default()
        }
    }

    /// The record of a processed image.
    pub(crate) fn done(input: String, report: &FileReport, to_stdout: bool) -> Self {
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
            reason: report.reason.word(),
            mean_shift_codes: report.mean_shift_codes,
            max_change_codes: report.max_change_codes,
            samples_moved: report.samples_moved,
            alpha_repaired: report.alpha_repaired,
        });
        let done = DoneRecord {
            debanded: report.report.as_ref().filter(|_| upscaled).map(|report| report.reason.word()),
            network_share: report.upscaled.map(UpscaledBy::network_share),
            changes,
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
    pub(crate) fn skipped(input: String, output: &Path) -> Self {
        Self { input, status: "skipped", output: shown(Some(output)), ..Self::default() }
    }

    /// The record of a failed image.
    pub(crate) fn failed(input: String, failure: &Failure) -> Self {
        let (error, hint) = (Some(failure.text()), failure.hint.clone());
        Self { input, status: "failed", error, hint, ..Self::default() }
    }
}

/// A path as text.
fn shown(path: Option<&Path>) -> Option<String> {
    path.map(exact)
}

/// `sky.png 1920×1080 8-bit PNG  bands from luma of 6 bits  smooth  0.09 s → sky_unband.png`, or
/// `old.jpg 640×480 8 bits JPEG  rrdbnet ×4 to 2560×1920  0.90 s → old_x4_unband.png`
pub(crate) fn line(input: &str, report: &FileReport, to_stdout: bool) -> String {
    let plan = &report.plan;
    let reason = report.report.as_ref().map(|report| report.reason);
    let mut line = head(input, plan, reason);
    match (&plan.repair, reason) {
        (Some(repair), Some(Reason::Restored)) if plan.upscale.is_none() => {
            let _ = write!(line, "  {}{}", repair.method, alpha(repair));
        }
        // An upscaled image changes anyway.
        (Some(_), Some(restored @ Reason::Restored)) => {
            let _ = write!(line, "  {}", restored.sentence());
        }
        (Some(_), Some(_)) if plan.upscale.is_some() => {}
        (Some(repair), Some(other)) => {
            let _ = write!(line, "  {}{}", other.sentence(), alpha(repair));
        }
        _ => {}
    }
    match report.upscaled {
        Some(UpscaledBy::Blend { share }) => {
            let _ = write!(line, "  network {:.0} %, interpolation", 100.0 * share);
        }
        Some(UpscaledBy::Confinement) => line += "  drawing: within the colours around each pixel",
        Some(UpscaledBy::Interpolation) => line += "  data: interpolated",
        Some(UpscaledBy::Repetition) => line += "  pixel art: pixels repeated",
        _ => {}
    }
    if let Some(proof) = report.proof {
        let _ = write!(line, "  {} of {} samples outside their interval", proof.outside, proof.samples);
    }
    let _ = write!(line, "  {:.2} s", report.seconds);
    line += &arrow(plan, to_stdout, if plan.copies { " (copy)" } else { "" }, ", nothing written");
    line += &growth(report.bytes);
    line
}

/// The text of `--dry-run`.
pub(crate) fn plan_line(input: &str, plan: &Plan, to_stdout: bool) -> String {
    let Some(repair) = plan.repair.as_ref().filter(|_| plan.upscale.is_none()) else {
        return head(input, plan, None) + &arrow(plan, to_stdout, "", "");
    };
    let reason = repair.act.reason();
    let what = if repair.act == Act::Restore { repair.method } else { reason.sentence() };
    let mut line = head(input, plan, Some(reason));
    let _ = write!(line, "  {what}{}", alpha(repair));
    if repair.act == Act::Restore {
        for (name, value) in &repair.settings {
            let _ = write!(line, " {name}={value}");
        }
    }
    let what = if plan.copies { ", a copy".to_owned() } else { format!(", {}", plan.depth) };
    line + &arrow(plan, to_stdout, &what, ", nothing would be written")
}

/// The destination, with a note on it.
fn arrow(plan: &Plan, to_stdout: bool, note: &str, nothing: &str) -> String {
    match &plan.output {
        _ if to_stdout => " → standard output".to_owned(),
        Some(path) => format!(" → {}{note}", path.display()),
        None => nothing.to_owned(),
    }
}

/// A banded alpha channel, and its repair or the option for it.
fn alpha(repair: &Repair) -> String {
    match repair.findings.alpha_bits() {
        Some(bits) if repair.alpha => format!(", alpha of {bits} bits repaired"),
        Some(bits) => format!(", alpha of {bits} bits unchanged (`--alpha` repairs it)"),
        None => String::new(),
    }
}

/// The image with its finding, or with the size of the upscaled one. The finding is omitted where the reason
/// says as much: of a drawing, whose few colours look like one, and of the finest steps.
fn head(input: &str, plan: &Plan, reason: Option<Reason>) -> String {
    let Plan { width, height, input_depth, .. } = plan;
    let head = format!("{input} {width}×{height} {input_depth} {}", plan.input_format.name);
    match (&plan.upscale, &plan.repair) {
        (Some(work), _) => format!("{head}  {}", upscaling(work)),
        (None, Some(_)) if matches!(reason, Some(Reason::Drawn(_) | Reason::OneCodeOnly)) => head,
        (None, Some(repair)) => format!("{head}  {}", repair.findings.short()),
        _ => head,
    }
}
