//! Preparations of Kapoor's full-HD set, as in the papers.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};
use unband_image::Window;

use super::boxes::{self, Boxes, LabelledBox, signed};
use super::kapoor::{self, Files};
use super::manifest::{Failed, Header, SCHEMA};
use super::patches::Tiling;
use super::plan::{DatasetPlan, SourceWork, Task, shown, sum_of_sources};
use super::split::{Shares, Split, fill};
use super::{DatasetError, SourceFault};

/// The preparation of one paper.
#[derive(Debug, PartialEq, Eq)]
pub struct Preparation {
    /// The network trained with it.
    pub name: &'static str,
    /// Short title.
    pub title: &'static str,
    /// Publication and section that describe it.
    pub source: &'static str,
    /// Its seed, or GGDBN's if none is known.
    pub seed: u64,
    tiling: Tiling,
    /// Parts that are cut into patches; the others keep whole images.
    patches: &'static [Split],
    shares: Shares,
    /// Whether shares are of patches, not of images.
    by_patches: bool,
    /// Whether its authors published a script whose faults can be repeated.
    script: bool,
}

const BASE: Preparation = Preparation {
    name: "bdinn",
    title: "patches of 256, step 128, for training; whole images for validation and test; 60/20/20 by image",
    source: "BDINN §4.1",
    seed: 3407,
    tiling: Tiling::Patches { side: 256, step: 128 },
    patches: &[Split::Train],
    shares: Shares::PUBLISHED,
    by_patches: false,
    script: false,
};

/// All preparations; the first is the default.
pub static PREPARATIONS: &[Preparation] = &[
    BASE,
    Preparation {
        name: "ggdbn",
        title: "patches of 256, step 75, for training; whole images for validation and test; 60/20/20 by patches",
        source: "SCUT-SuFM/GGDBN data/data_prepare.py",
        tiling: Tiling::Patches { side: 256, step: 75 },
        by_patches: true,
        script: true,
        ..BASE
    },
    Preparation {
        name: "deepdeband",
        title: "patches of 256, step 128, for all three; 60/20/20 by image",
        source: "Zhou et al., ICIP 2022, with BDINN §4.1",
        patches: &Split::ALL,
        ..BASE
    },
    Preparation {
        name: "indi",
        title: "whole images, those without boxes too; 85/15/0 by image",
        source: "ksasso1028/indi-debanding tools/make_deband_set.ipynb",
        seed: 196_588,
        tiling: Tiling::Whole,
        patches: &[],
        shares: Shares::INDI,
        ..BASE
    },
];

/// Rule that decides which windows show banding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Variant {
    /// Windows that share a pixel with a box of banding.
    #[default]
    Fixed,
    /// Windows that the published script takes, faults included. It swaps rows and columns, uses the step as
    /// the height of a window and includes touching sides. It treats all labels but `nonbanded` as banding
    /// and ignores the image size in box files.
    Original,
}

/// Options of the dataset.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Kapoor {
    /// The preparation.
    pub preparation: &'static Preparation,
    /// The rule for windows.
    pub variant: Variant,
    /// Seed of the split; the preparation's own by default.
    pub seed: Option<u64>,
    /// Keep all frames of one video in one part. In the published splits they may be in several.
    pub whole_videos: bool,
}

impl Kapoor {
    /// The fixed rule, and the preparation's own split.
    pub fn new(preparation: &'static Preparation) -> Self {
        Self { preparation, variant: Variant::Fixed, seed: None, whole_videos: false }
    }
}

/// A pair without a part yet.
struct SourcePair {
    files: Files,
    /// Size of both images and windows with banding, or the fault and the index of its file.
    windows: Result<Windows, (usize, SourceFault)>,
}

struct Windows {
    size: (u64, u64),
    banded: Vec<Window>,
    all: usize,
}

/// Plans the work for each image of the set. Reads headers and boxes, decodes nothing.
///
/// # Errors
/// When the folder is not the set, or the preparation has no published script for the variant.
pub fn kapoor(root: &Path, asked: Kapoor) -> Result<DatasetPlan, DatasetError> {
    let preparation = asked.preparation;
    if asked.variant == Variant::Original && !preparation.script {
        return Err(DatasetError::NoOriginal { preparation: preparation.name });
    }
    let with_boxes = !preparation.patches.is_empty();
    let listing = kapoor::list(root, with_boxes)?;
    let seed = asked.seed.unwrap_or(preparation.seed);
    let sources_sha256 = sum_of_sources(root, listing.files.iter().flat_map(Files::all));
    let found: Vec<SourcePair> = listing
        .files
        .into_iter()
        .map(|files| SourcePair { windows: windows(root, &files, asked), files })
        .collect();
    let splits = splits(&found, asked, seed);
    let tasks: Vec<Task> =
        found.into_iter().zip(splits).map(|(found, split)| task(found, split, preparation)).collect();
    let header = Header {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        settings: settings(asked, seed),
        images: tasks.len(),
        sources_sha256,
        unpaired: listing.unpaired,
    };
    Ok(DatasetPlan { header, root: root.to_owned(), tasks })
}

fn settings(asked: Kapoor, seed: u64) -> Map<String, Value> {
    let variant = match asked.variant {
        Variant::Fixed => "fixed",
        Variant::Original => "original",
    };
    let settings = [
        ("set", json!("kapoor")),
        ("as", json!(asked.preparation.name)),
        ("variant", json!(variant)),
        ("seed", json!(seed)),
        ("whole_videos", json!(asked.whole_videos)),
    ];
    settings.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// The part of each pair.
fn splits(found: &[SourcePair], asked: Kapoor, seed: u64) -> Vec<Split> {
    let weight = |found: &SourcePair| match &found.windows {
        _ if !asked.preparation.by_patches => 1,
        Ok(windows) => windows.banded.len(),
        Err(_) => 0,
    };
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, found) in found.iter().enumerate() {
        let key = if asked.whole_videos { found.files.clip() } else { &found.files.stem };
        groups.entry(key).or_default().push(index);
    }
    let weights: Vec<usize> =
        groups.values().map(|group| group.iter().map(|&index| weight(&found[index])).sum()).collect();
    let mut splits = vec![Split::Test; found.len()];
    for (group, split) in groups.values().zip(fill(&weights, asked.preparation.shares, seed)) {
        for &index in group {
            splits[index] = split;
        }
    }
    splits
}

fn task(found: SourcePair, split: Split, preparation: &Preparation) -> Task {
    let SourcePair { files, windows } = found;
    let sources: Vec<_> = files.all().cloned().collect();
    let work = match windows {
        Err((source, fault)) => {
            SourceWork::Fail(Failed { file: shown(&sources[source]), reason: fault.to_string() })
        }
        Ok(Windows { size, banded, all }) if preparation.patches.contains(&split) => {
            SourceWork::Cut { size, dropped: all - banded.len(), windows: banded, whole: false }
        }
        Ok(Windows { size, .. }) => {
            let windows = Tiling::Whole.windows(size.0 as usize, size.1 as usize);
            SourceWork::Cut { size, windows, dropped: 0, whole: true }
        }
    };
    Task { name: files.stem, split, sources, work }
}

/// Size of a pair, and its windows with banding.
fn windows(root: &Path, files: &Files, asked: Kapoor) -> Result<Windows, (usize, SourceFault)> {
    let size = |source: usize, file: &Path| {
        unband_io::declared_size(&root.join(file)).map_err(|error| (source, error.into()))
    };
    let (lq, gt) = (size(0, &files.quantized)?, size(1, &files.clean)?);
    if lq != gt {
        return Err((0, SourceFault::Sizes { size: lq, other: "the clean image", other_size: gt }));
    }
    let Some(boxes) = &files.boxes else { return Ok(Windows { size: lq, banded: Vec::new(), all: 0 }) };
    let fault = |fault| (2, fault);
    let boxes = boxes::read(&root.join(boxes)).map_err(|error| fault(error.into()))?;
    let tiling = asked.preparation.tiling;
    let windows = tiling.windows(lq.0 as usize, lq.1 as usize);
    if let (Tiling::Patches { side, .. }, []) = (tiling, windows.as_slice()) {
        return Err((0, SourceFault::Small { size: lq, side }));
    }
    let all = windows.len();
    let banded = match asked.variant {
        Variant::Fixed => fixed(&boxes, lq, windows).map_err(fault)?,
        Variant::Original => original(&boxes, tiling, windows),
    };
    Ok(Windows { size: lq, banded, all })
}

fn fixed(boxes: &Boxes, size: (u64, u64), mut windows: Vec<Window>) -> Result<Vec<Window>, SourceFault> {
    if let Some(drawn_on) = boxes.size.filter(|&drawn_on| drawn_on != size) {
        return Err(SourceFault::Sizes { size: drawn_on, other: "its image", other_size: size });
    }
    let banding: Vec<&LabelledBox> = boxes.boxes.iter().filter(|labelled| labelled.is_banding()).collect();
    windows.retain(|&window| banding.iter().any(|labelled| labelled.touches(window)));
    Ok(windows)
}

/// The rule of GGDBN's script, unchanged.
fn original(boxes: &Boxes, tiling: Tiling, mut windows: Vec<Window>) -> Vec<Window> {
    let Tiling::Patches { side, step } = tiling else { return windows };
    let banding: Vec<[i64; 4]> = boxes
        .boxes
        .iter()
        .filter(|labelled| labelled.name != "nonbanded")
        .map(|labelled| labelled.corners.map(i64::from))
        .collect();
    windows.retain(|window| {
        let (row, column) = (signed(window.y0), signed(window.x0));
        let (right, bottom) = (row + signed(side), column + signed(step));
        banding.iter().any(|&[x0, y0, x1, y1]| right >= x0 && bottom >= y0 && x1 >= row && y1 >= column)
    });
    windows
}
