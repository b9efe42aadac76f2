//! Training batches, determined by the step number.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::mpsc::{Receiver, sync_channel};

use unband_image::Rng;
use unband_nets::arch::Sees;

use crate::TrainError;
use crate::augment::Change;
use crate::made::{DegradedWindow, Patch};
use crate::pairs::PairSource;
use crate::recipe::{Augment, Data, Recipe};

/// Pairs of patches, values of 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Degraded, `[n, 3, height, width]`.
    pub lq: Vec<f32>,
    /// Target: clean patches, `[n, 3, scale · height, scale · width]`. For classifiers `[n]`: 1 for a patch
    /// without banding, 0 for a banded one.
    pub gt: Vec<f32>,
    /// Conditioning per sample, `[n, 9, side, side]`, for grid-guided networks; else empty.
    pub cells: Vec<f32>,
    /// Conditioning per patch, `[n, 12]`, for grid-guided networks; else empty.
    pub numbers: Vec<f32>,
    /// Number of patches.
    pub n: usize,
    /// Rows of each, degraded.
    pub height: usize,
    /// Columns of each, degraded.
    pub width: usize,
    /// Scale factor of clean over degraded patches.
    pub scale: usize,
}

/// An empty batch.
impl Default for Batch {
    fn default() -> Self {
        let [lq, gt, cells, numbers] = std::array::from_fn(|_| Vec::new());
        Self { lq, gt, cells, numbers, n: 0, height: 0, width: 0, scale: 1 }
    }
}

impl Batch {
    /// Splits into `count` equal parts, in order; the number of patches must be a multiple of `count`.
    pub(crate) fn parts(&self, count: usize) -> Vec<Self> {
        let each = self.n / count;
        let share =
            |all: &[f32], i: usize| all[i * (all.len() / count)..(i + 1) * (all.len() / count)].to_vec();
        let part = |i: usize| Self {
            lq: share(&self.lq, i),
            gt: share(&self.gt, i),
            cells: share(&self.cells, i),
            numbers: share(&self.numbers, i),
            n: each,
            ..*self
        };
        (0..count).map(part).collect()
    }
}

/// The seed for a number: nearby numbers get unrelated seeds.
pub(crate) fn numbered(seed: u64, number: u64) -> u64 {
    // 2^64 divided by the golden ratio, as in SplitMix64 (Steele et al. 2014).
    seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Source of batches.
pub trait Batches: Send {
    /// The batch of that number. It depends on nothing but the number, so a resumed training needs no state
    /// besides its step.
    ///
    /// # Errors
    /// Images that cannot be read, cut or degraded.
    fn next(&mut self, number: u64) -> Result<Batch, TrainError>;
}

/// Patches from the images of a recipe.
pub(crate) struct Patches {
    source: PairSource,
    augment: Augment,
    seed: u64,
    batch: usize,
    /// Side of clean patches.
    side: usize,
    /// Factor by which degraded patches are smaller.
    scale: usize,
    /// Patches per window.
    reuse: u64,
    /// Number of windows kept if they serve more than one patch.
    pool: u64,
    /// Windows by number.
    windows: HashMap<u64, DegradedWindow>,
}

impl Patches {
    pub fn open(recipe: &Recipe, sees: Sees, scale: usize) -> Result<Self, TrainError> {
        let (Data::Pairs { reuse, pool, .. } | Data::Clean { reuse, pool, .. }) = recipe.data;
        let mut source = PairSource::open(&recipe.data, sees, scale)?;
        source.share(recipe.loaders);
        Ok(Self {
            source,
            augment: recipe.augment,
            seed: recipe.seed,
            batch: recipe.batch,
            side: recipe.patch,
            scale,
            reuse: reuse as u64,
            pool: pool as u64,
            windows: HashMap::new(),
        })
    }

    /// Random generator of a batch.
    fn rng(&self, number: u64) -> Rng {
        Rng::new(numbered(self.seed, number))
    }

    /// The window from which batch `number` cuts a patch: its own, or one of the pool. Windows are replaced
    /// one by one, so that all batches take about as long.
    fn window(&mut self, number: u64, sample: u32) -> Result<&DegradedWindow, TrainError> {
        let batch = self.batch as u64;
        let which = if self.reuse == 1 {
            number * batch + u64::from(sample)
        } else {
            let oldest = number * batch / self.reuse;
            self.windows.retain(|&which, _| which >= oldest);
            oldest + self.rng(number).below_at(self.pool as usize, sample, 6, 0, 0) as u64
        };
        if self.reuse == 1 {
            self.windows.clear();
        }
        match self.windows.entry(which) {
            Entry::Occupied(kept) => Ok(kept.into_mut()),
            Entry::Vacant(free) => {
                let seed = numbered(self.seed, which / batch);
                Ok(free.insert(self.source.window(self.side, seed, (which % batch) as u32)?))
            }
        }
    }
}

impl Batches for Patches {
    fn next(&mut self, number: u64) -> Result<Batch, TrainError> {
        let rng = self.rng(number);
        let (side, augment) = (self.side, self.augment);
        let small = side / self.scale;
        let mut batch =
            Batch { n: self.batch, height: small, width: small, scale: self.scale, ..Batch::default() };
        for sample in 0..self.batch {
            let frame = sample as u32;
            let draw = |plane: u32, count: usize| rng.below_at(count, frame, 4 + plane, 0, 0);
            let Patch { lq, gt, cells, numbers } = self.window(number, frame)?.patch(side, draw);
            let change = Change::drawn(augment, rng, frame);
            change.lay_image(&lq, small, &mut batch.lq);
            change.lay_image(&gt, side, &mut batch.gt);
            change.lay(&cells, small, &mut batch.cells);
            batch.numbers.extend(numbers);
        }
        Ok(batch)
    }
}

/// Generates batches in separate threads during training, which take turns.
pub(crate) struct Ahead {
    made: Vec<Receiver<(u64, Result<Batch, TrainError>)>>,
    first: u64,
}

impl Ahead {
    /// Starts with batch `first`, a thread for each of `loaders`. The threads end when this is dropped.
    pub fn new(loaders: Vec<Box<dyn Batches>>, first: u64) -> Self {
        let count = loaders.len();
        let start = |(i, mut batches): (usize, Box<dyn Batches>)| {
            let (send, made) = sync_channel(2);
            std::thread::spawn(move || {
                for number in (first + i as u64..).step_by(count) {
                    let batch = batches.next(number);
                    let failed = batch.is_err();
                    if send.send((number, batch)).is_err() || failed {
                        return;
                    }
                }
            });
            made
        };
        Self { made: loaders.into_iter().enumerate().map(start).collect(), first }
    }
}

impl Batches for Ahead {
    fn next(&mut self, number: u64) -> Result<Batch, TrainError> {
        let turn = number.wrapping_sub(self.first) % (self.made.len() as u64).max(1);
        let Some(made) = self.made.get(turn as usize) else { return Err(TrainError::NoBatch { number }) };
        loop {
            match made.recv() {
                Ok((made, batch)) if made == number || batch.is_err() => return batch,
                Ok(_) => {}
                Err(_) => return Err(TrainError::NoBatch { number }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_does_not_depend_on_those_before_it() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            let codes: Vec<u16> = (0..3 * 48 * 40).map(|i| (i * 97 + name.len() * 31) as u16).collect();
            let image = unband_image::Image::from_rgb16(48, 40, &codes).unwrap();
            let file = dir.path().join(format!("{name}.png"));
            let format = unband_io::writer_for(&file).unwrap();
            unband_io::write_file(&image, &file, format, &unband_io::WriteOptions::default(), true).unwrap();
        }
        for (reuse, sees) in [(1, Sees::Image), (4, Sees::Image), (4, Sees::Cells)] {
            let recipe = Recipe::parse(
                &format!(
                    "network = \"bitnet\"\nsteps = 9\nbatch = 3\npatch = 16\nloss = [{{ term = \"l1\" }}]\n\
                     optimizer = {{ kind = \"adam\", rate = 1e-3 }}\naugment = {{ hflip = 0.5 }}\n\
                     data = {{ kind = \"clean\", folder = {0:?}, recipe = \"rgb-4-5\", window = 32, reuse = {reuse}, pool = 5 }}\n\
                     validation = {{ every = 1, data = {{ kind = \"pairs\", folder = {0:?} }} }}",
                    dir.path()
                ),
                "test",
            )
            .unwrap();
            let mut all = Patches::open(&recipe, sees, 1).unwrap();
            let batches: Vec<Batch> = (0..9).map(|i| all.next(i).unwrap()).collect();
            assert!(batches.windows(2).all(|pair| pair[0] != pair[1]));
            assert!(all.windows.len() <= 5);
            let mut some = Patches::open(&recipe, sees, 1).unwrap();
            for i in [7, 2, 8] {
                assert!(some.next(i as u64).unwrap() == batches[i], "{reuse} {sees:?} {i}");
            }
            let (area, guided) = (3 * 16 * 16, sees == Sees::Cells);
            let lengths = (batches[0].lq.len(), batches[0].cells.len(), batches[0].numbers.len());
            assert_eq!(lengths, (3 * area, if guided { 9 * area } else { 0 }, if guided { 36 } else { 0 }));
        }
    }

    #[test]
    fn only_banded_windows_are_taken_where_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let noise = Rng::new(5);
        // Smooth on the left, noise on the right.
        let code = |x: usize, y: usize| match x {
            0..64 => 20_000 + 60 * x as u16 + 30 * y as u16,
            _ => 20_000 + (noise.at(0, 0, x as u32, y as u32) >> 18) as u16,
        };
        let codes: Vec<u16> = (0..128 * 64).flat_map(|i| [code(i % 128, i / 128); 3]).collect();
        let image = unband_image::Image::from_rgb16(128, 64, &codes).unwrap();
        let file = dir.path().join("half.png");
        let format = unband_io::writer_for(&file).unwrap();
        unband_io::write_file(&image, &file, format, &unband_io::WriteOptions::default(), true).unwrap();
        let smooth = |banded: bool| -> Vec<bool> {
            let data = Data::Clean {
                folder: dir.path().to_owned(),
                degradations: Vec::new(),
                mix: Some("rgb-4-5".into()),
                banded,
                window: None,
                reuse: 1,
                pool: 1,
            };
            let mut source = PairSource::open(&data, Sees::Image, 1).unwrap();
            let window = |seed| source.window(32, seed, 0).unwrap().sides();
            (0..30).map(window).map(|(lq, gt)| crate::banded::is_banded(&lq, &gt)).collect()
        };
        assert!(smooth(true).iter().all(|banded| *banded));
        assert!(!smooth(false).iter().all(|banded| *banded));
    }
}
