//! Inspection pass over a video: shot boundaries and the treatment of each shot.
//!
//! A shot gets one treatment from its first frame to its last. It does not depend on codec, container or the
//! frame at which the file starts.

use std::sync::Arc;

use unband_image::With;
use unband_image::findings::{BandingMap, GridRegions};
use unband_video::{FrameFormat, VideoError, VideoFile};

use super::VideoOptions;
use super::boundaries::Boundaries;
use super::plan::{Plan, ShotFound, bits_of_video};
use super::source::{RawFrame, Span, source};
use super::treatment::{Treatment, look};
use crate::verdict::{Grade, GradedFindings};
use crate::{Context, Error};

/// Frames between two inspections; the last frame of a shot is inspected too.
const EVERY: u64 = 24;
/// Duration of the inspection pass in the progress, as a share of a frame's processing time.
pub(super) const SHARE: usize = 12;

/// A shot.
pub(super) struct Shot {
    /// Time of its first frame, in ticks.
    pub(super) first: i64,
    /// Number of frames.
    pub(super) frames: u64,
    /// Grade of its worst inspected frame.
    pub(super) grade: Grade,
    /// Its treatment.
    pub(super) treatment: Arc<Treatment>,
}

/// The shots of a video, or of its selected part.
#[derive(Default)]
pub(super) struct Shots(pub(super) Vec<Shot>);

/// The first pass over a video.
#[derive(Default)]
pub(super) struct Overview {
    /// Its shots and findings; empty where the treatment does not depend on them.
    pub(super) shots: Shots,
    /// Times of the first frames of its segments, in ticks.
    pub(super) starts: Vec<i64>,
}

impl Plan<'_> {
    /// Decodes a video, and inspects it where the treatment depends on findings. For damaged videos the shots
    /// before the damage are returned; the processing pass reports the error.
    ///
    /// # Errors
    /// Frames that change in the middle, unknown methods and settings, and cancelled.
    pub(super) fn look_over(&self, ctx: &Context<'_>) -> Result<Overview, Error> {
        let (file, options, expected) = (&self.file, self.options, self.expected_frames());
        let source = source(file, options, Span::default(), self.programs)?;
        let (format, bits) = (*source.format(), bits_of_video(file, options)?);
        std::thread::scope(|scope| {
            let mut source = source.ahead(scope);
            let mut looker = Looker { format, options, bits, ctx, shots: Vec::new(), open: None };
            let (mut boundaries, mut starts) = (Boundaries::default(), Vec::new());
            for number in 0.. {
                let read = source.next_frame();
                ctx.check()?;
                let mut frame = match read {
                    Ok(Some(frame)) => frame,
                    // It is refused in any case: no time is spent on the frames before.
                    Err(error @ VideoError::Changes { .. }) => return Err(error.into()),
                    Ok(None) | Err(_) => break,
                };
                let begins = boundaries.begins_with(&frame, file);
                if begins {
                    starts.push(frame.ticks);
                }
                if !self.follows_findings() {
                    if begins {
                        source.restart(&mut frame);
                    }
                    source.recycle(frame.bytes);
                } else if let Some(old) = looker.put(frame)? {
                    source.recycle(old);
                }
                ctx.progress.advance(expected.min(number) / SHARE, expected + expected / SHARE);
            }
            looker.end()?;
            Ok(Overview { shots: Shots(looker.shots), starts })
        })
    }
}

impl Shots {
    /// The shot that contains a frame; `None` after the last known one.
    pub(super) fn at(&self, ticks: i64) -> Option<&Shot> {
        let after = self.0.partition_point(|shot| shot.first <= ticks);
        self.0.get(after.checked_sub(1)?)
    }

    /// The shots that have frames in a range of time, in ticks; `to` is exclusive.
    pub(super) fn within(&self, from: i64, to: Option<i64>) -> impl Iterator<Item = &Shot> {
        let first = self.0.partition_point(|shot| shot.first <= from).saturating_sub(1);
        self.0.iter().skip(first).take_while(move |shot| to.is_none_or(|to| shot.first < to))
    }

    /// The findings for the report.
    pub(super) fn found(&self, file: &VideoFile) -> Vec<ShotFound> {
        let found = |shot: &Shot| ShotFound {
            begins: file.shown(shot.first),
            frames: shot.frames,
            grade: shot.grade,
            finding: shot.treatment.findings.sentence(),
            method: (!shot.treatment.leaves()).then_some(shot.treatment.choices.method.name()),
        };
        self.0.iter().map(found).collect()
    }

    /// Does the whole video stay unchanged? False without an inspection.
    pub(super) fn leave_all(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|shot| shot.treatment.leaves())
    }
}

/// Inspects frames in order.
struct Looker<'a> {
    format: FrameFormat,
    options: &'a VideoOptions,
    bits: u8,
    ctx: &'a Context<'a>,
    shots: Vec<Shot>,
    open: Option<Open>,
}

/// The current shot.
struct Open {
    first: i64,
    frames: u64,
    last: Vec<u8>,
    looks: Vec<(Treatment, Grade)>,
}

impl Looker<'_> {
    /// Adds a frame; returns memory for reuse.
    fn put(&mut self, frame: RawFrame) -> Result<Option<Vec<u8>>, Error> {
        if frame.begins_shot {
            self.end()?;
        }
        let open = self.open.get_or_insert_with(|| Open {
            first: frame.ticks,
            frames: 0,
            last: Vec::new(),
            looks: Vec::new(),
        });
        let wanted = open.frames.is_multiple_of(EVERY);
        open.frames += 1;
        let old = std::mem::replace(&mut open.last, frame.bytes);
        if wanted {
            self.look()?;
        }
        Ok((!old.is_empty()).then_some(old))
    }

    /// Inspects the last frame.
    fn look(&mut self) -> Result<(), Error> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let image = self.format.read(&open.last).map_err(|error| Error::Image(error.to_string()))?;
        let GradedFindings { findings, grade } = look(&image, &self.options.options, self.ctx);
        let findings = findings.but(|new| new.map = BandingMap::default());
        open.looks.push((Treatment::new(&image, findings, &self.options.options, self.bits)?, grade));
        Ok(())
    }

    /// Ends the current shot.
    fn end(&mut self) -> Result<(), Error> {
        if self.open.as_ref().is_some_and(|open| open.frames % EVERY != 1) {
            self.look()?;
        }
        let Some(open) = self.open.take() else { return Ok(()) };
        let grade = open.looks.iter().map(|(_, grade)| *grade).max().unwrap_or(Grade::None);
        let looks = open.looks.into_iter().map(|(treatment, _)| treatment).collect();
        if let Some(treatment) = settled(looks) {
            self.shots.push(Shot {
                first: open.first,
                frames: open.frames,
                grade,
                treatment: Arc::new(treatment),
            });
        }
        Ok(())
    }
}

/// The treatment of a shot. It is restored if any inspected frame needs it, for the most frequent degradation
/// and its median severity.
///
/// The order of the frames does not matter: a reversed video gets the same treatment.
fn settled(mut looks: Vec<Treatment>) -> Option<Treatment> {
    if looks.iter().any(|look| !look.leaves()) {
        looks.retain(|look| !look.leaves());
    }
    let often = |cause| looks.iter().filter(|look| look.findings.cause == cause).count();
    let most =
        looks.iter().map(|look| look.findings.cause).max_by_key(|&cause| (often(cause), cause as u8))?;
    looks.retain(|look| look.findings.cause == most);
    let regions = joined(&looks);
    let bad = |look: &Treatment| (look.findings.coded_codes, look.findings.banded_share);
    looks.sort_by(|a, b| {
        let ((a, a_share), (b, b_share)) = (bad(a), bad(b));
        a.total_cmp(&b).then(a_share.total_cmp(&b_share))
    });
    let middle = looks.len() / 2;
    let mut look = looks.swap_remove(middle);
    look.findings.regions = regions;
    Some(look)
}

/// Regions where the grid applies in any frame; `None` where it applies everywhere in one.
fn joined(looks: &[Treatment]) -> Option<GridRegions> {
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
