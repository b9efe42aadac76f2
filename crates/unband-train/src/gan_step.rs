//! Adversarial (GAN) training step: the restoring network, then its discriminator, on one worker or several.
//!
//! Source: pix2pix, `models/pix2pix_model.py`, `optimize_parameters`; cszn/KAIR, `models/model_gan.py`,
//! `optimize_parameters`.

use burn::tensor::{Device, Tensor};

use crate::learner::{DeviceBatch, add, number_of, scale};
use crate::losses::{self, gan};
use crate::recipe::{Gan, Rules, Term};
use crate::{Model, Rows, TrainError};

/// Loss and gradients of a step.
pub(crate) struct StepLosses {
    /// The network's loss.
    pub loss: f32,
    /// The network's gradients; none where only the discriminator learns.
    pub main: Rows,
    /// The discriminator's gradients.
    pub adversary: Rows,
}

/// The copies of both networks, one per worker, with their parts of the batch.
pub(crate) struct GanStep<'a> {
    pub terms: &'a [Term],
    pub settings: &'a Gan,
    pub features: Option<&'a Model>,
    /// Device of sums.
    pub home: Device,
    pub mains: Vec<Model>,
    pub adversaries: Vec<Model>,
    pub seen: Vec<DeviceBatch>,
}

/// A discriminator's values: of the whole batch, without gradients, on each worker's device.
type FixedOutputs = Vec<Tensor<4>>;

impl GanStep<'_> {
    /// Images from the network, with gradients; its first output is the image.
    pub fn made(&mut self) -> Result<Vec<Vec<Tensor<4>>>, TrainError> {
        let parts = self.mains.iter_mut().zip(&self.seen);
        each(parts, |(model, seen)| model.run_learning(&seen.inputs()))
    }

    /// Loss and gradients of the discriminator, averaged over the workers.
    pub(crate) fn train_discriminator(&mut self, made: &[Vec<Tensor<4>>]) -> Result<Rows, TrainError> {
        let rules = self.settings.rules;
        let still: Vec<Tensor<4>> = made.iter().map(|outputs| outputs[0].clone().detach()).collect();
        let real: Vec<Tensor<4>> = self.seen.iter().map(|seen| seen.gt.clone()).collect();
        let (judged_made, judged_real, known);
        if rules == Rules::Pix2pix {
            judged_made = self.judged(&still)?;
            judged_real = self.judged(&real)?;
            known = None;
        } else {
            let fakes = if rules == Rules::Ragan { Some(self.judged(&still)?) } else { None };
            judged_real = self.judged(&real)?;
            known = fakes.map(|fakes| (self.gathered(&fakes), self.gathered(&judged_real)));
            judged_made = self.judged(&still)?;
        }
        let parts = self.adversaries.iter().enumerate();
        let results = each(parts, |(i, model)| {
            let known = known.as_ref().map(|(made, real)| (&made[i], &real[i]));
            let loss = gan::discriminator(rules, judged_made[i].clone(), judged_real[i].clone(), known);
            let gradients = loss.backward();
            Ok((number_of(loss)?, model.gradient_rows(&gradients)))
        })?;
        Ok(self.averaged(results).1)
    }

    /// Loss and gradients of the network, averaged over the workers. Without `plays`, only the recipe's
    /// terms, and no gradients.
    pub(crate) fn improve(
        &mut self,
        made: &[Vec<Tensor<4>>],
        plays: bool,
    ) -> Result<(f32, Rows), TrainError> {
        let rules = self.settings.rules;
        let reals = if plays && rules == Rules::Ragan {
            let real: Vec<Tensor<4>> = self.seen.iter().map(|seen| seen.gt.clone()).collect();
            let judged = self.judged(&real)?;
            Some(self.gathered(&judged))
        } else {
            None
        };
        let judged = if plays {
            let images: Vec<Tensor<4>> = made.iter().map(|outputs| outputs[0].clone()).collect();
            Some(self.judged(&images)?)
        } else {
            None
        };
        let fakes = if reals.is_some() { judged.as_ref().map(|judged| self.gathered(judged)) } else { None };
        let (terms, settings, features) = (self.terms, self.settings, self.features);
        let parts = self.mains.iter().zip(&self.seen).enumerate();
        let results = each(parts, |(i, (model, seen))| {
            let mut loss = losses::sum(terms, &made[i], &seen.gt, &seen.lq, features)?;
            let Some(judged) = &judged else {
                return Ok((number_of(loss)?, vec![None; model.learned_len()]));
            };
            let known = fakes.as_ref().zip(reals.as_ref()).map(|(made, real)| (&made[i], &real[i]));
            loss = loss + gan::generator(rules, judged[i].clone(), known).mul_scalar(settings.weight);
            let gradients = loss.backward();
            Ok((number_of(loss)?, model.gradient_rows(&gradients)))
        })?;
        Ok(self.averaged(results))
    }

    /// The discriminators' values for images; pix2pix's also gets the degraded ones.
    fn judged(&mut self, images: &[Tensor<4>]) -> Result<Vec<Tensor<4>>, TrainError> {
        let rules = self.settings.rules;
        let parts = self.adversaries.iter_mut().zip(images).zip(&self.seen);
        each(parts, |((model, image), seen)| {
            let shown = match rules {
                Rules::Pix2pix => Tensor::cat(vec![seen.lq.clone(), image.clone()], 1),
                _ => image.clone(),
            };
            Ok(model.run_learning(&[shown])?.swap_remove(0))
        })
    }

    /// The values of all workers, without gradients, on each worker's device.
    fn gathered(&self, values: &[Tensor<4>]) -> FixedOutputs {
        let all: Vec<Tensor<4>> =
            values.iter().map(|part| part.clone().detach().inner().to_device(&self.home)).collect();
        let all = Tensor::cat(all, 0);
        values.iter().map(|part| all.clone().to_device(&part.device().inner()).autodiff()).collect()
    }

    fn averaged(&self, results: Vec<(f32, Rows)>) -> (f32, Rows) {
        let workers = results.len();
        let (mut loss, mut sum): (f32, Rows) = (0.0, vec![None; results.first().map_or(0, |r| r.1.len())]);
        for (one, rows) in results {
            loss += one / workers as f32;
            add(&mut sum, rows.into_iter().map(|row| row.map(|row| row.to_device(&self.home))).collect());
        }
        scale(&mut sum, 1.0 / workers as f64);
        (loss, sum)
    }
}

/// Runs the parts at once, the first in this thread.
fn each<A: Send, T: Send>(
    parts: impl Iterator<Item = A>,
    work: impl Fn(A) -> Result<T, TrainError> + Sync,
) -> Result<Vec<T>, TrainError> {
    let mut parts = parts;
    let own = parts.next();
    let others: Vec<A> = parts.collect();
    let work = &work;
    let results = std::thread::scope(|scope| {
        let others: Vec<_> = others.into_iter().map(|part| scope.spawn(move || work(part))).collect();
        let mut results: Vec<_> = own.into_iter().map(work).collect();
        // A panic in a worker ends the training.
        results.extend(others.into_iter().map(|w| w.join().unwrap_or_else(|p| std::panic::resume_unwind(p))));
        results
    });
    results.into_iter().collect()
}
