//! Image pairs from folders, and windows cut from them.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use unband_data::{DegradationRecipe, Degrader, Pair};
use unband_image::{Context, Depth, Image, Rng, Window};
use unband_infer::cells::Cells;
use unband_io::Limits;
use unband_nets::arch::Sees;

use crate::banded::is_banded;
use crate::error::DataError;
use crate::made::{DegradedWindow, Patch, Surface, found};
use crate::recipe::Data;

/// Cache size of decoded images, in bytes.
const KEPT: usize = 2 << 30;

/// Maximum windows tried, and windows tried per image: reading another image takes far longer.
const TRIES: u64 = 400;
const PLACES: u64 = 40;
/// Derives other random numbers from a seed for each try. It differs from the factor of
/// [`numbered`](crate::batches::numbered), whose seeds it changes.
const SALT: u64 = 0xbf58_476d_1ce4_e5b9;

/// An image in memory: RGB, 16 bits, interleaved.
struct CachedImage {
    width: usize,
    height: usize,
    data: Vec<u16>,
}

/// Pairs of images.
pub(crate) struct PairSource {
    /// For each pair, the clean image and the degraded one, unless that is generated.
    files: Vec<(PathBuf, Option<PathBuf>)>,
    /// Degradations to choose from; empty if the degraded images exist.
    degraders: Vec<Degrader>,
    /// Side of the square degraded at once, if the recipe sets it.
    window: Option<usize>,
    /// Whether to use only clearly banded windows.
    banded: bool,
    /// Factor by which the degraded side is smaller.
    scale: usize,
    surface: Option<Surface>,
    kept: VecDeque<(PathBuf, Arc<CachedImage>)>,
    /// Maximum size of these, in bytes.
    most: usize,
}

impl PairSource {
    /// Lists the files of a recipe; nothing is decoded yet. `scale` is the factor of clean over degraded
    /// images.
    pub fn open(data: &Data, sees: Sees, scale: usize) -> Result<Self, DataError> {
        let (files, degraders, window, banded) = match data {
            Data::Clean { folder, degradations, mix, window, banded, .. } => {
                let files = list(folder)?.into_iter().map(|file| (file, None)).collect();
                let cause = |name: &String| unband_data::find(name).map(Degrader::Fixed);
                let degraders = match mix {
                    Some(mix) => vec![Degrader::Recipe(Arc::new(DegradationRecipe::find(mix)?))],
                    None => degradations.iter().filter_map(cause).collect(),
                };
                (files, degraders, *window, *banded)
            }
            Data::Pairs { folder, window, .. } => {
                (pairs(&folder.join("lq"), &folder.join("gt"))?, Vec::new(), *window, false)
            }
        };
        let surface = (sees == Sees::Cells).then(Surface::new).transpose()?;
        Ok(Self { files, degraders, window, banded, scale, surface, kept: VecDeque::new(), most: KEPT })
    }

    /// Shares the cache size with others, `count` in all.
    pub fn share(&mut self, count: usize) {
        self.most = KEPT / count.max(1);
    }

    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// The name of a pair, without extension.
    pub fn name(&self, pair: usize) -> String {
        self.files[pair].0.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// A random square window of an image, of at least `side`. Image, position and degradation are drawn from
    /// `seed`, at frame `sample`. Returns the first suitable one: a banded window if the recipe requires
    /// that, one with a grid for grid-guided networks.
    pub fn window(&mut self, side: usize, seed: u64, sample: u32) -> Result<DegradedWindow, DataError> {
        let salted = |n: u64| Rng::new(seed ^ n.wrapping_mul(SALT));
        let picky = self.banded || self.surface.is_some();
        for attempt in 0..if picky { TRIES } else { 1 } {
            let pair = salted(attempt / PLACES).below_at(self.len(), sample, 0, 0, 0);
            let (made, names, room) = self.part(pair, side, salted(attempt), sample)?;
            if self.banded && !is_banded(&made.lq, &made.gt) {
                continue;
            }
            let known = self.surface.as_ref().map(|surface| (surface, found(&made.lq)));
            if known.as_ref().is_none_or(|(_, findings)| Cells::gridded(findings)) {
                return DegradedWindow::new(made, names, self.scale, room, known);
            }
        }
        Err(if self.banded {
            DataError::NoneBanded { tries: TRIES }
        } else {
            DataError::NoGrid { tries: TRIES }
        })
    }

    /// Part of a pair, its drawn degradations, and the width of the margin that supports operations beyond
    /// patches.
    fn part(
        &mut self,
        pair: usize,
        side: usize,
        rng: Rng,
        sample: u32,
    ) -> Result<(Pair, Vec<String>, usize), DataError> {
        let draw = |plane: u32, count: usize| rng.below_at(count, sample, plane, 0, 0);
        let (clean, degraded) = self.read_pair(pair)?;
        let degrader = self.degrader(|degraders| draw(10, degraders));
        let room = degrader.map_or(0, Degrader::room);
        let least = side + 2 * room;
        if clean.width < least || clean.height < least {
            let file = self.files[pair].0.clone();
            return Err(DataError::Small { file, width: clean.width, height: clean.height, least });
        }
        let wanted = self.window.unwrap_or(side).max(side) + 2 * room;
        let fitting = |size: usize| wanted.min(size) / self.scale * self.scale;
        let (width, height) = (fitting(clean.width), fitting(clean.height));
        // In existing pairs, the degraded side has one sample per `scale` samples of the clean one.
        let place = |plane: u32, free: usize| draw(plane, free / self.scale + 1) * self.scale;
        let (x0, y0) = (place(11, clean.width - width), place(12, clean.height - height));
        let outer = Window { x0, y0, x1: x0 + width, y1: y0 + height };
        let rng = Rng::new(u64::from(rng.at(sample, 13, 0, 0)));
        let (made, names) = self.degrade(pair, &clean, degraded.as_deref(), outer, degrader, rng)?;
        Ok((made, names, room))
    }

    /// The centre of a pair, with sides that are multiples of `multiple`, and at most `crop` for the clean
    /// image unless that is 0. Returns the patch, and the height and width of its degraded side.
    pub fn middle(
        &mut self,
        pair: usize,
        crop: usize,
        multiple: usize,
        rng: Rng,
    ) -> Result<(Patch, usize, usize), DataError> {
        let (clean, degraded) = self.read_pair(pair)?;
        let degrader = self.degrader(|degraders| pair % degraders);
        let room = 2 * degrader.map_or(0, Degrader::room);
        let side = |n: usize| {
            let most = if crop == 0 { n } else { n.min(crop + room) };
            most / self.scale * self.scale
        };
        let (width, height) = (side(clean.width), side(clean.height));
        let middle = |free: usize| free / 2 / self.scale * self.scale;
        let (x0, y0) = (middle(clean.width - width), middle(clean.height - height));
        let window = Window { x0, y0, x1: x0 + width, y1: y0 + height };
        let (made, names) = self.degrade(pair, &clean, degraded.as_deref(), window, degrader, rng)?;
        let known = self.surface.as_ref().map(|surface| (surface, found(&made.lq)));
        let made = DegradedWindow::new(made, names, self.scale, 0, known)?;
        made.middle(crop, multiple).ok_or_else(|| {
            let (file, width, height) = (self.files[pair].0.clone(), clean.width, clean.height);
            DataError::Small { file, width, height, least: multiple * self.scale }
        })
    }

    /// The degradation that `draw` selects.
    fn degrader(&self, draw: impl Fn(usize) -> usize) -> Option<&Degrader> {
        self.degraders.get(if self.degraders.len() > 1 { draw(self.degraders.len()) } else { 0 })
    }

    fn degrade(
        &self,
        pair: usize,
        clean: &CachedImage,
        degraded: Option<&CachedImage>,
        window: Window,
        degrader: Option<&Degrader>,
        rng: Rng,
    ) -> Result<(Pair, Vec<String>), DataError> {
        let file = &self.files[pair].0;
        let mut made = Pair::from_clean(clean.window(window, file)?);
        if let Some(degraded) = degraded {
            made.lq = degraded.window(window.on_plane(self.scale, self.scale), file)?;
        }
        let Some(degrader) = degrader else { return Ok((made, Vec::new())) };
        let drawn = degrader.apply(&mut made, rng);
        let drawn = drawn.map_err(|source| DataError::Degrade { file: file.clone(), source })?;
        Ok((made, drawn.map_or_else(|| vec![degrader.to_string()], |record| record.names)))
    }

    fn read_pair(&mut self, pair: usize) -> Result<(Arc<CachedImage>, Option<Arc<CachedImage>>), DataError> {
        let (clean, degraded) = self.files[pair].clone();
        let gt = self.decoded(&clean)?;
        let Some(degraded) = degraded else { return Ok((gt, None)) };
        let lq = self.decoded(&degraded)?;
        if (lq.width * self.scale, lq.height * self.scale) != (gt.width, gt.height) {
            let sizes = [(lq.width, lq.height), (gt.width, gt.height)];
            return Err(DataError::Sizes { lq: degraded, gt: clean, scale: self.scale, sizes });
        }
        Ok((gt, Some(lq)))
    }

    fn decoded(&mut self, file: &Path) -> Result<Arc<CachedImage>, DataError> {
        if let Some((_, kept)) = self.kept.iter().find(|(name, _)| name == file) {
            return Ok(kept.clone());
        }
        let (image, _) = unband_io::read_file(file, &Limits::default())?;
        let kept = Arc::new(CachedImage::new(image, file)?);
        self.kept.push_back((file.to_owned(), kept.clone()));
        while self.kept.iter().map(|(_, k)| 2 * k.data.len()).sum::<usize>() > self.most
            && self.kept.len() > 2
        {
            self.kept.pop_front();
        }
        Ok(kept)
    }
}

impl CachedImage {
    fn new(image: Image, file: &Path) -> Result<Self, DataError> {
        let rgb = image
            .into_rgb(&Context::default())
            .map_err(|source| DataError::Image { file: file.to_owned(), source })?;
        let (width, height) = (rgb.width(), rgb.height());
        let plane = |i: usize| &rgb.planes[i.min(rgb.planes.len() - 1)].data;
        let data = (0..3 * width * height).map(|i| Depth::SIXTEEN.code(plane(i % 3)[i / 3]) as u16).collect();
        Ok(Self { width, height, data })
    }

    fn window(&self, w: Window, file: &Path) -> Result<Image, DataError> {
        let row = |y: usize| &self.data[3 * (y * self.width + w.x0)..3 * (y * self.width + w.x1)];
        let data: Vec<u16> = (w.y0..w.y1).flat_map(row).copied().collect();
        Image::from_rgb16(w.width(), w.height(), &data)
            .map_err(|source| DataError::Image { file: file.to_owned(), source })
    }
}

/// Files with an image extension, sorted by name.
fn list(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let failed = |source| DataError::List { folder: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_file() && unband_io::by_extension(&path).is_some() {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        let wanted = "png, tiff, jxl, jpeg and others".into();
        return Err(DataError::Empty { folder: folder.to_owned(), wanted });
    }
    Ok(files)
}

/// Files by names without extension, as degraded images may have another format.
fn pairs(lq: &Path, gt: &Path) -> Result<Vec<(PathBuf, Option<PathBuf>)>, DataError> {
    let by_stem = |folder| -> Result<BTreeMap<OsString, PathBuf>, DataError> {
        let stem = |file: PathBuf| (file.file_stem().unwrap_or_default().to_owned(), file);
        Ok(list(folder)?.into_iter().map(stem).collect())
    };
    let (mut degraded, clean) = (by_stem(lq)?, by_stem(gt)?);
    for (here, there, folder) in [(&degraded, &clean, gt), (&clean, &degraded, lq)] {
        let alone: Vec<_> = here.iter().filter(|(stem, _)| !there.contains_key(*stem)).collect();
        if let Some((_, first)) = alone.first() {
            let (first, count) = ((*first).clone(), alone.len());
            return Err(DataError::Missing { first, count, other: folder.to_owned() });
        }
    }
    Ok(clean.into_iter().map(|(stem, file)| (file, degraded.remove(&stem))).collect())
}
