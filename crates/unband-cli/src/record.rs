//! Result line of an image.

use std::fmt::Write;

use unband::files::{FileBytes, FileReport, Plan, Repair};
use unband::{Act, Reason, Upscale, UpscaledBy};

/// "unband-sr-lite ×2 to 1280×720".
pub(crate) fn upscaling(Upscale { network, scale, width, height, .. }: &Upscale) -> String {
    format!("{network} ×{scale} to {width}×{height}")
}

/// A note that a result is much larger than its input.
fn growth(bytes: FileBytes) -> String {
    let (Some(output), Some(times)) = (bytes.output, bytes.growth()) else { return String::new() };
    format!(", {}, {times:.1} × the input", unband::io::amount(output))
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
    if let Some(counts) =
        report.animation.filter(|counts| 0 < counts.changed && counts.changed < counts.frames)
    {
        let _ = write!(line, " in {} frames", counts.changed);
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
    let frames = plan.frames.map_or_else(String::new, |frames| format!(", {frames} frames"));
    let head = format!("{input} {width}×{height} {input_depth} {}{frames}", plan.input_format.name);
    match (&plan.upscale, &plan.repair) {
        (Some(work), _) => format!("{head}  {}", upscaling(work)),
        (None, Some(_)) if matches!(reason, Some(Reason::Drawn(_) | Reason::OneCodeOnly)) => head,
        (None, Some(repair)) => format!("{head}  {}", repair.findings.short()),
        _ => head,
    }
}
