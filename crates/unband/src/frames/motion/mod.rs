//! Motion between the frames of a video, and means of results along it.
//!
//! Every frame has a [`Pyramid`] of its restored luma. A [`Field`] holds the motion of each block from a
//! frame to another one; it depends on these two frames alone, or on those between them too.
// Sides of frames are far below 2³¹. Systems of equations read best with indices.
#![allow(clippy::cast_possible_wrap, clippy::needless_range_loop)]

mod blend;
mod camera;
mod field;
mod pyramid;
mod regularise;
mod search;

use unband_image::{Context, Plane};

pub(super) use self::blend::{Limits, Moved};
pub(super) use self::field::Field;
pub(super) use self::pyramid::Pyramid;
pub(super) use self::search::found;

use self::search::refined;
use super::kept::KeptFrame;
use super::temporal::MOTION_REACH;

/// The result of a frame of a run: a mean of its own and those of the others, along their motion.
///
/// `run`: the frame and its neighbours in order, and its place. `source`: its samples; `out`: the result.
/// `moved`: memory for reuse.
pub(super) fn restored(
    run: &[&KeptFrame],
    middle: usize,
    limits: Limits,
    source: &[Plane],
    out: &mut [Plane],
    moved: &mut Moved,
    ctx: &Context<'_>,
) {
    let own = run[middle];
    let mut neighbours = Vec::new();
    // The motion from each frame to the one before it, and from each to the one after it.
    let back = |i: usize| (run[i - 1], &run[i].motion_from(run[i - 1], ctx).0);
    neighbours.extend(followed(own, (middle.saturating_sub(MOTION_REACH) + 1..=middle).rev().map(back), ctx));
    let before = neighbours.len();
    let on = |i: usize| (run[i], &run[i].motion_from(run[i - 1], ctx).1);
    neighbours.extend(followed(own, (middle + 1..run.len().min(middle + 1 + MOTION_REACH)).map(on), ctx));
    // Without as many frames on both sides, a slow fade would not cancel out.
    let flicker = if neighbours.len() == 2 * before { limits.flicker } else { 0.0 };
    let limits = Limits { flicker, ..limits };
    blend::mean(own, &neighbours, limits, source, out, moved, ctx);
}

/// The motion from a frame to each of a chain of frames, given the motion from each to the next one.
fn followed<'a>(
    own: &KeptFrame,
    chain: impl Iterator<Item = (&'a KeptFrame, &'a Field)>,
    ctx: &Context<'_>,
) -> Vec<(&'a KeptFrame, Field)> {
    let mut found: Vec<(&KeptFrame, Field)> = Vec::new();
    for (other, step) in chain {
        let field = match found.last() {
            None => step.clone(),
            Some((_, field)) => refined(&own.luma, &other.luma, field.then(step), ctx),
        };
        if field.is_empty() {
            break;
        }
        found.push((other, field));
    }
    found
}

#[cfg(test)]
mod tests;
