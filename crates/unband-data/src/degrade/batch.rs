//! Many pairs at once.

use unband_image::Rng;

use super::record::{Applied, Record};
use super::{DegradeError, Pair};

/// A pair on its way through its record.
struct Work<'a> {
    record: &'a Record,
    pair: &'a mut Pair,
    at: usize,
    failed: Option<DegradeError>,
}

impl<'a> Work<'a> {
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

    fn alone(&mut self, step: &Applied) {
        let result = step.apply(self.pair);
        self.done(result);
    }

    /// Everything up to the next step that starts a program.
    fn quick(&mut self) {
        while let Some(step) = self.next().filter(|step| !step.is_slow()) {
            self.alone(step);
        }
    }
}

impl Record {
    /// Does a record to a pair each, with the same results as one by one, in order. Programs are started once for
    /// all pairs that wait for the same settings: that makes thousands of patches through encoders a matter of minutes.
    pub fn apply_all<'a>(records: &'a [Self], pairs: &'a mut [Pair]) -> Vec<Result<(), DegradeError>> {
        let start = |(record, pair): (&'a Self, &'a mut Pair)| {
            record.start(pair);
            Work { record, pair, at: 0, failed: None }
        };
        let mut work: Vec<Work<'_>> = records.iter().zip(pairs).map(start).collect();
        loop {
            work.iter_mut().for_each(Work::quick);
            let Some(step) = work.iter().find_map(Work::next) else { break };
            let waits = |one: &&mut Work<'_>| {
                one.next().is_some_and(|n| n.name == step.name && n.settings == step.settings)
            };
            together(step, &mut work.iter_mut().filter(waits).collect::<Vec<_>>());
        }
        let end = |one: Work<'_>| {
            let finished = one.record.finish(one.pair);
            one.failed.map_or(finished, Err)
        };
        work.into_iter().map(end).collect()
    }
}

/// One step of all; where that fails, one by one, so that only those fail that are to blame.
fn together(step: &Applied, work: &mut [&mut Work<'_>]) {
    let before: Vec<Pair> = work.iter().map(|one| one.pair.clone()).collect();
    let rngs: Vec<Rng> = work.iter().map(|one| one.next().unwrap_or(step).rng()).collect();
    let mut pairs: Vec<&mut Pair> = work.iter_mut().map(|one| &mut *one.pair).collect();
    let result = step.build().and_then(|built| built.degradation.apply_all(&mut pairs, &rngs));
    for (one, before) in work.iter_mut().zip(before) {
        if result.is_ok() {
            one.done(Ok(()));
        } else {
            *one.pair = before;
            if let Some(step) = one.next() {
                one.alone(step);
            }
        }
    }
}
