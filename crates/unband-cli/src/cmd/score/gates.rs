//! `--fail-if 'cambi>5'`: checks that set the exit code.

use unband::show::Value;
use unband_metrics::{Against, Metric};

use super::measures::{Row, Use, find};
use super::table::number;
use crate::talk::Failure;
use unband::verdict::Grade;

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

#[derive(Clone, Copy, Debug)]
enum What {
    Measure(&'static str, f64),
    Banding(Grade),
}

/// Which value of a video is checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Of {
    /// The value of all frames together, or of an image.
    All,
    /// The worst frame.
    Worst,
    /// Every shot: none may fail.
    Shot,
    /// The value that this percentage of the frames does not exceed.
    Percentile(f64),
}

impl Of {
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

/// One check.
#[derive(Clone, Debug)]
pub struct Gate {
    /// As typed.
    pub text: String,
    op: Op,
    what: What,
    of: Of,
}

impl Gate {
    /// Parses `NAME<LIMIT`, `NAME<=LIMIT`, `NAME>LIMIT` or `NAME>=LIMIT`; for videos, NAME may also be
    /// `NAME.worst`, `NAME.shot` or `NAME.p95`.
    ///
    /// Anything else, and names that the command cannot measure; the message lists those that it can.
    pub fn parse(text: &str, usage: &Use) -> Result<Self, Failure> {
        let wrong = |why: String| {
            let names = usage.known().join(", ");
            let films = if usage.films { "; for videos also NAME.worst, NAME.shot and NAME.p95" } else { "" };
            let hint = format!(
                "write 'NAME>LIMIT' (or <, >=, <={films}); the names are {names}, and {BANDING} (none, slight, visible, strong)"
            );
            Failure::usage(format!("`--fail-if {text}`: {why}"), hint)
        };
        let Some(at) = text.find(['<', '>', '=']) else {
            return Err(wrong("<, >, <= or >= is missing".to_owned()));
        };
        let (name, rest) = (text[..at].trim(), &text[at..]);
        let (name, of) = match name.split_once('.') {
            None => (name, Of::All),
            Some((name, _)) if !usage.films => {
                return Err(wrong(format!("an image has no frames; write `{name}`")));
            }
            Some((name, of)) => {
                let known = Of::parse(of);
                (name, known.ok_or_else(|| wrong(format!("`.{of}` is not .worst, .shot or .p0 to .p100")))?)
            }
        };
        let ops = [("<=", Op::AtMost), (">=", Op::AtLeast), ("<", Op::Less), (">", Op::More)];
        let Some((op, limit)) = ops.iter().find_map(|(sign, op)| Some((*op, rest.strip_prefix(sign)?)))
        else {
            return Err(wrong("use <, >, <= or >=".to_owned()));
        };
        let limit = limit.trim();
        let what = if name == BANDING {
            let grade = Grade::ALL.into_iter().find(|grade| grade.word() == limit);
            What::Banding(grade.ok_or_else(|| wrong(format!("`{limit}` is not a grade of banding")))?)
        } else {
            let metric = usage.takes_named(name).ok_or_else(|| {
                wrong(match find(name) {
                    Some(metric) if metric.against == Against::Reference && !usage.reference => {
                        format!("{name} needs a reference; use `unband compare REFERENCE FILE --fail-if '{text}'`")
                    }
                    Some(metric) if metric.against == Against::Input && !usage.input => format!(
                        "{name} needs the image before its repair; use `unband compare REFERENCE FILE --input FILE`"
                    ),
                    Some(_) => format!("{name} is only for videos or only for images"),
                    None => format!("there is no metric `{name}`"),
                })
            })?;
            let limit: f64 = limit.parse().map_err(|_| wrong(format!("`{limit}` is not a number")))?;
            if !limit.is_finite() {
                return Err(wrong(format!("`{limit}` is not a finite number")));
            }
            What::Measure(metric.name, limit)
        };
        Ok(Self { text: text.to_owned(), op, what, of })
    }

    /// The metric that it needs.
    pub fn metric(&self) -> Option<&'static Metric> {
        match self.what {
            What::Measure(name, _) => find(name),
            What::Banding(_) => None,
        }
    }

    /// Which value of a video is checked.
    pub fn of(&self) -> Of {
        self.of
    }

    /// The name of the checked value.
    pub fn name(&self) -> &'static str {
        match self.what {
            What::Measure(name, _) => name,
            What::Banding(_) => BANDING,
        }
    }

    /// Why a row fails; `None` when it passes. A value that could not be measured fails: it was not checked.
    pub fn fails(&self, metrics: &[&'static Metric], row: &Row) -> Option<String> {
        self.of_row(metrics, row, self.name())
    }

    /// The same, with another name for the checked value.
    pub fn of_row(&self, metrics: &[&'static Metric], row: &Row, what: &str) -> Option<String> {
        match self.what {
            What::Banding(_) => self.grade(row.verdict.grade, what),
            What::Measure(name, _) => {
                let at = metrics.iter().position(|metric| metric.name == name)?;
                self.value(row.values.get(at)?, what)
            }
        }
    }

    /// Why a value of this name fails.
    pub fn value(&self, value: &Value, what: &str) -> Option<String> {
        let What::Measure(_, limit) = self.what else { return None };
        match value {
            Value::Number(value) => {
                self.op.holds(value, &limit).then(|| format!("{what} is {}: `{}`", number(*value), self.text))
            }
            Value::Missing(reason) => Some(format!("`{}` could not be checked: {reason}", self.text)),
            Value::Blank => None,
        }
    }

    /// Why a verdict of this name fails.
    pub fn grade(&self, grade: Grade, what: &str) -> Option<String> {
        let What::Banding(limit) = self.what else { return None };
        self.op.holds(&grade, &limit).then(|| format!("{what} is {grade}: `{}`", self.text))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::measures::Verdict;
    use super::*;
    use unband::Findings;

    const USE: Use = Use { defaults: &["cambi"], reference: false, input: false, film: &[], films: false };

    fn row(value: Value) -> Row {
        let verdict = Verdict::new(&Findings::plain(1, 8));
        Row {
            role: String::new(),
            file: None,
            depth: unband_image::Depth::EIGHT,
            verdict,
            values: vec![value],
            failed: Vec::new(),
        }
    }

    fn fails(text: &str, value: f64) -> bool {
        let cambi = unband_metrics::find("cambi").unwrap();
        Gate::parse(text, &USE).unwrap().fails(&[cambi], &row(Value::Number(value))).is_some()
    }

    #[test]
    fn each_sign_means_what_it_means_at_school() {
        assert!(fails("cambi>5", 5.1) && !fails("cambi > 5", 5.0) && fails("cambi>=5", 5.0));
        assert!(fails("cambi<5", 4.9) && !fails("cambi<5", 5.0) && fails("cambi<= 5", 5.0));
        assert!(fails("banding<=none", 0.0) && !fails("banding>=slight", 0.0));
    }

    #[test]
    fn what_could_not_be_measured_does_not_pass() {
        let cambi = unband_metrics::find("cambi").unwrap();
        let gate = Gate::parse("cambi>5", &USE).unwrap();
        let said = gate.fails(&[cambi], &row(Value::Missing("too small".into()))).unwrap();
        assert!(said.contains("too small"), "{said}");
    }

    #[test]
    fn a_wrong_check_lists_the_names() {
        for wrong in [
            "cambi",
            "cambi=5",
            "cambi==5",
            "cambi>",
            "cambi>nan",
            "cambi>inf",
            "camby>5",
            "psnr>5",
            ">5",
            "banding>5",
            "cambi.worst>5",
            "",
        ] {
            let failure = Gate::parse(wrong, &USE).unwrap_err();
            let hint = failure.hint.unwrap();
            assert!(
                hint.contains("cambi-coarse, bband, dbi, ") && hint.contains(", niqe"),
                "{wrong}: {hint}"
            );
        }
    }

    #[test]
    fn films_have_more_values_than_pictures() {
        let films = Use { films: true, ..USE };
        let of = |text: &str| Gate::parse(text, &films).map(|gate| gate.of());
        assert_eq!(of("cambi>5"), Ok(Of::All));
        assert_eq!(of("cambi.worst > 8"), Ok(Of::Worst));
        assert_eq!([of("banding.shot>=visible"), of("bband.shot>1")], [Ok(Of::Shot), Ok(Of::Shot)]);
        assert_eq!(of("cambi.p99.5>5"), Ok(Of::Percentile(99.5)));
        for wrong in ["cambi.>5", "cambi.p>5", "cambi.p101>5", "cambi.p-1>5", "cambi.best>5", "cambi.pnan>5"]
        {
            let hint = of(wrong).unwrap_err().hint.unwrap();
            assert!(hint.contains("NAME.p95"), "{wrong}: {hint}");
        }
    }
}
