//! Animations of GIF, PNG and WebP: frames, times, loops and transparency, with one frame in memory.
//!
//! The format of still images codes each part of an animation; here are only the containers around the parts,
//! and the canvas that they are put on.

mod canvas;
mod changed;
#[cfg(feature = "gif")]
mod gif;
mod png;
#[cfg(feature = "webp")]
mod webp;
mod write;

use unband_image::{Image, Window};

use self::canvas::Canvas;
pub use self::write::AnimationWriter;
use crate::format::FormatEntry;
use crate::limits::mostly_empty;
use crate::{Error, Limits, format, orient};

/// The time that a frame is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay {
    /// Seconds, times the denominator.
    pub numerator: u32,
    /// Never 0.
    pub denominator: u32,
}

impl Delay {
    /// In seconds.
    pub fn seconds(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }
}

/// A frame as it is shown.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AnimationFrame {
    /// Its samples, always with alpha. Metadata and origin are those of the file.
    pub image: Image,
    /// The time that it is shown.
    pub delay: Delay,
}

/// The canvas after a part was shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Disposal {
    /// It stays.
    #[default]
    Keep,
    /// The part's area becomes transparent.
    Clear,
    /// The part's area becomes the earlier one again.
    Restore,
}

/// An image that is put on the canvas.
#[derive(Clone, Debug)]
struct FramePart {
    /// Its bytes in the file, with their headers.
    at: std::ops::Range<usize>,
    /// Its place on the canvas.
    window: Window,
    delay: Delay,
    disposal: Disposal,
    /// Is it put over the canvas by its alpha? Else it replaces the area, alpha included.
    blends: bool,
    /// The transparent index of a GIF.
    transparent: Option<u8>,
}

/// The parts of a file.
struct FrameParts {
    width: usize,
    height: usize,
    /// Number of times that it is played; 0 for ever.
    plays: u32,
    all: Vec<FramePart>,
}

/// A format's container around the parts.
struct Container {
    /// Name of the format.
    format: &'static str,
    /// The parts of a file; `None` for stills.
    parts: fn(&[u8]) -> Result<Option<FrameParts>, Error>,
    /// A part as a file of its own, in its own size.
    still: fn(&[u8], &FramePart) -> Vec<u8>,
    /// A still with the metadata of the file.
    head: fn(&[u8], &FrameParts) -> Vec<u8>,
    /// May frames exceed the canvas?
    cuts: bool,
    /// Are pixels put over the canvas alone? Then frames with transparency are written whole, and in others
    /// the pixels that stay are transparent.
    only_over: bool,
    /// The file of written stills.
    join: fn(&write::Written) -> Result<Vec<u8>, Error>,
}

const CONTAINERS: &[Container] = &[
    png::CONTAINER,
    #[cfg(feature = "webp")]
    webp::CONTAINER,
    #[cfg(feature = "gif")]
    gif::CONTAINER,
];

/// Does a file with these first bytes seem to be an animation? The number of frames is not known yet. In PNG,
/// it comes before the image; long texts or profiles may come before it.
pub fn begins_animation(head: &[u8]) -> bool {
    let webp = || head.get(8..16) == Some(b"WEBPVP8X") && head.get(20).is_some_and(|flags| flags & 2 != 0);
    match head.first_chunk() {
        Some(b"GIF8") => true,
        Some(b"\x89PNG") => head.windows(4).any(|name| name == b"acTL"),
        Some(b"RIFF") => webp(),
        _ => false,
    }
}

fn container_of(format: &FormatEntry) -> Option<&'static Container> {
    CONTAINERS.iter().find(|container| container.format == format.name)
}

impl FormatEntry {
    /// Are animations of this format read?
    pub fn reads_animations(&self) -> bool {
        container_of(self).is_some()
    }

    /// Are animations of this format written?
    pub fn writes_animations(&self) -> bool {
        container_of(self).is_some() && self.writes.is_some()
    }
}

/// An animation, read frame by frame.
pub struct Animation<'a> {
    bytes: &'a [u8],
    format: &'static FormatEntry,
    container: &'static Container,
    limits: Limits,
    parts: FrameParts,
    /// Metadata, colours and origin; its samples are not used.
    head: Image,
    orientation: u8,
    canvas: Option<Canvas>,
    next: usize,
}

impl<'a> Animation<'a> {
    /// Opens a file; `None` for stills, and for formats whose animations cannot be read.
    ///
    /// # Errors
    /// Damaged and truncated files, and canvases over the limits.
    pub fn open(bytes: &'a [u8], limits: &Limits) -> Result<Option<Self>, Error> {
        let Some(format) = crate::detect(bytes) else { return Ok(None) };
        let Some(container) = container_of(format) else { return Ok(None) };
        let Some(parts) = (container.parts)(bytes)? else { return Ok(None) };
        let (width, height) = (parts.width, parts.height);
        // The canvas, a copy of it for the caller, and one of the area to restore.
        limits.check(width as u64, height as u64, 12)?;
        if mostly_empty(width, height, bytes.len()) {
            return Err(Error::Truncated { format: format.name });
        }
        let inside = |part: &FramePart| part.window.x1 <= width && part.window.y1 <= height;
        if !container.cuts && !parts.all.iter().all(inside) {
            return Err(Error::damaged(format.name, "a frame is larger than the animation"));
        }
        let (mut head, orientation) =
            format::decoded(format.read, format, &(container.head)(bytes, &parts), limits)?;
        head.planes.truncate(head.planes.len().min(3));
        head.alpha = None;
        let limits = *limits;
        let (canvas, next) = (None, 0);
        Ok(Some(Self { bytes, format, container, limits, parts, head, orientation, canvas, next }))
    }

    /// Its format.
    pub fn format(&self) -> &'static FormatEntry {
        self.format
    }

    /// Width and height, before orientation.
    pub fn size(&self) -> (usize, usize) {
        (self.parts.width, self.parts.height)
    }

    /// Number of its frames, at least 2.
    pub fn frames(&self) -> usize {
        self.parts.all.len()
    }

    /// Number of times that it is played; 0 for ever.
    pub fn plays(&self) -> u32 {
        self.parts.plays
    }

    /// Its length in seconds, played once.
    pub fn seconds(&self) -> f64 {
        self.parts.all.iter().map(|part| part.delay.seconds()).sum()
    }

    /// The next frame; `None` after the last one.
    ///
    /// # Errors
    /// Damaged and truncated frames.
    pub fn next_frame(&mut self) -> Result<Option<AnimationFrame>, Error> {
        let Some(part) = self.parts.all.get(self.next) else { return Ok(None) };
        let still = (self.container.still)(self.bytes, part);
        let (image, _) = format::decoded(self.format.read, self.format, &still, &self.limits)?;
        let (w, h) = (part.window.width(), part.window.height());
        let like_head = image.color.model == self.head.color.model && image.depth == self.head.depth;
        if (image.width(), image.height()) != (w, h) || !like_head {
            let name = self.format.name;
            return Err(Error::damaged(name, format!("frame {} differs from its header", self.next + 1)));
        }
        let canvas = match &mut self.canvas {
            Some(canvas) => canvas,
            empty => {
                let FrameParts { width, height, .. } = self.parts;
                empty.insert(Canvas::new(width, height, image.planes.len(), image.depth)?)
            }
        };
        let (planes, alpha) = canvas.show(&image, part);
        let mut shown = Image { planes, alpha: Some(alpha), ..self.head.clone() };
        shown.origin.codec = image.origin.codec;
        shown.origin.block_step = image.origin.block_step;
        orient::apply(&mut shown, self.orientation)?;
        let delay = part.delay;
        self.next += 1;
        Ok(Some(AnimationFrame { image: shown, delay }))
    }

    /// Starts again at the first frame.
    pub fn rewind(&mut self) {
        (self.canvas, self.next) = (None, 0);
    }
}

/// A window of a size at a place.
fn window((x0, y0): (usize, usize), (width, height): (usize, usize)) -> Window {
    Window { x0, y0, x1: x0 + width, y1: y0 + height }
}
