//! Labelled patches for training a banding classifier.

use unband_image::{Image, Plane, Rng};

use crate::augment::Change;
use crate::banded::is_banded;
use crate::batches::{Batch, Batches, numbered};
use crate::made::DegradedWindow;
use crate::pairs::PairSource;
use crate::recipe::{Augment, Data, Recipe};
use crate::{DataError, TrainError};

/// Maximum windows tried for one patch.
const TRIES: u64 = 200;

/// A patch as 8-bit codes, as in files for viewing.
pub(crate) struct Example {
    /// `[3, side, side]`, codes.
    bytes: Vec<u8>,
    pub clean: bool,
    /// Type of the clean or banded image: a name from the degradation recipe.
    pub family: String,
}

/// Selection of patches.
#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    /// The degraded side of a pair that is visibly banded.
    Banded,
    /// The clean side of such a pair: smooth areas alone do not make a patch banded.
    CleanOfBanded,
    /// The clean side of any pair.
    Clean,
}

impl Wanted {
    /// Half of all patches are banded.
    fn from_id(id: usize) -> Self {
        match id % 4 {
            0 | 2 => Self::Banded,
            1 => Self::CleanOfBanded,
            _ => Self::Clean,
        }
    }
}

impl Example {
    /// The probability of no banding: 0 or 1.
    pub fn label(&self) -> f32 {
        f32::from(u8::from(self.clean))
    }

    /// `[3, side, side]`, values of 0 to 1.
    pub fn values(&self) -> Vec<f32> {
        self.bytes.iter().map(|&code| f32::from(code) / 255.0).collect()
    }

    /// Takes a patch from a window of its size; `None` if the window does not qualify.
    fn new(made: &DegradedWindow, wanted: Wanted, rng: Rng) -> Option<Self> {
        let (lq, gt) = made.sides();
        if wanted != Wanted::Clean && !is_banded(&lq, &gt) {
            return None;
        }
        let clean = wanted != Wanted::Banded;
        // A degradation recipe names its types of clean images first and the banding degradations last.
        let family = if clean { made.names.first() } else { made.names.last() };
        // Half of the clean patches are dithered, like good files.
        let dither = clean && rng.unit_at(0, 20, 0, 0) < 0.5;
        let side = if clean { gt } else { lq };
        let bytes = codes(&side, |plane, i| if dither { rng.unit_at(1, plane, i, 0) } else { 0.5 });
        Some(Self { bytes, clean, family: family.cloned().unwrap_or_default() })
    }
}

fn codes(image: &Image, threshold: impl Fn(u32, u32) -> f32) -> Vec<u8> {
    let code = |plane: usize, (i, &v): (usize, &f32)| {
        (v.clamp(0.0, 1.0) * 255.0 + threshold(plane as u32, i as u32)).clamp(0.0, 255.0) as u8
    };
    let of = |(c, plane): (usize, &Plane)| plane.data.iter().enumerate().map(move |s| code(c, s)).collect();
    image.planes[..3].iter().enumerate().flat_map(|p| -> Vec<u8> { of(p) }).collect()
}

/// A pool of patches, generated on first use; kept as codes, as each is used many times.
pub(crate) struct Examples {
    source: PairSource,
    augment: Augment,
    seed: u64,
    batch: usize,
    side: usize,
    pool: Vec<Option<Example>>,
}

impl Examples {
    /// `data` is that of the recipe or of its validation.
    pub fn open(recipe: &Recipe, data: &Data, seed: u64) -> Result<Self, TrainError> {
        let (Data::Pairs { pool, .. } | Data::Clean { pool, .. }) = data;
        Ok(Self {
            source: PairSource::open(data, unband_nets::arch::Sees::Image, 1)?,
            augment: recipe.augment,
            seed,
            batch: recipe.batch,
            side: recipe.patch,
            pool: (0..*pool).map(|_| None).collect(),
        })
    }

    pub fn len(&self) -> usize {
        self.pool.len()
    }

    pub fn example(&mut self, id: usize) -> Result<&Example, TrainError> {
        let example = match self.pool[id].take() {
            Some(example) => example,
            None => self.make(id)?,
        };
        Ok(self.pool[id].insert(example))
    }

    fn make(&mut self, id: usize) -> Result<Example, TrainError> {
        let wanted = Wanted::from_id(id);
        for attempt in 0..TRIES {
            let seed = numbered(self.seed, id as u64 * TRIES + attempt);
            let made = self.source.window(self.side, seed, 0)?;
            if let Some(example) = Example::new(&made, wanted, Rng::new(seed)) {
                return Ok(example);
            }
        }
        Err(DataError::NoneBanded { tries: TRIES }.into())
    }
}

impl Batches for Examples {
    fn next(&mut self, number: u64) -> Result<Batch, TrainError> {
        let rng = Rng::new(numbered(self.seed, number));
        let (side, augment) = (self.side, self.augment);
        let mut batch = Batch { n: self.batch, height: side, width: side, ..Batch::default() };
        for sample in 0..self.batch {
            let id = (number * self.batch as u64 + sample as u64) % self.len() as u64;
            let example = self.example(id as usize)?;
            Change::drawn(augment, rng, sample as u32).lay_image(&example.values(), side, &mut batch.lq);
            batch.gt.push(example.label());
        }
        Ok(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::banded::tests::image;

    #[test]
    fn dither_keeps_the_mean() {
        let flat = image(|_, _, _| 99.5);
        let rng = Rng::new(1);
        let mean = |codes: Vec<u8>| codes.iter().map(|&v| f64::from(v)).sum::<f64>() / codes.len() as f64;
        let dithered = mean(codes(&flat, |plane, i| rng.unit_at(0, plane, i, 0)));
        assert!((dithered - 99.5).abs() < 0.02, "{dithered}");
        assert!(codes(&image(|_, _, _| 99.4), |_, _| 0.5).iter().all(|&v| v == 99));
    }
}
