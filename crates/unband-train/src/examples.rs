//! Patches with a label, for networks that tell banded patches from clean ones.

use unband_image::{Image, Plane, Rng};

use crate::augment::Change;
use crate::banded::is_banded;
use crate::batches::{Batch, Batches, numbered};
use crate::made::Made;
use crate::pictures::Pictures;
use crate::recipe::{Augment, Data, Recipe};
use crate::{DataError, TrainError};

/// Windows tried for one patch.
const TRIES: u64 = 200;

/// A patch as the 8-bit files that people look at have it.
pub(crate) struct Example {
    /// `[3, side, side]`, codes.
    bytes: Vec<u8>,
    pub clean: bool,
    /// What kind of clean or banded image it shows: a name of the mix.
    pub family: String,
}

/// Which patches to take.
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
    /// Half of all are banded.
    fn of(id: usize) -> Self {
        match id % 4 {
            0 | 2 => Self::Banded,
            1 => Self::CleanOfBanded,
            _ => Self::Clean,
        }
    }
}

impl Example {
    /// The probability that it is free of banding: 0 or 1.
    pub fn label(&self) -> f32 {
        f32::from(u8::from(self.clean))
    }

    /// `[3, side, side]`, values of 0 to 1.
    pub fn values(&self) -> Vec<f32> {
        self.bytes.iter().map(|&code| f32::from(code) / 255.0).collect()
    }

    /// One of a window that is a patch, or nothing where it does not show what is wanted.
    fn of(made: &Made, wanted: Wanted, rng: Rng) -> Option<Self> {
        let (lq, gt) = made.sides();
        if wanted != Wanted::Clean && !is_banded(&lq, &gt) {
            return None;
        }
        let clean = wanted != Wanted::Banded;
        // A mix names its kinds of clean images first and the causes of banding last.
        let family = if clean { made.names.first() } else { made.names.last() };
        // Half of the clean ones are dithered, as good files are.
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

/// A pool of patches, made when they are first asked for; kept as codes, as they are looked at many times.
pub(crate) struct Examples {
    pictures: Pictures,
    augment: Augment,
    seed: u64,
    batch: usize,
    side: usize,
    pool: Vec<Option<Example>>,
}

impl Examples {
    /// `data` is the recipe's own or that of its validation.
    pub fn open(recipe: &Recipe, data: &Data, seed: u64) -> Result<Self, TrainError> {
        let (Data::Pairs { pool, .. } | Data::Clean { pool, .. }) = data;
        Ok(Self {
            pictures: Pictures::open(data, unband_nets::arch::Sees::Picture, 1)?,
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
        let wanted = Wanted::of(id);
        for attempt in 0..TRIES {
            let seed = numbered(self.seed, id as u64 * TRIES + attempt);
            let made = self.pictures.window(self.side, seed, 0)?;
            if let Some(example) = Example::of(&made, wanted, Rng::new(seed)) {
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
            Change::drawn(augment, rng, sample as u32).lay_picture(&example.values(), side, &mut batch.lq);
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
