//! Range checks of recipe values.

use unband_data::DegradationRecipe;
use unband_data::recipe::RecipeError;
use unband_image::Hint;
use unband_nets::arch::{self, ARCHITECTURES, Purpose, Sees};
use unband_nets::state::he::{self, He};

use crate::recipe::{Data, Init, Recipe, Rules, Schedule, Term};

/// # Errors
/// The first invalid value.
pub(crate) fn check(recipe: &Recipe, file: &str) -> Result<(), RecipeError> {
    let checks = Checks { file };
    checks.sizes(recipe)?;
    checks.networks(recipe)?;
    checks.losses(recipe)?;
    checks.rates(recipe)?;
    checks.classifier(recipe)?;
    checks.scale(recipe)?;
    checks.data("data", &recipe.data)?;
    checks.data("validation.data", &recipe.validation.data)
}

struct Checks<'a> {
    file: &'a str,
}

impl Checks<'_> {
    fn wrong(&self, key: &str, what: String) -> RecipeError {
        RecipeError::Key { file: self.file.into(), key: key.into(), what }
    }

    fn number(&self, key: &str, value: f64, low: f64, high: f64) -> Result<(), RecipeError> {
        if (low..=high).contains(&value) {
            return Ok(());
        }
        Err(self.wrong(key, format!("must be in {low}..={high}, got {value}")))
    }

    fn sizes(&self, r: &Recipe) -> Result<(), RecipeError> {
        self.number("steps", r.steps as f64, 1.0, 1e12)?;
        self.number("batch", r.batch as f64, 1.0, 65536.0)?;
        self.number("patch", r.patch as f64, 8.0, 8192.0)?;
        self.number("accumulate", r.accumulate as f64, 1.0, 65536.0)?;
        self.number("workers", r.workers as f64, 1.0, 1024.0)?;
        self.number("loaders", r.loaders as f64, 1.0, 256.0)?;
        let (Data::Pairs { reuse, .. } | Data::Clean { reuse, .. }) = r.data;
        let classifies = arch::of(&r.network).is_some_and(|a| a.use_as.purpose == Purpose::Classify);
        if r.loaders > 1 && (reuse > 1 || classifies) {
            let what = "must be 1 for classifiers and with `data.reuse`: each loader would make all windows";
            return Err(self.wrong("loaders", what.into()));
        }
        self.number("validation.every", r.validation.every as f64, 1.0, 1e12)?;
        self.number("checkpoint-minutes", r.checkpoint_minutes, 0.0, 1e6)?;
        self.number("keep-every", r.keep_every as f64, 0.0, 1e12)?;
        self.number("validation.batch", r.validation.batch as f64, 1.0, 65536.0)?;
        if r.precision != 32 {
            let what = "must be 32: trainings run in 32 bits; `--precision bf16` is for inference";
            return Err(self.wrong("precision", what.into()));
        }
        if !r.batch.is_multiple_of(r.workers) {
            let (workers, batch) = (r.workers, r.batch);
            let what =
                format!("must be a multiple of `workers`, {workers}, got {batch}: `--set batch={workers}`");
            return Err(self.wrong("batch", what));
        }
        Ok(())
    }

    fn networks(&self, r: &Recipe) -> Result<(), RecipeError> {
        self.network("network", &r.network, &[Purpose::Deband, Purpose::Upscale, Purpose::Classify])?;
        match &r.gan {
            Some(gan) => {
                self.network("gan.discriminator", &gan.discriminator, &[Purpose::Discriminate])?;
                // pix2pix's discriminator reads two images at once.
                let graph = arch::build(&gan.discriminator).and_then(Result::ok);
                let wanted = if gan.rules == Rules::Pix2pix { 6 } else { 3 };
                match graph.map(|graph| graph.inputs[0].channels) {
                    Some(channels) if channels != wanted => {
                        let rules = gan.rules;
                        let what = format!(
                            "{rules:?} needs a discriminator with {wanted} input channels, this one has {channels}"
                        );
                        Err(self.wrong("gan.discriminator", what))
                    }
                    _ => Ok(()),
                }
            }
            None => Ok(()),
        }
    }

    fn network(&self, key: &str, name: &str, purposes: &[Purpose]) -> Result<(), RecipeError> {
        // Its inputs come from files, not from degraded windows.
        let blocks = |a: &arch::Architecture| a.use_as.sees == Sees::Blocks;
        if arch::of(name).is_some_and(blocks) {
            return Err(self.wrong(key, format!("{name} is trained by tools/train_jpeg.py")));
        }
        let known = arch::of(name).is_some_and(|a| purposes.contains(&a.use_as.purpose));
        if known && let Some(built) = arch::build(name) {
            return built.map(|_| ()).map_err(|e| self.wrong(key, e.to_string()));
        }
        let names = |a: &arch::Architecture| {
            let variants: Vec<&str> = a.variants.iter().map(|v| v.name).collect();
            let options = match a.options {
                "" => String::new(),
                options => format!(", {}:{options}", a.name),
            };
            if variants.is_empty() {
                a.name.to_owned()
            } else {
                format!("{0} ({0}:{1}{options})", a.name, variants.join(" :"))
            }
        };
        let allowed: Vec<String> = ARCHITECTURES
            .iter()
            .filter(|a| purposes.contains(&a.use_as.purpose) && !blocks(a))
            .map(names)
            .collect();
        Err(self.wrong(key, format!("no such network `{name}`, expected one of {}", allowed.join(", "))))
    }

    /// Classifiers use labels, all other networks use images.
    fn classifier(&self, r: &Recipe) -> Result<(), RecipeError> {
        let classifies = arch::of(&r.network).is_some_and(|a| a.use_as.purpose == Purpose::Classify);
        for (i, term) in r.loss.iter().enumerate() {
            if term.term.labels != classifies {
                let what = "`cross-entropy` is for classifiers, and their only loss";
                return Err(self.wrong(&format!("loss[{i}].term"), what.into()));
            }
        }
        if !classifies {
            return Ok(());
        }
        for (key, data) in [("data", &r.data), ("validation.data", &r.validation.data)] {
            let fits = |pool: usize| pool >= 4 && pool.is_multiple_of(2);
            if !matches!(data, Data::Clean { mix: Some(_), pool, .. } if fits(*pool)) {
                let what =
                    "a classifier needs `kind = \"clean\"`, a `recipe` and an even `pool` of at least 4";
                return Err(self.wrong(&format!("{key}.pool"), what.into()));
            }
        }
        Ok(())
    }

    /// The degradation's scale must match the network's.
    fn scale(&self, r: &Recipe) -> Result<(), RecipeError> {
        let scale = arch::build(&r.network).and_then(Result::ok).and_then(|graph| graph.scale()).unwrap_or(1);
        for (key, data) in [("data", &r.data), ("validation.data", &r.validation.data)] {
            let Data::Clean { mix, banded, window, .. } = data else { continue };
            let found =
                mix.as_ref().and_then(|mix| DegradationRecipe::find(mix).ok()).map_or(1, |mix| mix.scale());
            if found != scale {
                let what = format!("downscales images by {found}, but {} upscales by {scale}", r.network);
                return Err(self.wrong(&format!("{key}.recipe"), what));
            }
            if scale > 1 && *banded {
                return Err(self.wrong(
                    &format!("{key}.banded"),
                    "needs degraded and clean images of the same size".into(),
                ));
            }
            if window.is_some_and(|window| !window.is_multiple_of(scale)) {
                return Err(self.wrong(&format!("{key}.window"), format!("must be a multiple of {scale}")));
            }
        }
        if scale == 1 {
            return Ok(());
        }
        match &r.gan {
            Some(gan) if gan.rules == Rules::Pix2pix => {
                let what = "pix2pix needs degraded and clean images of the same size; use `lsgan` for upscaling networks";
                Err(self.wrong("gan.rules", what.into()))
            }
            _ => match r.loss.iter().position(|term| term.term.relative) {
                Some(i) => {
                    let what = "relative losses need degraded and clean images of the same size";
                    Err(self.wrong(&format!("loss[{i}].term"), what.into()))
                }
                None => Ok(()),
            },
        }
    }

    fn losses(&self, r: &Recipe) -> Result<(), RecipeError> {
        if r.loss.is_empty() {
            return Err(self.wrong("loss", "at least one term is needed".into()));
        }
        for (i, term) in r.loss.iter().enumerate() {
            self.number(&format!("loss[{i}].weight"), term.weight, 0.0, 1e6)?;
            let key = format!("loss[{i}].eps");
            match term.eps {
                Some(eps) if term.term.option == Some("eps") => self.number(&key, eps, 1e-12, 1.0)?,
                Some(_) => return Err(self.wrong(&key, "only `charbonnier` has `eps`".into())),
                None => {}
            }
            self.perceptual(i, term, r)?;
        }
        if let Some(gan) = &r.gan {
            if r.accumulate > 1 {
                return Err(self.wrong("accumulate", "must be 1 with a discriminator (`gan`)".into()));
            }
            self.number("gan.update-ratio", gan.update_ratio as f64, 1.0, 1e6)?;
            self.number("gan.init-steps", gan.init_steps as f64, 0.0, 1e12)?;
            self.number("gan.weight", gan.weight, 0.0, 1e6)?;
            self.init("gan.init", &gan.discriminator, &gan.init)?;
        }
        self.init("init", &r.network, &r.init)
    }

    fn perceptual(&self, i: usize, term: &Term, r: &Recipe) -> Result<(), RecipeError> {
        let key = format!("loss[{i}].features");
        if !term.term.needs_features() {
            return match term.features {
                Some(_) => Err(self.wrong(&key, "only `perceptual` has `features`".into())),
                None => Ok(()),
            };
        }
        if !term.is_off() && term.features.is_none() {
            let what = "must name torchvision's weights of VGG-19 (vgg19-dcbb9e9d.pth), unless `weight = 0`";
            return Err(self.wrong(&key, what.into()));
        }
        if !term.is_off() && r.workers > 1 {
            return Err(self.wrong("workers", "must be 1 with the loss `perceptual`".into()));
        }
        Ok(())
    }

    fn init(&self, key: &str, network: &str, init: &Init) -> Result<(), RecipeError> {
        let graph = arch::build(network).and_then(Result::ok);
        let has = |named: &str, sizes: usize| {
            let is_named = |name: &str| name.strip_suffix(".weight").is_some_and(|l| he::names(named, l));
            let params = graph.iter().flat_map(|g| &g.params);
            params.into_iter().any(|p| is_named(&p.name) && p.shape.len() >= sizes)
        };
        // Setting, its layers, and the dimensions that their weights need.
        let lists: &[(&str, &[String], usize)] = match init {
            Init::Pytorch { zero } => &[("zero", zero, 0)],
            Init::Differences { layer, .. } => &[("layer", std::slice::from_ref(layer), 4)],
            Init::He(He { zero, gates, linear, differences, shuffles, .. }) => &[
                ("zero", zero, 0),
                ("gates", gates, 0),
                ("linear", linear, 4),
                ("differences", differences, 4),
                ("shuffles", shuffles, 4),
            ],
            _ => &[],
        };
        for (setting, layers, sizes) in lists {
            if let Some(layer) = layers.iter().find(|layer| !has(layer, *sizes)) {
                let kind = if *sizes == 4 { "convolution" } else { "layer" };
                let what = format!("{network} has no {kind} `{layer}`");
                return Err(self.wrong(&format!("{key}.{setting}"), what));
            }
        }
        match init {
            Init::XavierNormal { gain } | Init::Orthogonal { gain } => {
                self.number(&format!("{key}.gain"), *gain, 0.0, 10.0)
            }
            Init::Differences { gain, .. } => self.number(&format!("{key}.gain"), *gain, 1e-3, 1e4),
            Init::He(He { identity: Some([first, last]), .. }) => {
                // Two channels of the path per channel of the image.
                let passes = |layer: &String, [path, image]: [usize; 2]| {
                    let name = format!("{layer}.weight");
                    let mut params = graph.iter().flat_map(|g| &g.params);
                    params.any(|p| p.name == name && p.shape.len() > 2 && p.shape[path] >= 2 * p.shape[image])
                };
                for (layer, dimensions) in [(first, [0, 1]), (last, [1, 0])] {
                    if !passes(layer, dimensions) {
                        let what = format!(
                            "{network} has no convolution `{layer}` with twice the channels of the image"
                        );
                        return Err(self.wrong(&format!("{key}.identity"), what));
                    }
                }
                Ok(())
            }
            Init::Normal { std } => self.number(&format!("{key}.std"), *std, 0.0, 10.0),
            _ => Ok(()),
        }
    }

    fn rates(&self, r: &Recipe) -> Result<(), RecipeError> {
        let o = &r.optimizer;
        self.number("optimizer.rate", o.rate, 0.0, 10.0)?;
        self.number("optimizer.betas[0]", o.betas[0], 0.0, 0.999_999)?;
        self.number("optimizer.betas[1]", o.betas[1], 0.0, 0.999_999_9)?;
        self.number("optimizer.eps", o.eps, 1e-20, 1.0)?;
        self.number("optimizer.weight-decay", o.weight_decay, 0.0, 10.0)?;
        if let Some(norm) = r.clip_norm {
            self.number("clip-norm", norm, 1e-12, 1e12)?;
        }
        if let Some(decay) = r.ema {
            self.number("ema", decay, 0.0, 0.999_999_9)?;
        }
        if let Some(share) = r.freeze_norms {
            self.number("freeze-norms", share, 0.0, 1.0)?;
            if r.gan.is_some() {
                return Err(self.wrong("freeze-norms", "cannot be used with a discriminator (`gan`)".into()));
            }
        }
        self.augment(r)?;
        match &r.schedule {
            Schedule::Constant {} => Ok(()),
            Schedule::Cosine { until, low, warmup, .. } => {
                self.number("schedule.until", *until, 1e-9, 1.0)?;
                self.number("schedule.warmup", *warmup, 0.0, *until)?;
                self.number("schedule.low", *low, 0.0, o.rate)
            }
            Schedule::Step { every, factor } => {
                self.number("schedule.every", *every, 1e-9, 1.0)?;
                self.number("schedule.factor", *factor, 0.0, 1.0)
            }
            Schedule::Multistep { at, factor } => {
                for place in at {
                    self.number("schedule.at", *place, 0.0, 1.0)?;
                }
                self.number("schedule.factor", *factor, 0.0, 1.0)
            }
            Schedule::Linear { from, low, .. } => {
                self.number("schedule.from", *from, 0.0, 1.0)?;
                self.number("schedule.low", *low, 0.0, o.rate)
            }
        }
    }

    fn augment(&self, r: &Recipe) -> Result<(), RecipeError> {
        let a = &r.augment;
        self.number("augment.hflip", a.hflip, 0.0, 1.0)?;
        self.number("augment.vflip", a.vflip, 0.0, 1.0)?;
        if let Some(most) = a.rotate {
            self.number("augment.rotate", most, 0.0, 180.0)?;
        }
        if let Some(tones) = a.tones {
            self.number("augment.tones.probability", tones.probability, 0.0, 1.0)?;
            self.number("augment.tones.brightness", tones.brightness, 0.0, 1.0)?;
            self.number("augment.tones.contrast", tones.contrast, 0.0, 1.0)?;
        }
        let guided = arch::of(&r.network).is_some_and(|a| a.use_as.sees == Sees::Cells);
        let moving = [("rotate", a.rotate.is_some()), ("tones", a.tones.is_some()), ("colors", a.colors)];
        match moving.into_iter().find(|(_, given)| guided && *given) {
            Some((name, _)) => {
                let what = "it would move the grid that this network is conditioned on".into();
                Err(self.wrong(&format!("augment.{name}"), what))
            }
            None => Ok(()),
        }
    }

    fn data(&self, key: &str, data: &Data) -> Result<(), RecipeError> {
        let (Data::Pairs { window, reuse, pool, .. } | Data::Clean { window, reuse, pool, .. }) = data;
        self.number(&format!("{key}.pool"), *pool as f64, 1.0, 1e6)?;
        if let Some(window) = window {
            self.number(&format!("{key}.window"), *window as f64, 8.0, 65536.0)?;
        }
        self.number(&format!("{key}.reuse"), *reuse as f64, 1.0, 1e6)?;
        let Data::Clean { degradations, mix, .. } = data else { return Ok(()) };
        let names = || unband_data::FIXED_DEGRADATIONS.iter().map(|c| c.name).collect::<Vec<_>>().join(", ");
        if let Some(mix) = mix {
            let key = format!("{key}.recipe");
            if !degradations.is_empty() {
                return Err(self.wrong(&key, "replaces `degradations`: give only one of them".into()));
            }
            let failed = |e: unband_data::DegradationRecipeError| match e.hint() {
                Some(hint) => self.wrong(&key, format!("{e}: {hint}")),
                None => self.wrong(&key, e.to_string()),
            };
            return DegradationRecipe::find(mix).map(|_| ()).map_err(failed);
        }
        let key = format!("{key}.degradations");
        if degradations.is_empty() {
            return Err(self.wrong(
                &key,
                format!("at least one is needed, or a `recipe`; known degradations: {}", names()),
            ));
        }
        match degradations.iter().find(|name| unband_data::find(name).is_none()) {
            Some(name) => {
                Err(self.wrong(&key, format!("no degradation `{name}`, expected one of {}", names())))
            }
            None => Ok(()),
        }
    }
}
