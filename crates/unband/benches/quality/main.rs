//! Image benchmark: clean photos, degraded in known ways, repaired and compared.
//!
//! - `scripts/bench quality [--method NAME,…] [--cause NAME,…] [--split train|val|test] [--photos every:3]
//!   [--fast] [--write]`
//! - `scripts/bench compare [--cause NAME,…] [--photos every:3] [--write]`
//! - `scripts/bench jpeg [--jpeg2png PATH] [--quantsmooth PATH] [--photos every:3] [--fast] [--time]
//!   [--write]`
#![allow(clippy::print_stdout, clippy::print_stderr, missing_docs)]

mod compare;
mod corpus;
mod detect;
mod files;
mod jpeg;
mod jump;
mod methods;
mod shows_degradation;
mod table;
mod verdict;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use unband::Context;
use unband_data::{FIXED_DEGRADATIONS, FixedDegradation};
use unband_metrics::Clean;

use corpus::{Corpus, Photo};
use methods::Method;
use table::{Row, Scores};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const METHODS: &str = "smooth@16;smooth;smooth@16!png;ffmpeg-deband;ffmpeg-deband*12;gradfun";

#[allow(clippy::struct_excessive_bools)]
struct Args {
    methods: Vec<Method>,
    causes: Vec<&'static FixedDegradation>,
    every: usize,
    from: usize,
    split: Option<String>,
    fast: bool,
    each: bool,
    write: bool,
    detect: bool,
    verdict: bool,
    jump: Option<Vec<PathBuf>>,
    compare: Option<PathBuf>,
    jpeg: bool,
    time: bool,
    peers: jpeg::Peers,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse() -> Result<Args> {
    let mut args = Args {
        methods: Vec::new(),
        causes: FIXED_DEGRADATIONS.iter().collect(),
        every: 1,
        from: 0,
        split: None,
        fast: false,
        each: false,
        write: false,
        detect: false,
        verdict: false,
        jump: None,
        compare: None,
        jpeg: false,
        time: false,
        peers: jpeg::Peers::default(),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--method" => args.methods.push(Method::parse(&value()?)?),
            "--cause" => {
                let names = value()?;
                args.causes = names.split(',').map(find).collect::<Result<Vec<_>>>()?.concat();
            }
            "--photos" => {
                let value = value()?;
                let mut parts = value.strip_prefix("every:").ok_or("--photos every:N[:FROM]")?.split(':');
                args.every = parts.next().unwrap_or("1").parse::<usize>()?.max(1);
                args.from = parts.next().unwrap_or("0").parse()?;
            }
            "--split" => args.split = Some(value()?),
            "--fast" => args.fast = true,
            "--each" => args.each = true,
            "--detect" => args.detect = true,
            "--verdict" => args.verdict = true,
            "--write" => args.write = true,
            "--jpeg" => args.jpeg = true,
            "--time" => args.time = true,
            "--compare" => args.compare = Some(PathBuf::from(value()?)),
            "--jpeg2png" => args.peers.jpeg2png = Some(PathBuf::from(value()?)),
            "--quantsmooth" => args.peers.quantsmooth = Some(PathBuf::from(value()?)),
            "--jump" => {
                args.jump =
                    Some(words.by_ref().filter(|word| word != "--bench").map(PathBuf::from).collect());
            }
            // Cargo's own.
            "--bench" => {}
            other => return Err(format!("unknown argument `{other}`").into()),
        }
    }
    if args.methods.is_empty() {
        args.methods = METHODS.split(';').map(Method::parse).collect::<Result<_>>()?;
    }
    Ok(args)
}

/// Degradations with this name or prefix (`jpeg` selects all JPEG ones).
fn find(name: &str) -> Result<Vec<&'static FixedDegradation>> {
    let exact: Vec<&FixedDegradation> = FIXED_DEGRADATIONS.iter().filter(|c| c.name == name).collect();
    let found = if exact.is_empty() {
        FIXED_DEGRADATIONS.iter().filter(|c| c.name.starts_with(name)).collect()
    } else {
        exact
    };
    if found.is_empty() {
        let known: Vec<&str> = FIXED_DEGRADATIONS.iter().map(|c| c.name).collect();
        return Err(format!("no cause `{name}`; there are {}", known.join(", ")).into());
    }
    Ok(found)
}

fn run() -> Result<()> {
    let args = parse()?;
    if let Some(paths) = &args.jump {
        let mut out = Output::default();
        jump::table(&args.methods, paths)?.iter().for_each(|line| out.say(line));
        return Ok(());
    }
    // Results are not reported on the photos used for tuning.
    let split = args.split.as_deref().unwrap_or("test");
    let Some((folder, corpus)) = photos(split) else {
        println!("skipped: no photos (set UNBAND_PHOTOS to a folder that has {split}/*.jxl)");
        return Ok(());
    };
    let chosen = |corpus: &Corpus| -> Vec<Photo> {
        corpus.photos.iter().skip(args.from).step_by(args.every).cloned().collect()
    };
    let photos = chosen(&corpus);
    let photos: Vec<&Photo> = photos.iter().collect();
    let mut out = Output::default();
    if args.verdict {
        out.say(verdict::HEAD);
        verdict::lines(&corpus, split, &photos, args.each)?.iter().for_each(|line| out.say(line));
        return out.finish(args.write.then_some("verdict"), VERDICT_PAGE);
    }
    if args.detect {
        out.say(detect::HEAD);
        // The same images as fhd-*, with another clean side.
        for cause in args.causes.iter().filter(|c| !c.name.starts_with("photo-")) {
            out.say(&detect::line(&corpus, split, &photos, cause, args.each)?);
        }
        let train = Corpus::open(&folder.join("train"));
        let clean = ["8-bit", "yuv420-8", "jpeg-90", "mpeg4"];
        if let Some(train) = train.filter(|_| args.causes.len() == FIXED_DEGRADATIONS.len()) {
            let photos = chosen(&train);
            let photos: Vec<&Photo> = photos.iter().collect();
            for cause in clean.iter().filter_map(|name| unband_data::find(name)) {
                out.say(&detect::line(&train, "train", &photos, cause, args.each)?);
            }
        }
        return out.finish(args.write.then_some("detector"), DETECTOR_PAGE);
    }
    println!("{} photos", photos.len());
    if let Some(program) = &args.compare {
        compare::table(program, &corpus, &photos, &args.causes, &mut out)?;
        return out.finish(args.write.then_some("compare"), COMPARE_PAGE);
    }
    if args.jpeg {
        if !args.time {
            jpeg::table(&corpus, &photos, &args.peers, args.fast, args.each, &mut out)?;
        }
        let mut time = Output::default();
        jpeg::speed(&corpus, &photos, &args.peers, &mut time)?;
        return out
            .finish((args.write && !args.time).then_some("jpeg"), &JPEG_PAGE.replace("{time}\n", &time.0));
    }
    out.say(Row::HEAD);
    for cause in &args.causes {
        for line in measure(&corpus, &photos, cause, &args)? {
            out.say(&line);
        }
    }
    if args.write {
        let methods: Vec<Method> = args
            .methods
            .iter()
            .filter(|m| matches!(m, Method::Library { .. }) && !m.is_nameless())
            .cloned()
            .collect();
        let contours = jump::table(&methods, &[])?.join("\n");
        return out.finish(Some("quality"), &QUALITY_PAGE.replace("{contours}", &contours));
    }
    Ok(())
}

/// The photos of a split (`train`, `val`, `test`): a folder in `UNBAND_PHOTOS`, or in `data/photos` in a
/// folder next to the checkout.
fn photos(split: &str) -> Option<(PathBuf, Corpus)> {
    let open = |folder: PathBuf| Corpus::open(&folder.join(split)).map(|corpus| (folder, corpus));
    if let Some(folder) = std::env::var_os("UNBAND_PHOTOS") {
        return open(PathBuf::from(folder));
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3)?;
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(workspace).ok()?.filter_map(|e| Some(e.ok()?.path().join("data/photos"))).collect();
    folders.sort();
    folders.into_iter().find_map(open)
}

/// Introduction of `docs/results/quality.md`.
const QUALITY_PAGE: &str = include_str!("quality.md");
/// Introduction of `docs/results/verdict.md`.
const VERDICT_PAGE: &str = include_str!("verdict.md");

/// Introduction of `docs/results/detector.md`.
const DETECTOR_PAGE: &str = include_str!("detector.md");

/// Introduction of `docs/results/compare.md`.
const COMPARE_PAGE: &str = include_str!("compare.md");

/// Introduction of `docs/results/jpeg.md`.
const JPEG_PAGE: &str = include_str!("jpeg.md");

/// Lines that are printed and kept for a page.
#[derive(Default)]
struct Output(String);

impl Output {
    fn say(&mut self, line: &str) {
        println!("{line}");
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// Writes `docs/results/NAME.md`: the page with its table inserted.
    fn finish(self, name: Option<&str>, page: &str) -> Result<()> {
        let Some(name) = name else { return Ok(()) };
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/results");
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(format!("{name}.md")), page.replace("{table}\n", &self.0))?;
        Ok(())
    }
}

/// The setting with the best mean PSNR for a degradation, and its description.
fn settle(
    corpus: &Corpus,
    photos: &[&Photo],
    cause: &FixedDegradation,
    all: &[Method],
) -> Result<Option<(usize, String)>> {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let one = |photo: &Photo| -> Result<Option<Vec<f64>>> {
        let Some(pair) = corpus.pair(photo, cause)? else { return Ok(None) };
        let psnr = |m: &Method| Ok(table::capped_psnr(&m.run(&pair.lq, scratch)?, &pair.gt)?);
        all.iter().map(psnr).collect::<Result<_>>().map(Some)
    };
    let scores = Context::default().map(photos.len(), |i| one(photos[i]).map_err(|e| e.to_string()));
    let Some(scores) = scores.into_iter().collect::<std::result::Result<Option<Vec<_>>, String>>()? else {
        return Ok(None);
    };
    let sum = |s: usize| scores.iter().map(|photo| photo[s]).sum::<f64>();
    let best = (0..all.len()).max_by(|&a, &b| sum(a).total_cmp(&sum(b)));
    Ok(best.map(|best| (best, all[best].label().to_owned())))
}

/// Rows of one degradation.
fn measure(corpus: &Corpus, photos: &[&Photo], cause: &FixedDegradation, args: &Args) -> Result<Vec<String>> {
    let ctx = Context::default();
    let mut methods = Vec::new();
    for method in &args.methods {
        methods.push(match method {
            Method::BestOf { label, all } => match settle(corpus, photos, cause, all)? {
                Some((best, setting)) => Chosen { label, note: format!(" {setting} |"), method: &all[best] },
                None => continue,
            },
            _ => Chosen { label: method.label(), note: String::new(), method },
        });
    }
    // Errors are passed between threads as text.
    let all = ctx.map(photos.len(), |i| {
        one_photo(corpus, photos[i], cause, &methods, args.fast).map_err(|e| e.to_string())
    });
    let mut all: Vec<Vec<Scored>> =
        all.into_iter().collect::<std::result::Result<Option<Vec<_>>, String>>()?.unwrap_or_default();
    if all.is_empty() {
        return Ok(vec![format!("| {} | skipped: a program it needs is not installed |", cause.name)]);
    }
    let input: Vec<Scores> = all.iter().map(|photo| photo[0].scores).collect();
    let mut rows = Vec::new();
    for m in 0..all[0].len() {
        let mine = all.iter_mut().map(|photo| std::mem::take(&mut photo[m]));
        let mine: Vec<Scored> = mine.collect();
        let (label, note) = (mine[0].label.clone(), mine[0].note.clone());
        rows.push(Row { label, note, scores: mine.iter().map(|p| p.scores).collect(), input: input.clone() });
    }
    let mut lines: Vec<String> = rows.iter().map(|row| row.line(cause.name)).collect();
    if args.each {
        for (i, photo) in photos.iter().enumerate() {
            let gains: Vec<String> =
                rows[1..].iter().map(|r| format!("{:+.2}", r.scores[i].psnr - r.input[i].psnr)).collect();
            lines.push(format!("    {:<48} {:.2}  {}", photo.name, input[i].psnr, gains.join("  ")));
        }
    }
    Ok(lines)
}

/// A method with fixed settings.
struct Chosen<'a> {
    label: &'a str,
    note: String,
    method: &'a Method,
}

/// Scores of one photo with one method.
#[derive(Default)]
struct Scored {
    label: String,
    note: String,
    scores: Scores,
}

fn one_photo(
    corpus: &Corpus,
    photo: &Photo,
    cause: &FixedDegradation,
    methods: &[Chosen<'_>],
    fast: bool,
) -> Result<Option<Vec<Scored>>> {
    let Some(pair) = corpus.pair(photo, cause)? else { return Ok(None) };
    let clean = Clean::new(&pair.gt)?;
    let score = |image: &unband::Image| Scores::new(image, &pair.gt, &clean, fast);
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut out = vec![Scored { label: "(input)".into(), note: String::new(), scores: score(&pair.lq)? }];
    for Chosen { label, note, method } in methods {
        // Only these formats carry coding information that could be removed.
        if method.is_nameless() && !pair.lq.origin.is_lossy() {
            continue;
        }
        let nameless = if method.is_nameless() { Some(corpus.nameless(photo, cause)?) } else { None };
        let scores = score(&method.run(nameless.as_ref().unwrap_or(&pair.lq), scratch)?)?;
        out.push(Scored { label: (*label).to_owned(), note: note.clone(), scores });
    }
    Ok(Some(out))
}
