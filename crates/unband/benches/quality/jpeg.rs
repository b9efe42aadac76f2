//! JPEG benchmark: the default and `smooth` compared with dedicated JPEG restoration programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use unband::{Choice, Context, Options, OutputDepth, SMOOTH, With};
use unband_image::{Image, Method};
use unband_metrics::Clean;

use crate::corpus::{Corpus, Photo};
use crate::table::{Row, Scores};
use crate::{Output, Result, files};

/// Qualities of libjpeg.
const QUALITIES: [u8; 4] = [20, 35, 50, 75];
/// Chroma samplings, by name and in libjpeg's notation.
const SAMPLINGS: [(&str, &str); 2] = [("4:2:0", "2x2"), ("4:4:4", "1x1")];

/// Selected rows.
#[derive(Default)]
pub(crate) struct Peers {
    /// The program jpeg2png.
    pub jpeg2png: Option<PathBuf>,
    /// The program of jpeg-quantsmooth, `jpegqs`.
    pub quantsmooth: Option<PathBuf>,
}

/// One row of the table.
enum JpegDecoding<'a> {
    Djpeg,
    Float,
    Default(OutputDepth),
    Smooth(OutputDepth),
    /// `smooth` without the bounds.
    Free,
    Quantsmooth(&'a Path, &'static str),
    Jpeg2png(&'a Path),
}

impl JpegDecoding<'_> {
    fn label(&self) -> String {
        match self {
            Self::Djpeg => "(djpeg)".into(),
            Self::Float => "(decoded, not rounded)".into(),
            Self::Default(OutputDepth::Keep) => "unband-jpeg".into(),
            Self::Default(_) => "unband-jpeg, 16-bit".into(),
            Self::Smooth(OutputDepth::Keep) => "smooth".into(),
            Self::Smooth(_) => "smooth, 16-bit".into(),
            Self::Free => "smooth, 16-bit, --faithful off".into(),
            Self::Quantsmooth(_, "3") => "quantsmooth".into(),
            Self::Quantsmooth(_, level) => format!("quantsmooth -q {level}"),
            Self::Jpeg2png(_) => "jpeg2png, 16-bit".into(),
        }
    }

    /// Settings of our own; `None` for other programs.
    fn options(&self) -> Option<Options> {
        let (method, depth, faithful) = match self {
            Self::Default(depth) => (Choice::Auto, *depth, None),
            Self::Smooth(depth) => (Choice::Named(Method::new(&SMOOTH)), *depth, None),
            Self::Free => (Choice::Named(Method::new(&SMOOTH)), OutputDepth::Bits(16), Some(false)),
            _ => return None,
        };
        Some(Options::with(|new| {
            new.method = method;
            new.depth = depth;
            new.faithful = faithful;
            new.everywhere = true;
        }))
    }

    /// Runs it on a file; `scratch` is the prefix of its temporary files.
    fn run(&self, file: &Path, scratch: &str) -> Result<Image> {
        let out = |extension: &str| PathBuf::from(format!("{scratch}.{extension}"));
        match self {
            Self::Djpeg => files::djpeg(file),
            Self::Float | Self::Default(_) | Self::Smooth(_) | Self::Free => {
                let image = files::read(file)?;
                let ctx = Context::with(|new| new.threads = 1);
                Ok(within_range(match self.options() {
                    Some(options) => unband::deband_with(image, &options, &ctx)?.0,
                    None => image,
                }))
            }
            Self::Quantsmooth(program, level) => {
                let target = out("jpg");
                call(Command::new(program).args(["-q", level, "-t", "1", "-i", "0"]).args([file, &target]))?;
                // Without the rounding of other decoders.
                Ok(within_range(files::read(&target)?))
            }
            Self::Jpeg2png(program) => {
                let target = out("png");
                call(Command::new(program).args(["-q", "-f", "-1", "-t", "1", "-o"]).args([&target, file]))?;
                files::read(&target)
            }
        }
    }
}

fn call(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{}: {}", command.get_program().display(), String::from_utf8_lossy(&output.stderr)).into())
}

/// Clipped at black and white, as in every file.
fn within_range(mut image: Image) -> Image {
    image.planes.iter_mut().flat_map(|plane| &mut plane.data).for_each(|v| *v = v.clamp(0.0, 1.0));
    image
}

fn ways(peers: &Peers) -> Vec<JpegDecoding<'_>> {
    let mut ways = vec![JpegDecoding::Djpeg, JpegDecoding::Float];
    if let Some(program) = &peers.quantsmooth {
        ways.extend(["3", "6"].map(|level| JpegDecoding::Quantsmooth(program, level)));
    }
    ways.extend(peers.jpeg2png.iter().map(|program| JpegDecoding::Jpeg2png(program)));
    let depths = [OutputDepth::Bits(16), OutputDepth::Keep];
    ways.extend(depths.map(JpegDecoding::Smooth).into_iter().chain(depths.map(JpegDecoding::Default)));
    ways
}

/// The table.
pub(crate) fn table(
    corpus: &Corpus,
    photos: &[&Photo],
    peers: &Peers,
    fast: bool,
    each: bool,
    out: &mut Output,
) -> Result<()> {
    let ways = ways(peers);
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("jpeg");
    std::fs::create_dir_all(&scratch)?;
    out.say(Row::HEAD);
    for (sampling, factors) in SAMPLINGS {
        for quality in QUALITIES {
            let one = |i: usize| -> Result<Vec<Scores>> {
                let clean = corpus.crop(photos[i])?;
                let smooth = Clean::new(&clean)?;
                let file = scratch.join(format!("{}-{quality}-{factors}.jpg", photos[i].name));
                encode(&clean, quality, factors, &file)?;
                let own = scratch.join(format!("{i}")).to_string_lossy().into_owned();
                let score =
                    |way: &JpegDecoding<'_>| Ok(Scores::new(&way.run(&file, &own)?, &clean, &smooth, fast)?);
                ways.iter().map(score).collect()
            };
            let all = Context::default().map(photos.len(), |i| one(i).map_err(|e| e.to_string()));
            let all = all.into_iter().collect::<std::result::Result<Vec<_>, _>>()?;
            let input: Vec<Scores> = all.iter().map(|photo| photo[0]).collect();
            let rows = ways.iter().enumerate().map(|(w, way)| Row {
                label: way.label(),
                note: String::new(),
                scores: all.iter().map(|photo| photo[w]).collect(),
                input: input.clone(),
            });
            let rows: Vec<Row> = rows.collect();
            for row in &rows {
                out.say(&row.line(&format!("q{quality} {sampling}")));
            }
            if each {
                for (i, photo) in photos.iter().enumerate() {
                    let gain = |row: &Row| format!("{:+.2}", row.scores[i].psnr - input[i].psnr);
                    let gains: Vec<String> = rows[1..].iter().map(gain).collect();
                    println!("    {:<48} {:.2}  {}", photo.name, input[i].psnr, gains.join("  "));
                }
            }
        }
    }
    Ok(())
}

/// The JPEG file of an image, made by libjpeg if missing.
fn encode(image: &Image, quality: u8, factors: &str, target: &Path) -> Result<()> {
    if target.exists() {
        return Ok(());
    }
    let source = target.with_extension("ppm");
    files::write(&source, &Image::from_rgb8(image.width(), image.height(), &image.to_rgb8()?)?)?;
    let words = ["-quality", &quality.to_string(), "-sample", factors, "-outfile"];
    call(Command::new("cjpeg").args(words).args([target, &source]))?;
    std::fs::remove_file(&source)?;
    Ok(())
}

/// CPU time of each program on the largest photo, the minimum of five runs.
pub(crate) fn speed(corpus: &Corpus, photos: &[&Photo], peers: &Peers, out: &mut Output) -> Result<()> {
    let mut frame: Option<Image> = None;
    for photo in photos {
        let whole = corpus.whole(photo)?;
        let area = |image: &Image| image.width() * image.height();
        if frame.as_ref().is_none_or(|frame| area(&whole) > area(frame)) {
            frame = Some(whole);
        }
    }
    let Some(frame) = frame else { return Ok(()) };
    let size = (frame.width(), frame.height());
    let pixels = (size.0 * size.1) as f64 / 1e6;
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("jpeg");
    std::fs::create_dir_all(&scratch)?;
    let file = scratch.join("frame.jpg");
    if file.exists() {
        std::fs::remove_file(&file)?;
    }
    encode(&frame, 50, "2x2", &file)?;
    out.say(&format!(
        "| {}×{}, q50 4:2:0 | CPU s per Mpx, file to file | of it without reading and writing |",
        size.0, size.1
    ));
    out.say("|---|---|---|");
    let own = scratch.join("frame-out").to_string_lossy().into_owned();
    for way in ways(peers).into_iter().chain([JpegDecoding::Free]) {
        let mut least = [f64::INFINITY; 2];
        for _ in 0..5 {
            let before = cpu_seconds()?;
            if let Some(options) = way.options() {
                let image = files::read(&file)?;
                let ctx = Context::with(|new| new.threads = 1);
                let start = cpu_seconds()?;
                let image = unband::deband_with(image, &options, &ctx)?.0;
                least[1] = least[1].min((cpu_seconds()? - start) / pixels);
                files::write(&PathBuf::from(format!("{own}.png")), &image)?;
            } else {
                way.run(&file, &own)?;
            }
            least[0] = least[0].min((cpu_seconds()? - before) / pixels);
        }
        let inner = if least[1].is_finite() { seconds(least[1]) } else { String::new() };
        out.say(&format!("| {} | {} | {inner} |", way.label(), seconds(least[0])));
    }
    Ok(())
}

/// Systems report hundredths of a second.
fn seconds(per_mpx: f64) -> String {
    if per_mpx < 0.01 { "< 0.01".into() } else { format!("{per_mpx:.3}") }
}

/// CPU time of this process and its finished children, where the system reports it.
fn cpu_seconds() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let fields = text.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = fields.split_whitespace().skip(11).take(4).filter_map(|f| f.parse::<f64>().ok()).sum();
    Ok(ticks / 100.0)
}
