//! The same result for all turns and mirrors of an image: our methods work on it in the one in which they all lie the same way.

use unband_image::inspect::{BandingMap, Findings};
use unband_image::{Codec, Context, Image, Turn};

use super::memory;
use crate::choose::{Act, Choices};
use crate::{Error, Options};

/// How an image lies while it is worked on.
pub(super) struct Lying {
    turn: Turn,
    size: (usize, usize),
}

impl Lying {
    /// For an image that has to be turned: networks see left and right differently, and dither's pattern has sides too. Methods
    /// of others run as their authors wrote them, on the image as it is; the coefficients of a JPEG file lie as they are.
    ///
    /// # Errors
    /// More memory than is allowed.
    pub fn of(
        image: &Image,
        findings: &Findings,
        choices: &Choices,
        options: &Options,
        ctx: &Context<'_>,
    ) -> Result<Option<Self>, Error> {
        let ours = choices.entry.ours && choices.act == Act::Restore;
        let stored = matches!(&image.origin.codec, Codec::Jpeg(origin) if origin.coefficients.is_some());
        if !ours || image.is_yuv() || stored {
            return Ok(None);
        }
        let size = (image.width(), image.height());
        let mut turn = Turn::canonical(image, ctx);
        if findings.half_chroma {
            // Chroma's pairs begin at the corner: they would end beyond an image of odd sides.
            turn.across &= size.0.is_multiple_of(2);
            turn.down &= size.1.is_multiple_of(2);
        }
        if turn.is_none() {
            return Ok(None);
        }
        let (needed, allowed) = (memory::turning(image, turn), options.max_memory.unwrap_or(u64::MAX));
        if needed > allowed {
            let (job, _) = memory::least(size, memory::planes(image), options, ctx)?;
            let needed = needed.max(job);
            return Err(memory::error(needed, allowed, false));
        }
        Ok(Some(Self { turn, size }))
    }

    /// Turns the image, and gives what is to be known of it then. Nothing that works on it looks at the map.
    pub fn turn(&self, image: &mut Image, findings: &Findings, ctx: &Context<'_>) -> Findings {
        self.turn.apply(image, ctx);
        let regions = findings.regions.as_ref().map(|regions| regions.turned(self.turn, self.size));
        Findings { regions, map: BandingMap::default(), ..findings.clone() }
    }

    /// Turns the result as the image was.
    pub fn turn_back(&self, image: &mut Image, ctx: &Context<'_>) {
        self.turn.back().apply(image, ctx);
    }
}
