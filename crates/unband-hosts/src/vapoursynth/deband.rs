//! Debanding, by unband and by the reimplemented methods: shots of a clip, frames in any order.

use std::collections::VecDeque;
use std::ffi::c_int;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use unband::frames::{Frame, FrameOptions, Restored, Shot, ShotRanges};
use unband::{Context, deband_with};

use super::filter::{Asked, Filter, Step, context};
use super::host::VsMemory;
use crate::frame::HostFrame;
use crate::guard::message;

type VsHostFrame = HostFrame<VsMemory>;

/// Shots that are remembered: any number of frames is asked for around a few places.
const SHOTS: usize = 16;

/// Results that are needed again soon: made once, by whichever thread needs them first.
struct Recent<K, V>(Mutex<VecDeque<(K, Arc<Cell<V>>)>>, usize);

/// A result, once it is made.
type Cell<V> = OnceLock<Result<V, String>>;

impl<K: Eq + Copy, V: Clone> Recent<K, V> {
    fn new(most: usize) -> Self {
        Self(Mutex::new(VecDeque::new()), most)
    }

    fn known(&self, key: K) -> Option<V> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, value) = kept.iter().find(|(known, _)| *known == key)?;
        value.get()?.as_ref().ok().cloned()
    }

    fn get(&self, key: K, make: impl FnOnce() -> Result<V, String>) -> Result<V, String> {
        let cell = {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let known = kept.iter().find(|(known, _)| *known == key).map(|(_, cell)| Arc::clone(cell));
            known.unwrap_or_else(|| {
                let cell: Arc<Cell<V>> = Arc::default();
                kept.push_back((key, Arc::clone(&cell)));
                if kept.len() > self.1 {
                    kept.pop_front();
                }
                cell
            })
        };
        let made = cell.get_or_init(make).clone();
        if made.is_err() {
            // Another request may have what this one lacked.
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.retain(|(known, other)| *known != key || !Arc::ptr_eq(other, &cell));
        }
        made
    }
}

/// How a clip is debanded.
pub(super) struct Deband {
    pub(super) how: Arc<FrameOptions>,
    /// The shots; `None` where each frame is treated by itself.
    pub(super) ranges: Option<ShotRanges>,
    /// Is it the only frame? Grey and RGB are an image then.
    pub(super) alone: bool,
    pub(super) lossy: Option<bool>,
    /// The planes to change.
    pub(super) planes: [bool; 3],
    pub(super) threads: usize,
}

/// A clip being debanded.
pub(super) struct Debanding {
    deband: Deband,
    shots: Recent<u64, Arc<Shot>>,
    restored: Recent<c_int, Arc<Restored<VsHostFrame>>>,
}

impl Debanding {
    pub(super) fn new(deband: Deband) -> Self {
        // The core works on about as many frames as there are processors.
        let frames = 2 * deband.how.temporal.reach() + 1 + Context::default().threads;
        Self { deband, shots: Recent::new(SHOTS), restored: Recent::new(frames) }
    }

    fn context(&self) -> Context<'static> {
        context(self.deband.threads)
    }

    /// The frames that the shot of a frame is inspected by.
    fn inspected(&self, n: c_int) -> Option<(u64, Vec<c_int>)> {
        let ranges = self.deband.ranges.as_ref()?;
        let range = ranges.at(u64::try_from(n).ok()?);
        let frames = ranges.inspected(&range).filter_map(|n| c_int::try_from(n).ok());
        Some((range.start, frames.collect()))
    }

    fn read(&self, source: Asked<'_>, n: c_int) -> Result<VsHostFrame, String> {
        let mut frame = source.read(n, self.deband.lossy)?;
        let layout = &mut frame.layout;
        let how = &self.deband.how;
        if layout.luma_only
            && !how.follows_findings()
            && how.options.depth.resolve(layout.depth) == layout.depth
        {
            // Originals see one plane of codes, whatever their range: chroma would take random numbers.
            *layout = layout.as_gray();
        }
        Ok(frame)
    }

    fn inspect(&self, frames: &[c_int], source: Asked<'_>) -> Result<Arc<Shot>, String> {
        let frames = frames.iter().map(|&n| self.read(source, n)).collect::<Result<Vec<_>, _>>()?;
        let frames: Vec<&VsHostFrame> = frames.iter().collect();
        Ok(Arc::new(Shot::inspect(&frames, &self.deband.how, &self.context()).map_err(message)?))
    }

    /// Frame `n` of a shot, with its neighbours.
    fn finished(
        &self,
        n: c_int,
        shot: &Shot,
        near: &[c_int],
        source: Asked<'_>,
    ) -> Result<VsHostFrame, String> {
        let ctx = &self.context();
        let restore = |n: c_int| {
            let frame = self.read(source, n)?;
            Ok(Arc::new(shot.restore(frame, n.unsigned_abs(), ctx).map_err(message)?))
        };
        let run = if near.len() == 1 {
            vec![restore(n)?]
        } else {
            near.iter().map(|&n| self.restored.get(n, || restore(n))).collect::<Result<Vec<_>, String>>()?
        };
        let at = near.iter().position(|&near| near == n).unwrap_or(0);
        let run: Vec<&Restored<VsHostFrame>> = run.iter().map(|frame| &**frame).collect();
        shot.finish(&run, at, ctx).map_err(message)
    }

    /// An image by itself.
    fn image(&self, frame: &VsHostFrame) -> Result<VsHostFrame, String> {
        let image = frame.to_image().map_err(message)?;
        let (made, _) = deband_with(image, &self.deband.how.options, &self.context()).map_err(message)?;
        frame.of_image(&made).map_err(message)
    }

    /// The result, with the source's samples in planes that are not to change.
    fn with_planes(&self, source: &VsHostFrame, made: VsHostFrame) -> Result<VsMemory, String> {
        let count = source.layout.planes();
        if self.deband.planes[..count].iter().all(|&changes| changes) {
            return Ok(made.memory);
        }
        let plain = source.in_depth(made.layout.depth, None, &self.context()).map_err(message)?;
        let planes: Vec<&VsMemory> = self.deband.planes[..count]
            .iter()
            .map(|&changes| if changes { &made.memory } else { &plain.memory })
            .collect();
        VsMemory::of_planes(&planes).ok_or_else(|| "the core gives no frame".to_owned())
    }
}

impl Filter for Debanding {
    fn needs(&self, n: c_int) -> Vec<c_int> {
        match self.inspected(n) {
            Some((key, mut frames)) if self.shots.known(key).is_none() => {
                frames.push(n);
                frames
            }
            _ => vec![n],
        }
    }

    fn frame(&self, n: c_int, source: Asked<'_>) -> Result<Step, String> {
        let frame = self.read(source, n)?;
        if self.deband.alone && frame.layout.is_image() {
            return Ok(Step::Done(self.with_planes(&frame, self.image(&frame)?)?));
        }
        let missing = |frames: &[c_int]| -> Vec<c_int> {
            frames.iter().copied().filter(|&n| source.get(n).is_none()).collect()
        };
        let shot = match self.inspected(n) {
            // One treatment for all frames, which does not depend on them.
            None => self.shots.get(0, || self.inspect(&[n], source))?,
            Some((key, frames)) => {
                if let Some(shot) = self.shots.known(key) {
                    shot
                } else {
                    // Between the request and now, the shot may have been forgotten.
                    let missing = missing(&frames);
                    if !missing.is_empty() {
                        return Ok(Step::Needs(missing));
                    }
                    self.shots.get(key, || self.inspect(&frames, source))?
                }
            }
        };
        let near: Vec<c_int> = match &self.deband.ranges {
            Some(ranges) => {
                ranges.near(n.unsigned_abs().into(), &shot).filter_map(|n| c_int::try_from(n).ok()).collect()
            }
            None => vec![n],
        };
        let missing = missing(&near);
        if !missing.is_empty() {
            return Ok(Step::Needs(missing));
        }
        let made = self.finished(n, &shot, &near, source)?;
        Ok(Step::Done(self.with_planes(&frame, made)?))
    }
}
