//! Checks such as `cambi>5`.

use unband_image::Hint;
use unband_metrics::{ComparedWith, Metric};

use super::{Scope, Scores, Value, find, number};
use crate::verdict::Grade;

/// The name of the verdict in checks.
const BANDING: &str = "banding";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Op {
    fn holds<T: PartialOrd>(self, value: &T, limit: &T) -> bool {
        match self {
            Self::Less => value < limit,
            Self::AtMost => value <= limit,
            Self::More => value > limit,
            Self::AtLeast => value >= limit,
        }
    }
}

#[derive(Clone, Debug)]
enum CheckedValue {
    Metric(Metric, f64),
    Banding(Grade),
}

/// Which value of a video is checked.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum CheckOf {
    /// The value of all frames together, or of an image.
    All,
    /// The worst frame.
    Worst,
    /// Every shot: none may fail.
    Shot,
    /// The value that this percentage of the frames does not exceed, 0 to 100.
    Percentile(f64),
}

impl CheckOf {
    /// The suffix after the dot of `cambi.worst`.
    fn parse(text: &str) -> Option<Self> {
        match text {
            "worst" => Some(Self::Worst),
            "shot" => Some(Self::Shot),
            _ => {
                let percent = text.strip_prefix('p')?.parse::<f64>().ok()?;
                (0.0..=100.0).contains(&percent).then_some(Self::Percentile(percent))
            }
        }
    }
}

/// A metric's name and the part of a video after it: `cambi:topk=0.5` and `p99.5`. Dots in numbers belong to
/// them.
fn part(name: &str) -> Option<(&str, &str)> {
    let mut ends = name.match_indices('.').map(|(at, _)| (&name[..at], &name[at + 1..]));
    let known = ends.clone().find(|(_, of)| CheckOf::parse(of).is_some());
    known.or_else(|| ends.next().filter(|(own, _)| !own.contains('=')))
}

/// A condition that an image or a video must not meet.
#[derive(Clone, Debug)]
pub struct Check {
    /// As typed.
    pub text: String,
    op: Op,
    what: CheckedValue,
    of: CheckOf,
}

/// A check that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}`: {fault}")]
pub struct CheckError {
    /// As typed.
    pub text: String,
    /// The reason.
    pub fault: CheckFault,
    /// Names of the metrics that can be computed.
    known: Vec<&'static str>,
    /// Are videos measured?
    video: bool,
}

/// Why a check cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckFault {
    /// No comparison.
    #[error("<, >, <= or >= is missing")]
    NoSign,
    /// Another comparison.
    #[error("use <, >, <= or >=")]
    Sign,
    /// A part of a video, for an image.
    #[error("an image has no frames; write `{name}`")]
    NoFrames {
        /// The metric.
        name: String,
    },
    /// Not a part of a video.
    #[error("`.{of}` is not .worst, .shot or .p0 to .p100")]
    Part {
        /// The part given.
        of: String,
    },
    /// Not a grade.
    #[error("`{limit}` is not a grade of banding")]
    Grade {
        /// The limit given.
        limit: String,
    },
    /// There is no reference.
    #[error("{name} needs a reference; use `unband compare REFERENCE FILE --fail-if '{text}'`")]
    NeedsReference {
        /// The metric.
        name: String,
        /// The check.
        text: String,
    },
    /// There is no image from before the restoration.
    #[error("{name} needs the image before its repair; use `unband compare REFERENCE FILE --input FILE`")]
    NeedsInput {
        /// The metric.
        name: String,
    },
    /// The metric is for the other kind of input.
    #[error("{name} is only for videos or only for images")]
    OtherKind {
        /// The metric.
        name: String,
    },
    /// There is no such metric.
    #[error("there is no metric `{name}`")]
    UnknownMetric {
        /// The name given.
        name: String,
    },
    /// The limit is not a number.
    #[error("`{limit}` is not a number")]
    NotNumber {
        /// The limit given.
        limit: String,
    },
    /// The limit is infinite or NaN.
    #[error("`{limit}` is not a finite number")]
    NotFinite {
        /// The limit given.
        limit: String,
    },
}

impl Hint for CheckError {
    fn hint(&self) -> Option<String> {
        let videos = if self.video { "; for videos also NAME.worst, NAME.shot and NAME.p95" } else { "" };
        let names = self.known.join(", ");
        Some(format!(
            "write 'NAME>LIMIT' (or <, >=, <={videos}); the names are {names}, and {BANDING} (none, slight, visible, strong)"
        ))
    }
}

impl Check {
    /// Parses `NAME<LIMIT`, `NAME<=LIMIT`, `NAME>LIMIT` or `NAME>=LIMIT`; for videos, NAME may also be
    /// `NAME.worst`, `NAME.shot` or `NAME.p95`. NAME is a metric, or `banding` with a grade as its limit.
    ///
    /// # Errors
    /// Anything else, and metrics that cannot be computed; the hint lists those that can.
    pub fn parse(text: &str, scope: &Scope) -> Result<Self, CheckError> {
        Self::parsed(text, scope).map_err(|fault| CheckError {
            text: text.to_owned(),
            fault,
            known: scope.names(),
            video: scope.video,
        })
    }

    fn parsed(text: &str, scope: &Scope) -> Result<Self, CheckFault> {
        // `cambi:topk=0.5>5` has a sign of its own.
        let at = text.find(['<', '>']).or_else(|| text.find('=')).ok_or(CheckFault::NoSign)?;
        let (name, rest) = (text[..at].trim(), &text[at..]);
        let (name, of) = match part(name) {
            None => (name, CheckOf::All),
            Some((name, ..)) if !scope.video => return Err(CheckFault::NoFrames { name: name.to_owned() }),
            Some((name, of)) => {
                let fault = || CheckFault::Part { of: of.to_owned() };
                (name, CheckOf::parse(of).ok_or_else(fault)?)
            }
        };
        let ops = [("<=", Op::AtMost), (">=", Op::AtLeast), ("<", Op::Less), (">", Op::More)];
        let found = ops.iter().find_map(|(sign, op)| Some((*op, rest.strip_prefix(sign)?)));
        let (op, limit) = found.ok_or(CheckFault::Sign)?;
        let limit = limit.trim();
        let what = if name == BANDING {
            let grade = Grade::ALL.into_iter().find(|grade| grade.as_str() == limit);
            CheckedValue::Banding(grade.ok_or_else(|| CheckFault::Grade { limit: limit.to_owned() })?)
        } else {
            let metric = scope.find(name).ok_or_else(|| unavailable(name, text, scope))?;
            let number: f64 = limit.parse().map_err(|_| CheckFault::NotNumber { limit: limit.to_owned() })?;
            if !number.is_finite() {
                return Err(CheckFault::NotFinite { limit: limit.to_owned() });
            }
            CheckedValue::Metric(metric, number)
        };
        Ok(Self { text: text.to_owned(), op, what, of })
    }

    /// The metric that it needs.
    pub fn metric(&self) -> Option<&Metric> {
        match &self.what {
            CheckedValue::Metric(metric, _) => Some(metric),
            CheckedValue::Banding(_) => None,
        }
    }

    /// Which value of a video is checked.
    pub fn of(&self) -> CheckOf {
        self.of
    }

    /// The name of the checked value.
    pub fn name(&self) -> &str {
        match &self.what {
            CheckedValue::Metric(metric, _) => metric.name(),
            CheckedValue::Banding(_) => BANDING,
        }
    }

    /// Why an image fails: "cambi is 7.100: `cambi>5`"; `None` when it passes. A value that could not be
    /// measured fails: it was not checked.
    pub fn fails(&self, metrics: &[Metric], scores: &Scores) -> Option<String> {
        self.of_scores(metrics, scores, self.name())
    }

    /// The same, with another name for the checked value.
    pub(super) fn of_scores(&self, metrics: &[Metric], scores: &Scores, what: &str) -> Option<String> {
        match &self.what {
            CheckedValue::Banding(_) => self.grade(scores.verdict.grade, what),
            CheckedValue::Metric(metric, _) => {
                let at = metrics.iter().position(|one| one.name() == metric.name())?;
                self.value(scores.values.get(at)?, what)
            }
        }
    }

    /// Why a value of this name fails.
    pub(super) fn value(&self, value: &Value, what: &str) -> Option<String> {
        let CheckedValue::Metric(_, limit) = self.what else { return None };
        match value {
            Value::Number(value) => {
                self.op.holds(value, &limit).then(|| format!("{what} is {}: `{}`", number(*value), self.text))
            }
            Value::Missing(reason) => Some(format!("`{}` could not be checked: {reason}", self.text)),
            Value::Blank => None,
        }
    }

    /// Why a verdict of this name fails.
    pub(super) fn grade(&self, grade: Grade, what: &str) -> Option<String> {
        let CheckedValue::Banding(limit) = self.what else { return None };
        self.op.holds(&grade, &limit).then(|| format!("{what} is {grade}: `{}`", self.text))
    }
}

fn unavailable(name: &str, text: &str, scope: &Scope) -> CheckFault {
    let (name_of, text) = (name.to_owned(), text.to_owned());
    match find(name).map(|metric| metric.compared_with) {
        Some(ComparedWith::Reference) if !scope.reference => {
            CheckFault::NeedsReference { name: name_of, text }
        }
        Some(ComparedWith::Input) if !scope.input => CheckFault::NeedsInput { name: name_of },
        Some(_) => CheckFault::OtherKind { name: name_of },
        None => CheckFault::UnknownMetric { name: name_of },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
