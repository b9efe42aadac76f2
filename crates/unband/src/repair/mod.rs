//! Repairs around the method: one for each kind of damage that the method alone does not undo.
//!
//! [`REPAIRS`] is the table, in the order of work. A repair is one file and one line of it.

mod alpha;
mod bars;
pub(crate) mod black_white;
mod chroma;
mod distances;
mod earlier;
pub(crate) mod grey;
mod jpeg;
pub(crate) mod neighbours;
mod resized;
mod ringing;
pub(crate) mod truncated;

use unband_image::findings::Findings;
use unband_image::{Context, Image, RestoreError, Restorer};

use self::black_white::BlackWhiteRange;
use self::earlier::{EarlierCompression, EarlierCompressionImage};
use self::grey::GreyAreas;
use self::truncated::CentredCodes;
use crate::choose::{Act, Choices};
use crate::{Error, Options};

/// All repairs, in order.
pub(crate) static REPAIRS: &[&dyn Repair] = &[
    &bars::Bars,
    &black_white::BlackWhite,
    &truncated::Truncated,
    &resized::Resized,
    &ringing::Ringing,
    &jpeg::JpegFile,
    &chroma::HalfChroma,
    &jpeg::EarlierJpeg,
    &grey::Grey,
    &alpha::BandedAlpha,
];

/// A repair. Its steps do nothing unless they are written.
pub(crate) trait Repair: Sync {
    /// Do the findings call for it? Its steps may look at the image, too.
    fn applies(&self, findings: &Findings) -> bool;

    /// Is it done around reimplemented methods, too?
    fn is_for_all_methods(&self) -> bool {
        false
    }

    /// Before the method is prepared: changes samples, finds areas, or sets the image that is restored.
    fn before(&self, _work: &mut Work<'_>) {}

    /// The restorer inside this repair.
    fn wrap(&self, _work: &Work<'_>, inner: Box<dyn Restorer>) -> Wrapped {
        Wrapped::Open(inner)
    }

    /// After all colours are done.
    ///
    /// # Errors
    /// Those of `deband`, which debands another image.
    fn after(&self, _done: &mut Done<'_>, _deband: Deband<'_>) -> Result<(), Error> {
        Ok(())
    }
}

/// Debands an image with known findings.
pub(crate) type Deband<'a> = &'a dyn Fn(Image, Findings, &Options) -> Result<Image, Error>;

/// A restorer inside a repair.
pub(crate) enum Wrapped {
    /// More repairs and the intervals of samples follow.
    Open(Box<dyn Restorer>),
    /// Its results are inside intervals that are tighter than those of samples: nothing follows.
    Bounded(Box<dyn Restorer>),
}

/// An image in work.
pub(crate) struct Work<'a> {
    pub(crate) image: &'a mut Image,
    pub(crate) findings: &'a Findings,
    pub(crate) choices: &'a Choices,
    pub(crate) ctx: &'a Context<'a>,
    /// Is it a still image, not a frame?
    pub(crate) still: bool,
    /// Areas of exact black and white.
    pub(crate) ends: Option<BlackWhiteRange>,
    /// Grey areas.
    pub(crate) neutral: Option<GreyAreas>,
    /// Samples that were moved to the centres of their intervals.
    pub(crate) centred: Option<CentredCodes>,
    /// The image that the method restores in place of this one.
    earlier: Option<EarlierCompressionImage>,
}

/// A finished image.
pub(crate) struct Done<'a> {
    pub(crate) image: &'a mut Image,
    pub(crate) findings: &'a Findings,
    pub(crate) choices: &'a Choices,
    pub(crate) options: &'a Options,
    /// Was its alpha repaired?
    pub(crate) alpha_repaired: bool,
}

impl<'a> Work<'a> {
    /// Does all that comes before the method.
    pub(crate) fn begin(
        image: &'a mut Image,
        findings: &'a Findings,
        choices: &'a Choices,
        still: bool,
        ctx: &'a Context<'a>,
    ) -> Self {
        let (ends, neutral, centred, earlier) = (None, None, None, None);
        let mut work = Self { image, findings, choices, ctx, still, ends, neutral, centred, earlier };
        if choices.act == Act::Restore {
            work.repairs().for_each(|repair| repair.before(&mut work));
        }
        work
    }

    /// The restorer with all repairs around it, and whether its results are inside their intervals already;
    /// `None` where nothing is restored.
    ///
    /// # Errors
    /// Those of the method's preparation.
    pub(crate) fn restorer(&mut self) -> Result<Option<Wrapped>, RestoreError> {
        let (choices, ctx) = (self.choices, self.ctx);
        if choices.act != Act::Restore {
            return Ok(None);
        }
        let mut inner: Box<dyn Restorer> = match self.earlier.take() {
            Some(EarlierCompressionImage { image, findings, shares }) => {
                let inner = (choices.prepare)(&image, &findings, ctx)?;
                Box::new(EarlierCompression::new(inner, image, shares))
            }
            None => (choices.prepare)(self.image, self.findings, ctx)?,
        };
        for repair in self.repairs() {
            inner = match repair.wrap(self, inner) {
                Wrapped::Open(inner) => inner,
                bounded @ Wrapped::Bounded(_) => return Ok(Some(bounded)),
            };
        }
        Ok(Some(Wrapped::Open(inner)))
    }

    fn repairs(&self) -> impl Iterator<Item = &'static dyn Repair> + use<> {
        let fits = |repair: &&dyn Repair, findings: &Findings, ours: bool| {
            (ours || repair.is_for_all_methods()) && repair.applies(findings)
        };
        let ours = self.choices.method.entry().ours;
        let all = REPAIRS.iter().copied().filter(|repair| fits(repair, self.findings, ours));
        all.collect::<Vec<_>>().into_iter()
    }
}

impl Done<'_> {
    /// Does all that comes after the colours.
    ///
    /// # Errors
    /// Those of `deband`.
    pub(crate) fn end(&mut self, deband: Deband<'_>) -> Result<(), Error> {
        for repair in REPAIRS.iter().filter(|repair| repair.applies(self.findings)) {
            repair.after(self, deband)?;
        }
        Ok(())
    }
}
