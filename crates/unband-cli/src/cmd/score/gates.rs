//! `--fail-if 'cambi>5'`: checks whose failing is the exit code.

use unband::show::Value;
use unband_metrics::Metric;

use super::measures::{Row, Use, find};
use super::table::number;
use crate::talk::Failure;
use unband::verdict::Grade;

/// The name that stands for the grade.
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

/// One check.
#[derive(Clone, Debug)]
pub struct Gate {
    /// As it was typed.
    pub text: String,
    op: Op,
    what: What,
}

impl Gate {
    /// Reads `NAME<LIMIT`, `NAME<=LIMIT`, `NAME>LIMIT` or `NAME>=LIMIT`.
    ///
    /// # Errors
    /// Anything else, and names that the command cannot measure, with all that it can.
    pub fn parse(text: &str, usage: &Use) -> Result<Self, Failure> {
        let wrong = |why: String| {
            let names = usage.known().join(", ");
            let hint = format!(
                "write 'NAME>LIMIT' (or <, >=, <=); names are {names}, and {BANDING} (none, slight, visible, strong)"
            );
            Failure::usage(format!("`--fail-if {text}`: {why}"), hint)
        };
        let Some(at) = text.find(['<', '>', '=']) else {
            return Err(wrong("there is no <, >, <= or >= in it".to_owned()));
        };
        let (name, rest) = (text[..at].trim(), &text[at..]);
        let ops = [("<=", Op::AtMost), (">=", Op::AtLeast), ("<", Op::Less), (">", Op::More)];
        let Some((op, limit)) = ops.iter().find_map(|(sign, op)| Some((*op, rest.strip_prefix(sign)?)))
        else {
            return Err(wrong("values are compared by <, >, <= or >=".to_owned()));
        };
        let limit = limit.trim();
        let what = if name == BANDING {
            let grade = Grade::ALL.into_iter().find(|grade| grade.word() == limit);
            What::Banding(grade.ok_or_else(|| wrong(format!("`{limit}` is no grade of banding")))?)
        } else {
            let metric = usage
                .takes_named(name)
                .ok_or_else(|| wrong(format!("`{name}` is nothing that can be measured here")))?;
            let limit: f64 = limit.parse().map_err(|_| wrong(format!("`{limit}` is no number")))?;
            if !limit.is_finite() {
                return Err(wrong(format!("`{limit}` is no finite number")));
            }
            What::Measure(metric.name, limit)
        };
        Ok(Self { text: text.to_owned(), op, what })
    }

    /// The measure that it needs.
    pub fn metric(&self) -> Option<&'static Metric> {
        match self.what {
            What::Measure(name, _) => find(name),
            What::Banding(_) => None,
        }
    }

    /// Why a row fails; nothing when it passes. What could not be measured fails too: nobody checked it.
    pub fn fails(&self, metrics: &[&'static Metric], row: &Row) -> Option<String> {
        match self.what {
            What::Banding(limit) => {
                let grade = row.verdict.grade;
                self.op.holds(&grade, &limit).then(|| format!("banding is {grade}: `{}`", self.text))
            }
            What::Measure(name, limit) => {
                let at = metrics.iter().position(|metric| metric.name == name)?;
                match row.values.get(at)? {
                    Value::Number(value) => self
                        .op
                        .holds(value, &limit)
                        .then(|| format!("{name} is {}: `{}`", number(*value), self.text)),
                    Value::Missing(reason) => Some(format!("`{}` could not be checked: {reason}", self.text)),
                    Value::Blank => None,
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::measures::Verdict;
    use super::*;
    use unband::Findings;

    const USE: Use = Use { defaults: &["cambi"], reference: false, input: false, film: &[] };

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
}
