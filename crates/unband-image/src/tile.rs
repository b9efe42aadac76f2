//! Tiled restoration of an image on many threads.
//!
//! The image is processed in bands of rows. A band's result waits until the band below it is restored too,
//! because that one still reads the original rows above; then it overwrites them. A large image therefore
//! needs its own memory once, plus two bands; a small one is a single band.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::context::{Context, NoProgress, Piece, RestoreError};
use crate::image::{Image, Plane};
use crate::restorer::{Needs, Passage, Restorer, Rows, TileIn, TileOut};
use crate::window::Window;

/// Restored rows: all planes, full width.
pub struct Band {
    /// Luma rows `y0..y1`, all columns.
    pub window: Window,
    /// One plane per image plane, the band's size on each.
    pub planes: Vec<Plane>,
}

/// The rows of a passage, held until those below are known. All planes of the image have one size.
pub struct HeldRows<'a> {
    inner: Box<dyn Passage + 'a>,
    /// Rows that are held.
    pub band: Band,
    /// Number of rows of the image that the passage no longer reads.
    pub free: usize,
}

impl<'a> HeldRows<'a> {
    /// No rows yet of a passage over the image.
    pub fn new(inner: Box<dyn Passage + 'a>, image: &Image) -> Self {
        let window = Window { x0: 0, y0: 0, x1: image.width(), y1: 0 };
        let plane = |plane: &Plane| Plane { width: plane.width, height: 0, data: Vec::new() };
        let planes = image.planes.iter().map(plane).collect();
        Self { inner, band: Band { window, planes }, free: 0 }
    }

    /// Takes rows until those above `y` are held, or the passage ends.
    ///
    /// # Errors
    /// As [`Passage::next`].
    pub fn hold(&mut self, y: usize, image: &Image, ctx: &Context<'_>) -> Result<(), RestoreError> {
        while self.band.window.y1 < y {
            let Some(Rows { band, free }) = self.inner.next(image, ctx)? else { break };
            self.free = free;
            self.band.window.y1 = band.window.y1;
            for (all, more) in self.band.planes.iter_mut().zip(&band.planes) {
                all.data.extend_from_slice(&more.data);
                all.height += more.height;
            }
        }
        Ok(())
    }

    /// Drops the rows above `y`.
    pub fn drop_above(&mut self, y: usize) {
        let Band { window, planes } = &mut self.band;
        let rows = y.saturating_sub(window.y0).min(window.height());
        for plane in planes {
            plane.data.drain(..rows * plane.width);
            plane.height -= rows;
        }
        window.y0 += rows;
    }
}

/// Planes of `core` in pieces of some columns each, on all threads; all planes have one size.
pub fn by_columns(
    core: Window,
    columns: usize,
    ctx: &Context<'_>,
    piece: impl Fn(Window) -> Vec<Plane> + Sync,
) -> Vec<Plane> {
    let pieces = ctx.map(core.width().div_ceil(columns), |i| {
        let x0 = core.x0 + i * columns;
        piece(Window { x0, x1: (x0 + columns).min(core.x1), ..core })
    });
    let plane = |p: usize| {
        let mut data = Vec::with_capacity(core.width() * core.height());
        for y in 0..core.height() {
            for planes in &pieces {
                data.extend_from_slice(planes[p].row(y));
            }
        }
        Plane { width: core.width(), height: core.height(), data }
    };
    (0..pieces.first().map_or(0, Vec::len)).map(plane).collect()
}

/// Division of an image into windows and bands, in luma samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    size: (usize, usize),
    /// Columns and rows of a window.
    window: (usize, usize),
    /// Windows per row.
    columns: usize,
    /// Rows of a band: a multiple of the window's height.
    pub band: usize,
}

impl Layout {
    /// Layout for an image of `size` and windows of about `tile` squared, as required by the restorer and the
    /// number of threads.
    pub fn from_restorer(restorer: &dyn Restorer, size: (usize, usize), tile: usize, threads: usize) -> Self {
        let layout = Self::new(size.0, size.1, &restorer.needs(), tile, threads);
        // Windows that run one after the other need only one row of them.
        if restorer.spreads() { Self { band: layout.window.1, ..layout } } else { layout }
    }

    fn new(width: usize, height: usize, needs: &Needs, tile: usize, threads: usize) -> Self {
        let align = needs.align.max(1);
        let side = tile.max(needs.halo).max(16).next_multiple_of(align);
        let window = match (needs.whole_image, needs.full_width) {
            (true, _) => (width, height),
            // A few square windows' worth of samples, without processing many halo rows twice.
            (false, true) => {
                let rows = (tile.saturating_mul(2 * tile) / width.max(1)).max(4 * needs.halo);
                (width, rows.clamp(16, side).next_multiple_of(align).max(needs.halo.next_multiple_of(align)))
            }
            (false, false) => (side, side),
        };
        let columns = width.div_ceil(window.0).max(1);
        // Threads wait for each other at the end of a band: as few bands as memory allows, all about equal.
        // Small windows mean little memory, so bands shrink with them.
        let samples = if tile < SMALL { SAMPLES / SMALL * tile } else { SAMPLES };
        let most = (samples / (window.0 * window.1).max(1)).max(2 * threads).div_ceil(columns).max(1);
        let rows = height.div_ceil(window.1).max(1);
        let band = rows.div_ceil(rows.div_ceil(most)) * window.1;
        Self { size: (width, height), window, columns, band }
    }

    /// Columns and rows of the largest window with its halo.
    pub fn outer(&self, needs: &Needs) -> (usize, usize) {
        let halo = needs.halo.next_multiple_of(needs.align.max(1));
        let along = |window: usize, size: usize| (window + 2 * halo).min(size);
        (along(self.window.0, self.size.0), along(self.window.1, self.size.1))
    }

    /// Windows of a band in progress at the same time on `threads` threads.
    pub fn at_once(&self, restorer: &dyn Restorer, threads: usize) -> usize {
        let threads = if restorer.spreads() { 1 } else { threads };
        let rows = self.band.min(self.size.1).div_ceil(self.window.1).max(1);
        (self.columns * rows).min(threads.max(1))
    }

    fn bands(&self) -> impl ExactSizeIterator<Item = Window> {
        let Self { size: (width, height), band, .. } = *self;
        (0..height.div_ceil(band)).map(move |b| Window {
            x0: 0,
            y0: b * band,
            x1: width,
            y1: ((b + 1) * band).min(height),
        })
    }

    /// Window `i` of a band.
    fn core(&self, band: Window, i: usize) -> Window {
        let (width, height) = self.window;
        let (x0, y0) = ((i % self.columns) * width, band.y0 + (i / self.columns) * height);
        Window { x0, y0, x1: (x0 + width).min(band.x1), y1: (y0 + height).min(band.y1) }
    }
}

/// Luma samples of a band, unless a few windows per thread need more.
const SAMPLES: usize = 1 << 22;
/// Window side below which bands shrink.
const SMALL: usize = 256;

/// Restores an image in place.
///
/// `tile` is the requested side of a window in luma samples (rounded to the restorer's requirements). Bands
/// go through `finish` from top to bottom before they are written back; the image then still holds the
/// original samples of that band.
///
/// # Errors
/// The restorer's first error, or cancelled. The image is then partly restored and must be discarded.
pub fn restore_in_place(
    image: &mut Image,
    restorer: &dyn Restorer,
    tile: usize,
    finish: &mut dyn FnMut(&Image, &mut Band),
    ctx: &Context<'_>,
) -> Result<(), RestoreError> {
    let layout = Layout::from_restorer(restorer, (image.width(), image.height()), tile, ctx.threads);
    let bands = layout.bands();
    let count = bands.len();
    let (mut waiting, mut spare): (Option<Band>, Option<Band>) = (None, None);
    for (b, window) in bands.enumerate() {
        let mut band = if layout.window == layout.size {
            restore_whole(image, restorer, ctx)?
        } else {
            let mut band = empty_band(image, window, spare.take());
            let piece = Piece { all: ctx.progress, number: b, of: count };
            restore_band(image, &mut band, restorer, &layout, &Context { progress: &piece, ..*ctx })?;
            band
        };
        finish(image, &mut band);
        if let Some(done) = waiting.replace(band) {
            write_back(image, &done, ctx);
            spare = Some(done);
        }
        ctx.progress.advance(b + 1, count);
    }
    match waiting {
        Some(all) if count == 1 => image.planes = all.planes,
        Some(last) => write_back(image, &last, ctx),
        None => {}
    }
    Ok(())
}

/// Restores an image in place by whole rows from top to bottom, where the restorer supports it. Returns
/// `false` where it does not; the image is then unchanged. Bands go through `finish` as in
/// [`restore_in_place`], and are written back as soon as their original rows are no longer read.
///
/// # Errors
/// The restorer's first error, or cancelled. The image is then partly restored and must be discarded.
pub fn restore_by_rows(
    image: &mut Image,
    restorer: &dyn Restorer,
    finish: &mut dyn FnMut(&Image, &mut Band),
    ctx: &Context<'_>,
) -> Result<bool, RestoreError> {
    let Some(mut passage) = restorer.passage(image, ctx)? else { return Ok(false) };
    let mut waiting = VecDeque::new();
    while let Some(Rows { mut band, free }) = passage.next(image, ctx)? {
        finish(image, &mut band);
        waiting.push_back(band);
        while let Some(done) = waiting.pop_front_if(|band: &mut Band| band.window.y1 <= free) {
            write_back(image, &done, ctx);
        }
    }
    for band in &waiting {
        write_back(image, band, ctx);
    }
    Ok(true)
}

/// One restored window of an image, with all its planes. Its corners obey [`Needs::align`].
///
/// # Errors
/// As [`Restorer::restore`].
pub fn restored_window(
    image: &Image,
    restorer: &dyn Restorer,
    window: Window,
    ctx: &Context<'_>,
) -> Result<Vec<Plane>, RestoreError> {
    let needs = restorer.needs();
    let halo = needs.halo.next_multiple_of(needs.align.max(1));
    let input = TileIn { image, core: window, outer: window.grown(halo, image.width(), image.height()) };
    let mut output = TileOut { planes: (0..image.planes.len()).map(|p| copy_core(&input, p)).collect() };
    if restorer.touches(&input) {
        restorer.restore(&input, &mut output, ctx)?;
    }
    Ok(output.planes)
}

/// A single window, which needs no assembly.
fn restore_whole(image: &Image, restorer: &dyn Restorer, ctx: &Context<'_>) -> Result<Band, RestoreError> {
    ctx.check()?;
    let window = Window { x0: 0, y0: 0, x1: image.width(), y1: image.height() };
    let input = TileIn { image, core: window, outer: window };
    let mut output = TileOut { planes: empty_band(image, window, None).planes };
    copy(
        &mut output.planes.iter_mut().zip(&image.planes).map(|(to, from)| (&mut to.data[..], &from.data[..])),
        ctx,
    );
    if restorer.touches(&input) {
        restorer.restore(&input, &mut output, ctx)?;
    }
    Ok(Band { window, planes: output.planes })
}

fn restore_band(
    image: &Image,
    band: &mut Band,
    restorer: &dyn Restorer,
    layout: &Layout,
    ctx: &Context<'_>,
) -> Result<(), RestoreError> {
    let (window, height) = (band.window, layout.window.1);
    let rows = window.height().div_ceil(height);
    let (windows, done) = (rows * layout.columns, AtomicUsize::new(0));
    // Parallel windows would each report progress as if they were the only one.
    let each = if windows == 1 { *ctx } else { Context { progress: &NoProgress, ..*ctx } };
    // Each row of windows has its own part of the band, locked by one thread at a time.
    let parts: Vec<Vec<_>> = band
        .planes
        .iter_mut()
        .enumerate()
        .map(|(p, plane)| {
            let rows = height.div_ceil(image.plane_scale(p).1);
            plane.data.chunks_mut((rows * plane.width).max(1)).map(Mutex::new).collect()
        })
        .collect();
    let outer_threads = if restorer.spreads() { 1 } else { ctx.threads };
    let results = Context { threads: outer_threads, ..*ctx }.map(windows, |i| {
        ctx.check()?;
        let core = layout.core(window, i);
        let planes = restored_window(image, restorer, core, &each)?;
        ctx.progress.advance(done.fetch_add(1, Ordering::Relaxed) + 1, windows);
        for (p, plane) in planes.iter().enumerate() {
            let ((sx, sy), width) = (image.plane_scale(p), image.planes[p].width);
            let columns = core.on_plane(sx, sy);
            // A window without rows on a subsampled plane has no part there.
            let Some(part) = parts[p].get(i / layout.columns) else { continue };
            let Ok(mut part) = part.lock() else { continue };
            let targets = part.chunks_exact_mut(width.max(1));
            for (target, row) in targets.zip(plane.data.chunks_exact(plane.width.max(1))) {
                target[columns.x0..columns.x1].copy_from_slice(row);
            }
        }
        Ok(())
    });
    results.into_iter().collect()
}

fn copy_core(input: &TileIn<'_>, plane: usize) -> Plane {
    input.image.planes[plane].cut(input.core_on(plane))
}

/// A band to fill. Reuses another one's memory where there is one; every sample is overwritten.
fn empty_band(image: &Image, window: Window, spare: Option<Band>) -> Band {
    let mut memory = spare.map(|band| band.planes).unwrap_or_default().into_iter();
    let planes = (0..image.planes.len()).map(|p| {
        let (sx, sy) = image.plane_scale(p);
        let w = window.on_plane(sx, sy);
        let mut data = memory.next().map(|plane| plane.data).unwrap_or_default();
        if data.is_empty() {
            return Plane::filled(w.width(), w.height(), 0.0);
        }
        data.resize(w.width() * w.height(), 0.0);
        Plane { width: w.width(), height: w.height(), data }
    });
    Band { window, planes: planes.collect() }
}

fn write_back(image: &mut Image, band: &Band, ctx: &Context<'_>) {
    let scales: Vec<_> = (0..image.planes.len()).map(|p| image.plane_scale(p)).collect();
    let planes = image.planes.iter_mut().zip(&band.planes).zip(scales);
    let mut planes = planes.map(|((to, from), (sx, sy))| {
        let start = band.window.on_plane(sx, sy).y0 * to.width;
        (&mut to.data[start..start + from.data.len()], &from.data[..])
    });
    copy(&mut planes, ctx);
}

/// Copies slices into others of the same length.
fn copy(pairs: &mut dyn Iterator<Item = (&mut [f32], &[f32])>, ctx: &Context<'_>) {
    /// Samples that justify a thread.
    const PART: usize = 1 << 18;
    let parts = pairs.flat_map(|(to, from)| to.chunks_mut(PART).zip(from.chunks(PART)));
    ctx.map_parts(parts.collect(), |_, (to, from)| to.copy_from_slice(from));
}

#[cfg(test)]
mod tests;
