use super::*;
use crate::restorer::Needs;

/// Box mean over `2r+1` squared, clipped at the border: every halo sample matters.
struct BoxMean(usize);

impl Restorer for BoxMean {
    fn needs(&self) -> Needs {
        Needs::halo(self.0)
    }

    fn restore(&self, input: &TileIn<'_>, output: &mut TileOut, _: &Context<'_>) -> Result<(), RestoreError> {
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
        restore_in_place(&mut image, &BoxMean(3), tile, &mut |_, _| {}, &ctx).unwrap();
        image
    };
    let whole = run(1000, 1);
    for (tile, threads) in [(16, 1), (16, 3), (20, 2), (32, 8)] {
        assert_eq!(run(tile, threads), whole, "tile {tile}, {threads} threads");
    }
}

#[test]
fn progress_is_reported_by_window_and_ends_at_all() {
    struct Ear(Mutex<Vec<(usize, usize)>>);
    impl crate::context::Progress for Ear {
        fn advance(&self, done: usize, total: usize) {
            self.0.lock().unwrap().push((done, total));
        }
    }
    let image = Image::from_gray(70, 53, &[9u8; 70 * 53]).unwrap();
    for (tile, least) in [(16, 20), (4096, 1)] {
        let ear = Ear(Mutex::default());
        let ctx = Context { threads: 2, progress: &ear, ..Context::default() };
        restore_in_place(&mut image.clone(), &BoxMean(3), tile, &mut |_, _| {}, &ctx).unwrap();
        let reported = ear.0.into_inner().unwrap();
        assert!(reported.len() >= least, "{reported:?}");
        assert!(
            reported.iter().all(|(done, total)| done <= total) && reported.last().is_some_and(|t| t.0 == t.1)
        );
    }
}

#[test]
fn bands_divide_the_image_and_hold_the_halo() {
    for (size, tile, threads) in
        [((1, 1), 16, 1), ((5000, 3), 64, 4), ((77, 4000), 64, 2), ((3000, 3000), 256, 64)]
    {
        for full_width in [false, true] {
            for halo in [0, 3, 40, 300] {
                let needs = Needs { full_width, ..Needs::halo(halo) };
                let layout = Layout::new(size.0, size.1, &needs, tile, threads);
                assert!(layout.band >= halo && layout.band.is_multiple_of(layout.window.1), "{layout:?}");
                let rows: usize = layout.bands().map(Window::height).sum();
                assert_eq!(rows, size.1, "{layout:?}");
                let first = layout.bands().next().unwrap();
                let windows = layout.columns * first.height().div_ceil(layout.window.1);
                let area: usize =
                    (0..windows).map(|i| layout.core(first, i)).map(|w| w.width() * w.height()).sum();
                assert_eq!(area, first.width() * first.height(), "{layout:?}");
            }
        }
    }
}

#[test]
fn cancelling_stops_the_work() {
    let mut image = Image::from_gray::<u8>(64, 64, &[9; 64 * 64]).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(true);
    let ctx = Context { cancel: &stop, ..Context::default() };
    let result = restore_in_place(&mut image, &BoxMean(1), 16, &mut |_, _| {}, &ctx);
    assert!(matches!(result, Err(RestoreError::Cancelled)));
}
