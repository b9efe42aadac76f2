//! HTML page of a table: means, then sample images by every method.

use unband::evaluate::{Measured, PairSource, Runs, Table};
use unband::metrics::Value;
use unband::verdict::Verdict;
use unband::{Context, Image};
use unband_report::{Column as Head, HeatMap, Listing, Page, Section, SectionHtml, Side};

use super::EvalJob;
use super::fault::failure;
use crate::print::page::metric_rows;
use crate::reporter::{Failure, Reporter};

impl EvalJob {
    /// Tables first, then the number of pairs that the recipe asks for, with the chosen setting of each
    /// method run again.
    ///
    /// # Errors
    /// Pairs that can no longer be read, and drawing errors.
    pub(super) fn page(
        &self,
        listings: &[Listing],
        table: &Table,
        reporter: &Reporter<'_>,
        ctx: &Context<'_>,
    ) -> Result<String, Failure> {
        let mut page = Page::new(&table.title);
        for listing in listings {
            page.list(listing);
        }
        let all = &table.pairs;
        let shown = self.evaluation.recipe.page_images.min(all.len());
        let order = order(table);
        for i in 0..shown {
            if ctx.cancelled() {
                break;
            }
            // Pairs are sorted by degradation: show another image of each.
            let each = all.len() / shown;
            let measured = &all[(i * all.len() / shown + i % each).min(all.len() - 1)];
            if let Some(item) = self.evaluation.pairs.iter().find(|item| item.name == measured.name) {
                reporter.detail(&format_args!("page: {}", item.name));
                page.put(&self.section(item, measured, &order, &table.chosen, ctx)?);
            }
        }
        Ok(page.html())
    }

    fn section(
        &self,
        item: &PairSource,
        measured: &Measured,
        order: &[usize],
        chosen: &[Result<usize, String>],
        ctx: &Context<'_>,
    ) -> Result<SectionHtml, Failure> {
        let fail = |what: String| Failure::at(item.name.clone(), what, None);
        let evaluation = &self.evaluation;
        let ready = evaluation.pair(item, ctx).map_err(|error| failure(&error))?;
        let mut parts = Vec::new();
        for &c in order {
            let (row, Ok(s)) = (&evaluation.rows[c], &chosen[c]) else { continue };
            let image = match &row.runs {
                Runs::Input => ready.input().clone(),
                Runs::Settings(settings) => settings[*s].run(&ready.pair.lq, ctx).map_err(fail)?.0,
                Runs::Nothing | Runs::Missing(_) | Runs::Absent(_) => continue,
            };
            let Ok(record) = &measured.cells[c][*s] else { continue };
            let findings = unband::inspect(&image, ctx);
            parts.push(PagePart {
                role: row.shown(),
                map: HeatMap::from_findings(&findings),
                verdict: Verdict::new(&findings),
                values: evaluation.metrics.iter().map(|metric| record.value(metric)).collect(),
                image,
            });
        }
        let sides: Vec<Side<'_>> = parts
            .iter()
            .map(|part| Side { name: &part.role, image: &part.image, map: Some(&part.map) })
            .collect();
        let Some((first, results)) = sides.split_first() else { return Err(fail("no results".to_owned())) };
        let values: Vec<_> = parts.iter().map(|part| part.values.as_slice()).collect();
        let heads: Vec<Head> = parts.iter().map(|part| Head(part.role.clone())).collect();
        let verdict = &parts[0].verdict;
        let section = Section {
            title: &item.name,
            input: *first,
            results,
            reference: Some(Side { name: "clean", image: &ready.pair.gt, map: None }),
            verdict: &verdict.line,
            level: verdict.grade,
            columns: &heads,
            metrics: &metric_rows(&evaluation.metrics, &values),
            line: None,
        };
        SectionHtml::new(&section, Page::LONGEST, ctx).map_err(|error| fail(error.to_string()))
    }
}

/// A result that is shown.
struct PagePart {
    role: String,
    image: Image,
    map: HeatMap,
    verdict: Verdict,
    values: Vec<Value>,
}

/// The input first, then rows from best to worst mean of the first column: pages show the first ones first.
fn order(table: &Table) -> Vec<usize> {
    let Some(group) = table.groups.first() else { return Vec::new() };
    let mean = |r: usize| {
        let cells = group.rows[r].cells.as_ref().ok()?;
        let mean = cells.first()?.as_ref()?.mean;
        let higher =
            table.columns.first().is_some_and(|column| column.better() == unband_report::Direction::Higher);
        Some(if higher { -mean } else { mean })
    };
    let mut rows: Vec<usize> = (0..group.rows.len()).collect();
    rows.sort_by(|&a, &b| {
        let key = |r: usize| (!group.rows[r].input, mean(r).unwrap_or(f64::INFINITY));
        let ((a_input, a), (b_input, b)) = (key(a), key(b));
        a_input.cmp(&b_input).then(a.total_cmp(&b))
    });
    rows
}
