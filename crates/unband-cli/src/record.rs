//! Result line and JSON record of an image.

use std::fmt::Write;
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};
use unband::files::{FileBytes, FileReport, Plan};
use unband::{Act, Drawing, Reason};

use crate::inputs::exact;
use crate::reporter::Failure;

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
    /// Upscaling, planned or done.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub upscaled: Option<UpscaledRecord>,
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
    depth: u8,
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
    output_format: &'static str,
    output_depth: u8,
}

/// File sizes.
#[derive(Debug, Serialize)]
pub struct BytesRecord {
    input_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_bytes: Option<u64>,
    /// Size ratio to the input, if it is larger than expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    growth: Option<f64>,
}

impl BytesRecord {
    /// From the file sizes in bytes.
    pub fn new(bytes: FileBytes) -> Self {
        Self { input_bytes: bytes.input, output_bytes: bytes.output, growth: bytes.growth() }
    }
}

/// A note that a result is much larger than its input.
pub fn growth(bytes: FileBytes) -> String {
    let (Some(output), Some(times)) = (bytes.output, bytes.growth()) else { return String::new() };
    format!(", {}, {times:.1} × the input", unband::io::amount(output))
}

/// An upscaled image.
#[derive(Debug, Serialize)]
pub struct UpscaledRecord {
    /// Format of the input.
    pub format: &'static str,
    /// Width of the input.
    pub width: usize,
    /// Height of the input.
    pub height: usize,
    /// Bits per sample of the input.
    pub depth: u8,
    /// The network.
    pub network: &'static str,
    /// Width of the result over that of the input.
    pub scale: usize,
    /// Format of the result.
    pub output_format: &'static str,
    /// Bits per sample of the result.
    pub output_depth: u8,
    /// The finding of the preceding debanding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debanded: Option<&'static str>,
    /// Metadata that the format cannot hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
    /// File sizes.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<BytesRecord>,
    /// Wall-clock time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

/// Change statistics.
#[derive(Debug, Serialize)]
pub struct DoneRecord {
    reason: &'static str,
    mean_shift_codes: f32,
    max_change_codes: f32,
    samples_moved: u64,
    /// Was a banded alpha channel repaired?
    alpha_repaired: bool,
    dropped: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<ProofRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    saved_output: Option<String>,
    #[serde(flatten)]
    bytes: BytesRecord,
    seconds: f64,
}

#[derive(Debug, Serialize)]
struct ProofRecord {
    samples: u64,
    outside: u64,
    worst_codes: f64,
}

impl PlanRecord {
    fn new(plan: &Plan) -> Self {
        Self {
            format: plan.input_format.name,
            width: plan.width,
            height: plan.height,
            depth: plan.input_depth.bits(),
            lossy: plan.input_lossy,
            finding: plan.finding.clone(),
            cause: plan.findings.cause_word(),
            visible: plan.findings.visible,
            banded_share: plan.findings.banded_share,
            drawing: plan.findings.drawing.map(Drawing::word),
            alpha_bits: plan.findings.alpha_bits(),
            method: plan.method,
            settings: plan
                .settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Value::String(value.clone())))
                .collect(),
            faithful: plan.faithful.keeps(),
            output_format: plan.format.name,
            output_depth: plan.depth.bits(),
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
        let done = DoneRecord {
            reason: report.report.reason.word(),
            mean_shift_codes: report.report.mean_shift_codes,
            max_change_codes: report.report.max_change_codes,
            samples_moved: report.report.samples_moved,
            alpha_repaired: report.report.alpha_repaired,
            dropped: report.dropped.iter().map(ToString::to_string).collect(),
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
    pub fn failed(input: String, failure: &Failure) -> Self {
        let (error, hint) = (Some(failure.text()), failure.hint.clone());
        Self { input, status: "failed", error, hint, ..Self::default() }
    }
}

/// A path as text.
pub fn shown(path: Option<&Path>) -> Option<String> {
    path.map(exact)
}

/// `sky.png 1920×1080 8-bit PNG  luma 6 bits  smooth  0.09 s → sky_unband.png`
pub fn line(input: &str, report: &FileReport, to_stdout: bool) -> String {
    let plan = &report.plan;
    let mut line = head_and_finding(input, plan, matches!(report.report.reason, Reason::Drawn(_)));
    let what = match report.report.reason {
        Reason::Restored => plan.method,
        other => other.sentence(),
    };
    let _ = write!(line, "  {what}{}", alpha(plan));
    if let Some(proof) = report.proof {
        let _ = write!(line, "  {} of {} samples outside their interval", proof.outside, proof.samples);
    }
    let _ = write!(line, "  {:.2} s", report.seconds);
    match &plan.output {
        _ if to_stdout => line += " → standard output",
        Some(path) => {
            let _ = write!(line, " → {}{}", path.display(), if plan.copies { " (copy)" } else { "" });
        }
        None => line += ", nothing written",
    }
    line += &growth(report.bytes);
    line
}

/// The text of `--dry-run`.
pub fn plan_line(input: &str, plan: &Plan, to_stdout: bool) -> String {
    let mut line = head_and_finding(input, plan, matches!(plan.act, Act::Leave(Reason::Drawn(_))));
    let what = match plan.act {
        Act::Restore => plan.method,
        Act::Regrid => "nothing to repair, depth changed",
        Act::Leave(reason) => reason.sentence(),
    };
    let _ = write!(line, "  {what}{}", alpha(plan));
    if plan.act == Act::Restore {
        for (name, value) in &plan.settings {
            let _ = write!(line, " {name}={value}");
        }
    }
    match &plan.output {
        _ if to_stdout => line += " → standard output",
        Some(path) => {
            let _ = write!(
                line,
                " → {}, {}",
                path.display(),
                if plan.copies { "a copy".to_owned() } else { plan.depth.to_string() }
            );
        }
        None => line += ", nothing would be written",
    }
    line
}

/// A banded alpha channel, and its repair or the option for it.
fn alpha(plan: &Plan) -> String {
    match plan.findings.alpha_bits() {
        Some(bits) if plan.alpha => format!(", alpha of {bits} bits repaired"),
        Some(bits) => format!(", alpha of {bits} bits unchanged (`--alpha` repairs it)"),
        None => String::new(),
    }
}

fn head(input: &str, plan: &Plan) -> String {
    format!("{input} {}×{} {} {}", plan.width, plan.height, plan.input_depth, plan.input_format.name)
}

/// The image and its finding. Of a drawing, the finding is omitted: its few colours look like one, and the
/// reason says that they are not.
fn head_and_finding(input: &str, plan: &Plan, drawn: bool) -> String {
    let head = head(input, plan);
    if drawn { head } else { format!("{head}  {}", plan.findings.short(plan.input_depth)) }
}
