//! Validation of a restoring or upscaling network on held-out images.

use std::path::Path;

use burn::tensor::Tensor;
use unband_image::{Depth, Image, Plane, Rng};
use unband_io::WriteOptions;
use unband_nets::arch::Sees;

use crate::TrainError;
use crate::batches::Batch;
use crate::error::DataError;
use crate::learner::Learner;
use crate::made::Patch;
use crate::pairs::PairSource;
use crate::recipe::Recipe;

/// Validation images, degraded once.
pub(crate) struct Validation {
    /// Name and pair.
    pairs: Vec<(String, Batch)>,
    /// PSNR of the input, upsampled by cubic interpolation for upscaling networks.
    input: f64,
    samples: usize,
    /// Number of images evaluated at once.
    batch: usize,
}

impl Validation {
    /// Reads all images.
    pub fn open(recipe: &Recipe, sees: Sees, multiple: usize, scale: usize) -> Result<Self, TrainError> {
        let settings = &recipe.validation;
        let mut source = PairSource::open(&settings.data, sees, scale)?;
        let count = if settings.images == 0 { source.len() } else { settings.images.min(source.len()) };
        let mut pairs = Vec::with_capacity(count);
        for n in 0..count {
            // Images with similar names are often similar.
            let i = n * source.len() / count;
            let (patch, height, width) = source.middle(i, settings.crop, multiple, Rng::new(i as u64))?;
            let Patch { lq, gt, cells, numbers } = patch;
            pairs.push((source.name(i), Batch { lq, gt, cells, numbers, n: 1, height, width, scale }));
        }
        let input = pairs.iter().map(|(_, b)| psnr(&plain(b), &b.gt)).sum::<f64>() / count as f64;
        Ok(Self { pairs, input, samples: settings.samples, batch: settings.batch })
    }

    /// Mean PSNR over the images, of the network's results and of its inputs (upsampled for upscaling
    /// networks). Includes all channels; values are clamped to 0 to 1, not rounded. The first results are
    /// written to `folder` as 16-bit PNG, side by side: degraded, restored, clean.
    pub fn run(&self, learner: &Learner, folder: &Path) -> Result<(f64, f64), TrainError> {
        let model = learner.learned()?;
        let (mut sum, mut i) = (0.0, 0);
        while let Some((_, first)) = self.pairs.get(i) {
            let alike =
                |(_, pair): &&(String, Batch)| (pair.height, pair.width) == (first.height, first.width);
            let group: Vec<&(String, Batch)> =
                self.pairs[i..].iter().take(self.batch).take_while(alike).collect();
            let out = values(learner.restore(&model, &joined(&group))?)?;
            for ((name, pair), out) in group.iter().zip(out.chunks_exact(out.len() / group.len())) {
                sum += psnr(out, &pair.gt);
                if i < self.samples {
                    let file = folder.join(format!("{:08}-{name}.png", learner.steps_taken()));
                    write([&plain(pair), out, &pair.gt], pair, &file)?;
                }
                i += 1;
            }
        }
        Ok((sum / self.pairs.len() as f64, self.input))
    }
}

/// Images of one size as a batch.
fn joined(pairs: &[&(String, Batch)]) -> Batch {
    let all = |of: fn(&Batch) -> &Vec<f32>| pairs.iter().flat_map(|(_, pair)| of(pair)).copied().collect();
    let (height, width, scale) = pairs.first().map_or((0, 0, 1), |(_, b)| (b.height, b.width, b.scale));
    Batch {
        lq: all(|b| &b.lq),
        gt: Vec::new(),
        cells: all(|b| &b.cells),
        numbers: all(|b| &b.numbers),
        n: pairs.len(),
        height,
        width,
        scale,
    }
}

/// The input, at the size of the output.
fn plain(pair: &Batch) -> Vec<f32> {
    if pair.scale == 1 {
        return pair.lq.clone();
    }
    let (width, height) = (pair.width, pair.height);
    let upscaled = |data: &[f32]| Plane { width, height, data: data.to_vec() }.scaled(pair.scale as f64).data;
    pair.lq.chunks_exact(width * height).flat_map(upscaled).collect()
}

fn values(x: Tensor<4>) -> Result<Vec<f32>, TrainError> {
    x.try_into_vec_as().map_err(|e| TrainError::Read { name: "a result".into(), why: e.to_string() })
}

fn psnr(out: &[f32], gt: &[f32]) -> f64 {
    let square = |(a, b): (&f32, &f32)| f64::from(a.clamp(0.0, 1.0) - b).powi(2);
    let mse = out.iter().zip(gt).map(square).sum::<f64>() / gt.len() as f64;
    // For equal images, the limit of 16 bits, so that means stay finite.
    -10.0 * mse.max(1e-10).log10()
}

fn write(parts: [&[f32]; 3], pair: &Batch, file: &Path) -> Result<(), TrainError> {
    let (w, h) = (pair.scale * pair.width, pair.scale * pair.height);
    let at = |i: usize| {
        let (y, x, channel) = (i / (9 * w), i / 3 % (3 * w), i % 3);
        let value = parts[x / w][(channel * h + y) * w + x % w];
        Depth::SIXTEEN.code(value.clamp(0.0, 1.0)) as u16
    };
    let data: Vec<u16> = (0..9 * w * h).map(at).collect();
    let image = Image::from_rgb16(3 * w, h, &data)
        .map_err(|source| DataError::Image { file: file.to_owned(), source })?;
    let format = unband_io::writer_for(file)?;
    unband_io::write_file(&image, file, format, &WriteOptions::default(), true)?;
    Ok(())
}
