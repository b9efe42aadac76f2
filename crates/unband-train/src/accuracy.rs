//! Validation accuracy of a classifier.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use crate::batches::Batch;
use crate::examples::Examples;
use crate::learner::Learner;
use crate::recipe::Recipe;
use crate::{Model, TrainError};

/// Patches per forward pass.
const TOGETHER: usize = 16;

/// Correct answers and number of patches, by class and family.
type Counts = BTreeMap<(&'static str, String), (usize, usize)>;

/// The patches.
pub(crate) struct Accuracy {
    examples: Examples,
}

impl Accuracy {
    /// Generates all patches.
    pub fn open(recipe: &Recipe) -> Result<Self, TrainError> {
        let mut examples = Examples::open(recipe, &recipe.validation.data, 0)?;
        for id in 0..examples.len() {
            examples.example(id)?;
        }
        Ok(Self { examples })
    }

    /// The mean accuracy over both classes, 0 to 1. `accuracy.csv` in `folder` lists it by family.
    pub fn run(&mut self, learner: &Learner, folder: &Path) -> Result<f64, TrainError> {
        let model = learner.learned()?;
        let mut counts = Counts::new();
        for first in (0..self.examples.len()).step_by(TOGETHER) {
            self.count(learner, &model, first, &mut counts)?;
        }
        let (overall, table) = summed(&counts);
        unband_io::write_bytes(table.as_bytes(), &folder.join("accuracy.csv"), true)?;
        Ok(overall)
    }

    fn count(
        &mut self,
        learner: &Learner,
        model: &Model,
        first: usize,
        counts: &mut Counts,
    ) -> Result<(), TrainError> {
        let side = learner.recipe.patch;
        let ids = first..(first + TOGETHER).min(self.examples.len());
        let mut batch = Batch { n: ids.len(), height: side, width: side, ..Batch::default() };
        for id in ids.clone() {
            batch.lq.extend(self.examples.example(id)?.values());
        }
        let out = learner.restore(model, &batch)?.try_into_vec_as::<f32>();
        let out = out.map_err(|e| TrainError::Read { name: "a probability".into(), why: e.to_string() })?;
        for (id, probability) in ids.zip(out) {
            let example = self.examples.example(id)?;
            let class = if example.clean { "clean" } else { "banded" };
            let (right, all) = counts.entry((class, example.family.clone())).or_default();
            *right += usize::from((probability > 0.5) == example.clean);
            *all += 1;
        }
        Ok(())
    }
}

/// The mean over both classes, and the table.
fn summed(counts: &Counts) -> (f64, String) {
    let mut table = String::from("class,family,right,patches,accuracy\n");
    let mut classes: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let share = |(right, all): (usize, usize)| right as f64 / all.max(1) as f64;
    let mut line = |class: &str, family: &str, of: (usize, usize)| {
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{class},{family},{},{},{:.4}", of.0, of.1, share(of));
    };
    for ((class, family), &of) in counts {
        line(class, family, of);
        let sum = classes.entry(class).or_default();
        *sum = (sum.0 + of.0, sum.1 + of.1);
    }
    for (class, &of) in &classes {
        line(class, "all", of);
    }
    (classes.values().map(|&of| share(of)).sum::<f64>() / classes.len().max(1) as f64, table)
}
