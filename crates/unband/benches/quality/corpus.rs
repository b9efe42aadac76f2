//! Photos, crops and degraded pairs, cached on disk.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use unband_data::{DegradeError, FixedDegradation, Pair};
use unband_image::{Depth, Image, Origin, Rng, Window};
use unband_metrics::Field;
use unband_metrics::clean::{fullest_window, smooth_mask};

use crate::files;

/// Version in the cache path: increase it when pairs change.
const VERSION: &str = "v2";
/// Side of a crop.
const SIDE: usize = 512;

/// A folder of JPEG XL photos and its cache next to the build.
pub(crate) struct Corpus {
    cache: PathBuf,
    /// The photos, by name.
    pub photos: Vec<Photo>,
}

/// One photo.
#[derive(Clone)]
pub(crate) struct Photo {
    /// File stem.
    pub name: String,
    path: PathBuf,
}

impl Corpus {
    /// All `*.jxl` of a folder by name; `None` when there are none.
    pub(crate) fn open(folder: &Path) -> Option<Self> {
        let mut photos: Vec<Photo> = std::fs::read_dir(folder)
            .ok()?
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                let name = path.file_stem()?.to_str()?.to_owned();
                (path.extension()? == "jxl").then_some(Photo { name, path })
            })
            .collect();
        photos.sort_by(|a, b| a.name.cmp(&b.name));
        let cache = std::env::var_os("UNBAND_QUALITY_CACHE")
            .map_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("quality"), PathBuf::from);
        (!photos.is_empty()).then(|| Self { cache: cache.join(VERSION), photos })
    }

    fn at(&self, photo: &Photo, file: &str) -> Result<PathBuf, Box<dyn Error>> {
        let folder = self.cache.join(&photo.name);
        std::fs::create_dir_all(&folder)?;
        Ok(folder.join(file))
    }

    /// The whole photo, 16 bits.
    pub(crate) fn whole(&self, photo: &Photo) -> Result<Image, Box<dyn Error>> {
        let target = self.at(photo, "whole.ppm")?;
        let output = Command::new("djxl")
            .args([photo.path.as_os_str(), target.as_os_str()])
            .args(["--bits_per_sample", "16", "--quiet", "--num_threads", "0"])
            .output()
            .map_err(|e| format!("djxl (Debian package libjxl-tools): {e}"))?;
        if !output.status.success() {
            return Err(format!("djxl: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        let image = files::pixmap(&std::fs::read(&target)?)?;
        std::fs::remove_file(&target)?;
        Ok(image)
    }

    /// The 512×512 window with the most smooth samples, at multiples of 16; the first among equals.
    pub(crate) fn crop(&self, photo: &Photo) -> Result<Image, Box<dyn Error>> {
        let target = self.at(photo, "clean.png")?;
        if target.exists() {
            return files::read(&target);
        }
        let whole = self.whole(photo)?;
        let (w, h) = (whole.width(), whole.height());
        let (cw, ch) = (SIDE.min(w / 16 * 16), SIDE.min(h / 16 * 16));
        let mask = smooth_mask(&Field::luma(&whole));
        let (x, y) = fullest_window(&mask, (w, h), (cw, ch));
        let crop = whole.cut(Window { x0: x, y0: y, x1: x + cw, y1: y + ch });
        files::write(&target, &crop)?;
        files::read(&target)
    }

    /// The pair of a photo and a degradation. `Ok(None)` when a required program is missing.
    pub(crate) fn pair(
        &self,
        photo: &Photo,
        cause: &FixedDegradation,
    ) -> Result<Option<Pair>, Box<dyn Error>> {
        let Some((gt, lq)) = self.pair_files(photo, cause)? else { return Ok(None) };
        Ok(Some(Pair { lq: files::read(&lq)?, gt: files::read(&gt)? }))
    }

    /// The files of a pair, clean and degraded. `Ok(None)` when a required program is missing.
    pub(crate) fn pair_files(
        &self,
        photo: &Photo,
        cause: &FixedDegradation,
    ) -> Result<Option<(PathBuf, PathBuf)>, Box<dyn Error>> {
        // The clean side depends on the photo and the kind of degradation alone, so variants of a kind share
        // it.
        let kind = match cause.name {
            name if name.starts_with("fhd-") || name == "mpeg4" => "frame",
            name if name.starts_with("photo-") => "photo",
            name if name.starts_with("tone-curve") => "tone-curve",
            _ => "clean",
        };
        let gt =
            self.at(photo, &if kind == "clean" { "clean.png".into() } else { format!("{kind}-clean.png") })?;
        let known = || self.degraded(photo, cause).filter(|_| gt.exists());
        if known().is_none() && !self.make(photo, cause, &gt)? {
            return Ok(None);
        }
        let lq = known().ok_or("a cached file is missing")?;
        Ok(Some((gt, lq)))
    }

    fn degraded(&self, photo: &Photo, cause: &FixedDegradation) -> Option<PathBuf> {
        let files = ["png", "jpg", "webp"].map(|e| self.at(photo, &format!("{}.{e}", cause.name)));
        files.into_iter().flatten().find(|file| file.exists())
    }

    /// The degraded side of an existing pair, as if read from a PNG.
    pub(crate) fn nameless(&self, photo: &Photo, cause: &FixedDegradation) -> Result<Image, Box<dyn Error>> {
        let file = self.degraded(photo, cause).ok_or("a cached file is missing")?;
        if file.extension().is_some_and(|e| e == "jpg") {
            return files::djpeg(&file);
        }
        Ok(Image { origin: Origin::default(), ..files::read(&file)? })
    }

    /// Adds a pair to the cache; `false` when a required program is missing.
    fn make(&self, photo: &Photo, cause: &FixedDegradation, gt: &Path) -> Result<bool, Box<dyn Error>> {
        let clean = if cause.needs_room { self.whole(photo)? } else { self.crop(photo)? };
        let run = || -> Result<(), Box<dyn Error>> {
            if let Some((extension, bytes)) = cause.degradation.file(&clean)? {
                std::fs::write(self.at(photo, &format!("{}.{extension}", cause.name))?, &bytes)?;
                return Ok(());
            }
            let mut pair = Pair::from_clean(clean.clone());
            cause.degradation.apply(&mut pair, Rng::new(seed(&photo.name)))?;
            // The clean side is rounded to 16 bits, as in a file.
            if pair.gt.depth != Depth::EIGHT {
                pair.gt.depth = Depth::SIXTEEN;
                for plane in &mut pair.gt.planes {
                    for v in &mut plane.data {
                        *v = Depth::SIXTEEN.value(Depth::SIXTEEN.code(*v));
                    }
                }
            }
            if !gt.exists() {
                files::write(gt, &pair.gt)?;
            }
            files::write(&self.at(photo, &format!("{}.png", cause.name))?, &pair.lq)
        };
        match run() {
            Ok(()) => Ok(true),
            Err(error)
                if error.downcast_ref::<DegradeError>().is_some_and(DegradeError::is_missing_program) =>
            {
                Ok(false)
            }
            Err(error) => Err(format!("{}, {}: {error}", photo.name, cause.name).into()),
        }
    }
}

/// FNV-1a of the name: the random numbers of a photo are the same in every run and selection.
fn seed(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}
