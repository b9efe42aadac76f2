//! Parallel processing of many images within limits on threads and memory.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::mpsc;
use std::sync::{Condvar, Mutex, PoisonError};

use unband_image::With;

use crate::Context;
use crate::files::FileOptions;
use crate::jobs::memory;

/// Images up to this number of pixels are processed in parallel, one thread each; larger ones one after the
/// other, on all threads.
const SMALL: u64 = 4_000_000;

/// Resources of one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Threads it uses.
    pub threads: usize,
    /// Peak memory in bytes.
    pub memory: u64,
}

/// Limits for all jobs together.
pub type Limits = Cost;

struct State {
    next: usize,
    running: usize,
    free: Cost,
}

/// Runs `work(i)` for every cost, started in order, as many at a time as fit into the limits, and passes the
/// results to `emit` in order. A job larger than the limits runs alone.
///
/// No further job starts once `stop()` returns true; `emit` then gets the jobs started before.
pub fn run<T: Send>(
    costs: &[Cost],
    limits: Limits,
    stop: &(dyn Fn() -> bool + Sync),
    work: &(dyn Fn(usize) -> T + Sync),
    emit: &mut dyn FnMut(usize, T),
) {
    let state = Mutex::new(State { next: 0, running: 0, free: limits });
    let freed = Condvar::new();
    let workers = limits.threads.clamp(1, costs.len().max(1));
    let (send, receive) = mpsc::channel();
    let work_off = |send: mpsc::Sender<(usize, T)>| {
        while let Some(i) = take(&state, &freed, costs, limits, stop) {
            let result = work(i);
            // The receiver outlives the workers.
            let _ = send.send((i, result));
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.running -= 1;
            state.free.threads += costs[i].threads.min(limits.threads);
            state.free.memory += costs[i].memory.min(limits.memory);
            freed.notify_all();
        }
    };
    let work_off = &work_off;
    std::thread::scope(|scope| {
        let start = |_| {
            let send = send.clone();
            std::thread::Builder::new().spawn_scoped(scope, move || work_off(send)).is_ok()
        };
        // If the system cannot start more threads, fewer do the work, at worst this one alone.
        if (0..workers).map(start).take_while(|&started| started).count() == 0 {
            work_off(send.clone());
        }
        drop(send);
        let mut waiting = std::collections::BTreeMap::new();
        let mut turn = 0;
        for (i, result) in receive {
            waiting.insert(i, result);
            while let Some(result) = waiting.remove(&turn) {
                emit(turn, result);
                turn += 1;
            }
        }
        for (i, result) in waiting {
            emit(i, result);
        }
    });
}

fn take(
    state: &Mutex<State>,
    freed: &Condvar,
    costs: &[Cost],
    limits: Limits,
    stop: &(dyn Fn() -> bool + Sync),
) -> Option<usize> {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let cost = costs.get(state.next).filter(|_| !stop())?;
        let (threads, memory) = (cost.threads.min(limits.threads), cost.memory.min(limits.memory));
        if state.running == 0 || (threads <= state.free.threads && memory <= state.free.memory) {
            state.free.threads -= threads;
            state.free.memory -= memory;
            state.running += 1;
            state.next += 1;
            return Some(state.next - 1);
        }
        state = freed.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Number of threads for an image of this number of pixels.
pub fn threads(pixels: u64, all: usize) -> usize {
    if pixels <= SMALL { 1 } else { all }
}

/// Resources for debanding the image of a file on at most `ctx.threads` threads: the memory of
/// [`peak_memory`](crate::peak_memory), or that of reading the file or writing its result, where it is more.
/// The program itself is not included.
pub fn deband_cost(path: &Path, options: &FileOptions, ctx: &Context<'_>) -> Cost {
    let size = declared_size(path);
    let pixels = size.map_or_else(|pixels| pixels, |(width, height)| width.saturating_mul(height));
    let threads = if may_be_animation(path) { ctx.threads } else { threads(pixels, ctx.threads) };
    let memory = match size {
        // Unusable weights fail before the image is read.
        Ok((width, height)) => {
            memory::of_file(path, width, height, options, &(*ctx).but(|new| new.threads = threads))
                .unwrap_or(0)
        }
        Err(pixels) => pixels,
    };
    Cost { threads, memory }
}

/// Does the file begin as an animation? Its frames come one after the other, each on all threads.
fn may_be_animation(path: &Path) -> bool {
    let mut head = Vec::new();
    let is_file = fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    let read = is_file.then(|| fs::File::open(path).map(|file| file.take(1 << 12).read_to_end(&mut head)));
    read.is_some() && unband_io::begins_animation(&head)
}

/// Number of pixels as the header declares it. Undeclared sizes may be anything, so such an image runs alone;
/// missing files and other files cost nothing.
pub fn declared_pixels(path: &Path) -> u64 {
    declared_size(path).map_or_else(|pixels| pixels, |(width, height)| width.saturating_mul(height))
}

/// Width and height as declared; the number of pixels to expect where they are not.
fn declared_size(path: &Path) -> Result<(u64, u64), u64> {
    unband_io::declared_size(path).map_err(|error| match error.fault() {
        unband_io::Error::Io { .. } | unband_io::Error::UnknownContent | unband_io::Error::Empty
            if fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) || !path.exists() =>
        {
            0
        }
        _ => u64::MAX,
    })
}

#[cfg(test)]
mod tests;
