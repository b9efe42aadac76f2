//! Benchmark of `libplacebo` and `fcdr`, the former compared with ffmpeg's `libplacebo` filter on a software
//! Vulkan device.

use std::path::Path;
use std::process::{Command, Stdio};

use unband_filters::grid::Sample;
use unband_filters::libplacebo::{Bias, Code, Dither, LibplaceboParams, deband_plane};
use unband_simd::Level;

use super::ffmpeg::children_time;
use super::{Clip, REPEATS, thread_time};

/// Recorded time of the original on a software Vulkan device, and the required speed relative to it.
const RECORDED: f64 = 72.0;
const ASKED: f64 = 3.0;

/// Minimum time for debanding one of the clip's first planes, in seconds.
struct Plane<'a, T> {
    name: String,
    clip: &'a Clip<T>,
    out: Vec<T>,
    params: LibplaceboParams,
    bias: Bias,
    bits: u8,
    level: Level,
    least: f64,
}

impl<'a, T: Sample + Code> Plane<'a, T> {
    fn new(clip: &'a Clip<T>, bits: u8, level: Level, iterations: u32) -> Self {
        let (w, h) = clip.size;
        let name = if iterations == 1 { String::new() } else { format!(" {iterations} iterations") };
        Self {
            name: format!("libplacebo{name} {w}×{h} grey {bits}-bit {level:?}"),
            out: clip.frames[0][0].clone(),
            params: LibplaceboParams { iterations, ..LibplaceboParams::default() },
            bias: Bias::new(Dither::BlueNoise, bits),
            clip,
            bits,
            level,
            least: f64::INFINITY,
        }
    }

    fn measure(&mut self) {
        let start = thread_time();
        for (i, frame) in self.clip.frames.iter().enumerate() {
            let shader = self.params.shader(i as u32);
            let size = self.clip.size;
            deband_plane(self.level, &mut self.out, &frame[0], size, self.bits, &shader, &self.bias).unwrap();
        }
        let each = thread_time().saturating_sub(start).as_secs_f64() / self.clip.frames.len() as f64;
        self.least = self.least.min(each);
    }

    fn rate(&self) -> f64 {
        (self.out.len() as f64) / self.least / 1e6
    }
}

/// CPU seconds of ffmpeg over `count` grey frames on the software device, with or without debanding.
fn ffmpeg(file: &Path, (w, h): (usize, usize), count: usize, deband: bool) -> Option<f64> {
    let before = children_time();
    let set = "deband=true:deband_iterations=1:deband_threshold=3:deband_radius=16:deband_grain=4:";
    let filter =
        format!("hwupload,libplacebo={}dithering=blue,hwdownload,format=gray", if deband { set } else { "" });
    let status = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-nostdin", "-init_hw_device", "vulkan"])
        .args(["-threads", "1", "-stream_loop", "-1", "-f", "rawvideo", "-pix_fmt", "gray"])
        .args(["-s", &format!("{w}x{h}"), "-i"])
        .arg(file)
        .args(["-frames:v", &count.to_string(), "-vf", &filter, "-f", "null", "-"])
        .env("LP_NUM_THREADS", "0")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok()?;
    status.success().then(|| children_time().saturating_sub(before).as_secs_f64())
}

/// Minimum seconds per frame of ffmpeg's filter: the additional time for debanding. Fixed costs, such as
/// compiling the shaders, cancel out in the difference of two lengths.
fn original(clip: &Clip<u8>) -> Option<f64> {
    const FRAMES: [usize; 2] = [5, 25];
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unband-bench-grey.raw");
    let planes: Vec<u8> = clip.frames.iter().flat_map(|frame| frame[0].iter().copied()).collect();
    std::fs::write(&file, planes).ok()?;
    let mut least = [[f64::INFINITY; 2]; 2];
    for _ in 0..3 {
        for (deband, least) in [false, true].into_iter().zip(&mut least) {
            for (count, least) in FRAMES.into_iter().zip(least) {
                *least = least.min(ffmpeg(&file, clip.size, count, deband).unwrap_or(f64::INFINITY));
            }
        }
    }
    let _ = std::fs::remove_file(&file);
    let each = least.map(|[few, many]| (many - few) / (FRAMES[1] - FRAMES[0]) as f64);
    let added = each[1] - each[0];
    (added.is_finite() && added > 0.0).then_some(added)
}

pub(super) fn run(levels: &[Level], best: Level) {
    let (eight, sixteen) = (Clip::<u8>::new((1920, 1080), 8), Clip::<u16>::new((1920, 1080), 16));
    let mut planes: Vec<_> = levels.iter().map(|&level| Plane::new(&eight, 8, level, 1)).collect();
    let mut wides: Vec<_> = levels.iter().map(|&level| Plane::new(&sixteen, 16, level, 1)).collect();
    planes.push(Plane::new(&eight, 8, best, 4));
    for _ in 0..REPEATS {
        planes.iter_mut().for_each(Plane::measure);
        wides.iter_mut().for_each(Plane::measure);
    }
    println!("{:44} {:>9} {:>9} {:>8}", "grey frames, one thread", "ms/frame", "MPix/s", "ratio");
    let pixels = (1920 * 1080) as f64 / 1e6;
    let theirs = original(&eight);
    match theirs {
        Some(seconds) => {
            let name = "ffmpeg's libplacebo on a software device";
            println!("{name:44} {:9.3} {:9.0} {:7.2}×", seconds * 1e3, pixels / seconds, 1.0);
        }
        None => println!("skipped: ffmpeg's libplacebo (no ffmpeg with it, or no Vulkan device)"),
    }
    let lines = planes.iter().map(|p| (&p.name, p.least, p.rate()));
    let lines = lines.chain(wides.iter().map(|p| (&p.name, p.least, p.rate())));
    for (name, least, rate) in lines {
        let ratio = theirs.map_or(String::new(), |theirs| format!("{:7.2}×", theirs / least));
        println!("{name:44} {:9.3} {rate:9.0} {ratio}", least * 1e3);
    }
    let slowest = planes.iter().map(|p| &p.name).zip(planes.iter().map(Plane::rate));
    let slowest = slowest.chain(wides.iter().map(|p| &p.name).zip(wides.iter().map(Plane::rate)));
    let wanted = format!("{best:?}");
    let slowest = slowest.filter(|(name, _)| name.ends_with(&wanted) && !name.contains("iterations"));
    let slowest = slowest.map(|(_, rate)| rate).fold(f64::INFINITY, f64::min);
    let reached = slowest >= ASKED * RECORDED;
    println!(
        "  asked for: {ASKED}× the {RECORDED} recorded — {}",
        if reached { "reached" } else { "NOT reached" }
    );
}
