//! A shot: its findings, and the work on each of its frames, in any order and in any thread.

use std::sync::{Arc, OnceLock};

use unband_image::context::NoProgress;
use unband_image::findings::{BandingMap, Dithering, Findings, GridRegions, Space};
use unband_image::{Codec, Context, Depth, Image, Plane, Restorer, Rng, With};

use super::kept::{KeptFrame, stored};
use super::restored::restored;
use super::{Frame, FrameOptions, Temporal, motion, stabilisation};
use crate::choose::{Act, Choices, choose, declared};
use crate::jobs::confine::confine_all;
use crate::jobs::round::{Rounding, round};
use crate::verdict::{Grade, GradedFindings, look_at_frame};
use crate::{Error, Options, OutputDepth, Reason};

/// A shot with its findings and its method.
///
/// It holds no frames: [`Shot::restore`] and [`Shot::finish`] give the same bytes in any order, in any number
/// of threads, and for any number of threads in the [`Context`].
pub struct Shot {
    how: Arc<FrameOptions>,
    /// Depth of results.
    depth: Depth,
    pub(crate) findings: Findings,
    pub(crate) grade: Grade,
    pub(crate) choices: Choices,
    /// The method, if it works on codes; `None` where it turned out not to.
    by_codes: OnceLock<Option<Box<dyn Restorer>>>,
}

/// A frame of a shot, restored by itself, before its mean with its neighbours.
pub struct Restored<F> {
    /// `None` once it was taken back.
    pub(super) source: Option<F>,
    pub(super) number: u32,
    pub(super) state: State<F>,
}

#[allow(clippy::large_enum_variant)] // a few at a time
pub(super) enum State<F> {
    /// The result.
    Done(Option<F>),
    /// Restored, not rounded.
    Kept(KeptFrame),
}

/// Memory for reuse: allocating costs more than some steps.
pub(super) struct Memory<F> {
    pub(super) planes: Vec<Vec<Plane>>,
    pub(super) kept: Vec<KeptFrame>,
    pub(super) frames: Vec<F>,
    moved: motion::Moved,
}

impl<F> Default for Memory<F> {
    fn default() -> Self {
        Self { planes: Vec::new(), kept: Vec::new(), frames: Vec::new(), moved: motion::Moved::new() }
    }
}

impl Shot {
    /// Frames that [`Shot::inspect`] needs at most: more of them change hardly any finding.
    pub const INSPECTED: usize = 8;

    /// Inspects frames of a shot, spread over its length ([`inspected`](super::ShotRanges::inspected)). Their
    /// order does not matter.
    ///
    /// # Errors
    /// No frames, unknown methods and settings, options out of range, and as [`Frame::read`].
    pub fn inspect<F: Frame>(
        frames: &[&F],
        how: &Arc<FrameOptions>,
        ctx: &Context<'_>,
    ) -> Result<Self, Error> {
        let looks = frames.iter().map(|frame| {
            ctx.check()?;
            Self::of_frame(&frame.read(Vec::new())?, how, ctx)
        });
        let shot = Self::settled(looks.collect::<Result<_, _>>()?);
        shot.ok_or_else(|| Error::Image("a shot is inspected by at least one of its frames".to_owned()))
    }

    /// Inspects one frame. Reimplemented methods do not use findings.
    pub(crate) fn of_frame(image: &Image, how: &Arc<FrameOptions>, ctx: &Context<'_>) -> Result<Self, Error> {
        let seen = if how.follows_findings() {
            let GradedFindings { findings, grade } = look_at_frame(image, ctx);
            GradedFindings { findings: declared(findings, image, &how.options), grade }
        } else {
            let findings = Findings::plain(image.planes.len(), image.depth.bits());
            GradedFindings { findings, grade: Grade::None }
        };
        Self::new(image, seen, how)
    }

    /// The shot of known findings; `image` is any frame of it.
    ///
    /// A frame that needs no repair at its own depth stays unchanged: a higher output depth is a reason to
    /// change it only where the frame was dithered from such a depth.
    pub(crate) fn new(image: &Image, seen: GradedFindings, how: &Arc<FrameOptions>) -> Result<Self, Error> {
        let GradedFindings { findings, grade } = seen;
        let findings = findings.but(|new| new.map = BandingMap::default());
        let depth = how.options.depth.resolve(image.depth);
        let own_depth = Options { depth: OutputDepth::Keep, ..how.options.clone() };
        // Dither says what the higher depth has more than the frame.
        let options = if findings.dither.is_some() { &how.options } else { &own_depth };
        let choices = choose(image, &findings, options)?;
        let own = choices.method.entry().ours || choices.faithful.keeps();
        let choices = Choices { depth: if own { Depth::F32 } else { depth }, ..choices };
        Ok(Self { how: Arc::clone(how), depth, findings, grade, choices, by_codes: OnceLock::new() })
    }

    /// One shot of several inspected frames. It is restored if any of them needs it, for the most frequent
    /// degradation and its median severity; its grade is the worst. `None` without frames.
    ///
    /// A dither that its frames have in common is that of all; where each frame has its own, all are left.
    ///
    /// The order of the frames does not matter: a reversed video gets the same treatment.
    pub(crate) fn settled(mut looks: Vec<Self>) -> Option<Self> {
        let grade = looks.iter().map(|look| look.grade).max()?;
        if looks.iter().any(|look| !look.leaves()) {
            looks.retain(|look| !look.leaves());
        }
        let kind = |look: &Self| (look.findings.cause as u8, look.findings.space == Space::Rgb);
        let often = |this| looks.iter().filter(|look| kind(look) == this).count();
        let most = looks.iter().map(kind).max_by_key(|&this| (often(this), this))?;
        looks.retain(|look| kind(look) == most);
        let dithers: Vec<_> = looks.iter().map(|look| look.findings.dither.as_ref()).collect();
        let dither = Dithering::shared(&dithers);
        if dithers.iter().any(|own| own.is_some() == dither.is_some()) {
            looks.retain(|look| look.findings.dither.is_some() == dither.is_some());
        } else {
            for look in &mut looks {
                look.choices.act = Act::Leave(Reason::NothingFound);
            }
        }
        let regions = joined(&looks);
        let bad = |look: &Self| (look.findings.coded_codes, look.findings.banded_share);
        looks.sort_by(|a, b| {
            let ((a, a_share), (b, b_share)) = (bad(a), bad(b));
            a.total_cmp(&b).then(a_share.total_cmp(&b_share))
        });
        let middle = looks.len() / 2;
        let mut look = looks.swap_remove(middle);
        (look.findings.regions, look.findings.dither, look.grade) = (regions, dither, grade);
        Some(look)
    }

    /// Its findings.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Grade of its worst inspected frame.
    pub fn grade(&self) -> Grade {
        self.grade
    }

    /// Do its frames stay unchanged, but for their depth?
    pub fn leaves(&self) -> bool {
        matches!(self.choices.act, Act::Leave(_) | Act::Regrid)
    }

    /// The method that changes its frames.
    pub fn method(&self) -> Option<&'static str> {
        (!self.leaves()).then(|| self.choices.method.name())
    }

    /// Neighbours on each side that [`Shot::finish`] uses: 0 to 2.
    pub fn reach(&self) -> usize {
        if self.keeps() { self.how.temporal.reach() } else { 0 }
    }

    /// Are frames kept for a mean, in place of finished at once?
    fn keeps(&self) -> bool {
        !self.leaves() && (self.choices.method.entry().ours || self.choices.faithful.keeps())
    }

    /// Restores a frame by itself. `number`: its number in the video, which sets the dither of results of 8
    /// bits.
    ///
    /// # Errors
    /// Methods that cannot process such images, too little memory, cancelled, and as [`Frame::read`].
    pub fn restore<F: Frame>(&self, frame: F, number: u32, ctx: &Context<'_>) -> Result<Restored<F>, Error> {
        self.restore_in(frame, number, &mut Memory::default(), ctx)
    }

    pub(super) fn restore_in<F: Frame>(
        &self,
        source: F,
        number: u32,
        memory: &mut Memory<F>,
        ctx: &Context<'_>,
    ) -> Result<Restored<F>, Error> {
        ctx.check()?;
        let ctx = &self.context(number, ctx);
        if self.leaves() {
            let result = source.in_depth(self.depth, memory.frames.pop(), ctx)?;
            return Ok(Restored { source: Some(source), number, state: State::Done(Some(result)) });
        }
        if !self.keeps()
            && let Some(result) = self.on_codes(&source, memory, ctx)?
        {
            return Ok(Restored { source: Some(source), number, state: State::Done(Some(result)) });
        }
        let image = source.read(memory.planes.pop().unwrap_or_default())?;
        let (findings, choices, options) = (&self.findings, &self.choices, &self.how.options);
        if !self.keeps() {
            let result = restored(image, findings, choices, options, ctx)?;
            let done = source.with_samples(&result, memory.frames.pop())?;
            memory.planes.push(result.planes);
            return Ok(Restored { source: Some(source), number, state: State::Done(Some(done)) });
        }
        let spare = memory.kept.pop().unwrap_or_default();
        let came = stored(&image, spare.source, ctx);
        let result = restored(image, findings, choices, options, ctx)?;
        let kept = KeptFrame::new(came, &result, self.how.temporal, spare.result, ctx);
        memory.planes.push(result.planes);
        Ok(Restored { source: Some(source), number, state: State::Kept(kept) })
    }

    /// The result of a frame that keeps its samples: they have the depth of the others.
    pub(super) fn unrepaired<F: Frame>(
        &self,
        frame: &Restored<F>,
        memory: &mut Memory<F>,
        ctx: &Context<'_>,
    ) -> Result<F, Error> {
        let Some(source) = &frame.source else { return frame.done() };
        source.in_depth(self.depth, memory.frames.pop(), &self.context(frame.number, ctx))
    }

    /// The result of a method that works directly on the frames' codes, without images.
    fn on_codes<F: Frame>(
        &self,
        frame: &F,
        memory: &mut Memory<F>,
        ctx: &Context<'_>,
    ) -> Result<Option<F>, Error> {
        let run = |method: &dyn Restorer, spare| frame.restore_codes(method, self.depth, spare, ctx);
        match self.by_codes.get() {
            Some(Some(method)) => run(&**method, memory.frames.pop()),
            Some(None) => Ok(None),
            None => {
                let image = frame.read(memory.planes.pop().unwrap_or_default())?;
                let method = (self.choices.prepare)(&image, &self.findings, ctx)?;
                memory.planes.push(image.planes);
                let done = run(&*method, memory.frames.pop())?;
                let _ = self.by_codes.set(done.is_some().then_some(method));
                Ok(done)
            }
        }
    }

    /// Finishes the frame at a place of a run: a mean with its neighbours, kept in its intervals, rounded.
    ///
    /// `run`: the frame, and in order the frames before and after it, as far as the shot has them, up to
    /// [`Shot::reach`] on each side; more are not used. Fewer give another result.
    ///
    /// # Errors
    /// A run whose numbers do not follow each other, and as [`Frame::read`].
    pub fn finish<F: Frame>(&self, run: &[&Restored<F>], at: usize, ctx: &Context<'_>) -> Result<F, Error> {
        self.finish_in(run, at, &mut Memory::default(), ctx)
    }

    pub(super) fn finish_in<F: Frame>(
        &self,
        run: &[&Restored<F>],
        at: usize,
        memory: &mut Memory<F>,
        ctx: &Context<'_>,
    ) -> Result<F, Error> {
        let in_order = run.windows(2).all(|pair| pair[0].number.checked_add(1) == Some(pair[1].number));
        let Some(frame) = run.get(at).filter(|_| in_order) else {
            let numbers: Vec<u32> = run.iter().map(|frame| frame.number).collect();
            return Err(Error::Image(format!(
                "frames {numbers:?} do not follow each other, or have no place {at}"
            )));
        };
        let (State::Kept(_), Some(came)) = (&frame.state, &frame.source) else { return frame.done() };
        ctx.check()?;
        let ctx = &self.context(frame.number, ctx);
        let reach = self.how.temporal.reach();
        let of = |i: usize| run[i].kept();
        let behind = (at.saturating_sub(reach)..at).rev().map_while(of).count();
        let with = (at + 1..run.len().min(at + 1 + reach)).map_while(of).count();
        let source = came.read(memory.planes.pop().unwrap_or_default())?;
        let mut image = like(&source, memory.planes.pop().unwrap_or_default());
        let lossy = matches!(source.origin.codec, Codec::Lossy(_)) || self.findings.lossy;
        match self.how.temporal {
            Temporal::Off | Temporal::Still => {
                let reach = with.min(behind);
                let run: Vec<&KeptFrame> = (at - reach..=at + reach).filter_map(of).collect();
                stabilisation::mean(&run, lossy, &source.planes, &mut image.planes, ctx);
            }
            Temporal::Motion => {
                let run: Vec<&KeptFrame> = (at - behind..=at + with).filter_map(of).collect();
                let limits = motion::Limits::from_lossy(lossy);
                let (planes, moved) = (&mut image.planes, &mut memory.moved);
                motion::restored(&run, behind, limits, &source.planes, planes, moved, ctx);
            }
        }
        // Intervals of red, green and blue are wider than the frame's codes.
        if self.choices.faithful.keeps() && self.findings.space != Space::Rgb {
            confine_all(&mut image, &source, &self.findings, ctx);
        }
        let Options { dither, locked, .. } = self.how.options;
        round(&mut image, Some(&source), Rounding { depth: self.depth, dither, locked }, ctx);
        let result = came.with_samples(&image, memory.frames.pop())?;
        memory.planes.extend([source.planes, image.planes]);
        Ok(result)
    }

    fn context<'c>(&self, number: u32, ctx: &Context<'c>) -> Context<'c> {
        // Noise that changes from frame to frame is less visible than static noise; above eight bits both are
        // invisible. Methods of others have their own noise at every depth.
        let moves = self.depth.bits() <= 8 || !self.choices.method.entry().ours;
        let frame = if moves { number } else { 0 };
        (*ctx).but(|new| {
            new.rng = Rng::new(self.how.options.seed);
            new.progress = &NoProgress;
            new.frame = frame;
            new.output = Some(self.depth);
        })
    }
}

impl<F: Frame> Restored<F> {
    /// A frame that is not restored.
    pub(super) fn waiting(source: F, number: u32) -> Self {
        Self { source: Some(source), number, state: State::Done(None) }
    }

    /// Number of the frame in the video.
    pub fn number(&self) -> u32 {
        self.number
    }

    pub(super) fn kept(&self) -> Option<&KeptFrame> {
        match &self.state {
            State::Kept(kept) => Some(kept),
            State::Done(_) => None,
        }
    }

    fn done(&self) -> Result<F, Error> {
        match &self.state {
            State::Done(Some(result)) => Ok(result.clone()),
            State::Done(None) | State::Kept(_) => Err(Error::Image("the frame is not finished".to_owned())),
        }
    }

    /// The frame, and its result if it was made at once.
    pub(super) fn taken(&mut self, finished: Option<F>) -> (Option<F>, Option<F>) {
        let at_once = match &mut self.state {
            State::Done(result) => result.take(),
            State::Kept(_) => None,
        };
        (self.source.take(), finished.or(at_once))
    }

    /// The same result for the next frame, which is identical, without its source.
    pub(super) fn again(&self, temporal: Temporal, ctx: &Context<'_>) -> Option<Self> {
        let kept = self.kept()?.again(temporal, ctx);
        Some(Self { source: None, number: self.number + 1, state: State::Kept(kept) })
    }
}

/// Regions where the grid applies in any frame; `None` where it applies everywhere in one.
fn joined(looks: &[Shot]) -> Option<GridRegions> {
    let mut all = looks.iter().map(|look| look.findings.regions.clone());
    let mut regions = all.next()??;
    for other in all {
        let other = other?;
        if other.holds.len() != regions.holds.len() {
            return None;
        }
        for (holds, also) in regions.holds.iter_mut().zip(&other.holds) {
            *holds = [0, 1, 2].map(|plane| holds[plane] || also[plane]);
        }
    }
    Some(regions)
}

/// An image of the same size and colours, in reused memory; its samples are arbitrary.
fn like(image: &Image, mut planes: Vec<Plane>) -> Image {
    planes.resize_with(image.planes.len(), || Plane::filled(0, 0, 0.0));
    for (to, from) in planes.iter_mut().zip(&image.planes) {
        (to.width, to.height) = (from.width, from.height);
        to.data.resize(from.data.len(), 0.0);
    }
    let mut like = Image::new(planes, image.color.model, image.depth);
    like.color = image.color;
    like
}
