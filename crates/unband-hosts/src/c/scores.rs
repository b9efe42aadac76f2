//! Metrics of frames of C.

use unband::findings::Findings;
use unband::metrics::{ComparedWith, Domain, Inspected, Metric, Subject, Value, find, metrics, score_one};
use unband::{Context, With};

use super::format::CallMemory;
use super::status::{CallFailure, Status};
use crate::frame::HostFrame;

type CalledFrame = HostFrame<CallMemory>;

/// A frame in the forms that metrics use.
fn forms(frame: &CalledFrame, ctx: &Context<'_>) -> Result<Inspected, CallFailure> {
    let image = frame.to_image()?;
    let findings = Findings::plain(image.planes.len(), image.depth.bits());
    Inspected::with_findings(image, findings, ctx)
        .map_err(|error| CallFailure(Status::Input, error.to_string()))
}

/// The value of a metric. `other`: the frame that it compares with.
pub(super) fn metric_of(
    name: &str,
    frame: &CalledFrame,
    other: Option<&CalledFrame>,
) -> Result<f64, CallFailure> {
    let known = || metrics(Domain::Image).map(Metric::base).collect::<Vec<_>>().join(", ");
    let unknown =
        || CallFailure(Status::Option, format!("there is no metric `{name}`; the metrics are {}", known()));
    let metric = find(name).ok_or_else(unknown)?;
    if metric.compared_with != ComparedWith::Nothing && other.is_none() {
        return Err(CallFailure::argument(format!("{name} compares two frames: `reference` is null")));
    }
    let folder = unband_infer::models::folder();
    let ctx = &Context::with(|new| new.models = folder.as_deref());
    let image = forms(frame, ctx)?;
    let other = other.map(|other| forms(other, ctx)).transpose()?;
    let mut subject = Subject::alone(&image);
    (subject.reference, subject.input) = (other.as_ref().map(Into::into), other.as_ref().map(Into::into));
    match score_one(subject, &metric, ctx) {
        Value::Number(value) => Ok(value),
        Value::Missing(reason) => Err(CallFailure(Status::Unsupported, reason)),
        Value::Blank => Err(CallFailure(Status::Unsupported, format!("{name} has no value for this frame"))),
    }
}
