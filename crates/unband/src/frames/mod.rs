//! Debanding of frames without files: for hosts that have them in memory.
//!
//! A video is a row of shots, and each shot gets one treatment:
//!
//! - Any order: [`Shot::inspect`] looks at up to eight frames of a shot. [`Shot::restore`] restores a frame
//!   by itself, and [`Shot::finish`] makes its result from the restored frames around it. All three are pure:
//!   frame n has the same bytes in whatever order and threads frames are asked for. [`ShotRanges`] has the
//!   shots, the frames to inspect and the neighbours of a frame. Memory: [`Shot::reach`] frames on each side.
//! - In order: [`FrameProcessor`] takes frames and gives finished ones. It finds the cuts and the shots'
//!   treatment by itself.
//!
//! Both take any [`Frame`]: an [`Image`](crate::Image) of grey, RGB or YUV samples in any subsampling, of 8
//! to 16 bits or floating point, or a [`PackedFrame`] of a decoder. Alpha is passed through.
//!
//! ```
//! use std::sync::Arc;
//! use unband::frames::{FrameOptions, Shot, ShotRanges};
//! use unband::{Context, Image};
//!
//! // A video of 96 frames: a slope of six bits that moves by a pixel per frame.
//! let frame = |n: u64| {
//!     let code = |i: usize| (i % 128 + n as usize) / 4 * 4;
//!     Image::from_gray(128, 48, &(0..128 * 48).map(|i| code(i) as u8).collect::<Vec<u8>>())
//! };
//! let (how, ctx) = (Arc::new(FrameOptions::default()), Context::default());
//! let ranges = ShotRanges::fixed(96, 1); // no cuts are known: windows of 48 frames
//!
//! let n = 50;
//! let range = ranges.at(n);
//! let looked = ranges.inspected(&range).map(frame).collect::<Result<Vec<_>, _>>()?;
//! let shot = Shot::inspect(&looked.iter().collect::<Vec<_>>(), &how, &ctx)?;
//! let near = ranges.near(n, &shot);
//! let at = (n - near.start) as usize;
//! let restored = near.map(|n| Ok(shot.restore(frame(n)?, n as u32, &ctx)?));
//! let restored = restored.collect::<Result<Vec<_>, Box<dyn std::error::Error>>>()?;
//! let smooth = shot.finish(&restored.iter().collect::<Vec<_>>(), at, &ctx)?;
//! assert_ne!(smooth.to_gray::<u8>()?, frame(n)?.to_gray::<u8>()?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod frame;
mod kept;
mod motion;
mod processor;
mod ranges;
mod restored;
mod shot;
mod squares;
mod stabilisation;
mod temporal;

pub use self::frame::{Frame, PackedFrame};
pub use self::processor::{DoneFrame, Finished, FrameProcessor};
pub use self::ranges::ShotRanges;
pub use self::shot::{Restored, Shot};
pub use self::temporal::Temporal;
pub use unband_image::cuts::Cuts;
pub use unband_image::frame::{FrameFormat, PixelFormat};

#[cfg(feature = "video")]
pub(crate) use self::frame::begins_shot;

use crate::Options;

/// Options for frames.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FrameOptions {
    /// As for images; [`crate::OutputDepth::Keep`] is the depth of the frames.
    pub options: Options,
    /// The use of neighbouring frames by unband's own methods.
    pub temporal: Temporal,
}

impl FrameOptions {
    /// Options for each frame, and the use of its neighbours.
    pub fn new(options: Options, temporal: Temporal) -> Self {
        Self { options, temporal }
    }

    /// Does the treatment depend on findings? Reimplemented methods do not use them.
    pub fn follows_findings(&self) -> bool {
        self.options.method.is_ours() || self.options.faithful == Some(true)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
