//! Speed of the filters on planes of codes, one thread, compared with ffmpeg's own in the same run.
//!
//! Run by `scripts/bench filters`. CPU time, not wall time; the minimum of several repeats, alternating with
//! ffmpeg's. ffmpeg's time is that of raw frames in and `-f null` out with the filter minus the same without.
//!
//! `--f3kdb PATH` also measures the original `f3kdb` by a driver described in `filters/f3kdb.rs`. `--only`
//! measures one part: `frames` (whole video frames, from NUT to NUT), `f3kdb`, `adadeband`, `libplacebo`, or
//! `scaling` over threads (of `--method NAME`). `--compare N` compares the results of N random settings (of
//! `--seed NUMBER`) with the driver's instead of measuring.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

/// The program's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[cfg(not(unix))]
fn main() {
    println!("skipped: CPU time of other programs is only measured on Unix");
}

#[cfg(unix)]
fn main() {
    bench::main();
}

#[cfg(unix)]
#[path = "filters"]
mod bench {
    mod adadeband;
    mod f3kdb;
    mod ffmpeg;
    mod frames;
    mod placebo;
    mod scaling;

    use std::io::Write;
    use std::path::Path;
    use std::time::Duration;
    use unband_image::{Method, With};

    use nix::time::{ClockId, clock_gettime};
    use unband_filters::ffmpeg_deband::{Rule, Table, deband_plane};
    use unband_filters::gradfun::{Shape, gradfun_plane};
    use unband_filters::grid::Sample;
    use unband_image::findings::{Findings, Space};
    use unband_image::tile::restore_in_place;
    use unband_image::{Context, Image, Matrix, Range};
    use unband_simd::Level;

    use ffmpeg::Original;

    const TAU: f32 = std::f32::consts::TAU;
    /// Repeats of every measurement; the minimum time is used.
    const REPEATS: usize = 7;
    /// Number of different frames, used in turn so that none is still in the cache.
    const FRAMES: usize = 6;

    /// 4:2:0 frames.
    struct Clip<T> {
        size: (usize, usize),
        frames: Vec<[Vec<T>; 3]>,
    }

    impl<T: Sample> Clip<T> {
        /// Banded skies over a rough ground, moving.
        fn new(size: (usize, usize), bits: u8) -> Self {
            let mut state = 1u32;
            let mut frames = Vec::new();
            for f in 0..FRAMES {
                frames.push([0, 1, 2].map(|p| {
                    let (w, h) = plane_size(size, p);
                    let mut plane = Vec::with_capacity(w * h);
                    for y in 0..h {
                        for x in 0..w {
                            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                            let sky = 40 + 5 * f + (50 * y + 20 * x) / h;
                            let ground = (state >> 27) as usize + (13 * x + 7 * y) % 23;
                            let code = if 3 * y > 2 * h { sky + ground } else { sky };
                            plane.push(T::saturated((code as u32) << (bits - 8)));
                        }
                    }
                    plane
                }));
            }
            Self { size, frames }
        }

        fn write(&self, file: &Path) -> std::io::Result<()>
        where
            T: Into<u32>,
        {
            let mut out = std::io::BufWriter::new(std::fs::File::create(file)?);
            for plane in self.frames.iter().flatten() {
                out.write_all(&plane.iter().map(|&code| Into::<u32>::into(code) as u8).collect::<Vec<_>>())?;
            }
            out.flush()
        }
    }

    fn plane_size((w, h): (usize, usize), plane: usize) -> (usize, usize) {
        if plane == 0 { (w, h) } else { (w.div_ceil(2), h.div_ceil(2)) }
    }

    fn thread_time() -> Duration {
        Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap())
    }

    /// Fills a plane from another: out, plane, its size, its index.
    type Work<'a, T> = dyn Fn(&mut [T], &[T], (usize, usize), usize) + 'a;

    /// Seconds per frame of one pass over a clip.
    fn pass<T: Sample>(clip: &Clip<T>, out: &mut [Vec<T>; 3], work: &Work<'_, T>) -> f64 {
        let before = thread_time();
        for frame in &clip.frames {
            for (p, (out, plane)) in out.iter_mut().zip(frame).enumerate() {
                work(out, plane, plane_size(clip.size, p), p);
            }
        }
        thread_time().saturating_sub(before).as_secs_f64() / clip.frames.len() as f64
    }

    /// A measured variant: its name, and the minimum seconds per frame so far.
    struct Row<'a, T> {
        name: String,
        clip: &'a Clip<T>,
        out: [Vec<T>; 3],
        work: Box<Work<'a, T>>,
        least: f64,
    }

    impl<'a, T: Sample> Row<'a, T> {
        fn new(
            name: String,
            clip: &'a Clip<T>,
            work: impl Fn(&mut [T], &[T], (usize, usize), usize) + 'a,
        ) -> Self {
            let out = clip.frames[0].clone();
            Self { name, clip, out, work: Box::new(work), least: f64::INFINITY }
        }

        fn measure(&mut self) {
            self.least = self.least.min(pass(self.clip, &mut self.out, &*self.work));
        }
    }

    fn deband<T: Sample>(clip: &Clip<T>, bits: u8, level: Level, range: i32) -> Row<'_, T> {
        let table = Table::new(clip.size.0, clip.size.1, range, TAU, &Context::default());
        let rule = Rule::new(bits, 0.02, true);
        let (w, h) = clip.size;
        let name = if range == 16 { String::new() } else { format!(" range {range}") };
        Row::new(
            format!("ffmpeg-deband{name} {w}×{h} {bits}-bit {level:?}"),
            clip,
            move |out, plane, size, _| {
                deband_plane(level, out, plane, size.0, size.1, &table, rule).unwrap();
            },
        )
    }

    fn gradfun<T: Sample>(clip: &Clip<T>, bits: u8, level: Level) -> Row<'_, T> {
        let (w, h) = clip.size;
        Row::new(format!("gradfun {w}×{h} {bits}-bit {level:?}"), clip, move |out, plane, size, p| {
            let scale = if p == 0 { (1, 1) } else { (2, 2) };
            gradfun_plane(level, out, plane, size.0, size.1, Shape::new(1.2, 16, bits, scale)).unwrap();
        })
    }

    fn line<T>(row: &Row<'_, T>, against: Option<f64>) {
        let (w, h) = row.clip.size;
        let rate = (w * h) as f64 / row.least / 1e6;
        let ratio = against.map_or(String::new(), |theirs| format!("{:7.2}×", theirs / row.least));
        println!("{:44} {:9.3} {rate:9.0} {ratio}", row.name, row.least * 1e3);
    }

    /// The value that follows a name on the command line.
    fn option(name: &str) -> Option<String> {
        std::env::args().skip_while(|arg| arg != name).nth(1)
    }

    pub(crate) fn main() {
        let best = Level::best();
        let levels: Vec<Level> = Level::all().filter(|&level| level <= best).collect();
        let driver = option("--f3kdb").map(std::path::PathBuf::from);
        if let (Some(driver), Some(runs)) = (&driver, option("--compare")) {
            return f3kdb::compare(driver, runs.parse().unwrap());
        }
        match option("--only").as_deref() {
            Some("f3kdb") => return f3kdb::run(&levels, best, driver.as_deref()),
            Some("adadeband") => return adadeband::run(&levels, best),
            Some("frames") => return frames::run((1920, 1080)),
            Some("libplacebo") => return placebo::run(&levels, best),
            Some("scaling") => return scaling::run((1920, 1080), option("--method").as_deref()),
            _ => {}
        }
        let full_hd = Clip::<u8>::new((1920, 1080), 8);
        let wide = Clip::<u16>::new((1920, 1080), 10);
        let (small, large) = (Clip::<u8>::new((512, 512), 8), Clip::<u8>::new((3840, 2160), 8));
        let mut debands: Vec<_> = levels.iter().map(|&level| deband(&full_hd, 8, level, 16)).collect();
        let mut gradfuns: Vec<_> = levels.iter().map(|&level| gradfun(&full_hd, 8, level)).collect();
        let mut others = vec![
            deband(&full_hd, 8, best, 32),
            deband(&full_hd, 8, best, 64),
            deband(&small, 8, best, 16),
            deband(&large, 8, best, 16),
            gradfun(&small, 8, best),
            gradfun(&large, 8, best),
        ];
        let mut wides = Vec::new();
        for &level in &levels {
            wides.push(deband(&wide, 10, level, 16));
            wides.push(gradfun(&wide, 10, level));
        }

        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unband-bench-1080p.yuv");
        full_hd.write(&file).unwrap();
        let (mut their_deband, mut their_gradfun) =
            (Original::new("deband", 60), Original::new("gradfun", 400));
        for _ in 0..REPEATS {
            their_deband.measure(&file, full_hd.size);
            debands.iter_mut().for_each(Row::measure);
            their_gradfun.measure(&file, full_hd.size);
            gradfuns.iter_mut().for_each(Row::measure);
            others.iter_mut().for_each(Row::measure);
            wides.iter_mut().for_each(Row::measure);
        }
        std::fs::remove_file(&file).unwrap();

        println!("{:44} {:>9} {:>9} {:>8}", "4:2:0 frames, one thread", "ms/frame", "MPix/s", "ratio");
        let pixels = (full_hd.size.0 * full_hd.size.1) as f64 / 1e6;
        for (original, rows, bar) in [(&their_deband, &debands, 3.0), (&their_gradfun, &gradfuns, 1.1)] {
            let theirs = original.per_frame();
            if let Some(theirs) = theirs {
                let name = format!("ffmpeg's {} 1920×1080 8-bit", original.filter);
                println!("{name:44} {:9.3} {:9.0} {:7.2}×", theirs * 1e3, pixels / theirs, 1.0);
            } else {
                println!("skipped: ffmpeg's {} (no ffmpeg that runs it)", original.filter);
            }
            for row in rows {
                line(row, theirs);
            }
            if let (Some(theirs), Some(row)) = (theirs, rows.last()) {
                let reached = theirs / row.least >= bar;
                println!("  asked for: {bar}× — {}", if reached { "reached" } else { "NOT reached" });
            }
        }
        for row in &others {
            line(row, None);
        }
        for row in &wides {
            line(row, None);
        }
        let [y, u, v] = &full_hd.frames[0];
        let (w, h) = full_hd.size;
        let yuv = Image::from_yuv420(w, h, [y, u, v], Matrix::Bt601, Range::Limited).unwrap();
        let grey: Vec<u8> = y.iter().flat_map(|&c| [c, c / 2 + 40, 255 - c]).collect();
        let rgb = Image::from_rgb8(w, h, &grey).unwrap();
        for &level in &levels {
            smooth("4:2:0, luma of 6 bits", &yuv, [4.71, 1.14, 1.14], Space::Native, level);
        }
        smooth("4:2:0, chroma of 5 bits", &yuv, [4.71, 9.36, 9.36], Space::Native, best);
        smooth("RGB of 6 bits", &rgb, [4.05; 3], Space::Native, best);
        let behind = Space::Yuv { matrix: Matrix::Bt601, range: Range::Limited };
        smooth("RGB, luma of 6 bits behind", &rgb, [4.71, 1.14, 1.14], behind, best);
        adadeband::run(&levels, best);
        f3kdb::run(&levels, best, driver.as_deref());
        placebo::run(&levels, best);
        frames::run(full_hd.size);
        scaling::run(full_hd.size, None);
    }

    /// `smooth` on planes of `f32`: preparation, all windows, putting back.
    fn smooth(name: &str, image: &Image, steps: [f32; 3], space: Space, level: Level) {
        let mut findings = Findings::plain(3, 8);
        (findings.space, findings.half_chroma) = (space, true);
        for (grid, step) in findings.grids.iter_mut().zip(steps) {
            (grid.step_codes, grid.found) = (step, step > 2.0);
        }
        let ctx = Context::with(|new| {
            new.threads = 1;
            new.level = level;
        });
        let prepare = Method::new(&unband_filters::smooth::ENTRY).prepare().unwrap();
        let mut least = f64::INFINITY;
        for _ in 0..REPEATS {
            let mut out = image.clone();
            let start = thread_time();
            let restorer = prepare(image, &findings, &ctx).unwrap();
            restore_in_place(&mut out, &*restorer, 256, &mut |_, _| {}, &ctx).unwrap();
            least = least.min(thread_time().saturating_sub(start).as_secs_f64());
        }
        let rate = (image.width() * image.height()) as f64 / least / 1e6;
        let name = format!("smooth {name} {level:?}");
        println!("{name:44} {:9.3} {rate:9.0}", least * 1e3);
    }
}
