//! TOML parser of recipes, which checks every key and both ends of every range.

use std::ops::RangeInclusive;

use toml::{Table, Value};
use unband_image::{Hint, ParamError, ParamKind};

use super::choice::Choice;
use super::end::End;
use super::{DegradationRecipe, DegradationRecipeError, Order, Step, StepKind};

/// Keys of every step.
const STEP_KEYS: &str = "name, probability, weight, then-scale";

/// Key of a step: the scale that later steps use.
const THEN_SCALE: &str = "then-scale";
/// Largest scale of a recipe.
const MOST_SCALE: i64 = 8;

pub(super) fn recipe(text: &str, file: &str) -> Result<DegradationRecipe, DegradationRecipeError> {
    from_table(table(text, file)?, file)
}

/// All keys of a text, unchecked.
pub(super) fn table(text: &str, file: &str) -> Result<Table, DegradationRecipeError> {
    text.parse().map_err(|error: toml::de::Error| DegradationRecipeError::Syntax {
        file: file.to_owned(),
        message: error.to_string().trim_end().to_owned(),
    })
}

pub(super) fn from_table(mut table: Table, file: &str) -> Result<DegradationRecipe, DegradationRecipeError> {
    let mut reader = Reader { file, scales: Vec::new() };
    let scale = reader.whole(&mut table, "scale", 1..=MOST_SCALE)?.unwrap_or(1) as u32;
    reader.scales.push(f64::from(scale));
    reader.find_scales(&Value::Table(table.clone()));
    let room = reader.whole(&mut table, "room", 0..=1024)?.map(|room| room as usize);
    let title = match table.remove("title") {
        Some(Value::String(title)) => title,
        Some(other) => return Err(reader.wrong("title", format!("expected text, got {}", other.type_str()))),
        None => return Err(reader.wrong("title", "missing: give the recipe a title")),
    };
    let depth = reader.whole(&mut table, "depth", 1..=16)?.unwrap_or(8) as u8;
    let clean = reader.steps("clean", table.remove("clean"))?;
    let degrade = reader.steps("degrade", table.remove("degrade"))?;
    match table.keys().next() {
        Some(key) => {
            Err(reader.wrong(key, "unknown key; a recipe has title, depth, scale, room, clean and degrade"))
        }
        None => Ok(DegradationRecipe { title, clean, degrade, depth, scale, room }),
    }
}

struct Reader<'a> {
    file: &'a str,
    /// All scales at which steps may be drawn.
    scales: Vec<f64>,
}

impl Reader<'_> {
    fn wrong(&self, key: &str, what: impl Into<String>) -> DegradationRecipeError {
        DegradationRecipeError::Key { file: self.file.to_owned(), key: key.to_owned(), what: what.into() }
    }

    /// An integer key of the recipe.
    fn whole(
        &self,
        table: &mut Table,
        key: &str,
        range: RangeInclusive<i64>,
    ) -> Result<Option<i64>, DegradationRecipeError> {
        match table.remove(key) {
            None => Ok(None),
            Some(Value::Integer(number)) if range.contains(&number) => Ok(Some(number)),
            Some(other) => Err(self.wrong(key, format!("must be in {range:?}, got {other}"))),
        }
    }

    /// Collects the scales that steps change to, at any depth.
    fn find_scales(&mut self, value: &Value) {
        match value {
            Value::Table(table) => {
                self.scales.extend(table.get(THEN_SCALE).and_then(number).filter(|n| *n > 0.0));
                table.values().for_each(|value| self.find_scales(value));
            }
            Value::Array(values) => values.iter().for_each(|value| self.find_scales(value)),
            _ => {}
        }
    }

    fn tables(
        &self,
        key: &str,
        value: Option<Value>,
    ) -> Result<Vec<(String, Table)>, DegradationRecipeError> {
        let items = match value {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(other) => {
                let got = other.type_str();
                return Err(self.wrong(key, format!("expected a list of steps, `[[{key}]]`, got {got}")));
            }
        };
        let table = |(i, item)| match item {
            Value::Table(table) => Ok((format!("{key}[{i}]"), table)),
            other => {
                let got = Value::type_str(&other);
                Err(self.wrong(&format!("{key}[{i}]"), format!("expected a table, got {got}")))
            }
        };
        items.into_iter().enumerate().map(table).collect()
    }

    fn steps(&self, key: &str, value: Option<Value>) -> Result<Vec<Step>, DegradationRecipeError> {
        self.tables(key, value)?.into_iter().map(|(key, table)| Ok(self.step(&key, table)?.1)).collect()
    }

    /// A step and its weight among alternatives.
    fn step(&self, key: &str, mut table: Table) -> Result<(f64, Step), DegradationRecipeError> {
        let probability = self.number(key, &mut table, "probability", 1.0)?;
        let weight = self.number(key, &mut table, "weight", f64::MAX)?;
        let then_scale = match table.remove(THEN_SCALE) {
            None => None,
            Some(Value::Integer(scale @ 1..=MOST_SCALE)) => Some(scale as f64),
            Some(other) => {
                let what = format!("must be in 1..={MOST_SCALE}, got {other}");
                return Err(self.wrong(&format!("{key}.{THEN_SCALE}"), what));
            }
        };
        let name = match table.remove("name") {
            None => None,
            Some(Value::String(name)) => Some(name),
            Some(other) => {
                return Err(self.wrong(&format!("{key}.name"), format!("expected text, got {other}")));
            }
        };
        let found: Vec<&str> =
            ["use", "steps", "one-of"].into_iter().filter(|kind| table.contains_key(*kind)).collect();
        let what = match found[..] {
            ["use"] => self.degradation(key, table)?,
            ["steps"] => {
                let steps = self.steps(&format!("{key}.steps"), table.remove("steps"))?;
                let order = self.order(key, &mut table, &steps)?;
                self.nothing_left(key, &table, "steps, shuffle, keep-order")?;
                StepKind::All(steps, order)
            }
            ["one-of"] => {
                let steps = self.one_of(&format!("{key}.one-of"), table.remove("one-of"))?;
                self.nothing_left(key, &table, "one-of")?;
                StepKind::OneOf(steps)
            }
            _ => return Err(self.wrong(key, "needs one of `use`, `steps` and `one-of`")),
        };
        Ok((weight, Step { name, probability, what, then_scale }))
    }

    fn order(&self, key: &str, table: &mut Table, steps: &[Step]) -> Result<Order, DegradationRecipeError> {
        let shuffle =
            if table.contains_key("shuffle") { self.number(key, table, "shuffle", 1.0)? } else { 0.0 };
        let keep = match table.remove("keep-order") {
            None => Vec::new(),
            Some(Value::Array(names)) if names.iter().all(Value::is_str) => {
                names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()
            }
            Some(other) => {
                let what = format!("expected a list of names, got {other}");
                return Err(self.wrong(&format!("{key}.keep-order"), what));
            }
        };
        let order = Order { shuffle, keep };
        match order.missing(steps) {
            Some(name) => {
                Err(self.wrong(&format!("{key}.keep-order"), format!("no step here is named `{name}`")))
            }
            None => Ok(order),
        }
    }

    fn one_of(&self, key: &str, value: Option<Value>) -> Result<Vec<(f64, Step)>, DegradationRecipeError> {
        let steps: Result<Vec<_>, _> =
            self.tables(key, value)?.into_iter().map(|(key, table)| self.step(&key, table)).collect();
        let steps = steps?;
        if steps.iter().map(|(weight, _)| weight).sum::<f64>() > 0.0 {
            Ok(steps)
        } else {
            Err(self.wrong(key, "at least one step with a weight above 0 is needed"))
        }
    }

    /// A number of at least 0; 1 by default.
    fn number(
        &self,
        key: &str,
        table: &mut Table,
        name: &str,
        most: f64,
    ) -> Result<f64, DegradationRecipeError> {
        let Some(value) = table.remove(name) else { return Ok(1.0) };
        match number(&value) {
            Some(number) if (0.0..=most).contains(&number) => Ok(number),
            _ => {
                let most = if most > 1.0 { "infinity".to_owned() } else { format!("{most}") };
                Err(self.wrong(&format!("{key}.{name}"), format!("must be in 0 to {most}, got {value}")))
            }
        }
    }

    /// `own`: the keys of this kind of group.
    fn nothing_left(&self, key: &str, table: &Table, own: &str) -> Result<(), DegradationRecipeError> {
        match table.keys().next() {
            None => Ok(()),
            Some(name) => {
                let what = format!("unknown key; such a group has {STEP_KEYS}, {own}");
                Err(self.wrong(&format!("{key}.{name}"), what))
            }
        }
    }

    fn degradation(&self, key: &str, mut table: Table) -> Result<StepKind, DegradationRecipeError> {
        let known = || crate::DEGRADATIONS.iter().map(|e| e.name).collect::<Vec<_>>().join(", ");
        let name = table.remove("use").and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
        let entry = crate::degradation(&name).ok_or_else(|| {
            self.wrong(
                &format!("{key}.use"),
                format!("unknown degradation `{name}`, expected one of {}", known()),
            )
        })?;
        let (mut fixed, mut choices) = ((entry.defaults)(), Vec::new());
        for (name, value) in table {
            let key = format!("{key}.{name}");
            let wrong = |error: ParamError| {
                let hint = error.hint().map_or_else(String::new, |hint| format!(" ({hint})"));
                self.wrong(&key, format!("{error}{hint}"))
            };
            let made = |text: String| entry.from_texts([(&name, text)]).map_err(wrong);
            let choice = match &value {
                Value::Array(values) if values.is_empty() => {
                    return Err(self.wrong(&key, "the list is empty"));
                }
                Value::Array(values) => {
                    let texts: Vec<String> =
                        values.iter().map(|value| self.scalar(&key, value)).collect::<Result<_, _>>()?;
                    Choice::OneOf(
                        texts.into_iter().map(|text| Ok(made(text)?.into())).collect::<Result<_, _>>()?,
                    )
                }
                Value::Table(range) => {
                    let kind = entry.params.iter().find(|p| p.name == name).map(|p| p.kind);
                    self.range(&key, kind, range)?
                }
                Value::String(text) if End::names_scale(text) => {
                    let what = || format!("expected a sum like `4 + 2 * scale`, got `{text}`");
                    Choice::Scaled(End::parse(text).ok_or_else(|| self.wrong(&key, what()))?)
                }
                value => {
                    let text = self.scalar(&key, value)?;
                    fixed.set_text(entry.name, &name, &text).map_err(wrong)?;
                    continue;
                }
            };
            for end in self.scales.iter().flat_map(|scale| choice.ends(*scale)) {
                made(end.to_string())?;
            }
            choices.push((name, choice));
        }
        Ok(StepKind::Use(entry, fixed.into(), choices))
    }

    /// The text of a single value.
    fn scalar(&self, key: &str, value: &Value) -> Result<String, DegradationRecipeError> {
        match value {
            Value::String(text) => Ok(text.clone()),
            Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => Ok(value.to_string()),
            other => {
                let got = other.type_str();
                Err(self.wrong(key, format!("expected a value, a list or {{ from, to }}, got {got}")))
            }
        }
    }

    fn range(
        &self,
        key: &str,
        kind: Option<ParamKind>,
        table: &Table,
    ) -> Result<Choice, DegradationRecipeError> {
        let whole = match kind {
            Some(ParamKind::Whole) => true,
            Some(ParamKind::Number) | None => false,
            Some(kind) => return Err(self.wrong(key, format!("cannot be a range, expected {kind}"))),
        };
        let known = ["from", "to", "step", "scale"];
        if let Some(name) = table.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(
                self.wrong(&format!("{key}.{name}"), "unknown key; a range has from, to, step and scale")
            );
        }
        let end = |name: &str| match table.get(name)? {
            Value::String(text) => End::parse(text),
            value => number(value).filter(|n| n.is_finite()).map(End::plain),
        };
        let (Some(from), Some(to)) = (end("from"), end("to")) else {
            return Err(self.wrong(key, "a range needs the numbers `from` and `to`"));
        };
        if self.scales.iter().any(|scale| from.at(*scale) > to.at(*scale)) {
            return Err(self.wrong(key, format!("`from` {from} is above `to` {to}")));
        }
        let log = match table.get("scale").map(|v| (v, v.as_str())) {
            None | Some((_, Some("even"))) => false,
            Some((_, Some("log"))) => true,
            Some((other, _)) => {
                return Err(self.wrong(&format!("{key}.scale"), format!("must be even or log, got {other}")));
            }
        };
        if log && self.scales.iter().any(|scale| from.at(*scale) <= 0.0) {
            return Err(self.wrong(key, format!("a log scale needs a `from` above 0, got {from}")));
        }
        let step = match table.get("step") {
            None if whole => Some(1.0),
            None => None,
            Some(value) => match number(value) {
                Some(step) if step > 0.0 && !log => Some(step),
                _ => {
                    let what = format!("must be a number above 0, with an even scale, got {value}");
                    return Err(self.wrong(&format!("{key}.step"), what));
                }
            },
        };
        Ok(match step {
            Some(step) if !log => Choice::Steps { from, to, step },
            Some(_) => return Err(self.wrong(key, "integers cannot have a log scale")),
            None => Choice::Range { from, to, log },
        })
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(n) => Some(*n as f64),
        Value::Float(n) => Some(*n),
        _ => None,
    }
}
