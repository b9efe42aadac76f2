//! Training step: forward pass, loss, gradients, optimiser.

use std::collections::HashMap;
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use unband_image::Rng;
use unband_nets::arch::{self, Passes, Purpose, Sees, Use};
use unband_nets::checkpoint::{self, Checkpoint};
use unband_nets::{Graph, StateDict};

use crate::batches::{Batch, Batches, numbered};
use crate::gan_step::{GanStep, StepLosses};
use crate::losses::{self, indi};
use crate::recipe::{Gan, Init, Recipe, Rules, Term};
use crate::{Model, Optimizer, Rows, TrainError, init};

/// A network in training, with all state that changes from step to step.
pub struct Learner {
    pub(crate) recipe: Recipe,
    /// Device of the learned weights.
    pub(crate) device: Device,
    /// Devices of the workers.
    devices: Vec<Device>,
    pub(crate) main: TrainedNetwork,
    pub(crate) adversary: Option<TrainedNetwork>,
    /// Exponential moving averages of the weights.
    pub(crate) ema: Option<Vec<Tensor<1>>>,
    /// Number of completed steps.
    pub(crate) step: u64,
    /// Features of a perceptual loss.
    features: Option<Model>,
    /// The recipe's terms, as factors of means over images.
    terms: Vec<Term>,
    use_as: Use,
}

/// A network with its optimiser.
pub(crate) struct TrainedNetwork {
    pub model: Model,
    pub optimizer: Optimizer,
}

impl TrainedNetwork {
    fn new(graph: Graph, state: &StateDict, recipe: &Recipe, device: &Device) -> Result<Self, TrainError> {
        let model = Model::new(graph, state, device)?;
        let optimizer = Optimizer::new(&recipe.optimizer, model.learned_len());
        Ok(Self { model, optimizer })
    }
}

/// A batch on the device, scaled to the network's range.
pub(crate) struct DeviceBatch {
    pub lq: Tensor<4>,
    pub gt: Tensor<4>,
    /// Additional inputs of the network: grid conditioning, or INDI's time.
    more: Vec<Tensor<4>>,
}

impl DeviceBatch {
    /// The network's inputs.
    pub fn inputs(&self) -> Vec<Tensor<4>> {
        std::iter::once(&self.lq).chain(&self.more).cloned().collect()
    }

    fn moved_to(self, device: &Device) -> Self {
        let more = self.more.into_iter().map(|x| x.to_device(device)).collect();
        Self { lq: self.lq.to_device(device), gt: self.gt.to_device(device), more }
    }
}

impl Learner {
    /// Initialises the weights as the recipe states. Worker `i` trains on device `i`, cyclically if there are
    /// fewer devices; the learned weights are on the first device.
    ///
    /// # Errors
    /// A network that cannot be built; no device; missing features of a perceptual loss.
    pub fn new(recipe: Recipe, devices: &[Device]) -> Result<Self, TrainError> {
        let devices: Vec<Device> = devices.iter().map(|device| device.clone().autodiff()).collect();
        let device = devices.first().cloned().ok_or(TrainError::NoDevice)?;
        let start = |name: &str, init: &Init, seed: u64| -> Result<TrainedNetwork, TrainError> {
            let graph = graph(name)?;
            let state = init::state(&graph, init, seed);
            TrainedNetwork::new(graph, &state, &recipe, &device)
        };
        let main = start(&recipe.network, &recipe.init, recipe.seed)?;
        let other = |gan: &Gan| start(&gan.discriminator, &gan.init, recipe.seed ^ 0xd15c);
        let adversary = recipe.gan.as_ref().map(other).transpose()?;
        let ema = recipe.ema.map(|_| main.model.rows_now());
        let use_as = arch::of(&recipe.network).map_or(Use::for_purpose(Purpose::Deband), |a| a.use_as);
        let features = features(&recipe, &device)?;
        let terms = per_image(&recipe);
        Ok(Self { recipe, device, devices, main, adversary, ema, step: 0, features, terms, use_as })
    }

    /// Replaces the initial weights with those of a file.
    ///
    /// # Errors
    /// A file that cannot be read, or that holds weights of another network.
    pub(crate) fn start_from(&mut self, file: &Path) -> Result<(), TrainError> {
        let state = opened(file)?.state;
        self.main.model = Model::new(self.main.model.graph().clone(), &state, &self.device)?;
        self.ema = self.ema.is_some().then(|| self.main.model.rows_now());
        Ok(())
    }

    /// Scale factor of the output.
    pub(crate) fn scale(&self) -> usize {
        self.main.model.graph().scale().unwrap_or(1)
    }

    /// Takes one step and returns the loss from before the step. The next step follows from
    /// [`Learner::steps_taken`] alone.
    ///
    /// # Errors
    /// Batches that cannot be generated; a NaN or infinite loss, in which case nothing has changed.
    pub fn step(&mut self, batches: &mut dyn Batches) -> Result<f32, TrainError> {
        let rate = self.recipe.schedule.rate(self.recipe.optimizer.rate, self.step, self.recipe.steps);
        let pieces = self.recipe.accumulate as u64;
        let (mut loss, mut sum): (f32, Rows) = (0.0, vec![None; self.main.model.learned_len()]);
        for piece in 0..pieces {
            let number = self.step * pieces + piece;
            // Seed of dropout and stochastic depth.
            self.device.seed(numbered(self.recipe.seed, number));
            let batch = batches.next(number)?;
            let (one, gradients) = match self.adversary {
                Some(_) => {
                    let played = self.adversarial_step(&batch, number, rate)?;
                    (played.loss, played.main)
                }
                None => self.learn(&batch, number)?,
            };
            loss += one / pieces as f32;
            add(&mut sum, gradients);
        }
        if !loss.is_finite() {
            return Err(TrainError::NotFinite { loss, step: self.step + 1, kept: String::new() });
        }
        scale(&mut sum, 1.0 / pieces as f64);
        if let Some(most) = self.recipe.clip_norm {
            clip(&mut sum, most)?;
        }
        self.main.model.step_rows(&mut self.main.optimizer, rate, sum);
        self.follow();
        self.step += 1;
        Ok(loss)
    }

    /// Number of completed steps.
    pub(crate) fn steps_taken(&self) -> u64 {
        self.step
    }

    /// The network for inference, without gradients: with averaged weights if the recipe requests them.
    ///
    /// # Errors
    /// A device that fails to return its tensors.
    pub fn learned(&self) -> Result<Model, TrainError> {
        match &self.ema {
            Some(rows) => self.still(&self.main.model.with_rows(rows)),
            None => self.last(),
        }
    }

    /// The network with the weights of the last step, not the averages; otherwise as [`Learner::learned`].
    pub(crate) fn last(&self) -> Result<Model, TrainError> {
        self.still(&self.main.model)
    }

    /// Detached from gradients.
    fn still(&self, model: &Model) -> Result<Model, TrainError> {
        Model::new(model.graph().clone(), &model.state()?, &self.device.clone().inner())
    }

    /// Loss and gradients of a batch by name, over all workers; only running statistics change. `number` is
    /// the batch's number. A discriminator takes its step; its gradients have the prefix `discriminator/`.
    ///
    /// # Errors
    /// Sizes that do not fit.
    pub fn gradients(
        &mut self,
        batch: &Batch,
        number: u64,
    ) -> Result<(f32, HashMap<String, Vec<f32>>), TrainError> {
        let mut named = Vec::new();
        let loss = if let Some(adversary) = &self.adversary {
            let names = adversary.model.learned_names();
            let rate = self.recipe.schedule.rate(self.recipe.optimizer.rate, self.step, self.recipe.steps);
            let played = self.adversarial_step(batch, number, rate)?;
            named.extend(self.main.model.learned_names().into_iter().zip(played.main));
            named.extend(names.into_iter().map(|n| format!("discriminator/{n}")).zip(played.adversary));
            played.loss
        } else {
            let (loss, rows) = self.learn(batch, number)?;
            named.extend(self.main.model.learned_names().into_iter().zip(rows));
            loss
        };
        let mut found = HashMap::new();
        for (name, row) in named {
            if let Some(row) = row {
                let values = row.try_into_vec_as::<f32>();
                let values =
                    values.map_err(|e| TrainError::Read { name: name.clone(), why: e.to_string() })?;
                found.insert(name, values);
            }
        }
        Ok((loss, found))
    }

    /// The network's result for images of 0 to 1: `[N, 3, H, W]`, or one probability per image, `[N, 1, 1,
    /// 1]`.
    ///
    /// # Errors
    /// Sizes that do not fit.
    pub(crate) fn restore(&self, model: &Model, lq: &Batch) -> Result<Tensor<4>, TrainError> {
        let image = self.tensor(&lq.lq, lq, 1).inner();
        let mut inputs = vec![self.ranged(image)];
        inputs.extend(self.known(lq).into_iter().map(Tensor::inner));
        if self.is_multi_step() {
            inputs.push(Tensor::ones([lq.n, 1, 1, 1], model.device()));
        }
        let (low, high) = self.use_as.range;
        let out = model.run(&inputs)?.swap_remove(0);
        Ok(out.sub_scalar(low).div_scalar(high - low))
    }

    /// The workers' parts of a batch, each on its device.
    fn parts(&self, batch: &Batch, number: u64) -> Vec<DeviceBatch> {
        let workers = self.recipe.workers;
        let part = |(i, part): (usize, &Batch)| {
            let seen = self.seen(part, number, i * batch.n / workers);
            if i == 0 { seen } else { seen.moved_to(&self.devices[i % self.devices.len()]) }
        };
        batch.parts(workers).iter().enumerate().map(part).collect()
    }

    /// Loss and gradients of a batch, over all workers.
    fn learn(&mut self, batch: &Batch, number: u64) -> Result<(f32, Rows), TrainError> {
        let workers = self.recipe.workers;
        let mut seen = self.parts(batch, number);
        let (terms, features) = (&self.terms, self.features.as_ref());
        let frozen = self
            .recipe
            .freeze_norms
            .is_some_and(|share| self.step as f64 >= share * self.recipe.steps as f64);
        let own = seen.remove(0);
        let device = |worker: usize| &self.devices[worker % self.devices.len()];
        let others =
            seen.into_iter().enumerate().map(|(i, part)| (self.main.model.copied_to(device(i + 1)), part));
        let others: Vec<(Model, DeviceBatch)> = others.collect();
        let home = self.device.clone().inner();
        let model = &mut self.main.model;
        let results = std::thread::scope(|scope| {
            let work = |(mut copy, part): (Model, DeviceBatch)| {
                scope.spawn(move || gradients(&mut copy, part, terms, features, frozen))
            };
            let others: Vec<_> = others.into_iter().map(work).collect();
            let mut results = vec![gradients(model, own, terms, features, frozen)];
            // A panic in a worker ends the training.
            results.extend(
                others.into_iter().map(|w| w.join().unwrap_or_else(|p| std::panic::resume_unwind(p))),
            );
            results
        });
        let (mut loss, mut sum): (f32, Rows) = (0.0, vec![None; self.main.model.learned_len()]);
        for result in results {
            let (one, rows) = result?;
            loss += one / workers as f32;
            add(&mut sum, rows.into_iter().map(|row| row.map(|row| row.to_device(&home))).collect());
        }
        scale(&mut sum, 1.0 / workers as f64);
        Ok((loss, sum))
    }

    /// The network's loss is the adversarial loss plus the recipe's terms. By pix2pix's rules, the
    /// discriminator takes its step first; by KAIR's, after the network. In both, it trains on images
    /// generated before the network's step.
    fn adversarial_step(&mut self, batch: &Batch, number: u64, rate: f64) -> Result<StepLosses, TrainError> {
        let seen = self.parts(batch, number);
        let (Some(adversary), Some(settings)) = (&mut self.adversary, &self.recipe.gan) else {
            return Err(TrainError::NoOutput { term: "gan", output: 0 });
        };
        let devices = &self.devices;
        let copies = |model: &Model, workers: usize| -> Vec<Model> {
            let others = (1..workers).map(|i| model.copied_to(&devices[i % devices.len()]));
            std::iter::once(model.clone()).chain(others).collect()
        };
        let mut gan = GanStep {
            terms: &self.terms,
            settings,
            features: self.features.as_ref(),
            home: self.device.clone().inner(),
            mains: copies(&self.main.model, seen.len()),
            adversaries: copies(&adversary.model, seen.len()),
            seen,
        };
        let mut learn = |gan: &mut GanStep<'_>, rows: Rows| {
            adversary.model = gan.adversaries[0].clone();
            adversary.model.step_rows(&mut adversary.optimizer, rate, rows);
            gan.adversaries = copies(&adversary.model, gan.adversaries.len());
        };
        let made = gan.made()?;
        let plays = settings.plays(self.step + 1);
        let (loss, main, verdicts);
        if settings.rules == Rules::Pix2pix {
            verdicts = gan.train_discriminator(&made)?;
            learn(&mut gan, verdicts.clone());
            (loss, main) = gan.improve(&made, plays)?;
        } else {
            (loss, main) = gan.improve(&made, plays)?;
            verdicts = gan.train_discriminator(&made)?;
            learn(&mut gan, verdicts.clone());
        }
        adversary.model = gan.adversaries.swap_remove(0);
        self.main.model = gan.mains.swap_remove(0);
        Ok(StepLosses { loss, main, adversary: verdicts })
    }

    /// `first` is the index of the part's first image in the batch.
    fn seen(&self, batch: &Batch, number: u64, first: usize) -> DeviceBatch {
        let mut lq = self.ranged(self.tensor(&batch.lq, batch, 1));
        let gt = if self.classifies() {
            Tensor::from_data(TensorData::new(batch.gt.clone(), [batch.n, 1, 1, 1]), &self.device)
        } else {
            self.ranged(self.tensor(&batch.gt, batch, batch.scale))
        };
        let mut more = self.known(batch);
        if self.is_multi_step() {
            let rng = Rng::new(self.recipe.seed ^ 0x1d1);
            let at = |i: usize| rng.unit_at(number as u32, (number >> 32) as u32, (first + i) as u32, 0);
            let values = TensorData::new((0..batch.n).map(at).collect::<Vec<f32>>(), [batch.n, 1, 1, 1]);
            let times = Tensor::<4>::from_data(values, &self.device);
            lq = indi::mix(gt.clone(), lq, times.clone());
            more.push(times);
        }
        DeviceBatch { lq, gt, more }
    }

    /// Conditioning inputs of [`Sees::Cells`] networks.
    fn known(&self, batch: &Batch) -> Vec<Tensor<4>> {
        if self.use_as.sees == Sees::Image {
            return Vec::new();
        }
        let (n, area) = (batch.n, batch.height * batch.width);
        let planes = [n, batch.cells.len() / (n * area), batch.height, batch.width];
        let points = [n, batch.numbers.len() / n, 1, 1];
        let tensor = |values: &[f32], shape: [usize; 4]| {
            Tensor::from_data(TensorData::new(values.to_vec(), shape), &self.device)
        };
        vec![tensor(&batch.cells, planes), tensor(&batch.numbers, points)]
    }

    /// Whether it classifies patches instead of restoring them.
    pub(crate) fn classifies(&self) -> bool {
        self.use_as.purpose == Purpose::Classify
    }

    /// Whether it runs in steps.
    pub(crate) fn is_multi_step(&self) -> bool {
        self.use_as.passes == Passes::Steps
    }

    /// Inputs besides the image.
    pub(crate) fn sees(&self) -> Sees {
        self.use_as.sees
    }

    /// A tensor of images that are larger than the degraded ones by `scale`.
    fn tensor(&self, values: &[f32], batch: &Batch, scale: usize) -> Tensor<4> {
        let shape = [batch.n, 3, scale * batch.height, scale * batch.width];
        Tensor::from_data(TensorData::new(values.to_vec(), shape), &self.device)
    }

    /// Maps 0 to 1 to the network's range.
    fn ranged(&self, x: Tensor<4>) -> Tensor<4> {
        let (low, high) = self.use_as.range;
        if (low, high) == (0.0, 1.0) { x } else { x.mul_scalar(high - low).add_scalar(low) }
    }

    /// Updates the averages.
    fn follow(&mut self) {
        let (Some(decay), Some(means)) = (self.recipe.ema, &mut self.ema) else { return };
        for (mean, row) in means.iter_mut().zip(self.main.model.rows_now()) {
            *mean = mean.clone().mul_scalar(decay) + row.mul_scalar(1.0 - decay);
        }
    }
}

fn opened(file: &Path) -> Result<Checkpoint, TrainError> {
    checkpoint::open(file).map_err(|source| TrainError::Weights { file: file.to_owned(), source })
}

/// The terms of a recipe with weights for means over images: a sum over the batch is its size times the mean.
fn per_image(recipe: &Recipe) -> Vec<Term> {
    let factor = |term: &Term| if term.term.summed { recipe.batch as f64 } else { 1.0 };
    recipe.loss.iter().map(|term| Term { weight: term.weight * factor(term), ..term.clone() }).collect()
}

/// VGG-19, if a loss of the recipe uses it.
fn features(recipe: &Recipe, device: &Device) -> Result<Option<Model>, TrainError> {
    let looks = |term: &&crate::recipe::Term| term.term.needs_features() && !term.is_off();
    let Some(term) = recipe.loss.iter().find(looks) else { return Ok(None) };
    let file = term.features.as_ref().ok_or(TrainError::NoFeatures { file: None })?;
    if !file.exists() {
        return Err(TrainError::NoFeatureFile { file: file.clone() });
    }
    let read = opened(file)?;
    let found = read.network().ok().filter(|network| network.architecture.name == "vgg19");
    let found = found.ok_or_else(|| TrainError::NoFeatures { file: Some(file.clone()) })?;
    let state = found.architecture.own_tensors(read.state);
    Ok(Some(Model::new(found.graph, &state, device)?.frozen()))
}

fn graph(name: &str) -> Result<Graph, TrainError> {
    let unknown = || TrainError::Network { name: name.into(), what: "no network of that name".into() };
    let built = arch::build(name).ok_or_else(unknown)?;
    built.map_err(|e| TrainError::Network { name: name.into(), what: e.to_string() })
}

fn gradients(
    model: &mut Model,
    seen: DeviceBatch,
    terms: &[crate::recipe::Term],
    features: Option<&Model>,
    frozen: bool,
) -> Result<(f32, Rows), TrainError> {
    let inputs: Vec<Tensor<4>> = std::iter::once(seen.lq.clone()).chain(seen.more).collect();
    let outputs = if frozen { model.run(&inputs)? } else { model.run_learning(&inputs)? };
    let loss = losses::sum(terms, &outputs, &seen.gt, &seen.lq, features)?;
    let gradients = loss.backward();
    Ok((number_of(loss)?, model.gradient_rows(&gradients)))
}

pub(crate) fn number_of(x: Tensor<1>) -> Result<f32, TrainError> {
    let read = x.try_into_vec_as::<f32>();
    read.map(|v| v[0]).map_err(|e| TrainError::Read { name: "a loss".into(), why: e.to_string() })
}

pub(crate) fn add(sum: &mut Rows, rows: Rows) {
    for (sum, row) in sum.iter_mut().zip(rows) {
        *sum = match (sum.take(), row) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
    }
}

pub(crate) fn scale(rows: &mut Rows, factor: f64) {
    // Also avoids rounding in a division by 1.
    if (factor - 1.0).abs() > 0.0 {
        for row in rows.iter_mut().flatten() {
            *row = row.clone().mul_scalar(factor);
        }
    }
}

/// As PyTorch's `clip_grad_norm_`.
fn clip(rows: &mut Rows, most: f64) -> Result<(), TrainError> {
    let mut square = 0.0;
    for row in rows.iter().flatten() {
        square += f64::from(number_of(row.clone().square().sum())?);
    }
    let factor = most / (square.sqrt() + 1e-6);
    if factor < 1.0 {
        scale(rows, factor);
    }
    Ok(())
}
