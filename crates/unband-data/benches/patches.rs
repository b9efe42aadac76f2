//! Time of each degradation and recipe for a patch of 128×128, and of encoders for batches.
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

/// Milliseconds per patch in a batch.
fn timed(records: &[DegradationRecord], clean: &Image) -> Option<f64> {
    let mut pairs: Vec<Pair> = records.iter().map(|_| Pair::of(clean.clone())).collect();
    let start = Instant::now();
    let results = DegradationRecord::apply_all(records, &mut pairs);
    let spent = start.elapsed().as_secs_f64();
    results.iter().all(Result::is_ok).then_some(spent * 1e3 / records.len() as f64)
}

fn show(name: &str, times: &[Option<f64>]) {
    let cells = times.iter().map(|time| time.map_or("–".to_owned(), |ms| format!("{ms:.2}")));
    println!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
}

fn main() {
    let clean = patch();
    println!("| degradation | ms alone | ms among 64 |\n|---|---|---|");
    for entry in DEGRADATIONS {
        let step = |i| Applied::new(entry, i, (entry.defaults)());
        let record = |i| DegradationRecord {
            names: Vec::new(),
            clean: Vec::new(),
            degrade: vec![step(i)],
            depth: 8,
            scale: 1,
        };
        let records: Vec<DegradationRecord> = (0..64).map(record).collect();
        let alone = timed(&records[..1], &clean).and_then(|_| timed(&records[..1], &clean));
        show(entry.name, &[alone, timed(&records, &clean)]);
    }
    println!("\n| recipe | ms among 128 |\n|---|---|");
    for shipped in unband_recipes::DEGRADATION_RECIPES {
        let recipe = DegradationRecipe::find(shipped.name).unwrap();
        let records: Vec<DegradationRecord> = (0..128).map(|i| recipe.draw(Rng::new(i)).unwrap()).collect();
        show(shipped.name, &[timed(&records, &clean)]);
    }
}
