//! Frame-by-frame debanding: shot starts, inspection and restoration.

use std::collections::VecDeque;
use std::sync::Arc;

use unband_image::context::NoProgress;
use unband_image::{Context, Depth, Image, Model, Plane, Restorer, Rng, With};
use unband_video::FrameFormat;

use super::kept::{KeptFrame, stored};
use super::source::FrameSource;
use super::temporal::{STILL_REACH, Temporal};
use super::treatment::{Treatment, keep, look, restored, round};
use super::{motion, stabilisation};
use crate::{Error, Options};

/// Frames between two inspections of a shot that was not inspected as a whole before.
const LOOK_EVERY: u32 = 24;

/// Result status of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DoneFrame {
    /// Is it the first frame of a shot?
    pub(super) begins_shot: bool,
    /// Does any sample differ?
    pub(super) changed: bool,
}

/// A finished frame.
pub(super) struct Finished<T> {
    /// The caller's tag.
    pub(super) tag: T,
    /// The source bytes: memory for another frame.
    pub(super) bytes: Vec<u8>,
    pub(super) done: DoneFrame,
    /// The method that changed it; `None` if unchanged.
    pub(super) method: Option<&'static str>,
}

/// Debands frames, in order.
pub(super) struct Frames<'a, T> {
    options: &'a Options,
    temporal: Temporal,
    ctx: Context<'a>,
    from: FrameFormat,
    to: FrameFormat,
    /// Treatment of the current shot, and the number of frames since its inspection.
    shot: Option<(Arc<Treatment>, u32)>,
    /// Number of the frame since [`Frames::restart`].
    number: u32,
    /// Finished frames that serve as neighbours, then those that wait for neighbours.
    window: VecDeque<Held<T>>,
    out: usize,
    codes: ByCodes,
    /// Buffers for reuse: allocating costs more than some processing steps.
    spare: Vec<Vec<Plane>>,
    spare_kept: Vec<KeptFrame>,
    spare_out: Vec<Vec<u8>>,
    moved: motion::Moved,
}

/// A frame in process.
struct Held<T> {
    tag: Option<T>,
    bytes: Vec<u8>,
    /// Is it independent of the frame before?
    begins: bool,
    begins_shot: bool,
    method: Option<&'static str>,
    number: u32,
    state: State,
}

enum State {
    /// The result, and whether any sample differs.
    DoneFrame(Vec<u8>, bool),
    /// Restored without its neighbours.
    Restored(KeptFrame, Arc<Treatment>),
}

/// A method that works directly on the frames' codes, without images.
enum ByCodes {
    /// Not checked yet.
    Unknown,
    None,
    /// Prepared for frames of this format.
    Method(Box<dyn Restorer>),
}

impl<'a, T> Frames<'a, T> {
    /// For source frames in format `from` and results in format `to`.
    pub(super) fn new(
        (options, temporal): (&'a Options, Temporal),
        from: FrameFormat,
        to: FrameFormat,
        ctx: &Context<'a>,
    ) -> Self {
        // Progress is reported in frames.
        let ctx = (*ctx).but(|new| {
            new.rng = Rng::new(options.seed);
            new.progress = &NoProgress;
        });
        Self {
            options,
            temporal,
            ctx,
            from,
            to,
            shot: None,
            number: 0,
            window: VecDeque::new(),
            out: 0,
            codes: ByCodes::Unknown,
            spare: Vec::new(),
            spare_kept: Vec::new(),
            spare_out: Vec::new(),
            moved: motion::Moved::new(),
        }
    }

    /// Resets the state: the next frame does not depend on earlier ones.
    pub(super) fn restart(&mut self) {
        (self.shot, self.number) = (None, 0);
    }

    /// Adds a frame. `begins_shot`: it is independent of the frame before. `shot`: treatment of its shot, if
    /// known.
    ///
    /// Without it the shot is inspected now and then; once restored, it stays so to its end.
    ///
    /// # Errors
    /// Unknown methods and settings, methods that cannot process such images, and cancelled.
    pub(super) fn push(
        &mut self,
        tag: T,
        bytes: Vec<u8>,
        begins_shot: bool,
        shot: Option<&Arc<Treatment>>,
    ) -> Result<(), Error> {
        self.ctx.check()?;
        let begins = begins_shot || self.number == 0;
        if begins {
            self.shot = None;
        }
        let number = self.number;
        self.number += 1;
        let state = self.process(&bytes, begins, number, shot)?;
        let treatment = self.shot.as_ref().map(|(treatment, _)| treatment);
        let method = treatment.filter(|shot| !shot.leaves()).map(|shot| shot.choices.method.name());
        self.window.push_back(Held { tag: Some(tag), bytes, begins, begins_shot, method, number, state });
        Ok(())
    }

    fn context(&self, number: u32) -> Context<'a> {
        // Noise that changes from frame to frame is less visible than static noise; above eight bits both are
        // invisible.
        let frame = if self.to.pixels.bits <= 8 { number } else { 0 };
        self.ctx.but(|new| {
            new.frame = frame;
            new.output = Some(Depth::Int(self.to.pixels.bits));
        })
    }

    fn process(
        &mut self,
        bytes: &[u8],
        begins: bool,
        number: u32,
        known: Option<&Arc<Treatment>>,
    ) -> Result<State, Error> {
        let (ctx, mut out) = (self.context(number), self.spare_out.pop().unwrap_or_default());
        if let ByCodes::Method(method) = &self.codes
            && self.from.restore_codes((bytes, &self.to), &mut out, &**method, &ctx)?
        {
            return Ok(State::DoneFrame(out, true));
        }
        let mut image = None;
        let shot = match (known, self.shot.take()) {
            (Some(known), _) => (Arc::clone(known), 0),
            (None, Some((shot, age))) if age < LOOK_EVERY || !shot.leaves() => (shot, age + 1),
            _ => {
                let read = image.insert(self.from.read_into(bytes, self.spare.pop().unwrap_or_default())?);
                let findings = look(read, self.options, &ctx).findings;
                (Arc::new(Treatment::new(read, findings, self.options, self.to.pixels.bits)?), 1)
            }
        };
        let treatment = Arc::clone(&self.shot.insert(shot).0);
        if treatment.leaves() {
            self.spare.extend(image.map(|image| image.planes));
            self.from.widen(bytes, &self.to, &mut out)?;
            return Ok(State::DoneFrame(out, false));
        }
        let choices = &treatment.choices;
        let own = choices.method.entry().ours || choices.faithful.keeps();
        // Comparing with the previous frame costs little next to processing it.
        if own
            && let Some(same) = self.neighbour(1, begins)
            && self.window.back().is_some_and(|held| held.bytes == bytes)
        {
            let rgb = self.from.color.model == Model::Rgb;
            return Ok(State::Restored(
                same.again(self.neighbours(begins), self.temporal, rgb, &ctx),
                treatment,
            ));
        }
        let image = match image {
            Some(image) => image,
            None => self.from.read_into(bytes, self.spare.pop().unwrap_or_default())?,
        };
        if !own && matches!(self.codes, ByCodes::Unknown) {
            let method = (choices.prepare)(&image, &treatment.findings, &ctx)?;
            if self.from.restore_codes((bytes, &self.to), &mut out, &*method, &ctx)? {
                self.codes = ByCodes::Method(method);
                return Ok(State::DoneFrame(out, true));
            }
            self.codes = ByCodes::None;
        }
        if !own {
            let result = restored(image, &treatment.findings, choices, self.options, &ctx)?;
            self.to.write(&result, (bytes, &self.from), &mut out)?;
            self.spare.push(result.planes);
            return Ok(State::DoneFrame(out, true));
        }
        self.spare_out.push(out);
        let spare = self.spare_kept.pop().unwrap_or_default();
        let source = stored(&image, spare.source, &ctx);
        let result = restored(image, &treatment.findings, choices, self.options, &ctx)?;
        let kept =
            KeptFrame::of((source, &result), self.neighbours(begins), self.temporal, spare.result, &ctx);
        self.spare.push(result.planes);
        Ok(State::Restored(kept, treatment))
    }

    /// The last two frames before the next one, as of [`Frames::neighbour`].
    fn neighbours(&self, begins: bool) -> [Option<&KeptFrame>; STILL_REACH] {
        std::array::from_fn(|i| self.neighbour(i + 1, begins))
    }

    /// The frame `back` frames before the next one, if it belongs to the same run.
    fn neighbour(&self, back: usize, begins: bool) -> Option<&KeptFrame> {
        let len = self.window.len();
        if begins || back > len || self.window.range(len + 1 - back..).any(|held| held.begins) {
            return None;
        }
        match &self.window[len - back].state {
            State::Restored(kept, _) => Some(kept),
            State::DoneFrame(..) => None,
        }
    }

    /// The next finished frame, its result in `out`. `last`: no more frames follow.
    ///
    /// # Errors
    /// As [`Frames::push`].
    pub(super) fn pop(&mut self, last: bool, out: &mut Vec<u8>) -> Result<Option<Finished<T>>, Error> {
        let reach = self.temporal.reach();
        let Some(held) = self.window.get_mut(self.out) else { return Ok(None) };
        let changed = match &mut held.state {
            State::DoneFrame(result, changed) => {
                std::mem::swap(out, result);
                *changed
            }
            State::Restored(..) => {
                let at = self.out;
                let after = self.window.range(at + 1..).take(reach);
                let with = after
                    .take_while(|held| !held.begins && matches!(held.state, State::Restored(..)))
                    .count();
                if with < reach && !last && self.window.len() == at + 1 + with {
                    return Ok(None);
                }
                self.finish(at, with, out)?;
                true
            }
        };
        let Some(held) = self.window.get_mut(self.out) else { return Ok(None) };
        let tag = held.tag.take();
        let done = DoneFrame { begins_shot: held.begins_shot, changed };
        let method = held.method;
        let bytes = std::mem::take(&mut held.bytes);
        self.out += 1;
        while self.out > reach {
            let Some(held) = self.window.pop_front() else { break };
            match held.state {
                State::Restored(kept, _) => self.spare_kept.push(kept),
                State::DoneFrame(out, _) => self.spare_out.push(out),
            }
            self.out -= 1;
        }
        Ok(tag.map(|tag| Finished { tag, bytes, done, method }))
    }

    /// Finishes the result of a restored frame. `with` following frames belong to the same run.
    fn finish(&mut self, at: usize, with: usize, out: &mut Vec<u8>) -> Result<(), Error> {
        let unblended = |i: usize| match &self.window[i].state {
            State::Restored(kept, _) => Some(kept),
            State::DoneFrame(..) => None,
        };
        let belongs = |i: &usize| !self.window[i + 1].begins && unblended(*i).is_some();
        let behind = (at.saturating_sub(self.temporal.reach())..at).rev().take_while(belongs).count();
        let held = &self.window[at];
        let State::Restored(_, treatment) = &held.state else { return Ok(()) };
        let ctx = self.context(held.number);
        let source = self.from.read_into(&held.bytes, self.spare.pop().unwrap_or_default())?;
        let mut image = like(&source, self.spare.pop().unwrap_or_default());
        let lossy = self.from.lossy || treatment.findings.lossy;
        match self.temporal {
            Temporal::Off | Temporal::Still => {
                let reach = with.min(behind);
                let run: Vec<&KeptFrame> = (at - reach..=at + reach).filter_map(unblended).collect();
                stabilisation::mean(&run, lossy, &source.planes, &mut image.planes, &ctx);
            }
            Temporal::Motion => {
                let run: Vec<&KeptFrame> = (at - behind..=at + with).filter_map(unblended).collect();
                let limits = motion::Limits::of(lossy);
                let mut moved = std::mem::take(&mut self.moved);
                let planes = &mut image.planes;
                motion::restored((&run, behind), limits, &source.planes, planes, &mut moved, &ctx);
                self.moved = moved;
            }
        }
        keep(&mut image, &source, &treatment.findings, &treatment.choices, &ctx);
        round(&mut image, &source, self.options, &self.to, &ctx);
        self.to.write(&image, (&held.bytes, &self.from), out)?;
        self.spare.extend([source.planes, image.planes]);
        Ok(())
    }
}

impl Frames<'_, i64> {
    /// Debands all frames of a source, tagged with their times. `put` gets each result and its bytes.
    ///
    /// # Errors
    /// As [`Frames::push`], those of `put`, and those of the source, after the results of all earlier frames.
    pub(super) fn deband_all(
        &mut self,
        source: &mut FrameSource<'_>,
        mut put: impl FnMut(&Finished<i64>, &[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut out = Vec::new();
        loop {
            let (last, failed) = match source.next_frame() {
                Ok(Some(frame)) => {
                    self.push(frame.ticks, frame.bytes, frame.begins_shot, None)?;
                    (false, None)
                }
                Ok(None) => (true, None),
                Err(error) => (true, Some(error)),
            };
            while let Some(finished) = self.pop(last, &mut out)? {
                put(&finished, &out)?;
                source.recycle(finished.bytes);
            }
            if last {
                return failed.map_or(Ok(()), |error| Err(error.into()));
            }
        }
    }
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Choice, OutputDepth};
    use unband_filters::smooth;
    use unband_image::{Color, Matrix, Method, Model, Range, Subsampling};
    use unband_video::PixelFormat;

    #[test]
    fn methods_on_codes_give_what_they_give_on_images() {
        let model =
            Model::Yuv { matrix: Matrix::Bt709, range: Range::Limited, subsampling: Subsampling::HALF };
        for (name, bits) in [("yuv420p", 8u8), ("yuva420p", 8), ("yuv420p10le", 10)] {
            let pixels = PixelFormat::by_name(name).unwrap();
            let format = FrameFormat { width: 90, height: 70, pixels, color: Color::new(model), lossy: true };
            let codes = 0..format.frame_bytes() / pixels.sample_bytes();
            let code = |i: usize, number: usize| (60 + 3 * number + i % 90 / 9 + i / 900) << (bits - 8);
            let frame = |number| -> Vec<u8> {
                let bytes = |i| (code(i, number) as u16).to_le_bytes()[..pixels.sample_bytes()].to_vec();
                codes.clone().flat_map(bytes).collect()
            };
            for method in ["gradfun", "ffmpeg-deband", "f3kdb"] {
                let options = Options {
                    method: Choice::Named(Method::new(crate::method(method).unwrap())),
                    depth: OutputDepth::Keep,
                    ..Options::default()
                };
                let ctx = Context::default();
                let mut frames = Frames::new((&options, Temporal::default()), format, format, &ctx);
                let (mut got, mut want) = (Vec::new(), Vec::new());
                for number in 0..3 {
                    let before = frame(number);
                    frames.push((), before.clone(), number == 2, None).unwrap();
                    assert!(frames.pop(true, &mut got).unwrap().unwrap().done.changed);
                    assert!(matches!(frames.codes, ByCodes::Method(_)), "{name} {method}");
                    let (image, _) =
                        crate::deband_with(format.read(&before).unwrap(), &options, &ctx).unwrap();
                    format.write(&image, (&before, &format), &mut want).unwrap();
                    assert!(got == want && got != before, "{name} {method} frame {number}");
                }
            }
        }
    }

    #[test]
    fn texture_next_to_a_banded_slope_keeps_its_codes() {
        const SIZE: (usize, usize) = (320, 192);
        let model =
            Model::Yuv { matrix: Matrix::Bt709, range: Range::Limited, subsampling: Subsampling::HALF };
        let pixels = PixelFormat::by_name("yuv420p").unwrap();
        let color = Color::new(model);
        let from = FrameFormat { width: SIZE.0, height: SIZE.1, pixels, color, lossy: false };
        let to = from.with_bits(10).unwrap();
        let rng = Rng::new(7);
        let luma = |x: usize, y: usize| match x {
            0..160 => 60 + (rng.unit_at(0, 0, x as u32, y as u32) * 120.0) as u8,
            _ => 60 + 4 * ((x + y / 2) / 16) as u8,
        };
        let mut bytes = vec![128u8; from.frame_bytes()];
        for (i, code) in bytes[..SIZE.0 * SIZE.1].iter_mut().enumerate() {
            *code = luma(i % SIZE.0, i / SIZE.0);
        }
        let options = Options { method: Choice::Named(Method::new(&smooth::ENTRY)), ..Options::default() };
        let (ctx, mut out) = (Context::default(), Vec::new());
        let mut frames = Frames::new((&options, Temporal::default()), from, to, &ctx);
        frames.push((), bytes.clone(), true, None).unwrap();
        assert!(frames.pop(true, &mut out).unwrap().unwrap().done.changed);
        let mut changed = [0, 0];
        for (i, (pair, &code)) in out.as_chunks::<2>().0.iter().zip(&bytes[..SIZE.0 * SIZE.1]).enumerate() {
            changed[usize::from(i % SIZE.0 >= 160)] +=
                usize::from(u16::from_le_bytes(*pair) != 4 * u16::from(code));
        }
        // Half a box of the gate into the texture may change.
        assert!(changed[0] <= SIZE.1 * 4 && changed[1] > SIZE.1 * 80, "{changed:?}");
    }

    #[test]
    fn a_result_depends_only_on_the_frames_within_reach() {
        let model =
            Model::Yuv { matrix: Matrix::Bt709, range: Range::Limited, subsampling: Subsampling::HALF };
        let pixels = PixelFormat::by_name("yuv420p").unwrap();
        let from = FrameFormat { width: 160, height: 96, pixels, color: Color::new(model), lossy: true };
        let to = from.with_bits(10).unwrap();
        let rng = Rng::new(57);
        // A slope with a pattern and noise, which moves.
        let code = |x: usize, y: usize, t: usize| {
            let noise = rng.unit_at(0, t as u32, x as u32, y as u32);
            let at = (x + 2 * t) as f32;
            (60.0 + at / 12.0 + y as f32 / 20.0 + 4.0 * (at * 0.3 + y as f32 * 0.2).sin() + noise) as u8
        };
        let frame = |t: usize| -> Vec<u8> {
            let luma = (0..160 * 96).map(|i| code(i % 160, i / 160, t));
            luma.chain(std::iter::repeat_n(128, 160 * 96 / 2)).collect()
        };
        let method = Choice::Named(Method::new(&smooth::ENTRY));
        let options = Options { method, everywhere: true, ..Options::default() };
        let ctx = Context::with(|new| new.threads = 2);
        let image = from.read(&frame(0)).unwrap();
        let findings = look(&image, &options, &ctx).findings;
        let shot = Arc::new(Treatment::new(&image, findings, &options, 10).unwrap());
        let results = |temporal, all: std::ops::Range<usize>| {
            let mut frames = Frames::new((&options, temporal), from, to, &ctx);
            let (mut results, mut out) = (Vec::new(), Vec::new());
            for t in all.clone() {
                frames.push((), frame(t), t == all.start, Some(&shot)).unwrap();
                while frames.pop(t + 1 == all.end, &mut out).unwrap().is_some() {
                    results.push(out.clone());
                }
            }
            results
        };
        for &temporal in Temporal::ALL {
            let (all, some) = (results(temporal, 0..9), results(temporal, 3..8));
            assert_eq!((all.len(), some.len()), (9, 5));
            assert!(all[5] == some[2], "{temporal:?}");
            let nearer = results(temporal, 4..7);
            assert_eq!(all[5] == nearer[1], temporal != Temporal::Motion, "{temporal:?}");
        }
    }
}
