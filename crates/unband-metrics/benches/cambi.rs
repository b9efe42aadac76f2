//! Speed of no-reference metrics at 1920×1080, and of CAMBI compared with libvmaf in the same run.
//!
//! `scripts/bench cambi [--libvmaf PATH]` runs it, with the path of libvmaf's tool `vmaf`. Times are CPU time
//! of one thread, not wall time: the minimum of several repeats, with unband and libvmaf alternating.
//! libvmaf's time per frame is the difference of two runs on files of different lengths, so that its start-up
//! is excluded.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

/// The allocator of unband-cli.
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
mod bench {
    use std::hint::black_box;
    use std::io::Write;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use nix::sys::resource::{UsageWho, getrusage};
    use nix::time::{ClockId, clock_gettime};
    use unband_image::{Context, Image, Matrix, Range, With};
    use unband_metrics::cambi::{Luma, Options, score};
    use unband_metrics::{bband, cambi, niqe};

    const W: usize = 1920;
    const H: usize = 1080;
    const REPEATS: usize = 7;
    /// Frames of libvmaf's longer run in excess of the shorter one's.
    const FRAMES: usize = 10;

    /// A named metric, ready to run.
    type Compute<'a> = (&'a str, Box<dyn Fn() -> f64 + 'a>);

    fn image(name: &str) -> Vec<u8> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/bband").join(name);
        let file = std::fs::File::open(path).unwrap();
        let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().unwrap();
        let mut out = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut out).unwrap();
        assert_eq!((info.width as usize, info.height as usize, info.buffer_size()), (W, H, W * H));
        out
    }

    /// Two decoded frames of VP9, one mostly rough and one mostly banded, and a ramp that is flat everywhere.
    fn images() -> [(&'static str, Vec<u8>); 3] {
        let ramp = (0..W * H).map(|i| (40 + (i % W + 2 * (i / W)) / 40) as u8).collect();
        [("sky2", image("sky2.png")), ("plant1", image("plant1.png")), ("ramp", ramp)]
    }

    fn own_time() -> Duration {
        let t = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).unwrap();
        Duration::from(t)
    }

    fn ours(work: impl Fn()) -> f64 {
        let start = own_time();
        work();
        own_time().saturating_sub(start).as_secs_f64()
    }

    fn children_time() -> f64 {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
        let seconds = |t: nix::sys::time::TimeVal| t.tv_sec() as f64 + t.tv_usec() as f64 * 1e-6;
        seconds(usage.user_time()) + seconds(usage.system_time())
    }

    /// Equal raw 4:2:0 frames.
    struct Raw(PathBuf);

    impl Raw {
        fn new(name: &str, luma: &[u8]) -> Self {
            let path = std::env::temp_dir().join(format!("unband-bench-{}-{name}.yuv", std::process::id()));
            let mut file = std::fs::File::create(&path).unwrap();
            let chroma = vec![128; W * H / 2];
            for _ in 0..=FRAMES {
                file.write_all(luma).unwrap();
                file.write_all(&chroma).unwrap();
            }
            Self(path)
        }
    }

    impl Drop for Raw {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    fn libvmaf(tool: &str, raw: &Raw, frames: usize, coarse: bool) -> f64 {
        let feature = if coarse { "cambi=max_log_contrast=5" } else { "cambi" };
        let start = children_time();
        let status = Command::new(tool)
            .args(["-w", "1920", "-h", "1080", "-p", "420", "-b", "8", "--no_prediction", "--threads", "1"])
            .args(["--quiet", "--frame_cnt", &frames.to_string(), "--feature", feature])
            .args([Path::new("-r"), &raw.0, Path::new("-d"), &raw.0])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{tool} failed");
        children_time() - start
    }

    pub(crate) fn main() {
        let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
        let tool = match &args[..] {
            [] => None,
            [flag, tool] if flag == "--libvmaf" => Some(tool.as_str()),
            _ => panic!("usage: scripts/bench cambi [--libvmaf PATH]"),
        };
        let ctx = Context::with(|new| new.threads = 1);
        println!("CPU time of a frame of 1920×1080, least of {REPEATS}, ms");
        println!("| image | metric | score | unband | libvmaf | ratio |");
        println!("|---|---|---|---|---|---|");
        for (name, codes) in images() {
            let luma = Luma::new(&codes[..], 8, W, H).unwrap();
            let raw = tool.map(|_| Raw::new(name, &codes));
            for (measure, options) in [("cambi", Options::default()), ("cambi-coarse", Options::coarse())] {
                let coarse = measure == "cambi-coarse";
                let (mut own, mut short, mut long) = (f64::MAX, f64::MAX, f64::MAX);
                for _ in 0..REPEATS {
                    own = own.min(ours(|| {
                        black_box(score(&luma, &options, &ctx).unwrap());
                    }));
                    if let (Some(tool), Some(raw)) = (tool, &raw) {
                        short = short.min(libvmaf(tool, raw, 1, coarse));
                        long = long.min(libvmaf(tool, raw, 1 + FRAMES, coarse));
                    }
                }
                let value = score(&luma, &options, &ctx).unwrap().score;
                let own = own * 1e3;
                let theirs = (long - short) / FRAMES as f64 * 1e3;
                let theirs = if tool.is_some() {
                    format!("{theirs:.1} | {:.1}×", theirs / own)
                } else {
                    "- | -".into()
                };
                println!("| {name} | {measure} | {value:.4} | {own:.1} | {theirs} |");
            }
            let gray = Image::from_gray(W, H, &codes).unwrap();
            let half = vec![128; W * H / 4];
            let yuv =
                Image::from_yuv420(W, H, [&codes, &half, &half], Matrix::Bt709, Range::Limited).unwrap();
            let whole: [Compute<'_>; 3] = [
                (
                    "cambi of an image",
                    Box::new(|| cambi::score_image(&gray, &Options::default(), &ctx).unwrap().score),
                ),
                ("bband", Box::new(|| bband::bband(&yuv, &ctx).unwrap().score)),
                ("niqe", Box::new(|| niqe::niqe(&gray, &ctx).unwrap_or(f64::NAN))),
            ];
            for (measure, run) in whole {
                let least = (0..3)
                    .map(|_| {
                        ours(|| {
                            black_box(run());
                        })
                    })
                    .fold(f64::MAX, f64::min);
                println!("| {name} | {measure} | {:.4} | {:.1} | - | - |", run(), least * 1e3);
            }
        }
    }
}
