//! Canonical orientation: the same result for all turns and mirrors of an image.

use unband_image::findings::{BandingMap, Findings};
use unband_image::{Codec, Context, Image, Turn, With};

use super::memory;
use crate::choose::{Act, Choices};
use crate::{Error, Options};

/// The orientation in which an image is processed.
pub(super) struct Oriented {
    turn: Turn,
    size: (usize, usize),
}

impl Oriented {
    /// The canonical orientation; `None` where the image already has it or must not be reoriented.
    ///
    /// Networks treat left and right differently, and the dither pattern has sides too.
    ///
    /// # Errors
    /// More memory than is allowed.
    pub(super) fn new(
        image: &Image,
        findings: &Findings,
        choices: &Choices,
        options: &Options,
        ctx: &Context<'_>,
    ) -> Result<Option<Self>, Error> {
        if image.is_yuv() || !may_be_arranged(image, choices) {
            return Ok(None);
        }
        let size = (image.width(), image.height());
        let mut turn = Turn::canonical(image, ctx);
        if findings.half_chroma {
            // Chroma pairs start at the corner: with odd sides they would end past the image's border.
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

    /// Reorients the image and returns its findings in that orientation. The banding map is dropped: no later
    /// step uses it.
    pub(super) fn turn(&self, image: &mut Image, findings: &Findings, ctx: &Context<'_>) -> Findings {
        self.turn.apply(image, ctx);
        let regions = findings.regions.as_ref().map(|regions| regions.turned(self.turn, self.size));
        let dither = findings.dither.as_ref().map(|dither| dither.turned(self.turn, self.size));
        findings.clone().but(|new| {
            new.dither = dither;
            new.regions = regions;
            new.map = BandingMap::default();
        })
    }

    /// Restores the original orientation of the result.
    pub(super) fn turn_back(&self, image: &mut Image, ctx: &Context<'_>) {
        self.turn.back().apply(image, ctx);
    }
}

/// May an image be turned or completed for the work? Reimplementations run on it as it is, like the original
/// programs. Stored JPEG coefficients have a fixed orientation and place.
pub(super) fn may_be_arranged(image: &Image, choices: &Choices) -> bool {
    let stored = matches!(&image.origin.codec, Codec::Jpeg(origin) if origin.coefficients.is_some());
    choices.method.entry().ours && choices.act == Act::Restore && !stored
}
