//! The named files, and the frames of their videos. The page knows their numbers alone, so it reaches no
//! other file.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use unband::calls::{CallError, ViewedImage, encoded};
use unband::io::Limits;
use unband::io::video::{FrameFormat, VideoFile, promises_video};
use unband::metrics::clock;
use unband::metrics::video::WorstFrame;
use unband::video::{VideoOptions, check_video, decode_options};
use unband::{Context, Image, Window};

use crate::inputs::{Input, exact};
use crate::videos::worst::{Advance, worst_frames};

/// Frames of a video that are shown: the most banded one of each shot.
const FRAMES: usize = 12;
/// Longer side of a thumbnail, in pixels.
const THUMB: usize = 160;

/// A file, or a frame.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// An image.
    Image(PathBuf),
    /// A video.
    Video(PathBuf),
    /// A frame of a video.
    Frame(Arc<FrameItem>),
}

/// A frame of a video, as it was decoded.
#[derive(Debug)]
pub(super) struct FrameItem {
    /// The number of its video.
    of: usize,
    /// Its video.
    pub video: Arc<VideoFile>,
    /// Its format.
    pub format: FrameFormat,
    /// Its samples.
    pub bytes: Arc<Vec<u8>>,
    /// Its name.
    name: String,
}

/// An item as the page shows it.
#[derive(Serialize)]
pub(super) struct ItemRecord {
    /// Its number.
    id: usize,
    name: String,
    kind: &'static str,
    /// Bytes of the file.
    size: u64,
}

/// All items; frames come when their video is asked for.
pub(super) struct Library(Mutex<Vec<Item>>);

impl Library {
    /// Of named files.
    pub(super) fn new(inputs: &[Input]) -> Self {
        let files = inputs.iter().filter_map(Input::file).map(std::path::Path::to_owned);
        let item = |path: PathBuf| if promises_video(&path) { Item::Video(path) } else { Item::Image(path) };
        Self(Mutex::new(files.map(item).collect()))
    }

    fn items(&self) -> std::sync::MutexGuard<'_, Vec<Item>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The named files.
    pub(super) fn records(&self) -> Vec<ItemRecord> {
        let items = self.items();
        let named = items.iter().enumerate().filter(|(_, item)| !matches!(item, Item::Frame(_)));
        named.map(|(id, item)| item.record(id)).collect()
    }

    /// An item by its number.
    ///
    /// # Errors
    /// No such item.
    pub(super) fn item(&self, id: usize) -> Result<Item, CallError> {
        self.items().get(id).cloned().ok_or_else(|| CallError::input(format!("no file has the number {id}")))
    }

    /// The most banded frames of a video, as items.
    ///
    /// # Errors
    /// A video that cannot be read; cancelled.
    pub(super) fn frames(
        &self,
        id: usize,
        advance: &Advance<'_>,
        ctx: &Context<'_>,
    ) -> Result<Vec<ItemRecord>, CallError> {
        let Item::Video(path) = self.item(id)? else {
            return Err(CallError::input(format!("number {id} is not a video")));
        };
        // Frames that were found before.
        let known = self.frames_of(id);
        if !known.is_empty() {
            return Ok(known);
        }
        let options = VideoOptions::default();
        let file = unband::io::video::probe(&path, &unband::io::video::Programs::default());
        let file = file.map_err(unband::Error::from)?;
        check_video(&file, &options)?;
        let part = decode_options(&file, &options)?;
        let failed = |failure: crate::reporter::Failure| CallError::input(failure.message);
        let found = worst_frames(&file, &part, &|_| true, FRAMES, advance, ctx).map_err(failed)?;
        let found = found.ok_or_else(|| CallError::from(unband::Error::Cancelled))?;
        let (video, format) = (Arc::new(file), found.format);
        let title = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let frame = |spot: WorstFrame| {
            let name = format!("{title} {}", clock(spot.place.seconds));
            let video = Arc::clone(&video);
            Item::Frame(Arc::new(FrameItem { of: id, video, format, bytes: spot.bytes, name }))
        };
        self.items().extend(found.spots.into_iter().map(frame));
        Ok(self.frames_of(id))
    }

    /// The frames of this video that are there.
    fn frames_of(&self, video: usize) -> Vec<ItemRecord> {
        let items = self.items();
        let own = |item: &Item| matches!(item, Item::Frame(frame) if frame.of == video);
        let frames = items.iter().enumerate().filter(|(_, item)| own(item));
        frames.map(|(id, item)| item.record(id)).collect()
    }
}

impl FrameItem {
    /// The frame as an image.
    ///
    /// # Errors
    /// Samples of another number than its format needs.
    pub(super) fn image(&self) -> Result<Image, CallError> {
        Ok(self.format.read(&self.bytes).map_err(unband::Error::from)?)
    }
}

impl Item {
    fn record(&self, id: usize) -> ItemRecord {
        let named = |path: &PathBuf, kind| {
            let size = std::fs::metadata(path).map_or(0, |about| about.len());
            let name =
                path.file_name().map_or_else(|| exact(path), |name| name.to_string_lossy().into_owned());
            ItemRecord { id, name, kind, size }
        };
        match self {
            Self::Image(path) => named(path, "image"),
            Self::Video(path) => named(path, "video"),
            Self::Frame(frame) => {
                ItemRecord { id, name: frame.name.clone(), kind: "frame", size: frame.bytes.len() as u64 }
            }
        }
    }

    /// The image for views.
    ///
    /// # Errors
    /// A file that cannot be read; a video.
    pub(super) fn viewed(&self, limits: &Limits) -> Result<ViewedImage, CallError> {
        match self {
            Self::Frame(frame) => Ok(ViewedImage::new(frame.image()?)),
            _ => ViewedImage::read(&self.bytes()?, limits),
        }
    }

    /// The bytes of an image's file.
    ///
    /// # Errors
    /// A file that cannot be read; another item.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, CallError> {
        let Self::Image(path) = self else {
            return Err(CallError::input("not an image".to_owned()));
        };
        std::fs::read(path).map_err(|error| {
            let message = format!("{}: {}", exact(path), unband::io::reason(&error));
            CallError::input(message)
        })
    }

    /// A small image, as PNG.
    ///
    /// # Errors
    /// As [`Item::viewed`].
    pub(super) fn thumbnail(&self, limits: &Limits, ctx: &Context<'_>) -> Result<Vec<u8>, CallError> {
        let viewed = self.viewed(limits)?;
        let (width, height) = (viewed.image().width(), viewed.image().height());
        let every = width.max(height).div_ceil(THUMB).max(1);
        let window = Window { x0: 0, y0: 0, x1: width, y1: height };
        let pixels = viewed.pixels(window, every, None, ctx)?;
        let rgb: Vec<u8> = pixels.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        let image = Image::from_rgb8(width.div_ceil(every), height.div_ceil(every), &rgb)?;
        encoded(&image, None)
    }
}
