//! Batched application of degradation records to pairs.

use unband_image::Rng;

use super::record::{Applied, DegradationRecord};
use super::{DegradeError, Pair};

/// A pair and its position in its record.
struct BatchItem<'a> {
    record: &'a DegradationRecord,
    pair: &'a mut Pair,
    at: usize,
    failed: Option<DegradeError>,
}

impl<'a> BatchItem<'a> {
    fn next(&self) -> Option<&'a Applied> {
        if self.failed.is_some() { None } else { self.record.step(self.at) }
    }

    fn done(&mut self, result: Result<(), DegradeError>) {
        self.failed = result.err();
        if self.failed.is_none() {
            self.record.follow(self.at, self.pair);
            self.at += 1;
        }
    }

    fn apply_single(&mut self, step: &Applied) {
        let result = step.apply(self.pair);
        self.done(result);
    }

    /// Applies all steps up to the next one that starts a program.
    fn quick(&mut self) {
        while let Some(step) = self.next().filter(|step| !step.is_slow()) {
            self.apply_single(step);
        }
    }
}

impl DegradationRecord {
    /// Applies each record to its pair, in order, with the same results as one by one. All pairs that wait
    /// for the same settings share one run of the program. Thousands of patches through encoders therefore
    /// take minutes.
    pub fn apply_all<'a>(records: &'a [Self], pairs: &'a mut [Pair]) -> Vec<Result<(), DegradeError>> {
        let start = |(record, pair): (&'a Self, &'a mut Pair)| {
            record.start(pair);
            BatchItem { record, pair, at: 0, failed: None }
        };
        let mut items: Vec<BatchItem<'_>> = records.iter().zip(pairs).map(start).collect();
        loop {
            items.iter_mut().for_each(BatchItem::quick);
            let Some(step) = items.iter().find_map(BatchItem::next) else { break };
            let waits = |one: &&mut BatchItem<'_>| one.next().is_some_and(|next| next.is_like(step));
            together(step, &mut items.iter_mut().filter(waits).collect::<Vec<_>>());
        }
        let end = |one: BatchItem<'_>| {
            let finished = one.record.finish(one.pair);
            one.failed.map_or(finished, Err)
        };
        items.into_iter().map(end).collect()
    }
}

/// Applies one step to all pairs. If that fails, each pair is tried alone, so that only the faulty ones fail.
fn together(step: &Applied, items: &mut [&mut BatchItem<'_>]) {
    let before: Vec<Pair> = items.iter().map(|one| one.pair.clone()).collect();
    let rngs: Vec<Rng> = items.iter().map(|one| one.next().unwrap_or(step).rng()).collect();
    let mut pairs: Vec<&mut Pair> = items.iter_mut().map(|one| &mut *one.pair).collect();
    let result = step.degradation().apply_all(&mut pairs, &rngs);
    for (one, before) in items.iter_mut().zip(before) {
        if result.is_ok() {
            one.done(Ok(()));
        } else {
            *one.pair = before;
            if let Some(step) = one.next() {
                one.apply_single(step);
            }
        }
    }
}
