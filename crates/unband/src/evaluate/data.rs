//! Image pairs of a table: read from a folder, or degraded from clean images.

use std::path::Path;
use std::sync::Arc;

use unband_data::{Degrader, Pair};
use unband_image::{Context, Depth, Image, Rng, Window};
use unband_metrics::Field;
use unband_metrics::clean::{fullest_window, smooth_mask};

use super::hash::{of_bytes, sha256};
use super::recipe::{Data, Recipe};
use super::{EvaluateError, EvaluateFault};
use crate::inputs::{Gather, Input, InputError, readable};
use crate::metrics::{MetricsError, comparable};
use crate::{batch, pairs};

/// A pair that can be read or made.
pub struct PairSource {
    /// Name: the file without its extension, below its degradation where that is a folder.
    pub name: String,
    /// The degradation; empty if unknown.
    pub cause: String,
    /// The source image: pairs of one scene depend on each other.
    pub scene: String,
    /// Number of threads for it.
    pub threads: usize,
    from: From,
}

enum From {
    Files { gt: Input, lq: Input },
    Made { clean: Input, degrader: Arc<NamedDegrader> },
}

/// The degradation of clean images.
struct NamedDegrader {
    /// Name of its part of the table: the degradation, or the recipe's file name.
    name: String,
    degrader: Degrader,
    /// Hash of all its settings, as a file may change under its name.
    sum: String,
}

/// How pairs are made from the files of a folder.
#[derive(Clone, Copy)]
pub struct How {
    /// Side of a window in samples; 0 for whole images.
    pub crop: usize,
    /// Seed of the degradations.
    pub seed: u64,
    /// Size of clean images over that of degraded ones.
    pub scale: usize,
}

/// Margin at the right and bottom that degradations by a video codec cut off.
const ROOM: usize = 16;

/// Finds all pairs of a recipe, and images without a partner.
///
/// # Errors
/// Unknown degradations, a folder without images.
pub(super) fn gather(recipe: &Recipe) -> Result<(Vec<PairSource>, Vec<InputError>), EvaluateError> {
    let (mut items, failures) = match &recipe.data {
        Data::Pairs { folder } => of_pairs(folder),
        Data::Clean { folder, degradations } => of_clean(folder, degradations, recipe)?,
    };
    if let Data::Pairs { .. } = recipe.data {
        items = spread(items, recipe.images);
    }
    if items.is_empty() {
        let fault = match recipe.data {
            Data::Pairs { .. } => EvaluateFault::NoPairs,
            Data::Clean { .. } => EvaluateFault::NoImages,
        };
        return Err(fault.of(recipe.data.folder().display().to_string()));
    }
    Ok((items, failures))
}

fn of_pairs(folder: &Path) -> (Vec<PairSource>, Vec<InputError>) {
    let (gt, lq) = (folder.join("gt"), folder.join("lq"));
    // Missing folders are reported like a table without pairs.
    let found = if gt.is_dir() { pairs::of_paths(&gt, &lq, None, true).ok() } else { None };
    let found = found.unwrap_or_default();
    let item = |pair: pairs::Pair| {
        let (cause, scene) = pair.name.split_once('/').unwrap_or(("", &pair.name));
        let (cause, scene) = (cause.to_owned(), scene.to_owned());
        PairSource {
            name: pair.name,
            cause,
            scene,
            threads: 1,
            from: From::Files { gt: pair.reference, lq: pair.second },
        }
    };
    (found.pairs.into_iter().map(item).collect(), found.failures)
}

fn of_clean(
    folder: &Path,
    causes: &[String],
    recipe: &Recipe,
) -> Result<(Vec<PairSource>, Vec<InputError>), EvaluateError> {
    let degraders = degraders(causes, recipe.scale)?;
    if !folder.is_dir() {
        return Err(EvaluateFault::NoFolder.of(folder.display().to_string()));
    }
    let gather =
        Gather { recursive: true, output_folder: None, results_too: true, suffix: None, readable: &readable };
    let found = gather.run(&[folder.to_path_buf()]);
    if found.inputs.is_empty() {
        // The failures would only repeat the error about the folder.
        return Ok((Vec::new(), Vec::new()));
    }
    let photos = spread(found.inputs, recipe.images);
    let mut items = Vec::new();
    for degrader in &degraders {
        items.extend(photos.iter().map(|clean| {
            let scene = clean.below.with_extension("").to_string_lossy().replace('\\', "/");
            PairSource {
                name: format!("{}/{scene}", degrader.name),
                cause: degrader.name.clone(),
                scene,
                threads: 1,
                from: From::Made { clean: clean.clone(), degrader: Arc::clone(degrader) },
            }
        }));
    }
    Ok((items, found.failures))
}

/// The degradations that a table names, each once.
fn degraders(names: &[String], scale: usize) -> Result<Vec<Arc<NamedDegrader>>, EvaluateError> {
    let mut degraders: Vec<Arc<NamedDegrader>> = Vec::new();
    for text in names {
        let degrader = NamedDegrader::find(text, scale)?;
        if degraders.iter().any(|known| known.name == degrader.name) {
            return Err(EvaluateError::SameDegradation { name: degrader.name });
        }
        degraders.push(Arc::new(degrader));
    }
    if degraders.is_empty() {
        return Err(EvaluateError::NoDegradation);
    }
    Ok(degraders)
}

impl NamedDegrader {
    fn find(text: &str, scale: usize) -> Result<Self, EvaluateError> {
        let degrader = if scale == 1 { Degrader::find(text) } else { Degrader::find_any(text) };
        let degrader = degrader
            .map_err(|error| EvaluateError::Degradation { name: text.to_owned(), error: Box::new(error) })?;
        if degrader.scale() != scale {
            return Err(EvaluateError::OtherScale { name: text.to_owned(), has: degrader.scale(), scale });
        }
        let (name, sum) = match &degrader {
            Degrader::Fixed(cause) => (cause.name.to_owned(), cause.name.to_owned()),
            Degrader::Recipe(recipe) => {
                let name = Path::new(text).file_stem().unwrap_or_default();
                (name.to_string_lossy().into_owned(), sha256(&[&format!("{recipe:?}")]))
            }
        };
        Ok(Self { name, degrader, sum })
    }
}

/// Picks this number of pairs, evenly spread; all for 0.
fn spread<T>(all: Vec<T>, count: usize) -> Vec<T> {
    let n = all.len();
    if count == 0 || count >= n {
        return all;
    }
    let wanted: Vec<usize> = (0..count).map(|i| i * n / count).collect();
    let all = all.into_iter().enumerate();
    all.filter(|(i, _)| wanted.binary_search(i).is_ok()).map(|(_, item)| item).collect()
}

impl PairSource {
    /// Pixel count that the image's file declares.
    pub fn pixels(&self) -> u64 {
        let (From::Files { gt: input, .. } | From::Made { clean: input, .. }) = &self.from;
        batch::declared_pixels(&input.path)
    }

    /// Hash of the files' contents and of the degradation.
    ///
    /// # Errors
    /// Unreadable files.
    pub fn hash(&self, how: How, ctx: &Context<'_>) -> Result<String, EvaluateError> {
        match &self.from {
            From::Files { gt, lq } => {
                Ok(sha256(&["pair", &of_file(gt, ctx)?, &of_file(lq, ctx)?, &how.crop.to_string()]))
            }
            From::Made { clean, degrader } => Ok(sha256(&[
                "made",
                &of_file(clean, ctx)?,
                &clean.below.to_string_lossy(),
                &degrader.name,
                &degrader.sum,
                &how.crop.to_string(),
                &how.seed.to_string(),
                &how.scale.to_string(),
            ])),
        }
    }

    /// Reads or makes the pair.
    ///
    /// # Errors
    /// Files that are not images, images of different size, a missing program.
    pub fn pair(&self, how: How, ctx: &Context<'_>) -> Result<Pair, EvaluateError> {
        match &self.from {
            From::Files { gt, lq } => {
                let clean = read(gt, ctx)?;
                let degraded = read(lq, ctx)?;
                let scale = how.scale;
                comparable((&gt.shown(), &clean), (&lq.shown(), &degraded), scale).map_err(unlike)?;
                Ok(match window(&clean, how.crop, 0, scale) {
                    Some(window) => {
                        Pair { lq: degraded.cut(window.on_plane(scale, scale)), gt: clean.cut(window) }
                    }
                    None => Pair { lq: degraded, gt: clean },
                })
            }
            From::Made { clean, degrader } => made(clean, degrader, how, ctx),
        }
    }
}

fn made(clean: &Input, degrader: &NamedDegrader, how: How, ctx: &Context<'_>) -> Result<Pair, EvaluateError> {
    let image = read(clean, ctx)?;
    let (image, core) = around(image, &degrader.degrader, how);
    let name = clean.below.to_string_lossy();
    let draw = sha256(&[&how.seed.to_string(), &name, &degrader.name]);
    let seed = u64::from_str_radix(&draw[..16], 16).unwrap_or(how.seed);
    let mut pair = Pair::from_clean(image);
    let drawn = degrader.degrader.apply(&mut pair, Rng::new(seed)).map_err(|error| {
        EvaluateFault::Degrade { degradation: degrader.name.clone(), error }.of(clean.shown())
    })?;
    if let Some(core) = core {
        let core = inside(core, pair.gt.width(), pair.gt.height());
        pair = Pair { lq: pair.lq.cut(core.on_plane(how.scale, how.scale)), gt: pair.gt.cut(core) };
    }
    // Both sides are rounded as files would be.
    let file = |is_eight| if is_eight { Depth::EIGHT } else { Depth::SIXTEEN };
    let gt = file(pair.gt.depth == Depth::EIGHT);
    pair.gt.round_to(gt);
    pair.lq.round_to(file(drawn.is_none_or(|record| record.depth <= 8)));
    Ok(pair)
}

/// The region that is degraded, and the part of it that is measured unless it is all.
fn around(image: Image, degrader: &Degrader, how: How) -> (Image, Option<Window>) {
    let (crop, scale) = (how.crop / how.scale * how.scale, how.scale);
    let Some(roomy) = window(&image, crop, ROOM, scale) else {
        let (x1, y1) = (image.width() / scale * scale, image.height() / scale * scale);
        let whole = (x1, y1) == (image.width(), image.height());
        return (if whole { image } else { image.cut(Window { x0: 0, y0: 0, x1, y1 }) }, None);
    };
    if matches!(degrader, Degrader::Fixed(cause) if cause.needs_room) {
        return (image.cut(roomy), None);
    }
    let core = Window { x1: roomy.x1.min(roomy.x0 + crop), y1: roomy.y1.min(roomy.y0 + crop), ..roomy };
    // With a margin, the window is degraded like part of a whole image.
    let outer = core.grown(degrader.room(), image.width() / scale * scale, image.height() / scale * scale);
    let core = core.inside(outer);
    (image.cut(outer), Some(core))
}

/// The window moved inside an image of this size: degradation by a video codec makes the image smaller.
fn inside(window: Window, width: usize, height: usize) -> Window {
    let moved = |from: usize, to: usize, full: usize| {
        let side = (to - from).min(full);
        let from = from.min(full - side);
        (from, from + side)
    };
    let ((x0, x1), (y0, y1)) = (moved(window.x0, window.x1, width), moved(window.y0, window.y1, height));
    Window { x0, y0, x1, y1 }
}

/// Images of different size, with the file.
fn unlike(error: MetricsError) -> EvaluateError {
    match error {
        MetricsError::File { name, fault } => EvaluateFault::Unlike(fault).of(name),
        error => EvaluateError::Metrics(Box::new(error)),
    }
}

/// The image as RGB or grey.
fn read(input: &Input, ctx: &Context<'_>) -> Result<Image, EvaluateError> {
    let (image, _) = input.read().map_err(|error| EvaluateFault::from(error).of(input.shown()))?;
    image.into_rgb(ctx).map_err(|error| EvaluateFault::from(error).of(input.shown()))
}

/// The window with the most smooth area, where banding is, or with a scale the centre; `None` for whole
/// images.
fn window(clean: &Image, crop: usize, room: usize, scale: usize) -> Option<Window> {
    let (w, h) = (clean.width(), clean.height());
    if crop == 0 || (w <= crop && h <= crop) {
        return None;
    }
    let (width, height) = ((crop + room).min(w), (crop + room).min(h));
    let (width, height) = (width / scale * scale, height / scale * scale);
    let (x0, y0) = if scale == 1 {
        fullest_window(&smooth_mask(&Field::luma(clean)), (w, h), (width, height))
    } else {
        ((w - width) / 2 / scale * scale, (h - height) / 2 / scale * scale)
    };
    Some(Window { x0, y0, x1: x0 + width, y1: y0 + height })
}

fn of_file(input: &Input, ctx: &Context<'_>) -> Result<String, EvaluateError> {
    let loaded = unband_io::load(&input.path, &unband_io::Limits::default(), ctx.cancel);
    let (bytes, _) = loaded.map_err(|error| EvaluateFault::from(error).of(input.shown()))?;
    Ok(of_bytes(&bytes))
}

impl PairSource {
    /// Its source files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let (first, second) = match &self.from {
            From::Files { gt, lq } => (gt, Some(lq)),
            From::Made { clean, .. } => (clean, None),
        };
        std::iter::once(first).chain(second).filter_map(Input::file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_spread_over_the_names() {
        let of = |count| spread((0..35).collect::<Vec<_>>(), count);
        assert_eq!(of(5), [0, 7, 14, 21, 28]);
        assert_eq!(of(1), [0]);
        assert_eq!(of(34).len(), 34);
        assert_eq!((of(0).len(), of(35).len(), of(99).len()), (35, 35, 35));
    }

    #[test]
    fn a_window_stays_in_what_became_smaller() {
        let window = Window { x0: 64, y0: 0, x1: 320, y1: 256 };
        assert_eq!(inside(window, 384, 320), window);
        assert_eq!(inside(window, 304, 256), Window { x0: 48, y0: 0, x1: 304, y1: 256 });
        assert_eq!(inside(window, 100, 50), Window { x0: 0, y0: 0, x1: 100, y1: 50 });
    }
}
