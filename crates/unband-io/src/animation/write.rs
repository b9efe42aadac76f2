//! Writing of animations: each frame as a still of its format, joined at the end.

use unband_image::{Image, Plane, Window};

use super::changed::changed;
use super::{Container, Delay, container_of};
use crate::format::{Dropped, FormatEntry, WriteOptions};
use crate::{Error, format};

/// A frame that is written.
pub(super) struct WrittenFrame {
    /// A file of the format with the area that differs from the frame before.
    pub(super) still: Vec<u8>,
    pub(super) window: Window,
    pub(super) delay: Delay,
}

/// All that a file is joined of.
pub(super) struct Written {
    /// Never empty. The first still has the whole size, and the metadata.
    pub(super) frames: Vec<WrittenFrame>,
    pub(super) size: (usize, usize),
    pub(super) plays: u32,
    pub(super) alpha: bool,
}

/// Writes an animation frame by frame. Of each frame, only the area is stored that differs from the frame
/// before. Memory: two frames, and the bytes of the file.
pub struct AnimationWriter {
    format: &'static FormatEntry,
    container: &'static Container,
    options: WriteOptions,
    last: Option<Image>,
    dropped: Vec<Dropped>,
    written: Written,
}

impl AnimationWriter {
    /// For a format that has animations, played `plays` times; 0 for ever.
    ///
    /// # Errors
    /// Formats without animations.
    pub fn new(format: &'static FormatEntry, plays: u32, options: WriteOptions) -> Result<Self, Error> {
        let container = container_of(format).filter(|_| format.writes.is_some());
        let container = container.ok_or(Error::OneImage { format: format.name })?;
        let written = Written { frames: Vec::new(), size: (0, 0), plays, alpha: false };
        Ok(Self { format, container, options, last: None, dropped: Vec::new(), written })
    }

    /// Adds a frame. The file gets the metadata of the first one.
    ///
    /// # Errors
    /// Images that the format cannot hold, and frames of another size, depth or model than the first.
    pub fn put(&mut self, image: Image, delay: Delay) -> Result<(), Error> {
        let size = (image.width(), image.height());
        let whole = super::window((0, 0), size);
        let window = match &self.last {
            None => {
                (self.written.size, self.written.alpha) = (size, image.alpha.is_some());
                whole
            }
            Some(last) if is_like(last, &image) => {
                let is_whole = self.container.only_over && image.alpha.is_some();
                if is_whole { whole } else { changed(last, &image) }
            }
            Some(_) => {
                let what = "a frame differs from the first one in size, depth or model";
                return Err(Error::encode(self.format.name, what));
            }
        };
        let mut still = Vec::new();
        if self.last.is_none() {
            self.dropped = format::write(&image, self.format, &self.options, &mut still)?;
        } else {
            let mut part = image.cut(window);
            part.metadata = unband_image::Metadata::default();
            if let Some(last) =
                self.last.as_ref().filter(|_| self.container.only_over && image.alpha.is_none())
            {
                part.alpha = Some(differing(&last.cut(window), &part));
            }
            format::write(&part, self.format, &self.options, &mut still)?;
        }
        self.written.frames.push(WrittenFrame { still, window, delay });
        self.last = Some(image);
        Ok(())
    }

    /// The file, and the properties that it cannot hold.
    ///
    /// # Errors
    /// No frames, and times that the format cannot hold.
    pub fn finish(self) -> Result<(Vec<u8>, Vec<Dropped>), Error> {
        if self.written.frames.is_empty() {
            return Err(Error::encode(self.format.name, "an animation needs at least one frame"));
        }
        Ok(((self.container.join)(&self.written)?, self.dropped))
    }
}

/// 1 where a sample differs.
fn differing(a: &Image, b: &Image) -> Plane {
    let mut found = Plane::filled(b.width(), b.height(), 0.0);
    for (a, b) in a.planes.iter().zip(&b.planes) {
        let pairs = a.data.iter().zip(&b.data).zip(&mut found.data);
        pairs.filter(|((a, b), _)| a.to_bits() != b.to_bits()).for_each(|(_, found)| *found = 1.0);
    }
    found
}

fn is_like(a: &Image, b: &Image) -> bool {
    (a.width(), a.height(), a.depth, a.alpha.is_some(), a.color.model)
        == (b.width(), b.height(), b.depth, b.alpha.is_some(), b.color.model)
}

/// Whole units of time of each frame. The sum is exact to half a unit at each frame: no drift adds up.
pub(super) fn units(frames: &[WrittenFrame], per_second: f64) -> impl Iterator<Item = u64> {
    let mut seconds = 0.0;
    let mut before = 0.0;
    frames.iter().map(move |frame| {
        seconds += frame.delay.seconds();
        let end = (seconds * per_second).round();
        let units = end - before;
        before = end;
        units as u64
    })
}
