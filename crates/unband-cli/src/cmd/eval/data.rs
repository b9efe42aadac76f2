//! Image pairs of a table: read from a folder, or degraded from clean images.

use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use unband::metrics::comparable;
use unband::{Context, Depth, Image, Rng, batch};
use unband_data::files::hexadecimal;
use unband_data::{CAUSES, MixError, Pair, Way};
use unband_image::{Hint, Window};
use unband_metrics::Field;
use unband_metrics::clean::{fullest_window, smooth_mask};

use crate::args::failure;
use unband::evaluate::{Data, Recipe};
use unband::pairs;

use crate::inputs::{Gather, Input, failures, readable};
use crate::talk::Failure;
use crate::work;

/// A pair that can be read or made.
pub struct Item {
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
    Made { clean: Input, harm: Arc<Harm> },
}

/// The degradation of clean images.
struct Harm {
    /// Name of its part of the table: the degradation, or the recipe's file name.
    name: String,
    way: Way,
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
pub fn gather(recipe: &Recipe) -> Result<(Vec<Item>, Vec<Failure>), Failure> {
    let (mut items, failures) = match &recipe.data {
        Data::Pairs { folder } => of_pairs(folder),
        Data::Clean { folder, degradations } => of_clean(folder, degradations, recipe)?,
    };
    if let Data::Pairs { .. } = recipe.data {
        items = spread(items, recipe.images);
    }
    if items.is_empty() {
        let folder = recipe.data.folder().display().to_string();
        let (what, hint) = match recipe.data {
            Data::Pairs { .. } => (
                "no pairs in `lq` and `gt` of this folder",
                "`unband dataset kapoor ROOT -o data/fhd --as bdinn` makes them; `--small --data FOLDER` makes some from clean images; `--data` names another folder",
            ),
            Data::Clean { .. } => ("no images in this folder", "name a folder of clean images with `--data`"),
        };
        return Err(Failure::at(folder, what.to_owned(), Some(hint.to_owned())));
    }
    Ok((items, failures))
}

fn of_pairs(folder: &Path) -> (Vec<Item>, Vec<Failure>) {
    let (gt, lq) = (folder.join("gt"), folder.join("lq"));
    // Missing folders are reported like a table without pairs.
    let found = if gt.is_dir() { pairs::of_paths(&gt, &lq, None, true).ok() } else { None };
    let found = found.unwrap_or_default();
    let item = |pair: pairs::Pair| {
        let (cause, scene) = pair.name.split_once('/').unwrap_or(("", &pair.name));
        let (cause, scene) = (cause.to_owned(), scene.to_owned());
        Item {
            name: pair.name,
            cause,
            scene,
            threads: 1,
            from: From::Files { gt: pair.reference, lq: pair.second },
        }
    };
    (found.pairs.into_iter().map(item).collect(), failures(&found.failures))
}

fn of_clean(folder: &Path, causes: &[String], recipe: &Recipe) -> Result<(Vec<Item>, Vec<Failure>), Failure> {
    let harms = harms(causes, recipe.scale)?;
    if !folder.is_dir() {
        let hint = "name a folder of clean images with `--data`".to_owned();
        return Err(Failure::at(folder.display().to_string(), "no such folder".to_owned(), Some(hint)));
    }
    let gather = Gather { recursive: true, output_folder: None, results_too: true, readable: &readable };
    let found = gather.run(&[folder.to_path_buf()]);
    if found.inputs.is_empty() {
        // The failures would only repeat the error about the folder.
        return Ok((Vec::new(), Vec::new()));
    }
    let photos = spread(found.inputs, recipe.images);
    let mut items = Vec::new();
    for harm in &harms {
        items.extend(photos.iter().map(|clean| {
            let scene = clean.below.with_extension("").to_string_lossy().replace('\\', "/");
            Item {
                name: format!("{}/{scene}", harm.name),
                cause: harm.name.clone(),
                scene,
                threads: 1,
                from: From::Made { clean: clean.clone(), harm: Arc::clone(harm) },
            }
        }));
    }
    Ok((items, failures(&found.failures)))
}

/// The degradations that a table names, each once.
fn harms(names: &[String], scale: usize) -> Result<Vec<Arc<Harm>>, Failure> {
    let mut harms: Vec<Arc<Harm>> = Vec::new();
    for text in names {
        let harm = Harm::find(text, scale)?;
        if harms.iter().any(|known| known.name == harm.name) {
            return Err(Failure::usage(
                format!("two degradations have the name `{}`", harm.name),
                "name each once; a recipe has the name of its file",
            ));
        }
        harms.push(Arc::new(harm));
    }
    if harms.is_empty() {
        let hint = "name degradations or recipes: degradations = [\"rgb-6\", \"codecs\"]";
        return Err(Failure::usage("the table names no `degradations`", hint));
    }
    Ok(harms)
}

impl Harm {
    fn find(text: &str, scale: usize) -> Result<Self, Failure> {
        let way = if scale == 1 { Way::find(text) } else { Way::find_any(text) };
        let way = way.map_err(|error| {
            let (hint, causes) = (error.hint(), CAUSES.iter().map(|cause| cause.name).collect::<Vec<_>>());
            if matches!(error, MixError::Unknown { .. }) {
                let message = format!("unknown degradation `{text}`");
                let hint = hint.unwrap_or_default();
                return Failure::usage(
                    message,
                    format!("the degradations are {}; {hint}", causes.join(", ")),
                );
            }
            Failure { subject: None, message: error.to_string(), hint }
        })?;
        if way.scale() != scale {
            let hint =
                format!("use a recipe with `scale = {scale}`, or set the table's `scale` to this recipe's");
            return Err(Failure::usage(format!("`{text}` makes images {} times smaller", way.scale()), hint));
        }
        let (name, sum) = match &way {
            Way::Cause(cause) => (cause.name.to_owned(), cause.name.to_owned()),
            Way::Mix(mix) => {
                let name = Path::new(text).file_stem().unwrap_or_default();
                (name.to_string_lossy().into_owned(), sha256(&[&format!("{mix:?}")]))
            }
        };
        Ok(Self { name, way, sum })
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

impl Item {
    /// Pixel count that the image's file declares.
    pub fn pixels(&self) -> u64 {
        let (From::Files { gt: input, .. } | From::Made { clean: input, .. }) = &self.from;
        batch::declared_pixels(&input.path)
    }

    /// Hash of the files' contents and of the degradation.
    ///
    /// # Errors
    /// Unreadable files.
    pub fn hash(&self, how: How, ctx: &Context<'_>) -> Result<String, Failure> {
        match &self.from {
            From::Files { gt, lq } => {
                Ok(sha256(&["pair", &of_file(gt, ctx)?, &of_file(lq, ctx)?, &how.crop.to_string()]))
            }
            From::Made { clean, harm } => Ok(sha256(&[
                "made",
                &of_file(clean, ctx)?,
                &clean.below.to_string_lossy(),
                &harm.name,
                &harm.sum,
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
    pub fn pair(&self, how: How, ctx: &Context<'_>) -> Result<Pair, Failure> {
        match &self.from {
            From::Files { gt, lq } => {
                let clean = read(gt, ctx)?;
                let harmed = read(lq, ctx)?;
                let scale = how.scale;
                comparable((&gt.shown(), &clean), (&lq.shown(), &harmed), scale).map_err(failure)?;
                Ok(match window(&clean, how.crop, 0, scale) {
                    Some(window) => {
                        Pair { lq: harmed.cut(window.on_plane(scale, scale)), gt: clean.cut(window) }
                    }
                    None => Pair { lq: harmed, gt: clean },
                })
            }
            From::Made { clean, harm } => made(clean, harm, how, ctx),
        }
    }
}

fn made(clean: &Input, harm: &Harm, how: How, ctx: &Context<'_>) -> Result<Pair, Failure> {
    let image = read(clean, ctx)?;
    let (image, core) = around(image, &harm.way, how);
    let name = clean.below.to_string_lossy();
    let draw = sha256(&[&how.seed.to_string(), &name, &harm.name]);
    let seed = u64::from_str_radix(&draw[..16], 16).unwrap_or(how.seed);
    let mut pair = Pair::of(image);
    let drawn = harm.way.apply(&mut pair, Rng::new(seed)).map_err(|error| {
        let hint = error
            .is_missing_program()
            .then(|| "install it, or remove the degradation from the table".to_owned());
        Failure::at(clean.shown(), format!("{}: {error}", harm.name), hint)
    })?;
    if let Some(core) = core {
        let core = inside(core, pair.gt.width(), pair.gt.height());
        pair = Pair { lq: pair.lq.cut(core.on_plane(how.scale, how.scale)), gt: pair.gt.cut(core) };
    }
    // Both sides are rounded as files would be.
    let file = |is_eight| if is_eight { Depth::EIGHT } else { Depth::SIXTEEN };
    let gt = file(pair.gt.depth == Depth::EIGHT);
    rounded(&mut pair.gt, gt);
    rounded(&mut pair.lq, file(drawn.is_none_or(|record| record.depth <= 8)));
    Ok(pair)
}

/// The region that is degraded, and the part of it that is measured unless it is all.
fn around(image: Image, way: &Way, how: How) -> (Image, Option<Window>) {
    let (crop, scale) = (how.crop / how.scale * how.scale, how.scale);
    let Some(roomy) = window(&image, crop, ROOM, scale) else {
        let (x1, y1) = (image.width() / scale * scale, image.height() / scale * scale);
        let whole = (x1, y1) == (image.width(), image.height());
        return (if whole { image } else { image.cut(Window { x0: 0, y0: 0, x1, y1 }) }, None);
    };
    if matches!(way, Way::Cause(cause) if cause.wants_room) {
        return (image.cut(roomy), None);
    }
    let core = Window { x1: roomy.x1.min(roomy.x0 + crop), y1: roomy.y1.min(roomy.y0 + crop), ..roomy };
    // With a margin, the window is degraded like part of a whole image.
    let outer = core.grown(way.room(), image.width() / scale * scale, image.height() / scale * scale);
    let core = Window {
        x0: core.x0 - outer.x0,
        y0: core.y0 - outer.y0,
        x1: core.x1 - outer.x0,
        y1: core.y1 - outer.y0,
    };
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

/// Rounds samples to the nearest codes of a depth.
pub fn rounded(image: &mut Image, depth: Depth) {
    for value in image.planes.iter_mut().flat_map(|plane| &mut plane.data) {
        *value = depth.value(depth.code(*value));
    }
    image.depth = depth;
}

/// The image as RGB or grey.
fn read(input: &Input, ctx: &Context<'_>) -> Result<Image, Failure> {
    let (image, _) = input.read().map_err(|error| Failure::of(input.shown(), &error))?;
    image.into_rgb(ctx).map_err(|error| Failure::at(input.shown(), error.to_string(), None))
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

fn of_file(input: &Input, ctx: &Context<'_>) -> Result<String, Failure> {
    let loaded = unband_io::load(&input.path, &unband_io::Limits::default(), ctx.cancel);
    let (bytes, _) = loaded.map_err(|error| Failure::of(input.shown(), &error))?;
    Ok(of_bytes(&bytes))
}

/// The SHA-256 of bytes in memory.
pub fn of_bytes(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Hash of several words; word boundaries matter.
pub fn sha256(words: &[&str]) -> String {
    let mut sum = Sha256::new();
    for word in words {
        sum.update((word.len() as u64).to_le_bytes());
        sum.update(word.as_bytes());
    }
    hexadecimal(&sum.finalize())
}

impl Item {
    /// Its source files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let (first, second) = match &self.from {
            From::Files { gt, lq } => (gt, Some(lq)),
            From::Made { clean, .. } => (clean, None),
        };
        std::iter::once(first).chain(second).filter_map(Input::file)
    }
}

impl work::Item for Item {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn pixels(&self) -> u64 {
        0
    }

    fn threads(&self, _: u64, _: usize) -> usize {
        self.threads
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_spread_over_the_names() {
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

    #[test]
    fn words_that_run_together_have_another_number() {
        assert!(sha256(&["ab", "c"]) != sha256(&["a", "bc"]));
        assert!(sha256(&["ab"]) != sha256(&["ab", ""]));
    }
}
