//! HTML page of a viewing test.

use std::fmt::Write;

use unband_image::{Context, Image};

use super::{GRADES, StudyError};
use crate::fill::{escape, fill, policy};
use crate::{DisplayImage, uri};

/// Display size of large images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// Full size, pixel by pixel.
    Whole,
    /// A crop, pixel by pixel; smaller images stay whole.
    Crop {
        /// Pixels per row.
        width: usize,
        /// Number of rows.
        height: usize,
        /// Left column and top row, moved inwards where the crop would reach outside; `None`: the centre.
        at: Option<(usize, usize)>,
    },
    /// At most this many pixels a side: area-averaged and dithered, which softens bands. A crop is fairer.
    Longest(usize),
}

/// A self-contained page for a double-stimulus impairment test: name the methods, add images, get the HTML.
///
/// Images are embedded as lossless 8-bit PNGs, each once. Every rater has an own random order, seeded by the
/// rater's name, without the same image twice in a row where possible. The page stores ratings in the browser
/// and exports them as CSV at any time.
#[derive(Clone, Debug)]
pub struct Study {
    title: String,
    /// Name of the reference, then those of the methods.
    names: Vec<String>,
    images: Vec<Shown>,
    bytes: usize,
}

/// An image with its versions.
#[derive(Clone, Debug)]
struct Shown {
    name: String,
    /// Hash of the pixels and data URI, each once, sorted by hash so that the order reveals nothing.
    images: Vec<(u64, String)>,
    /// Indices into `images` of the reference and of each method.
    index: Vec<usize>,
}

const PAGE: &str = concat!(include_str!("../head.html"), include_str!("page.html"));
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

impl Study {
    /// A study without images. `reference` is the name of the hidden reference in the key.
    ///
    /// # Errors
    /// No method, or two with the same name.
    pub fn new(title: &str, reference: &str, methods: &[&str]) -> Result<Self, StudyError> {
        if methods.is_empty() {
            return Err(StudyError::NoMethod);
        }
        let mut names: Vec<String> = Vec::with_capacity(methods.len() + 1);
        for name in std::iter::once(&reference).chain(methods) {
            if names.iter().any(|known| known == name) {
                return Err(StudyError::SameMethod { name: (*name).to_owned() });
            }
            names.push((*name).to_owned());
        }
        Ok(Self { title: title.to_owned(), names, images: Vec::new(), bytes: 0 })
    }

    /// Adds an image with the results of all methods, in their order.
    ///
    /// # Errors
    /// A duplicate name, a wrong number of results, sizes that differ, planes that do not fit their model.
    /// The study then stays unchanged.
    pub fn add(
        &mut self,
        name: &str,
        reference: &Image,
        results: &[&Image],
        fit: Fit,
        ctx: &Context<'_>,
    ) -> Result<(), StudyError> {
        let image_name = || name.to_owned();
        if self.images.iter().any(|known| known.name == name) {
            return Err(StudyError::DuplicateImage { name: image_name() });
        }
        let expected = self.names.len() - 1;
        if results.len() != expected {
            return Err(StudyError::Results { image: image_name(), got: results.len(), expected });
        }
        let size = |image: &Image| match image.planes.first() {
            Some(plane) => format!("{}×{}", plane.width, plane.height),
            None => "no".to_owned(),
        };
        for (image, method) in results.iter().zip(&self.names[1..]) {
            let (got, expected) = (size(image), size(reference));
            if got != expected {
                return Err(StudyError::Size { image: image_name(), method: method.clone(), got, expected });
            }
        }
        let mut images: Vec<(u64, String)> = Vec::new();
        let mut hashes = Vec::with_capacity(results.len() + 1);
        for image in std::iter::once(&reference).chain(results) {
            let shown = fitted(image, fit, ctx)?;
            let hash = hash([&shown.width.to_le_bytes()[..], &shown.rgb]);
            hashes.push(hash);
            if images.iter().all(|known| known.0 != hash) {
                images.push((hash, uri("image/png", &shown.png()?)));
            }
        }
        images.sort_unstable();
        let index = hashes.iter().map(|hash| images.partition_point(|known| known.0 < *hash)).collect();
        self.bytes += images.iter().map(|image| image.1.len()).sum::<usize>();
        self.images.push(Shown { name: image_name(), images, index });
        Ok(())
    }

    /// Bytes of all images on the page.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Number of presentations per rater: each image of each method, and each reference.
    pub fn presentations(&self) -> usize {
        self.images.len() * self.names.len()
    }

    /// Twelve hexadecimal digits that identify these images and methods with these names.
    pub fn id(&self) -> String {
        let mut all = Vec::new();
        let mut put = |part: &[u8]| {
            all.extend(part.len().to_le_bytes());
            all.extend(part);
        };
        put(self.title.as_bytes());
        self.names.iter().for_each(|name| put(name.as_bytes()));
        for image in &self.images {
            put(image.name.as_bytes());
            image.index.iter().for_each(|&i| put(&image.images[i].0.to_le_bytes()));
        }
        digits(hash([&all[..]]))
    }

    /// Pairs of identifier and name: the reference first, then the methods in their order.
    pub fn key(&self) -> Vec<(String, String)> {
        let study = self.id();
        let id = |name: &String| digits(hash([study.as_bytes(), name.as_bytes()]));
        self.names.iter().map(|name| (id(name), name.clone())).collect()
    }

    /// The page. It works without a network connection.
    pub fn html(&self) -> String {
        let (mut grades, mut scale) = (String::new(), String::new());
        for (i, words) in GRADES.iter().enumerate().rev() {
            let grade = format!("<kbd>{}</kbd> {words}", i + 1);
            let _ = writeln!(grades, "<button type=\"button\" data-grade=\"{}\">{grade}</button>", i + 1);
            let _ = writeln!(scale, "<li>{grade}</li>");
        }
        let values = [
            ("policy", policy(PAGE, SCRIPT)),
            ("title", escape(&self.title)),
            ("style", STYLE.to_owned()),
            ("grades", grades),
            ("scale", scale),
            ("count", self.presentations().to_string()),
            ("data", self.data()),
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("script", SCRIPT.to_owned()),
        ];
        fill(PAGE, &values.each_ref().map(|(name, value)| (*name, value.as_str())))
    }

    /// Data of the script as JSON: images, and for each presentation image, method, reference and result.
    fn data(&self) -> String {
        let key = self.key();
        let mut order: Vec<usize> = (0..key.len()).collect();
        order.sort_unstable_by_key(|&method| &key[method].0);
        let (mut images, mut trials, mut first) = (Vec::new(), Vec::new(), 0);
        for image in &self.images {
            images.extend(image.images.iter().map(|(_, address)| text(address)));
            for &method in &order {
                let (name, id) = (text(&image.name), text(&key[method].0));
                let (reference, result) = (first + image.index[0], first + image.index[method]);
                trials.push(format!("[{name},{id},{reference},{result}]"));
            }
            first += image.images.len();
        }
        let (study, trials, images) = (text(&self.id()), trials.join(",\n"), images.join(",\n"));
        format!("{{\"study\":{study},\n\"trials\":[\n{trials}],\n\"images\":[\n{images}]}}")
    }
}

fn fitted(image: &Image, fit: Fit, ctx: &Context<'_>) -> Result<DisplayImage, StudyError> {
    if let Fit::Longest(pixels) = fit {
        return Ok(DisplayImage::at_most(pixels, image, ctx)?);
    }
    let whole = DisplayImage::from_image(image, ctx)?;
    let Fit::Crop { width, height, at } = fit else { return Ok(whole) };
    let (width, height) = (width.clamp(1, whole.width), height.clamp(1, whole.height));
    let (right, bottom) = (whole.width - width, whole.height - height);
    let (x, y) = at.map_or((right / 2, bottom / 2), |(x, y)| (x.min(right), y.min(bottom)));
    let rows = (y..y + height).flat_map(|y| {
        let start = 3 * (y * whole.width + x);
        &whole.rgb[start..start + 3 * width]
    });
    Ok(DisplayImage { width, height, rgb: rows.copied().collect() })
}

/// A JSON string, escaped for a script element.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '<' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// 64-bit hash.
///
/// Source: FNV-1a, 64 bits, and the last steps of `SplitMix64`.
fn hash<const N: usize>(parts: [&[u8]; N]) -> u64 {
    let bytes = parts.iter().copied().flatten();
    let h = bytes.fold(0xcbf2_9ce4_8422_2325u64, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    let h = (h ^ (h >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let h = (h ^ (h >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    h ^ (h >> 31)
}

fn digits(hash: u64) -> String {
    format!("{:012x}", hash >> 16)
}
