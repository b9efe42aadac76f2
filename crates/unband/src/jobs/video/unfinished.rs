//! Unfinished work: the folder of finished segments next to the result, and their list, for resuming.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use unband_video::{Segment, VideoError, VideoFile};

use super::folder::{folder_of, io};
use super::lock::Lock;
use super::tally::Tally;

const LIST: &str = "segments.jsonl";
/// Extension of files about finished segments that are not in the list yet.
const NOTE: &str = "made";
/// Version of the list format and of the segments.
const VERSION: u32 = 4;

/// The receiver of finished segments.
pub(super) trait Segments: Send {
    /// Path of the next segment that begins. `open`: earlier ones that are not added yet.
    fn next_path(&self, open: usize) -> PathBuf;

    /// Adds a finished segment, the counts of its frames, and the time of the following frame, if there is
    /// one.
    ///
    /// # Errors
    /// Errors of the operating system.
    fn add(&mut self, segment: Segment, tally: &Tally, next: Option<i64>) -> Result<(), VideoError>;
}

/// The folder of unfinished work.
#[derive(Debug)]
pub(super) struct Unfinished {
    folder: PathBuf,
    lock: Lock,
    list: File,
    /// Finished segments, in order.
    pub(super) segments: Vec<Segment>,
    /// Counts of their frames.
    pub(super) tally: Tally,
    /// Time of the first frame that is in none of them, in ticks; `None` when all are.
    pub(super) next: Option<i64>,
    /// Is the whole video in segments?
    pub(super) complete: bool,
}

impl Unfinished {
    /// Starts from scratch: earlier unfinished work is removed. `key`: settings that the segments depend on,
    /// besides the video.
    ///
    /// # Errors
    /// Errors of the operating system.
    pub(super) fn begin(output: &Path, file: &VideoFile, key: &str, lock: Lock) -> Result<Self, VideoError> {
        let folder = folder_of(output);
        lock.clear()?;
        let path = folder.join(LIST);
        let list = File::create(&path).map_err(|error| io("write", &path, error))?;
        let mut unfinished = Self {
            folder,
            lock,
            list,
            segments: Vec::new(),
            tally: Tally::default(),
            next: None,
            complete: false,
        };
        unfinished.put(&head(file, key)?)?;
        Ok(unfinished)
    }

    /// Resumes earlier work, if there is any.
    ///
    /// # Errors
    /// [`VideoError::Unfinished`] where it was for another video or had other options.
    pub(super) fn resume(output: &Path, file: &VideoFile, key: &str, lock: Lock) -> Result<Self, VideoError> {
        let folder = folder_of(output);
        let path = folder.join(LIST);
        let Ok((first, lines)) = read(&path) else { return Self::begin(output, file, key, lock) };
        if first.is_none() && lines.is_empty() {
            // It was interrupted at the start: nothing was finished.
            return Self::begin(output, file, key, lock);
        }
        if first.as_ref() != Some(&head(file, key)?) {
            return Err(VideoError::Unfinished { path: folder });
        }
        let (mut finished, mut next, mut complete) = (Vec::new(), None, false);
        for line in lines {
            // The last line may be incomplete.
            let Some((segment, tally, after)) = parse(&line, &folder) else { break };
            // Missing or truncated segments are made again, and all after them.
            if !segment.is_whole() {
                break;
            }
            (next, complete) = (after, after.is_none());
            finished.push((segment, tally));
        }
        let list = OpenOptions::new().append(true).open(&path).map_err(|error| io("write", &path, error))?;
        let (segments, tally) = (Vec::new(), Tally::default());
        let mut unfinished = Self { folder, lock, list, segments, tally, next, complete };
        unfinished.rewrite(&head(file, key)?, finished, next)?;
        Ok(unfinished)
    }

    /// Rewrites the list without incomplete lines.
    fn rewrite(
        &mut self,
        head: &Value,
        finished: Vec<(Segment, Tally)>,
        next: Option<i64>,
    ) -> Result<(), VideoError> {
        let (path, new) = (self.folder.join(LIST), self.folder.join("segments.new"));
        self.list = File::create(&new).map_err(|error| io("write", &new, error))?;
        self.put(head)?;
        let afters: Vec<Option<i64>> =
            finished.iter().skip(1).map(|(segment, _)| Some(segment.first())).chain([next]).collect();
        for ((segment, tally), after) in finished.into_iter().zip(afters) {
            self.add(segment, &tally, after)?;
        }
        fs::rename(&new, &path).map_err(|error| io("write", &path, error))
    }

    /// Path of the joined video.
    pub(super) fn joined(&self) -> PathBuf {
        self.folder.join("joined.part")
    }

    fn put(&mut self, value: &Value) -> Result<(), VideoError> {
        let path = self.folder.join(LIST);
        // In one call, so that a killed run leaves whole lines.
        self.list
            .write_all(format!("{value}\n").as_bytes())
            .and_then(|()| self.list.sync_data())
            .map_err(|error| io("write", &path, error))
    }

    /// Removes the folder.
    pub(super) fn remove(self) {
        drop(self.list);
        self.lock.remove();
    }

    /// Removes the folder if no segment was finished: there is nothing to resume.
    pub(super) fn remove_if_empty(self) {
        let mut files = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let noted = files.any(|file| file.path().extension().is_some_and(|end| end == NOTE));
        if self.segments.is_empty() && !noted {
            self.remove();
        }
    }
}

impl Segments for Unfinished {
    fn next_path(&self, open: usize) -> PathBuf {
        path_of(&self.folder, self.segments.len() + open)
    }

    fn add(&mut self, segment: Segment, tally: &Tally, next: Option<i64>) -> Result<(), VideoError> {
        self.put(&line(&segment, tally, next))?;
        self.tally.add(tally);
        (self.next, self.complete) = (next, next.is_none());
        self.segments.push(segment);
        self.lock.keep();
        Ok(())
    }
}

/// Path of a segment in the folder of unfinished work. `number`: from 0.
pub(super) fn path_of(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("{:05}.segment", number + 1))
}

/// Path of the file about a finished segment of another process, which is not in the list yet.
pub(super) fn note_of(folder: &Path, number: usize) -> PathBuf {
    path_of(folder, number).with_extension(NOTE)
}

/// A finished segment, the counts of its frames, and the time of the following frame, as a line of the list.
pub(super) fn line(segment: &Segment, tally: &Tally, next: Option<i64>) -> Value {
    let name = segment.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (first, steps, did) = (segment.first(), steps(&segment.times), tally.to_json());
    json!({"file": name, "first": first, "steps": steps, "crc": segment.crc, "did": did, "next": next})
}

/// The settings that a resumed run must share with the earlier one.
fn head(file: &VideoFile, key: &str) -> Result<Value, VideoError> {
    let (bytes, changed) = file.state().map_err(|error| io("read", &file.path, error))?;
    let changed = changed.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let changed = changed.map(|time| time.as_millis().to_string());
    Ok(json!({"version": VERSION, "bytes": bytes, "changed": changed, "options": key}))
}

/// Is the unfinished work there for this video, with these options?
///
/// # Errors
/// The video cannot be read.
pub(super) fn is_of(folder: &Path, file: &VideoFile, key: &str) -> Result<bool, VideoError> {
    let head = head(file, key)?;
    Ok(read(&folder.join(LIST)).is_ok_and(|(first, _)| first.is_some_and(|first| first == head)))
}

/// Finished work of an earlier run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    /// Segments in the list.
    pub(super) segments: usize,
    /// From the first frame of the first to the end of the last one, in ticks.
    pub(super) ticks: i64,
    /// Is it for this video, with these options?
    pub(super) same: bool,
}

/// Finished segments for a result, if there are any. Does not check that they are complete.
///
/// # Errors
/// The video cannot be read.
pub(super) fn waiting(output: &Path, file: &VideoFile, key: &str) -> Result<Option<Waiting>, VideoError> {
    let folder = folder_of(output);
    let Ok((first, lines)) = read(&folder.join(LIST)) else { return Ok(None) };
    // A segment may be finished and not yet in the list.
    let files = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let files = files.filter(|path| path.extension().is_some_and(|end| end == "segment")).count();
    let same = |first: Option<Value>| Ok::<_, VideoError>(first == Some(head(file, key)?));
    let finished: Vec<_> = lines.iter().map_while(|line| parse(line, &folder)).collect();
    let (Some((begin, ..)), Some((last, _, next))) = (finished.first(), finished.last()) else {
        return if files > 0 {
            Ok(Some(Waiting { segments: files, ticks: 0, same: same(first)? }))
        } else {
            Ok(None)
        };
    };
    let end = next.or(last.times.last().copied()).unwrap_or(0);
    let ticks = end.saturating_sub(begin.first());
    Ok(Some(Waiting { segments: finished.len().max(files), ticks, same: same(first)? }))
}

/// Parses the list: its first line, if valid, and all complete lines after it.
fn read(path: &Path) -> std::io::Result<(Option<Value>, Vec<Value>)> {
    let mut lines = BufReader::new(File::open(path)?).lines().map_while(Result::ok);
    let parsed = |line: String| serde_json::from_str(&line).ok();
    let first = lines.next().and_then(parsed);
    Ok((first, lines.map_while(parsed).collect()))
}

/// Parses a line of the list.
pub(super) fn parse(value: &Value, folder: &Path) -> Option<(Segment, Tally, Option<i64>)> {
    let name = value.get("file")?.as_str()?;
    let path = folder.join(Path::new(name).file_name()?);
    let crc = u32::try_from(value.get("crc")?.as_u64()?).ok()?;
    let times = times(value.get("first")?.as_i64()?, value.get("steps")?.as_array()?)?;
    let tally = Tally::from_json(value.get("did")?)?;
    Some((Segment { path, times, crc }, tally, value.get("next")?.as_i64()))
}

/// Differences between times, run-length encoded as pairs of step and count.
fn steps(times: &[i64]) -> Vec<(i64, u64)> {
    let mut steps: Vec<(i64, u64)> = Vec::new();
    for step in times.windows(2).map(|pair| pair[1] - pair[0]) {
        match steps.last_mut().filter(|last| last.0 == step) {
            Some((_, count)) => *count += 1,
            None => steps.push((step, 1)),
        }
    }
    steps
}

/// Limit for the frames of a segment: a list may contain anything.
const MOST_FRAMES: u64 = 1 << 20;

fn times(first: i64, steps: &[Value]) -> Option<Vec<i64>> {
    let mut times = vec![first];
    for pair in steps {
        let (step, count) = (pair.get(0)?.as_i64()?, pair.get(1)?.as_u64()?);
        if times.len() as u64 + count.min(MOST_FRAMES) > MOST_FRAMES {
            return None;
        }
        for _ in 0..count {
            times.push(times.last()?.checked_add(step)?);
        }
    }
    Some(times)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn times_of_a_segment_come_back_from_the_list() {
        for all in [vec![-7], vec![0, 41, 83, 125, 166, 208], (0..500).map(|i| 512 * i).collect()] {
            let list = json!(steps(&all));
            assert_eq!(times(all[0], list.as_array().unwrap()).unwrap(), all);
        }
        assert_eq!(steps(&(0..500).map(|i| 512 * i).collect::<Vec<_>>()).len(), 1);
        for wrong in [json!([[1]]), json!([[1, u64::MAX]]), json!([[i64::MAX, 2]]), json!(["a"])] {
            assert_eq!(times(5, wrong.as_array().unwrap()), None, "{wrong}");
        }
    }
}
