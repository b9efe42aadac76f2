//! `unband degrade`: clean images made as bad as a mix draws it.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use unband_data::degrade::DegradeError;
use unband_data::files::{clean_rgb, seed_of, write_png};
use unband_data::{Mix, Pair, Record, Shipped};
use unband_image::Rng;

use crate::Outcome;
use crate::args::TalkArgs;
use crate::bar::Bar;
use crate::cmd::score::work::each;
use crate::inputs::{Gather, Input, readable};
use crate::interrupt::{self, Busy};
use crate::pictures;
use crate::result::print_data;
use crate::talk::{Failure, Loudness, Talk};

fn after() -> String {
    format!(
        "\
Examples:
  unband degrade photos --recipe default -o bad             bad/NAME.png and bad/manifest.jsonl
  unband degrade sky.png --recipe night.toml -o bad --seed 7
  unband degrade photos --recipe codecs -o pairs --pairs    pairs/lq and pairs/gt with equal names
  unband degrade photos --recipe bsrgan -o pairs --pairs --patch 72    patches of 72 and of 288 pixels a side

Mixes that are built in: {}.
docs/degrading.md says how to write one, `unband list degradations` what it may use. `unband dataset pairs` makes whole \
training sets with parts and patches.

manifest.jsonl says of each image its seed, what was drawn and the SHA-256 of its files. What becomes of an image depends on \
the mix, the seed and the image's name alone: not on the images beside it, nor on the number of threads.

Exit codes:
  0    done
  1    some image failed, the rest was done
  2    wrong usage, nothing was started
  130  interrupted",
        Shipped::names()
    )
}

/// The manifest's name.
const MANIFEST: &str = "manifest.jsonl";

/// What it takes.
#[derive(Debug, Args)]
#[command(after_long_help = after())]
#[allow(clippy::struct_excessive_bools)] // switches that people set one by one
pub struct DegradeArgs {
    /// Clean images, folders or patterns; best of 16 bits
    #[arg(value_name = "FILE", required = true, value_hint = clap::ValueHint::AnyPath)]
    inputs: Vec<PathBuf>,
    /// A mix of degradations: its name or a TOML file
    #[arg(long, value_name = "NAME|FILE", value_hint = clap::ValueHint::AnyPath)]
    recipe: String,
    /// Seed of all that is drawn
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Write into this folder; images keep their names and their places below it
    #[arg(short, long, value_name = "DIR", value_hint = clap::ValueHint::DirPath, help_heading = "Output")]
    output: PathBuf,
    /// Take a square of each image, at a place that is drawn: so many pixels a side of the degraded one
    ///
    /// The clean side is as many times larger as the mix's scale says: 72 with `bsrgan` gives 72×72 and 288×288.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(8..=16384))]
    patch: Option<u32>,
    /// Write the clean sides too: DIR/lq and DIR/gt
    #[arg(long, help_heading = "Output")]
    pairs: bool,
    /// Go into folders inside folders
    #[arg(short, long, help_heading = "Output")]
    recursive: bool,
    /// Replace files that exist
    #[arg(long, help_heading = "Output")]
    overwrite: bool,
    /// Work for small PNGs, 0 to 9
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(0..=9), help_heading = "Output")]
    effort: u8,
    /// Threads to use [default: all processors]
    #[arg(short = 'j', long, value_name = "N", help_heading = "Machine")]
    threads: Option<NonZeroUsize>,
    /// Print the manifest on standard output, too
    #[arg(long, help_heading = "Messages")]
    json: bool,
    /// How much is said.
    #[command(flatten)]
    talk: TalkArgs,
}

/// The manifest's first line.
#[derive(Serialize)]
struct Header<'a> {
    schema: &'static str,
    version: &'static str,
    recipe: &'a str,
    title: &'a str,
    seed: u64,
}

/// The manifest's line of an image.
#[derive(Serialize)]
struct Line {
    source: String,
    /// Below the output folder.
    lq: String,
    lq_sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    gt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gt_sha256: Option<String>,
    width: usize,
    height: usize,
    seed: u32,
    drawn: Record,
}

struct Job<'a> {
    args: &'a DegradeArgs,
    mix: Mix,
    inputs: Vec<Input>,
}

/// Degrades images.
pub fn run(args: &DegradeArgs) -> Outcome {
    let loudness = Loudness::new(args.talk.quiet, args.talk.verbose);
    let (job, failures) = match Job::new(args) {
        Ok(ready) => ready,
        Err(failure) => {
            Talk { loudness, bar: &Bar::none() }.failure(&failure);
            return Outcome::Usage;
        }
    };
    interrupt::listen();
    let bar = Bar::new(job.inputs.len(), loudness > Loudness::Quiet);
    let outcome = job.run(&failures, &Talk { loudness, bar: &bar });
    bar.finish();
    outcome
}

/// Where a side of an image goes, below the output folder.
fn place(input: &Input, side: Option<&str>) -> PathBuf {
    let file = input.below.with_extension("png");
    side.map_or(file.clone(), |side| Path::new(side).join(file))
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

impl<'a> Job<'a> {
    /// Settles everything before the first image is read.
    fn new(args: &'a DegradeArgs) -> Result<(Self, Vec<Failure>), Failure> {
        let mix = Mix::find(&args.recipe).map_err(|error| Failure {
            subject: None,
            message: error.to_string(),
            hint: error.hint(),
        })?;
        let gather = Gather {
            recursive: args.recursive,
            output_folder: Some(&args.output),
            results_too: true,
            readable: &readable,
        };
        let found = gather.run(&args.inputs);
        let mut names: HashMap<PathBuf, &Input> = HashMap::new();
        for input in &found.inputs {
            if input.is_stdin() {
                let hint = "give it a name: what is drawn depends on it";
                return Err(Failure::usage("an image from standard input has no name", hint));
            }
            if let Some(other) = names.insert(place(input, None), input) {
                let message = format!("{} and {} would get the same name", other.shown(), input.shown());
                return Err(Failure::usage(message, "degrade them into two folders"));
            }
        }
        let manifest = args.output.join(MANIFEST);
        if manifest.exists() && !args.overwrite {
            let hint = "name another folder, or add `--overwrite`";
            return Err(Failure::usage(format!("{}: exists already", manifest.display()), hint));
        }
        Ok((Self { args, mix, inputs: found.inputs }, found.failures))
    }

    fn run(&self, failures: &[Failure], talk: &Talk<'_>) -> Outcome {
        if self.mix.is_slow() && self.inputs.len() > 1 {
            talk.detail(&"this mix starts programs: tens to hundreds of milliseconds for an image");
        }
        let threads = pictures::threads(self.args.threads);
        let mut lines = vec![self.header()];
        let one = |input: &Input, _: usize| self.one(input);
        let mut then = |line: &mut Line| {
            let names = line.drawn.names.join(", ");
            talk.line(&format!("{} → {}  {names}", line.source, line.lq));
            lines.push(serde_json::to_string(line).unwrap_or_default());
        };
        let done = each(&self.inputs, threads, failures, talk, &one, &mut then);
        let mut outcome = match &done {
            None => Outcome::Interrupted,
            Some((_, failed)) if !failed.is_empty() => Outcome::SomeFailed,
            Some(_) => Outcome::Done,
        };
        // What was done before an interruption is told, too.
        let text = lines.join("\n") + "\n";
        if lines.len() > 1
            && let Err(failure) = self.write_manifest(&text)
        {
            talk.failure(&failure);
            outcome = outcome.max(Outcome::SomeFailed);
        }
        if self.args.json { outcome.max(print_data(text.as_bytes())) } else { outcome }
    }

    fn header(&self) -> String {
        let header = Header {
            schema: "unband-degrade/1",
            version: env!("CARGO_PKG_VERSION"),
            recipe: &self.args.recipe,
            title: self.mix.title(),
            seed: self.args.seed,
        };
        serde_json::to_string(&header).unwrap_or_default()
    }

    fn write_manifest(&self, text: &str) -> Result<(), Failure> {
        let path = self.args.output.join(MANIFEST);
        unband_io::write_bytes(text.as_bytes(), &path, self.args.overwrite).map_err(|error| Failure {
            subject: None,
            message: error.to_string(),
            hint: error.hint(),
        })
    }

    fn one(&self, input: &Input) -> Result<Line, Failure> {
        let at = |message: String, hint: Option<String>| Failure::at(input.shown(), message, hint);
        let (image, _) = input.read()?;
        let clean = clean_rgb(image).map_err(|error| at(error.to_string(), None))?;
        let name = shown(&input.below.with_extension("")).replace('/', "-");
        let seed = seed_of(self.args.seed, &name, 1);
        let rng = Rng::new(u64::from(seed));
        let done = if let Some(side) = self.args.patch {
            self.mix.patch(&clean, side as usize, rng)
        } else {
            let mut pair = Pair::of(clean);
            self.mix.apply(&mut pair, rng).map(|drawn| (pair, drawn))
        };
        let (pair, drawn) = done.map_err(|error: DegradeError| at(error.to_string(), error.hint()))?;
        let lq = place(input, self.args.pairs.then_some("lq"));
        let gt = self.args.pairs.then(|| place(input, Some("gt")));
        let (width, height) = (pair.lq.width(), pair.lq.height());
        let Some(_busy) = Busy::begin() else { return Err(at("interrupted".into(), None)) };
        let lq_sha256 = self.write(pair.lq, &lq)?;
        let gt_sha256 = gt.as_ref().map(|gt| self.write(pair.gt, gt)).transpose()?;
        let gt = gt.as_deref().map(shown);
        let source = input.shown();
        Ok(Line { source, lq: shown(&lq), lq_sha256, gt, gt_sha256, width, height, seed, drawn })
    }

    fn write(&self, image: unband_image::Image, below: &Path) -> Result<String, Failure> {
        let path = self.args.output.join(below);
        let at = |message: String, hint| Failure::at(path.display().to_string(), message, hint);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| at(crate::inputs::reason(&error), None))?;
        }
        // Whole codes of 8 or 16 bits, as files have them.
        let image = clean_rgb(image).map_err(|error| at(error.to_string(), None))?;
        write_png(&image, &path, self.args.effort, self.args.overwrite).map_err(|error| Failure {
            subject: None,
            message: error.to_string(),
            hint: error.hint(),
        })
    }
}
