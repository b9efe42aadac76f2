//! Work on animations: frame by frame, as on the frames of a video, from file to file.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use unband_image::context::NoProgress;
use unband_image::cuts::Cuts;
use unband_image::{Context, Depth, Image, With, is_transparent};
use unband_io::{Animation, AnimationWriter, FormatEntry};

use super::names::{animation_formats, asked_format, is_taken};
use super::plan::{Repair, check_holds, target};
use super::still_areas::StillAreas;
use super::{
    FileBytes, FileOptions, FileReport, Input, Output, Plan, at_most, copy_times, given, how_to_write,
};
use super::{named, send};
use crate::choose::{Act, find};
use crate::frames::{Finished, Frame, FrameOptions, FrameProcessor, Shot, Temporal};
use crate::jobs::clock::Clock;
use crate::jobs::memory;
use crate::jobs::tally::Tally;
use crate::jobs::upscale::{UpscaleOptions, UpscaledBy};
use crate::verdict::{Grade, GradedFindings};
use crate::{Error, Options, OutputDepth, Proof, Report, prove};

/// Frames between two inspections of a shot.
const EVERY: usize = 12;
/// Frames of an animation in memory: the canvas, those in process, and those of the writer.
const HELD: u64 = 10;

/// Frames of a processed animation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnimationCounts {
    /// All of them.
    pub frames: usize,
    /// Those with changed samples.
    pub changed: usize,
}

/// The options of each frame. It is rounded once, at the end.
fn frame_options(options: &FileOptions) -> FrameOptions {
    let upscales = options.task.upscaler().is_some();
    let own = options.options.clone().but(|new| {
        if upscales {
            new.depth = OutputDepth::Float;
        }
        if !options.task.debands() {
            new.strength = 0.0;
        }
    });
    FrameOptions::new(own, Temporal::default())
}

/// Shots with the numbers of their frames, and what all frames have in common.
pub(super) struct Overview {
    shots: Vec<(Range<usize>, Arc<Shot>)>,
    /// Is any sample of any frame transparent?
    alpha: bool,
    /// The first frame.
    first: Image,
}

impl Overview {
    /// Reads all frames, and inspects some of each shot.
    fn new(animation: &mut Animation<'_>, how: &Arc<FrameOptions>, ctx: &Context<'_>) -> Result<Self, Error> {
        let one = (*ctx).but(|new| new.progress = &NoProgress);
        let (mut cuts, mut codes) = (Cuts::new(), Vec::new());
        let (mut shots, mut looks) = (Vec::new(), Vec::new());
        let (mut alpha, mut start, mut number) = (false, 0, 0);
        let (mut first, mut last): (Option<Image>, Option<Image>) = (None, None);
        let total = animation.frames();
        // As for still images: a frame without loss is not graded as one of a video.
        let look = |image: &Image| {
            let image = image.read(Vec::new())?;
            let findings = find(&image, &how.options, &one);
            Shot::new(&image, GradedFindings { findings, grade: Grade::None }, how)
        };
        loop {
            ctx.check()?;
            let frame = animation.next_frame()?;
            let begins = frame.as_ref().is_none_or(|frame| frame.image.begins_shot(&mut cuts, &mut codes));
            if begins && let Some(last) = &last {
                if (number - start) % EVERY != 1 {
                    looks.push(look(last)?);
                }
                if let Some(shot) = Shot::settled(std::mem::take(&mut looks)) {
                    shots.push((start..number, Arc::new(shot)));
                }
                start = number;
            }
            let Some(frame) = frame else { break };
            let image = frame.image;
            if (number - start).is_multiple_of(EVERY) {
                looks.push(look(&image)?);
            }
            alpha |= image.alpha.iter().any(|alpha| alpha.data.iter().any(|&alpha| alpha < 1.0));
            if first.is_none() {
                first = Some(image.clone());
            }
            last = Some(image);
            number += 1;
            ctx.progress.advance(number, 2 * total);
        }
        animation.rewind();
        let first = first.ok_or_else(|| Error::Image("the animation has no frames".to_owned()))?;
        Ok(Self { shots, alpha, first })
    }

    fn shot(&self, number: usize) -> Option<&(Range<usize>, Arc<Shot>)> {
        self.shots.iter().find(|(frames, _)| frames.contains(&number))
    }

    /// The shot that the report describes: the first one that is repaired.
    fn described(&self) -> Option<&Shot> {
        let repaired = self.shots.iter().find(|(_, shot)| !shot.leaves());
        repaired.or(self.shots.first()).map(|(_, shot)| &**shot)
    }
}

/// The job on an animation.
pub(super) struct AnimationJob<'a, 'b> {
    pub(super) animation: Animation<'a>,
    pub(super) input: Input<'a>,
    pub(super) bytes: &'a [u8],
    pub(super) options: &'b FileOptions,
}

impl AnimationJob<'_, '_> {
    /// Is there memory for it?
    fn check_memory(&self, ctx: &Context<'_>) -> Result<(), Error> {
        let options = &self.options.options;
        let size = self.animation.size();
        // Colours and alpha.
        let planes = 16 * size.0 as u64 * size.1 as u64;
        let (job, whole) = match self.options.task.upscaler() {
            Some(upscaler) => (upscaler.least(size, planes, ctx), false),
            None => memory::least(size, planes, options, ctx)?,
        };
        let needed = job + HELD * planes + self.bytes.len() as u64;
        at_most(needed, options.max_memory.unwrap_or(u64::MAX), whole)?;
        given(needed)
    }

    /// The plan: as for images, for the shot that is repaired.
    pub(super) fn plan(&mut self, output: &Output<'_>, ctx: &Context<'_>) -> Result<(Plan, Overview), Error> {
        let options = self.options;
        let asked = asked_format(options.format, output)?;
        if options.extra_output.is_some() {
            let (name, range) = ("extra output", "that of a still image");
            return Err(Error::Option { name, range, got: "an animation".to_owned() });
        }
        self.check_memory(ctx)?;
        let overview = Overview::new(&mut self.animation, &Arc::new(frame_options(options)), ctx)?;
        let first = &overview.first;
        let upscaler = options.task.upscaler();
        let depth = options.options.depth.resolve(first.depth);
        let repair = overview.described().filter(|_| options.task.debands());
        let input_format = self.animation.format();
        let holds =
            |format: &&'static FormatEntry| unband_io::check_can_hold(depth, overview.alpha, format).is_ok();
        let own = || animation_formats(input_format).find(holds).unwrap_or(input_format);
        let format = asked.unwrap_or_else(own);
        let mut plan = Plan {
            input_format,
            width: first.width(),
            height: first.height(),
            input_depth: first.depth,
            input_lossy: first.origin.is_lossy(),
            repair: repair.map(|shot| Repair::new(shot.findings.clone(), &shot.choices)),
            upscale: upscaler.map(|upscaler| upscaler.planned((first.width(), first.height()))),
            depth,
            format,
            frames: Some(self.animation.frames()),
            output: None,
            copies: false,
            partial: false,
            taken: None,
        };
        let leaves = |shot: &Shot| matches!(shot.choices.act, Act::Leave(_));
        let unchanged = upscaler.is_none() && overview.shots.iter().all(|(_, shot)| leaves(shot));
        target(&mut plan, self.input, output, options, unchanged);
        if !plan.copies {
            if !plan.format.writes_animations() {
                let error = unband_io::Error::OneImage { format: plan.format.name };
                return Err(named(error, self.input).into());
            }
            check_holds(first.color.model, plan.depth, overview.alpha, plan.format, plan.output.as_deref())?;
        }
        if is_taken(plan.output.as_deref(), options.overwrite)? {
            plan.taken.clone_from(&plan.output);
        }
        Ok((plan, overview))
    }

    /// Processes the animation.
    pub(super) fn run(mut self, output: &mut Output<'_>, ctx: &Context<'_>) -> Result<FileReport, Error> {
        let (start, options) = (Clock::start(), self.options);
        let (mut plan, overview) = self.plan(output, ctx)?;
        if let Some(path) = &plan.taken {
            return Err(unband_io::Error::Exists.in_file(path).into());
        }
        let (how, saving) = how_to_write(self.input, options, ctx);
        let mut writer = None;
        if !plan.copies && (plan.output.is_some() || matches!(output, Output::Sink(_))) {
            writer = Some(AnimationWriter::new(plan.format, self.animation.plays(), how)?);
        }
        let mut work = Work::new(&overview, &plan, options);
        if let Some(writer) = &mut writer {
            work.run(&mut self.animation, &overview, writer, ctx)?;
        }
        let changed = plan.upscale.is_some() || work.changed > 0;
        if !changed && !plan.copies {
            // Methods may find only while running that there is nothing to repair.
            let same = plan.depth == plan.input_depth;
            target(&mut plan, self.input, output, options, same);
        }
        let (made, dropped) = match writer.filter(|_| !plan.copies) {
            Some(writer) => {
                let (made, dropped) = writer.finish()?;
                (Cow::from(made), dropped)
            }
            None => (Cow::from(self.bytes), Vec::new()),
        };
        ctx.check()?;
        let mut bytes = FileBytes { input: self.bytes.len() as u64, output: None };
        match (output, &plan.output) {
            (Output::Sink(sink), _) => send(*sink, &made)?,
            (_, Some(path)) => unband_io::write_bytes(&made, path, saving)?,
            (_, None) => bytes.output = None,
        }
        if plan.output.is_some() || plan.copies {
            bytes.output = Some(made.len() as u64);
        }
        if let (true, Input::File(from), Some(to)) = (options.preserve_times, self.input, &plan.output) {
            copy_times(from, to)?;
        }
        let proof = if options.prove && plan.upscale.is_none() {
            Some(proof(&mut self.animation, &made, &overview, options)?)
        } else {
            None
        };
        let report = options.task.debands().then(|| work.report(&overview, &plan)).flatten();
        let counts = AnimationCounts { frames: self.animation.frames(), changed: work.changed };
        Ok(FileReport {
            plan,
            report,
            upscaled: work.by,
            dropped,
            proof,
            extra_output: None,
            animation: Some(counts),
            bytes,
            seconds: start.seconds(),
        })
    }
}

/// The work on the frames, with its counts.
struct Work<'a> {
    options: &'a FileOptions,
    depth: Depth,
    alpha: bool,
    debands: bool,
    tally: Tally,
    still: StillAreas,
    samples: usize,
    changed: usize,
    by: Option<UpscaledBy>,
}

impl<'a> Work<'a> {
    fn new(overview: &Overview, plan: &Plan, options: &'a FileOptions) -> Self {
        let tally = Tally::new(&overview.first, plan.depth, plan.upscale.is_none());
        let samples = overview.first.planes[0].data.len();
        let debands = options.task.debands();
        let (depth, alpha) = (plan.depth, overview.alpha);
        Self {
            options,
            depth,
            alpha,
            debands,
            tally,
            still: StillAreas::default(),
            samples,
            changed: 0,
            by: None,
        }
    }

    fn run(
        &mut self,
        animation: &mut Animation<'_>,
        overview: &Overview,
        writer: &mut AnimationWriter,
        ctx: &Context<'_>,
    ) -> Result<(), Error> {
        let one = (*ctx).but(|new| new.progress = &NoProgress);
        let total = animation.frames();
        let mut frames = FrameProcessor::new(frame_options(self.options), &one);
        let (mut number, mut done) = (0, 0);
        loop {
            let frame = animation.next_frame()?;
            let ended = frame.is_none();
            match frame {
                Some(frame) => {
                    let shot = overview.shot(number);
                    let begins = shot.is_none_or(|(frames, _)| frames.start == number);
                    frames.push_known(
                        frame.delay,
                        frame.image,
                        begins,
                        shot.map(|(_, s)| s),
                        self.debands,
                    )?;
                    number += 1;
                }
                None => frames.finish(),
            }
            while let Some(Finished { tag, source, frame, done: about, .. }) = frames.next()? {
                let image = self.finished(&source, frame, about.begins_shot, &one)?;
                writer.put(image, tag)?;
                done += 1;
                ctx.progress.advance(total + done, 2 * total);
            }
            if ended {
                return Ok(());
            }
        }
    }

    /// The last steps on a frame.
    fn finished(
        &mut self,
        source: &Image,
        mut frame: Image,
        begins: bool,
        ctx: &Context<'_>,
    ) -> Result<Image, Error> {
        if let Some(alpha) = &source.alpha {
            // Unseen colours stay.
            for (to, from) in frame.planes.iter_mut().zip(&source.planes) {
                let seen = to.data.iter_mut().zip(&from.data).zip(&alpha.data);
                seen.filter(|(_, alpha)| is_transparent(**alpha)).for_each(|((to, from), _)| *to = *from);
            }
        }
        if !self.alpha {
            frame.alpha = None;
        }
        let Some(upscaler) = self.options.task.upscaler() else {
            self.still.keep(source, &mut frame, begins);
            let before = self.tally.moved();
            for (p, (to, from)) in frame.planes.iter().zip(&source.planes).enumerate() {
                self.tally.count(ctx.level, p, &to.data, &from.data);
            }
            self.changed += usize::from(self.tally.moved() > before || frame.depth != source.depth);
            return Ok(frame);
        };
        self.changed += 1;
        let depth = match self.depth {
            Depth::F32 => OutputDepth::Float,
            Depth::Int(bits) => OutputDepth::Bits(bits),
        };
        let Options { locked, seed, wrap, max_memory, .. } = self.options.options;
        let how = UpscaleOptions { depth, locked, seed, wrap, max_memory, ..UpscaleOptions::default() };
        let small = (frame.width(), frame.height());
        let (mut large, about) = upscaler.upscale(frame, &how, ctx)?;
        let size = (large.width(), large.height());
        unband_io::resize_metadata(&mut large.metadata, small, size);
        self.by.get_or_insert(about.by);
        self.still.keep(source, &mut large, begins);
        Ok(large)
    }

    fn report(&self, overview: &Overview, plan: &Plan) -> Option<Report> {
        let shot = overview.described()?;
        let samples = std::iter::repeat(self.samples * plan.frames.unwrap_or(1));
        let shifts = self.tally.mean_shifts_codes(samples);
        Some(Report {
            findings: shot.findings.clone(),
            method: shot.choices.method.name(),
            faithful: shot.choices.faithful,
            changed: self.changed > 0,
            alpha_repaired: false,
            reason: shot.choices.act.reason(),
            depth: plan.depth,
            mean_shift_codes: shifts.into_iter().map(f32::abs).fold(0.0, f32::max),
            max_change_codes: self.tally.max_change_codes(),
            samples_moved: self.tally.moved(),
            samples_clipped: self.tally.clipped(),
        })
    }
}

/// Reads both animations again and compares their frames.
fn proof(
    original: &mut Animation<'_>,
    made: &[u8],
    overview: &Overview,
    options: &FileOptions,
) -> Result<Proof, Error> {
    let mut all = Proof { samples: 0, outside: 0, worst_codes: 0.0 };
    let Some(mut written) = Animation::open(made, &options.limits)? else { return Ok(all) };
    original.rewind();
    let mut number = 0;
    while let (Some(before), Some(after)) = (original.next_frame()?, written.next_frame()?) {
        if let Some((_, shot)) = overview.shot(number) {
            let proof = prove(&before.image, &after.image, &shot.findings, shot.choices.faithful);
            all.samples += proof.samples;
            all.outside += proof.outside;
            all.worst_codes = all.worst_codes.max(proof.worst_codes);
        }
        number += 1;
    }
    Ok(all)
}
