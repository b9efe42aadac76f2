//! Time of each degradation and recipe for a patch of 128×128.
//!
//! `cargo bench -p unband-data --bench patches`
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use unband_data::{Applied, DEGRADATIONS, DegradationRecipe, DegradationRecord, Pair};
use unband_image::{Image, Rng};

const SIDE: usize = 128;

fn patch() -> Image {
    let rng = Rng::new(1);
    let sample = |i: usize| {
        let (x, y, c) = (i / 3 % SIDE, i / 3 / SIDE, i % 3);
        let noise = rng.at(0, c as u32, x as u32, y as u32) >> 24;
        (9_000 + 70 * x + (110 - 30 * c) * y) as u16 + noise as u16
    };
    Image::from_rgb16(SIDE, SIDE, &(0..SIDE * SIDE * 3).map(sample).collect::<Vec<_>>()).unwrap()
}

/// Milliseconds per patch.
fn timed(records: &[DegradationRecord], clean: &Image) -> Option<f64> {
    let start = Instant::now();
    let results = records.iter().map(|record| record.apply(&mut Pair::from_clean(clean.clone())));
    let done = results.collect::<Result<(), _>>().is_ok();
    done.then_some(start.elapsed().as_secs_f64() * 1e3 / records.len() as f64)
}

fn show(name: &str, time: Option<f64>) {
    println!("| {name} | {} |", time.map_or("–".to_owned(), |ms| format!("{ms:.2}")));
}

fn main() {
    let clean = patch();
    println!("| degradation | ms |\n|---|---|");
    for entry in DEGRADATIONS {
        let step = Applied::new(entry, 0, (entry.defaults)());
        let record = DegradationRecord::from_applied(vec![step]);
        let time = || timed(std::slice::from_ref(&record), &clean);
        show(entry.name, time().and_then(|_| time()));
    }
    println!("\n| recipe | ms, mean of 16 |\n|---|---|");
    for shipped in unband_recipes::DEGRADATION_RECIPES {
        let recipe = DegradationRecipe::find(shipped.name).unwrap();
        let records: Vec<DegradationRecord> = (0..16).map(|i| recipe.draw(Rng::new(i)).unwrap()).collect();
        show(shipped.name, timed(&records, &clean));
    }
}
