//! Speed-up by a second thread: whole jobs on `f32` images, prepared, processed in windows, put back.

use std::time::Instant;
use unband_image::Method;

use unband_filters::FILTERS;
use unband_image::findings::Findings;
use unband_image::tile::restore_in_place;
use unband_image::{Context, Image, Matrix, Range, With};

use super::{Clip, REPEATS};

/// The target for all methods except error diffusion.
const ASKED: f64 = 1.8;
const TILE: usize = 256;

/// Wall seconds of one job.
fn job(name: &str, settings: &[(String, String)], image: &Image, threads: usize) -> f64 {
    let entry = FILTERS.iter().find(|entry| entry.name == name).unwrap();
    let ctx = Context::with(|new| new.threads = threads);
    // Luma of six bits, for methods that need a grid.
    let mut findings = Findings::plain(image.planes.len(), 8);
    (findings.grids[0].step_codes, findings.grids[0].found) = (4.71, true);
    let prepare = Method::from_texts(entry, settings.iter().cloned()).unwrap().prepare().unwrap();
    let mut out = image.clone();
    let start = Instant::now();
    let restorer = prepare(image, &findings, &ctx).unwrap();
    restore_in_place(&mut out, &*restorer, TILE, &mut |_, _| {}, &ctx).unwrap();
    start.elapsed().as_secs_f64()
}

/// Prints the table, or the lines of one method.
pub(super) fn run(size: (usize, usize), method: Option<&str>) {
    if std::thread::available_parallelism().map_or(1, Into::into) < 2 {
        println!("skipped: scaling (one processor)");
        return;
    }
    let clip = Clip::<u8>::new(size, 8);
    let [y, u, v] = &clip.frames[0];
    let image = Image::from_yuv420(size.0, size.1, [y, u, v], Matrix::Bt709, Range::Limited).unwrap();
    println!(
        "{:44} {:>9} {:>9} {:>8}",
        format!("4:2:0 image, {}×{}", size.0, size.1),
        "one, ms",
        "two, ms",
        "ratio"
    );
    let ordered = [("dither_algo".to_owned(), "2".to_owned())];
    let plain: Vec<_> = FILTERS.iter().map(|entry| (entry.name, &[][..])).collect();
    let all = plain.into_iter().chain([("f3kdb", &ordered[..])]);
    for (name, settings) in all.filter(|(name, _)| method.is_none_or(|method| method == *name)) {
        let mut least = [f64::INFINITY; 2];
        // Several in a row, as in a batch: an idle processor needs time to wake up.
        for _ in 0..REPEATS {
            for (threads, least) in [1, 2].into_iter().zip(&mut least) {
                let jobs = (0..REPEATS).map(|_| job(name, settings, &image, threads));
                *least = jobs.fold(*least, f64::min);
            }
        }
        let [one, two] = least;
        // The default settings of f3kdb diffuse errors.
        let diffuses = name == "f3kdb" && settings.is_empty();
        let verdict = if diffuses || one / two >= ASKED { "" } else { "  NOT reached" };
        let name = format!("{name}{}", if settings.is_empty() { "" } else { ", ordered dither" });
        println!("{name:44} {:9.2} {:9.2} {:7.2}×{verdict}", one * 1e3, two * 1e3, one / two);
    }
}
