//! `unband models show`: layer table of a network.

use unband::models;
use unband::nets::{Graph, ShapeError};

use super::ShowArgs;
use crate::outcome::Outcome;
use crate::reporter::{Failure, Reporter};
use crate::result::print_data;

/// Sides tried by default; some networks need a certain size.
const SIDES: [usize; 6] = [512, 256, 235, 192, 128, 96];

pub(super) fn run(args: &ShowArgs, reporter: &Reporter<'_>) -> Outcome {
    let graph = match args.what.graph(models::folder().as_deref()) {
        Ok(graph) => graph,
        Err(error) => {
            reporter.failure(&error.into());
            return Outcome::SomeFailed;
        }
    };
    match table(&graph, args.size) {
        Ok(table) => print_data(table.as_bytes()),
        Err(error) => {
            let hint = graph
                .size_multiple()
                .map(|m| format!("sides that are multiples of {m}, as in --size 512x768"));
            reporter.failure(&Failure::at(args.what.to_string(), error.to_string(), hint));
            Outcome::Usage
        }
    }
}

fn table(graph: &Graph, size: Option<(usize, usize)>) -> Result<String, ShapeError> {
    if let Some((height, width)) = size {
        return graph.describe(height, width);
    }
    let multiple = graph.size_multiple().unwrap_or(1);
    let fits = SIDES.into_iter().find(|&side| graph.shapes(side, side).is_ok());
    let side = fits.unwrap_or(SIDES[0].next_multiple_of(multiple));
    graph.describe(side, side)
}
