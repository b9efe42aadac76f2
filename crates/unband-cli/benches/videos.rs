//! Benchmark of video jobs, from file to file, compared with ffmpeg's filters and with decoding alone.
//!
//! `scripts/bench video-speed [--only NAME] [--rounds N] [--model WEIGHTS] [--write]`. Two samples are scaled
//! to 1920×1080 and repeated. The programs run in turns, round by round; the figures are medians. CPU
//! includes all child processes.
#![allow(clippy::print_stdout, clippy::print_stderr, missing_docs)]

#[cfg(not(unix))]
fn main() {
    eprintln!("needs times of child processes as Unix has them");
}

#[cfg(unix)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    bench::main()
}

#[cfg(unix)]
mod bench {
    use std::error::Error;
    use std::fmt::Write as _;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use nix::sys::resource::{UsageWho, getrusage};

    type Result<T> = std::result::Result<T, Box<dyn Error>>;

    /// Samples, in `golden/film`.
    const SAMPLES: [&str; 2] = ["sky_pan_h264.mkv", "bokeh_fade_vp9.webm"];
    /// How often a sample is repeated after the first time, so that program starts hardly matter: transcodes,
    /// which are compared with whole runs of other programs, and all others.
    const REPEATED: [u32; 2] = [5, 2];
    const FFV1: &str = "-c:v ffv1 -level 3 -g 1 -slicecrc 1 -slices 12";
    const X264: &str = "-c:v libx264 -crf 20";
    const QUIET: &str = "-v error -nostdin -y";
    const VIDEO: &str = "{unband} {in} -o {out}.mkv --overwrite --quiet";

    /// Wall-clock and CPU seconds.
    #[derive(Clone, Copy)]
    struct Time {
        wall: f64,
        cpu: f64,
    }

    /// A shell command and its cost. `{in}` and `{out}` are files, `{unband}` is the program.
    struct Run {
        line: String,
        times: Vec<Time>,
    }

    impl Run {
        fn new(line: String) -> Self {
            Self { line, times: Vec::new() }
        }

        fn once(&mut self, sample: &Path, folder: &Path) -> Result<()> {
            let line = self
                .line
                .replace("{in}", &sample.display().to_string())
                .replace("{out}", &folder.join("out").display().to_string())
                .replace("{unband}", env!("CARGO_BIN_EXE_unband"));
            let (start, before) = (Instant::now(), children()?);
            let output = Command::new("sh").args(["-c", &line]).stdin(Stdio::null()).output()?;
            let time = Time {
                wall: start.elapsed().as_secs_f64(),
                cpu: children()?.saturating_sub(before).as_secs_f64(),
            };
            if !output.status.success() {
                return Err(format!("{line}: {}", String::from_utf8_lossy(&output.stderr)).into());
            }
            self.times.push(time);
            Ok(())
        }

        fn median(&self, of: impl Fn(&Time) -> f64) -> f64 {
            let mut all: Vec<f64> = self.times.iter().map(of).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        }
    }

    fn children() -> Result<Duration> {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
        let micros = [usage.user_time(), usage.system_time()].map(|t| t.tv_sec() * 1_000_000 + t.tv_usec());
        Ok(Duration::from_micros(micros.iter().sum::<i64>().try_into()?))
    }

    /// unband, and the programs that it is compared with.
    fn transcodes() -> Vec<(String, Run, Run)> {
        let mut all = Vec::new();
        for (method, filter) in [("ffmpeg-deband", "deband"), ("gradfun", "gradfun")] {
            for (codec, arguments) in [("FFV1", FFV1), ("x264", X264)] {
                let ours = format!("{VIDEO} --method {method} --depth 8 --ffmpeg-args \"{arguments}\"");
                let theirs =
                    format!("ffmpeg {QUIET} -i {{in}} -map 0 -c copy -vf {filter} {arguments} {{out}}.mkv");
                all.push((format!("{method} → {codec}"), Run::new(ours), Run::new(theirs)));
            }
        }
        all
    }

    /// unband, and decoding alone.
    fn next_to_decoding(model: Option<&str>) -> Vec<(String, Run, Run)> {
        let mut all = Vec::new();
        let decode = || Run::new(format!("ffmpeg {QUIET} -i {{in}} -f null -"));
        let decoded = format!("ffmpeg {QUIET} -i {{in}} -f yuv4mpegpipe - | {{unband}} - -o - --quiet");
        all.push((
            "smooth, frames piped in and out".to_owned(),
            Run::new(format!("{decoded} --method smooth > /dev/null")),
            decode(),
        ));
        if let Some(model) = model {
            let line = format!("{decoded} --method unband-lite --weights {model} > /dev/null");
            all.push(("unband-lite, frames piped in and out".to_owned(), Run::new(line), decode()));
        }
        all.push(("smooth → x265".to_owned(), Run::new(format!("{VIDEO} --method smooth")), decode()));
        let score = "{unband} score {in} --metrics cambi -j 2 --quiet > /dev/null";
        all.push(("score, CAMBI of every frame".to_owned(), Run::new(score.to_owned()), decode()));
        all
    }

    pub(crate) fn main() -> Result<()> {
        let (mut only, mut rounds, mut model, mut write) = (None, 3_usize, None, false);
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--only" => only = Some(value()?),
                "--rounds" => rounds = value()?.parse::<usize>()?.max(1),
                "--model" => model = Some(value()?),
                "--write" => write = true,
                "--bench" => {}
                other => return Err(format!("unknown argument `{other}`").into()),
            }
        }
        let folder = tempfile::tempdir()?;
        let times = if rounds == 1 { "one round".to_owned() } else { format!("medians of {rounds} rounds") };
        let mut page = format!(
            "# Speed of videos\n\nMade by `scripts/bench video-speed --write`: two samples scaled to 1920×1080, whole programs from file to file on two cores, \
             alternating,\n{times}. CPU: milliseconds per frame of all processes together. Ratios are the other's time over unband's: above 1 unband takes less.\n\
             `other` is ffmpeg with its own filter for `ffmpeg-deband` and `gradfun`, and ffmpeg decoding alone for `smooth`, `unband-lite` and `score`, which it does not have:\n\
             there the ratio is the share of decoding.\n\n\
             | sample | job | frames per second | other | CPU, ms | other | time, ratio | CPU, ratio |\n\
             |---|---|---:|---:|---:|---:|---:|---:|\n",
        );
        for sample in SAMPLES {
            let jobs = [transcodes(), next_to_decoding(model.as_deref())];
            let videos =
                [scaled(sample, REPEATED[0], folder.path())?, scaled(sample, REPEATED[1], folder.path())?];
            let jobs = videos
                .iter()
                .zip(jobs)
                .flat_map(|(video, jobs)| jobs.into_iter().map(move |job| (video, job)));
            for ((video, frames), (name, mut ours, mut theirs)) in jobs {
                if only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
                    continue;
                }
                for _ in 0..rounds {
                    ours.once(video, folder.path())?;
                    theirs.once(video, folder.path())?;
                }
                let pair = [&ours, &theirs];
                let [wall, their_wall] = pair.map(|run| run.median(|time| time.wall));
                let [cpu, their_cpu] = pair.map(|run| run.median(|time| time.cpu));
                let each = |seconds: f64| seconds * 1e3 / frames;
                let line = format!(
                    "| {} | {name} | {:.1} | {:.1} | {:.1} | {:.1} | {:.2} | {:.2} |",
                    sample.split('_').next().unwrap_or(sample),
                    frames / wall,
                    frames / their_wall,
                    each(cpu),
                    each(their_cpu),
                    their_wall / wall,
                    their_cpu / cpu,
                );
                eprintln!("{line}");
                writeln!(page, "{line}")?;
            }
        }
        print!("{page}");
        if write {
            std::fs::write(root().join("docs/results/video-speed.md"), page)?;
        }
        Ok(())
    }

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    /// The sample at 1920×1080, several times in a row, with its number of frames.
    fn scaled(sample: &str, repeated: u32, folder: &Path) -> Result<(PathBuf, f64)> {
        let to = folder.join(sample).with_extension(format!("{repeated}.mkv"));
        let status = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-y", "-stream_loop", &repeated.to_string(), "-i"])
            .arg(root().join("golden/film").join(sample))
            .args(["-map", "0:v:0", "-vf", "scale=1920:1080:flags=lanczos", "-pix_fmt", "yuv420p"])
            .args(["-c:v", "libx264", "-crf", "22"])
            .arg(&to)
            .status()?;
        if !status.success() {
            return Err("ffmpeg failed".into());
        }
        let counted = Command::new("ffprobe")
            .args([
                "-v",
                "error",
                "-count_packets",
                "-show_entries",
                "stream=nb_read_packets",
                "-of",
                "csv=p=0",
            ])
            .arg(&to)
            .output()?;
        Ok((to, String::from_utf8(counted.stdout)?.trim().trim_end_matches(',').parse()?))
    }
}
