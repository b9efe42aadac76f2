//! Windows over an image, restored on many threads and put back in place.
//!
//! The picture is worked through in bands of rows. A band's result waits until the band below it has been
//! restored too, because that one still reads the original rows above; then it overwrites them. So a
//! picture needs its own memory once, plus two bands.

use crate::image::{Image, Plane};
use crate::restorer::{Context, RestoreError, Restorer, TileIn, TileOut, Window};

/// Rows of a band once restored: all planes, full width.
pub struct Band {
    /// Luma rows `y0..y1`, all columns.
    pub window: Window,
    /// One plane per image plane, the band's size on each.
    pub planes: Vec<Plane>,
}

/// Restores an image in place.
///
/// `tile` is the wanted side of a window in luma samples (rounded to what the restorer needs). Each window's
/// result goes through `inside` on the thread that made it; each band, in order from the top and with the
/// image still holding the original samples of that band, goes through `finish` before it is written back.
///
/// # Errors
/// The restorer's first error, or cancelled. The image is then partly restored: drop it.
pub fn restore_in_place(
    image: &mut Image,
    restorer: &dyn Restorer,
    tile: usize,
    inside: &(dyn Fn(&TileIn<'_>, &mut TileOut) + Sync),
    finish: &mut dyn FnMut(&Image, &mut Band),
    ctx: &Context<'_>,
) -> Result<(), RestoreError> {
    let (width, height) = (image.width(), image.height());
    let needs = restorer.needs();
    let align = needs.align.max(1);
    let side = tile.max(needs.halo).max(16).div_ceil(align) * align;
    let (tw, th) = match (needs.whole_image, needs.full_width) {
        (true, _) => (width, height),
        (false, true) => (width, side),
        (false, false) => (side, side),
    };
    let columns = width.div_ceil(tw);
    // Enough windows per band to keep every thread busy.
    let stack = if needs.whole_image { 1 } else { (2 * ctx.threads).div_ceil(columns).max(1) };
    let band_height = (th * stack).min(height.div_ceil(align) * align);
    let bands = height.div_ceil(band_height);
    let mut waiting: Option<Band> = None;
    for b in 0..bands {
        let (y0, y1) = (b * band_height, ((b + 1) * band_height).min(height));
        let rows = (y1 - y0).div_ceil(th);
        let band = Window { x0: 0, y0, x1: width, y1 };
        let source = &*image;
        let tiles = ctx.map(rows * columns, |i| {
            ctx.check()?;
            let core = Window {
                x0: (i % columns) * tw,
                y0: y0 + (i / columns) * th,
                x1: ((i % columns + 1) * tw).min(width),
                y1: (y0 + (i / columns + 1) * th).min(y1),
            };
            let input = TileIn {
                image: source,
                core,
                outer: core.grown(needs.halo.div_ceil(align) * align, width, height),
            };
            let mut output =
                TileOut { planes: (0..source.planes.len()).map(|p| copy_core(&input, p)).collect() };
            if restorer.touches(&input) {
                restorer.restore(&input, &mut output, ctx)?;
                inside(&input, &mut output);
            }
            Ok((core, output))
        });
        let mut joined = Band { window: band, planes: empty_band(source, band) };
        for tile in tiles {
            let (core, output) = tile?;
            paste(source, &mut joined, core, &output);
        }
        finish(source, &mut joined);
        if let Some(done) = waiting.replace(joined) {
            write_back(image, &done);
        }
        ctx.progress.advance(b + 1, bands);
    }
    if let Some(done) = waiting {
        write_back(image, &done);
    }
    Ok(())
}

fn copy_core(input: &TileIn<'_>, plane: usize) -> Plane {
    let window = input.core_on(plane);
    let mut data = Vec::with_capacity(window.width() * window.height());
    for y in window.y0..window.y1 {
        data.extend_from_slice(input.core_row(plane, y));
    }
    Plane { width: window.width(), height: window.height(), data }
}

fn empty_band(image: &Image, window: Window) -> Vec<Plane> {
    (0..image.planes.len())
        .map(|p| {
            let (sx, sy) = image.plane_scale(p);
            let w = window.on_plane(sx, sy);
            Plane::filled(w.width(), w.height(), 0.0)
        })
        .collect()
}

fn paste(image: &Image, band: &mut Band, core: Window, output: &TileOut) {
    for (p, plane) in output.planes.iter().enumerate() {
        let (sx, sy) = image.plane_scale(p);
        let (target, origin) = (core.on_plane(sx, sy), band.window.on_plane(sx, sy));
        for y in 0..plane.height {
            let row = band.planes[p].row_mut(target.y0 - origin.y0 + y);
            row[target.x0..target.x1].copy_from_slice(plane.row(y));
        }
    }
}

fn write_back(image: &mut Image, band: &Band) {
    for (p, plane) in band.planes.iter().enumerate() {
        let (sx, sy) = image.plane_scale(p);
        let w = band.window.on_plane(sx, sy);
        let start = w.y0 * plane.width;
        image.planes[p].data[start..start + plane.data.len()].copy_from_slice(&plane.data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restorer::Needs;

    /// Box mean over `2r+1` squared, clipped at the border: every halo sample matters.
    struct BoxMean(usize);

    impl Restorer for BoxMean {
        fn needs(&self) -> Needs {
            Needs::halo(self.0)
        }

        fn restore(
            &self,
            input: &TileIn<'_>,
            output: &mut TileOut,
            _: &Context<'_>,
        ) -> Result<(), RestoreError> {
            let r = self.0;
            for p in 0..output.planes.len() {
                let (core, image) = (input.core_on(p), &input.image.planes[p]);
                for y in core.y0..core.y1 {
                    for x in core.x0..core.x1 {
                        let (mut sum, mut n) = (0.0, 0.0);
                        for yy in y.saturating_sub(r)..(y + r + 1).min(image.height) {
                            for xx in x.saturating_sub(r)..(x + r + 1).min(image.width) {
                                sum += image.row(yy)[xx];
                                n += 1.0;
                            }
                        }
                        output.planes[p].row_mut(y - core.y0)[x - core.x0] = sum / n;
                    }
                }
            }
            Ok(())
        }
    }

    #[test]
    fn tiles_and_threads_give_what_one_window_gives() {
        let data: Vec<u8> = (0..70 * 53 * 3).map(|i| ((i * 7919) % 251) as u8).collect();
        let original = Image::from_rgb8(70, 53, &data).unwrap();
        let run = |tile, threads| {
            let mut image = original.clone();
            let ctx = Context { threads, ..Context::default() };
            restore_in_place(&mut image, &BoxMean(3), tile, &|_, _| {}, &mut |_, _| {}, &ctx).unwrap();
            image
        };
        let whole = run(1000, 1);
        for (tile, threads) in [(16, 1), (16, 3), (20, 2), (32, 8)] {
            assert_eq!(run(tile, threads), whole, "tile {tile}, {threads} threads");
        }
    }

    #[test]
    fn cancelling_stops_the_work() {
        let mut image = Image::from_gray::<u8>(64, 64, &[9; 64 * 64]).unwrap();
        let stop = std::sync::atomic::AtomicBool::new(true);
        let ctx = Context { cancel: &stop, ..Context::default() };
        let result = restore_in_place(&mut image, &BoxMean(1), 16, &|_, _| {}, &mut |_, _| {}, &ctx);
        assert!(matches!(result, Err(RestoreError::Cancelled)));
    }
}
