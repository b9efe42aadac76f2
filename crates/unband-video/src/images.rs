//! Numbered images as the frames of a video: a folder, or a pattern such as `shot_%04d.dpx`.
//!
//! `FFmpeg` treats image names as patterns and opens every match. Here folders are listed first, and `FFmpeg`
//! gets a pattern that matches exactly the files found.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::VideoError;
use unband_io::Error;

/// Formats that are opened, by extension: images that refer to no other files.
const EXTENSIONS: [&str; 13] =
    ["png", "dpx", "tif", "tiff", "jpg", "jpeg", "bmp", "tga", "jp2", "pgm", "ppm", "pnm", "exr"];

/// Images whose names differ in a number that grows by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    folder: PathBuf,
    /// Text before the number, and after it.
    ends: (String, String),
    /// Digits of the shortest number.
    digits: usize,
    first: u64,
    count: u64,
    /// Frames per second as a fraction.
    pub rate: (u32, u32),
}

/// A name split at its last number: text before, digits, text after.
fn parts(name: &str) -> Option<(&str, &str, &str)> {
    let (stem, extension) = name.rsplit_once('.')?;
    if !EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str()) {
        return None;
    }
    let end = stem.rfind(|c: char| c.is_ascii_digit())? + 1;
    let before = stem[..end].trim_end_matches(|c: char| c.is_ascii_digit());
    Some((before, &name[before.len()..end], &name[end..]))
}

/// A pattern split at the placeholder of the number (`%d`, `%04d`).
pub(super) fn around(name: &str) -> Option<(&str, &str)> {
    let at = name.find('%')?;
    let rest = &name[at + 1..];
    let digits = rest.find(|c: char| !c.is_ascii_digit())?;
    let behind = rest[digits..].strip_prefix('d')?;
    (!behind.contains('%')).then_some((&name[..at], behind))
}

impl Images {
    /// Whether a path is a folder, or a pattern that is not the name of an existing file.
    pub fn are_named(path: &Path) -> bool {
        let pattern =
            || path.file_name().and_then(|name| name.to_str()).is_some_and(|name| around(name).is_some());
        path.is_dir() || (!path.exists() && pattern())
    }

    /// Finds the images of a folder or pattern, with a frame rate; `None` if there are none.
    ///
    /// # Errors
    /// Folders that cannot be read or have several series of images, and missing numbers.
    pub fn find(named: &Path, rate: (u32, u32)) -> Result<Option<Self>, VideoError> {
        let pattern = if named.is_dir() { None } else { named.file_name().and_then(|name| name.to_str()) };
        let wanted = pattern.and_then(around);
        let folder = match pattern {
            None => named,
            Some(_) => named.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new(".")),
        };
        let failed = |source| Error::Io { action: "read", source }.in_file(folder);
        let mut series: BTreeMap<(String, String), Vec<(u64, usize)>> = BTreeMap::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            // Names that are not UTF-8 match no pattern.
            let Some((before, number, behind)) = name.to_str().and_then(parts) else { continue };
            if wanted.is_some_and(|wanted| wanted != (before, behind))
                || name.to_str().is_some_and(|name| name.starts_with('.'))
            {
                continue;
            }
            let Ok(value) = number.parse() else { continue };
            series.entry((before.to_owned(), behind.to_owned())).or_default().push((value, number.len()));
        }
        let several = |what: String| VideoError::Series { path: named.to_owned(), what };
        if series.len() > 1 {
            let names: Vec<String> =
                series.keys().take(3).map(|(before, behind)| format!("`{before}%04d{behind}`")).collect();
            return Err(several(format!("it has {} series of images, {}", series.len(), names.join(", "))));
        }
        let Some((ends, mut numbers)) = series.pop_first() else { return Ok(None) };
        numbers.sort_unstable();
        let digits = numbers.iter().map(|&(_, digits)| digits).min().unwrap_or(1);
        let first = numbers[0].0;
        let name = |number: u64| format!("{}{number:0digits$}{}", ends.0, ends.1);
        for (i, &(number, length)) in numbers.iter().enumerate() {
            let expected = first + i as u64;
            if number > expected {
                return Err(several(format!("{} is missing between its images", name(expected))));
            }
            if number < expected || length != format!("{number:0digits$}").len() {
                return Err(several(format!("its numbers have different digits, as in {}", name(number))));
            }
        }
        let count = numbers.len() as u64;
        Ok(Some(Self { folder: folder.to_owned(), ends, digits, first, count, rate }))
    }

    fn file(&self, number: u64) -> PathBuf {
        let (before, behind) = &self.ends;
        self.folder.join(format!("{before}{number:0digits$}{behind}", digits = self.digits))
    }

    /// The first file.
    pub(super) fn head(&self) -> PathBuf {
        self.file(self.first)
    }

    /// Input options for `ffmpeg` or `ffprobe`, and the pattern with all other special characters escaped.
    pub(super) fn input(&self) -> (Vec<String>, PathBuf) {
        let (frames, seconds) = self.rate;
        let options = [
            ("-f", "image2".to_owned()),
            ("-pattern_type", "sequence".to_owned()),
            ("-start_number", self.first.to_string()),
            ("-framerate", format!("{frames}/{seconds}")),
        ];
        let options = options.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect();
        let escaped = |text: &str| text.replace('%', "%%");
        let folder = std::path::absolute(&self.folder).unwrap_or_else(|_| self.folder.clone());
        let folder = PathBuf::from(escaped(&folder.to_string_lossy()));
        let (before, behind) = &self.ends;
        let name = format!("{}%0{}d{}", escaped(before), self.digits, escaped(behind));
        (options, folder.join(name))
    }

    /// The lowest number.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// Number of images.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Total size in bytes, and the latest modification time.
    ///
    /// # Errors
    /// If an image no longer exists.
    pub(super) fn state(&self) -> std::io::Result<(u64, Option<SystemTime>)> {
        let (mut bytes, mut last) = (0, None);
        for number in self.first..self.first + self.count {
            let metadata = fs::metadata(self.file(number))?;
            bytes += metadata.len();
            last = last.max(metadata.modified().ok());
        }
        Ok((bytes, last))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_at_their_last_number() {
        assert_eq!(parts("a2_0013.png"), Some(("a2_", "0013", ".png")));
        assert_eq!(parts("7.DPX"), Some(("", "7", ".DPX")));
        assert_eq!(parts("ä001b.tif"), Some(("ä", "001", "b.tif")));
        for name in ["a.png", "0001.txt", "0001", "a1.mkv", "1.ffconcat"] {
            assert_eq!(parts(name), None, "{name}");
        }
        assert_eq!(around("a_%04d.png"), Some(("a_", ".png")));
        assert_eq!(around("%d.dpx"), Some(("", ".dpx")));
        for name in ["a.png", "%s.png", "%04d%d.png", "100%.png", "%.png"] {
            assert_eq!(around(name), None, "{name}");
        }
    }

    #[test]
    fn a_series_has_each_number_once() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str| fs::write(folder.path().join(name), b"x").unwrap();
        let find = |name: &str| Images::find(&folder.path().join(name), (24, 1));
        assert_eq!(find("").unwrap(), None);
        for name in ["a_0009.png", "a_0010.png", "a_0011.png", "notes.txt", ".a_0012.png"] {
            put(name);
        }
        let images = find("").unwrap().unwrap();
        assert_eq!((images.first, images.count, images.digits), (9, 3, 4));
        assert_eq!(find("a_%04d.png").unwrap().unwrap(), images);
        assert_eq!(find("b_%04d.png").unwrap(), None);
        let (options, pattern) = images.input();
        assert!(options.join(" ").contains("-start_number 9 -framerate 24/1"));
        assert!(pattern.to_string_lossy().ends_with("a_%04d.png"));
        put("a_0013.png");
        assert!(find("").unwrap_err().to_string().contains("a_0012.png is missing"));
        put("a_0012.png");
        put("b_1.png");
        assert!(find("").unwrap_err().to_string().contains("2 series"));
        assert_eq!(find("a_%d.png").unwrap().unwrap().count, 5);
        put("a_011.png");
        assert!(find("a_%04d.png").unwrap_err().to_string().contains("different digits"));
        // Numbers with more digits, and characters that are special to FFmpeg.
        let other = folder.path().join("50%d");
        fs::create_dir(&other).unwrap();
        for number in 8..12 {
            fs::write(other.join(format!("{number}.dpx")), b"x").unwrap();
        }
        let images = Images::find(&other, (24, 1)).unwrap().unwrap();
        assert!(images.input().1.to_string_lossy().ends_with("50%%d/%01d.dpx") || cfg!(windows));
    }
}
