//! Patches with a label, for networks that tell banded patches from clean ones.

use unband_image::{Image, Plane, Rng};

use crate::batches::{Batch, Batches, Turn, numbered};
use crate::made::Made;
use crate::pictures::Pictures;
use crate::recipe::{Augment, Data, Recipe};
use crate::{DataError, TrainError};

/// A patch is banded when false steps cover this share of it: about one contour from side to side.
const LEAST_SHARE: f64 = 0.02;
/// Codes by which they exceed the clean picture's. Rounding to 8 bits, which clean pictures went through too, stays below 1.
const LEAST_STEP_CODES: f32 = 1.5;
/// Where the clean picture steps by more, half a code per sample, there is an edge or a steep slope, which hides contours.
const LEVEL_CODES: f32 = 3.0;
/// Side of the boxes, in samples, even.
const BOX: usize = 6;
/// Windows tried for one patch.
const TRIES: u64 = 200;

/// A patch as the 8-bit files that people look at have it.
pub(crate) struct Example {
    /// `[3, side, side]`, codes.
    bytes: Vec<u8>,
    pub clean: bool,
    /// What kind of clean or banded picture it shows: a name of the mix.
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
        // A mix names its kinds of clean pictures first and the causes of banding last.
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

/// Is the banding of a degraded patch plain to see? Places count where the clean picture is level and the degraded one steps. Red,
/// green and blue are looked at one by one, so that contours of colour count.
///
/// Steps are differences of means of neighbouring boxes: unlike PSNR they leave noise, blur and texture out.
pub(crate) fn is_banded(lq: &Image, gt: &Image) -> bool {
    lq.planes.iter().zip(&gt.planes).take(3).any(|(lq, gt)| {
        let (found, before) = (steps(lq), steps(gt));
        let counts = |(f, b): (&f32, &f32)| *b < LEVEL_CODES && f - b >= LEAST_STEP_CODES;
        let places = found.iter().zip(&before).filter(|&(f, b)| counts((f, b))).count();
        places as f64 >= LEAST_SHARE * lq.data.len() as f64
    })
}

/// For each sample that has room around it, how far the means of two boxes of [`BOX`] squared that meet there are apart, across
/// or down, whichever is more; in 8-bit codes.
fn steps(plane: &Plane) -> Vec<f32> {
    let (w, h) = (plane.width, plane.height);
    let means = box_means(plane);
    let wide = w + 1 - BOX;
    let at = |y: usize, x: usize| means[y * wide + x];
    let half = BOX / 2;
    let mut steps = Vec::with_capacity(w * h);
    for y in half..(h + 1).saturating_sub(BOX + half) {
        for x in half..(w + 1).saturating_sub(BOX + half) {
            let across = at(y, x - half) - at(y, x + half);
            let down = at(y - half, x) - at(y + half, x);
            steps.push(across.abs().max(down.abs()));
        }
    }
    steps
}

/// Means of all boxes that fit, in 8-bit codes.
fn box_means(plane: &Plane) -> Vec<f32> {
    let (w, wide) = (plane.width, plane.width + 1 - BOX);
    let sums = |row: &[f32]| -> Vec<f32> { row.windows(BOX).map(|run| run.iter().sum()).collect() };
    let across: Vec<f32> = plane.data.chunks_exact(w).flat_map(sums).collect();
    let scale = 255.0 / (BOX * BOX) as f32;
    let mean = |i: usize| (0..BOX).map(|k| across[i + k * wide]).sum::<f32>() * scale;
    (0..wide * (plane.height + 1 - BOX)).map(mean).collect()
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
            pictures: Pictures::open(data, unband_nets::arch::Sees::Picture)?,
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
            let rng = Rng::new(numbered(self.seed, id as u64 * TRIES + attempt));
            let made = self.pictures.window(self.side, rng, 0)?;
            if let Some(example) = Example::of(&made, wanted, rng) {
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
            Turn::drawn(augment, rng, sample as u32).lay(&example.values(), side, &mut batch.lq);
            batch.gt.push(example.label());
        }
        Ok(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 64;

    fn image(f: impl Fn(usize, usize, usize) -> f32) -> Image {
        let value =
            |i: usize| (f(i / 3 % SIDE, i / 3 / SIDE, i % 3).clamp(0.0, 255.0) * 257.0).round() as u16;
        let data: Vec<u16> = (0..3 * SIDE * SIDE).map(value).collect();
        Image::from_rgb16(SIDE, SIDE, &data).unwrap_or_else(|e| panic!("{e}"))
    }

    fn ramp(x: usize, y: usize) -> f32 {
        80.0 + 0.2 * x as f32 + 0.1 * y as f32
    }

    #[test]
    fn contours_of_several_codes_make_a_patch_banded() {
        let clean = image(|x, y, _| ramp(x, y));
        assert!(is_banded(&image(|x, y, _| (ramp(x, y) / 4.0).round() * 4.0), &clean));
        // In one channel alone too.
        let blue = |x, y, c| if c == 2 { (ramp(x, y) / 8.0).round() * 8.0 } else { ramp(x, y) };
        assert!(is_banded(&image(blue), &clean));
    }

    #[test]
    fn rounding_to_8_bits_noise_and_brightness_do_not() {
        let clean = image(|x, y, _| ramp(x, y));
        let rng = Rng::new(4);
        let noise = |x: usize, y: usize, c: usize| rng.unit_at(c as u32, 0, x as u32, y as u32) - 0.5;
        assert!(!is_banded(&clean, &clean));
        assert!(!is_banded(&image(|x, y, _| ramp(x, y).round()), &clean));
        assert!(!is_banded(&image(|x, y, c| ramp(x, y) + 6.0 * noise(x, y, c)), &clean));
        assert!(!is_banded(&image(|x, y, _| ramp(x, y) + 9.0), &clean));
        // Dither of the coarse grid hides its contours.
        let dithered = |x, y, c| (ramp(x, y) / 4.0 + noise(x, y, c)).round() * 4.0;
        assert!(!is_banded(&image(dithered), &clean));
    }

    #[test]
    fn edges_that_were_there_do_not_count() {
        let stairs = |x: usize| (x / 8 * 8) as f32;
        let clean = image(|x, _, _| stairs(x));
        assert!(!is_banded(&clean, &clean));
        // Steps made higher are steps of the picture all the same.
        assert!(!is_banded(&image(|x, _, _| 2.0 * stairs(x)), &clean));
    }

    #[test]
    fn steps_are_those_of_the_picture_in_codes() {
        let edge = image(|x, _, _| if x < SIDE / 2 { 50.0 } else { 57.0 });
        let found = steps(&edge.planes[0]);
        let most = found.iter().fold(0.0f32, |m, v| m.max(*v));
        assert!((most - 7.0).abs() < 0.01, "{most}");
        let there = found.iter().filter(|v| **v > 0.01).count();
        // Boxes of 6 meet within 5 samples of the edge; 3 rows at each end have no room.
        assert!(there == (SIDE + 1 - 2 * BOX) * (2 * BOX - 1), "{there}");
    }

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
