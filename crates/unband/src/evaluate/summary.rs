//! Means and intervals of table rows.

use unband_image::Hint;
use unband_metrics::{Better, Metric};

use super::cache::Record;
use super::recipe::CostColumn;
use super::row::{Row, Runs};
use crate::inputs::plain;
use crate::metrics::{Direction, Summary, summary, summary_of_groups};

/// A column of the table.
#[derive(Clone)]
pub enum Column {
    /// A metric.
    Metric(Metric),
    /// A cost of the method.
    Cost(CostColumn),
}

impl Column {
    /// Name as written in a recipe.
    pub fn name(&self) -> &str {
        match self {
            Self::Metric(metric) => metric.name(),
            Self::Cost(cost) => cost.name(),
        }
    }

    /// Unit; may be empty.
    pub fn unit(&self) -> &'static str {
        match self {
            Self::Metric(metric) => metric.unit,
            Self::Cost(cost) => cost.unit(),
        }
    }

    /// Direction of improvement. A network is not better for being small.
    pub fn better(&self) -> Direction {
        match self {
            Self::Metric(metric) if metric.better == Better::Higher => Direction::Higher,
            Self::Metric(_) | Self::Cost(CostColumn::Seconds) => Direction::Lower,
            Self::Cost(_) => Direction::Neither,
        }
    }
}

/// Results of a pair: for each row and setting, values or the reason for their absence.
#[non_exhaustive]
pub struct Measured {
    /// The pair's name.
    pub name: String,
    /// The degradation.
    pub cause: String,
    /// The source image: pairs of one scene depend on each other.
    pub scene: String,
    /// Results by row and setting.
    pub cells: Vec<Vec<Result<Record, String>>>,
}

/// Rows over some of the pairs.
#[non_exhaustive]
pub struct Group {
    /// The degradation; `None` for all pairs together.
    pub cause: Option<String>,
    /// Number of pairs.
    pub pairs: usize,
    /// Rows in the order of the recipe.
    pub rows: Vec<TableRow>,
}

/// A row.
#[non_exhaustive]
pub struct TableRow {
    /// Its name.
    pub name: String,
    /// The chosen setting; empty if there is none.
    pub setting: String,
    /// Number of settings and the metric that chose the best; `None` without a choice.
    pub best_of: Option<(usize, String)>,
    /// A summary for each column with values, or the reason for a missing row.
    pub cells: Result<Vec<Option<Summary>>, String>,
    /// Are these the degraded images themselves?
    pub input: bool,
    /// Is it an untrained network?
    pub untrained: bool,
    /// Published values by column.
    pub published: Vec<Option<f64>>,
}

/// The setting of each row, chosen over all pairs, or the reason for its absence.
pub(super) fn chosen(rows: &[Row], all: &[Measured]) -> Vec<Result<usize, String>> {
    let choose = |(c, row): (usize, &Row)| {
        if let Runs::Missing(error) | Runs::Absent(error) = &row.runs {
            let hint = error.hint().map_or(String::new(), |hint| format!("; {hint}"));
            let size = row.network.map_or(String::new(), |(parameters, multiply_adds)| {
                format!(" ({parameters:.3} M parameters, {multiply_adds:.2} G multiply-adds)")
            });
            return Err(format!("not run: {}{hint}{size}", plain(&error.to_string())));
        }
        let whole = |s: &usize| all.iter().all(|pair| pair.cells[c][*s].is_ok());
        let able: Vec<usize> = (0..row.count()).filter(whole).collect();
        match able[..] {
            [] => Err(failures(c, row, all)),
            [only] if row.count() == 1 => Ok(only),
            _ => {
                let mean =
                    |s: usize| mean(row.best.as_ref()?, all.iter().map(|pair| pair.cells[c][s].as_ref()));
                let means: Vec<_> =
                    (0..row.count()).map(|s| if able.contains(&s) { mean(s) } else { None }).collect();
                Ok(row.choose(&means).unwrap_or(able[0]))
            }
        }
    };
    rows.iter().enumerate().map(choose).collect()
}

fn mean<'a>(metric: &Metric, records: impl Iterator<Item = Result<&'a Record, &'a String>>) -> Option<f64> {
    let values: Vec<f64> = records.filter_map(|record| record.ok()?.number(metric)).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// For a row where no setting finished all pairs: the number of failures and the first reason.
fn failures(c: usize, row: &Row, all: &[Measured]) -> String {
    let failed = |pair: &&Measured| pair.cells[c].iter().any(Result::is_err);
    let first = all.iter().find(failed);
    let why =
        first.and_then(|pair| Some((&pair.name, pair.cells[c].iter().find_map(|cell| cell.as_ref().err())?)));
    match why {
        Some((name, why)) => {
            let count = all.iter().filter(failed).count();
            format!("failed on {count} of {} images, first {name}: {why}", all.len())
        }
        None if matches!(row.runs, Runs::Nothing) => String::new(),
        None => "no images".to_owned(),
    }
}

/// The rows over all pairs, then over those of each degradation if there are several.
pub(super) fn groups(
    columns: &[Column],
    rows: &[Row],
    all: &[Measured],
    chosen: &[Result<usize, String>],
) -> Vec<Group> {
    let mut causes: Vec<&str> = Vec::new();
    for pair in all {
        if !causes.contains(&pair.cause.as_str()) {
            causes.push(&pair.cause);
        }
    }
    let every: Vec<&Measured> = all.iter().collect();
    let mut groups = vec![group(None, columns, rows, &every, chosen)];
    if causes.len() > 1 {
        for cause in causes {
            let some: Vec<&Measured> = all.iter().filter(|pair| pair.cause == cause).collect();
            let cause = if cause.is_empty() { "(others)" } else { cause };
            groups.push(group(Some(cause.to_owned()), columns, rows, &some, chosen));
        }
    }
    groups
}

fn group(
    cause: Option<String>,
    columns: &[Column],
    rows: &[Row],
    pairs: &[&Measured],
    chosen: &[Result<usize, String>],
) -> Group {
    let row = |(c, (row, chosen)): (usize, (&Row, &Result<usize, String>))| {
        let setting = match (&row.runs, chosen) {
            (Runs::Settings(settings), Ok(s)) => settings[*s].text.clone(),
            _ => String::new(),
        };
        // Published values are about all images.
        let printed = |column: &Column| row.recipe.published.get(column.name()).copied();
        TableRow {
            name: row.recipe.name.clone(),
            setting,
            best_of: row.best.as_ref().map(|metric| (row.count(), metric.name().to_owned())),
            cells: chosen
                .clone()
                .map(|s| columns.iter().map(|column| cell(column, row, pairs, c, s)).collect()),
            input: matches!(row.runs, Runs::Input),
            untrained: row.untrained,
            published: if cause.is_none() {
                columns.iter().map(printed).collect()
            } else {
                vec![None; columns.len()]
            },
        }
    };
    let rows = rows.iter().zip(chosen).enumerate().map(row).collect();
    Group { cause, pairs: pairs.len(), rows }
}

fn cell(column: &Column, row: &Row, pairs: &[&Measured], c: usize, s: usize) -> Option<Summary> {
    let input = matches!(row.runs, Runs::Input);
    let one = |value: Option<f64>| value.and_then(|value| summary(&[value]));
    match column {
        Column::Cost(CostColumn::Parameters) => one(row.network.map(|(parameters, _)| parameters)),
        Column::Cost(CostColumn::MultiplyAdds) => one(row.network.map(|(_, multiply_adds)| multiply_adds)),
        Column::Cost(CostColumn::Seconds) if input => None,
        Column::Cost(CostColumn::Seconds) => {
            by_scene(pairs, |pair| Some(pair.cells[c][s].as_ref().ok()?.seconds))
        }
        Column::Metric(metric) => by_scene(pairs, |pair| pair.cells[c][s].as_ref().ok()?.number(metric)),
    }
}

/// The summary of the pairs' values; pairs of one scene form one group.
fn by_scene(pairs: &[&Measured], value: impl Fn(&Measured) -> Option<f64>) -> Option<Summary> {
    let mut scenes: Vec<(&str, Vec<f64>)> = Vec::new();
    for pair in pairs {
        let Some(value) = value(pair) else { continue };
        match scenes.iter_mut().find(|(scene, _)| *scene == pair.scene) {
            Some((_, values)) => values.push(value),
            None => scenes.push((&pair.scene, vec![value])),
        }
    }
    let groups: Vec<&[f64]> = scenes.iter().map(|(_, values)| values.as_slice()).collect();
    summary_of_groups(&groups)
}

impl Group {
    /// The rows with the best mean of a column, without the input and, for metrics, untrained networks; empty
    /// if only one row has a value.
    pub fn best(&self, at: usize, column: &Column) -> Vec<usize> {
        let says_nothing = |row: &TableRow| row.untrained && matches!(column, Column::Metric(_));
        let value = |row: &TableRow| {
            let mean = row.cells.as_ref().ok()?.get(at)?.as_ref()?.mean;
            (!row.input && !says_nothing(row)).then_some(mean)
        };
        let values: Vec<(usize, f64)> =
            self.rows.iter().enumerate().filter_map(|(i, row)| Some((i, value(row)?))).collect();
        let pick = match column.better() {
            Direction::Higher => f64::max,
            Direction::Lower => f64::min,
            Direction::Neither => return Vec::new(),
        };
        if values.len() < 2 {
            return Vec::new();
        }
        let best = values.iter().map(|&(_, value)| value).reduce(pick);
        values.into_iter().filter(|&(_, value)| Some(value) == best).map(|(i, _)| i).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::recipe::Recipe;
    use super::*;
    use crate::metrics::Value;

    /// Two settings of gradfun, the best one by PSNR, and a row of published values.
    const TABLE: &str = "
        title = 'T'
        metrics = ['psnr', 'false-steps']
        costs = ['seconds']
        [data]
        kind = 'pairs'
        folder = 'x'
        [[method]]
        name = 'G'
        method = 'gradfun'
        settings = ['radius=8', 'radius=16']
        best = 'psnr'
        published = { psnr = 35.33 }
        [[method]]
        name = 'P'
        published = { psnr = 25.73, seconds = 45.8 }
    ";

    fn metrics() -> Vec<Metric> {
        ["psnr", "false-steps"].map(|name| unband_metrics::find(name).unwrap()).to_vec()
    }

    fn table() -> (Vec<Column>, Vec<Row>) {
        let recipe: Recipe = Recipe::parse(TABLE, "T").unwrap();
        let rows = recipe.method.into_iter().map(|row| Row::new(row, &metrics(), 1, None).unwrap());
        let columns = metrics().into_iter().map(Column::Metric).chain([Column::Cost(CostColumn::Seconds)]);
        (columns.collect(), std::iter::once(Row::input(1)).chain(rows).collect())
    }

    fn record(psnr: f64, steps: Option<f64>, seconds: f64) -> Record {
        let steps = steps.map_or(Value::Missing("too few".into()), Value::Number);
        Record::new(&metrics(), &[Value::Number(psnr), steps], seconds)
    }

    fn pairs() -> Vec<Measured> {
        let pair = |name: &str, cause: &str, cells: [Record; 3]| {
            let [input, a, b] = cells.map(Ok);
            Measured {
                name: name.into(),
                cause: cause.into(),
                scene: name.into(),
                cells: vec![vec![input], vec![a, b], vec![]],
            }
        };
        vec![
            pair(
                "1",
                "x",
                [record(30.0, Some(9.0), 0.0), record(34.0, Some(2.0), 1.0), record(33.0, Some(1.0), 3.0)],
            ),
            pair(
                "2",
                "x",
                [record(32.0, Some(7.0), 0.0), record(36.0, None, 2.0), record(39.0, Some(5.0), 5.0)],
            ),
            pair(
                "3",
                "y",
                [record(34.0, Some(5.0), 0.0), record(35.0, Some(4.0), 3.0), record(36.0, Some(3.0), 4.0)],
            ),
        ]
    }

    #[test]
    fn means_are_those_made_by_hand() {
        let (columns, rows) = table();
        let all = pairs();
        let chosen = chosen(&rows, &all);
        // 35.0 compared with 36.0 dB over all three.
        assert_eq!(chosen, [Ok(0), Ok(1), Err(String::new())]);
        let groups = groups(&columns, &rows, &all, &chosen);
        let means = |g: usize, r: usize| -> Vec<Option<f64>> {
            let cells = groups[g].rows[r].cells.as_ref().unwrap();
            cells.iter().map(|cell| cell.map(|summary| summary.mean)).collect()
        };
        assert_eq!(means(0, 0), [Some(32.0), Some(7.0), None]);
        assert_eq!(means(0, 1), [Some(36.0), Some(3.0), Some(4.0)]);
        assert_eq!(means(1, 1), [Some(36.0), Some(3.0), Some(4.0)]);
        assert_eq!(means(2, 1), [Some(36.0), Some(3.0), Some(4.0)]);
        assert_eq!(means(2, 0), [Some(34.0), Some(5.0), None]);
        assert_eq!((groups[0].pairs, groups[1].pairs, groups[2].pairs), (3, 2, 1));
        assert_eq!(groups[0].rows[1].setting, "radius=16");
        assert_eq!(groups[0].rows[1].published, [Some(35.33), None, None]);
        assert_eq!(groups[0].rows[2].published, [Some(25.73), None, Some(45.8)]);
        assert_eq!(groups[1].rows[1].published, [None; 3], "of all images alone");
    }

    #[test]
    fn a_missing_value_of_an_image_is_not_in_the_mean() {
        let (columns, rows) = table();
        let all = pairs();
        let one = group(
            None,
            &columns,
            &rows,
            &all.iter().collect::<Vec<_>>(),
            &[Ok(0), Ok(0), Err(String::new())],
        );
        let steps = one.rows[1].cells.as_ref().unwrap()[1].unwrap();
        assert_eq!((steps.count, steps.mean, steps.median), (2, 3.0, 3.0));
        assert!(steps.low >= 2.0 && steps.high <= 4.0);
    }

    #[test]
    fn a_setting_that_fails_on_an_image_is_not_chosen_and_a_row_of_such_says_so() {
        let (_, rows) = table();
        let mut all = pairs();
        all[2].cells[1][1] = Err("too large".into());
        assert_eq!(chosen(&rows, &all)[1], Ok(0));
        all[0].cells[1][0] = Err("too wide".into());
        let why = chosen(&rows, &all).remove(1).unwrap_err();
        assert_eq!(why, "failed on 2 of 3 images, first 1: too wide");
    }

    #[test]
    fn the_best_are_the_highest_or_the_lowest_without_the_input() {
        let row = |name: &str, values: [f64; 2], input| TableRow {
            name: name.into(),
            setting: String::new(),
            best_of: None,
            cells: Ok(values.map(|value| summary(&[value])).to_vec()),
            input,
            untrained: false,
            published: vec![None; 2],
        };
        let rows =
            vec![row("in", [99.0, 0.0], true), row("a", [35.0, 2.0], false), row("b", [36.0, 2.0], false)];
        let group = Group { cause: None, pairs: 1, rows };
        assert_eq!(group.best(0, &Column::Metric(metrics()[0].clone())), [2]);
        assert_eq!(group.best(1, &Column::Metric(metrics()[1].clone())), [1, 2]);
        assert_eq!(group.best(1, &Column::Cost(CostColumn::Parameters)), [0usize; 0]);
        // Untrained networks can still be the fastest.
        let mut group = group;
        group.rows[2].untrained = true;
        group.rows.push(row("c", [34.0, 3.0], false));
        assert_eq!(group.best(0, &Column::Metric(metrics()[0].clone())), [1]);
        assert_eq!(group.best(1, &Column::Cost(CostColumn::Seconds)), [1, 2]);
    }
}
