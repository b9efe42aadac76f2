//! `unband degrade`: random degradation of clean images.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use unband::degrade::DegradeError;
use unband::degrade::{DegradationRecipe, DegradationRecord, Pair};
use unband::degrade::{clean_rgb, seed_of, write_png};
use unband::io::{Access, Saving};
use unband::{Context, Hint, Rng, With};

use crate::args::{ReporterArgs, ThreadArgs, within};
use crate::bar::Bar;
use crate::budget::Budget;
use crate::extras;
use crate::inputs::{Gather, Input, failures, readable};
use crate::interrupt::{self, Busy};
use crate::outcome::Outcome;
use crate::reporter::{Failure, Loudness, Reporter};
use crate::result::print_data;
use crate::runner::each;

fn after() -> String {
    format!(
        "\
Examples:
  unband degrade photos --recipe default -o bad             bad/NAME.png and bad/manifest.jsonl
  unband degrade sky.png --recipe night.toml -o bad --seed 7
  unband degrade photos --recipe codecs -o pairs --pairs    pairs/lq and pairs/gt with equal names
  unband degrade photos --recipe bsrgan -o pairs --pairs --patch 72    patches of 72 and of 288 pixels a side

Built-in recipes: {}.
To write your own, see docs/guide/degrading.md and `unband list degradations`. `unband dataset pairs` makes whole training \
sets with splits and patches.

manifest.jsonl records the seed, the random settings and the SHA-256 of the files of each image. A result depends only \
on the recipe, the seed and the image's name, not on the other images or the number of threads.

Exit codes:
  0    done
  1    some images failed, the others are done
  2    wrong usage, nothing was started
  130  interrupted",
        unband::recipes::names(unband::recipes::DEGRADATION_RECIPES)
    )
}

/// File name of the manifest.
const MANIFEST: &str = "manifest.jsonl";

/// Arguments of `unband degrade`.
#[derive(Debug, Args)]
#[command(after_long_help = after())]
#[allow(clippy::struct_excessive_bools)] // independent switches
pub(crate) struct DegradeArgs {
    /// Clean images, folders or patterns; 16 bits preferred
    #[arg(value_name = "FILE", required = true, value_hint = clap::ValueHint::AnyPath)]
    inputs: Vec<PathBuf>,
    /// Recipe: a name or a TOML file
    #[arg(long, value_name = "NAME|FILE", value_hint = clap::ValueHint::AnyPath)]
    recipe: String,
    /// Seed of all random choices
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Output folder; names and subfolders are kept
    #[arg(short, long, value_name = "DIR", value_hint = clap::ValueHint::DirPath, help_heading = "Output")]
    output: PathBuf,
    /// Crop a random N×N patch (size of the degraded side)
    ///
    /// The clean side is larger by the recipe's scale: 72 with `bsrgan` gives 72×72 and 288×288.
    #[arg(long, value_name = "N", value_parser = within::<u32>(8..=16384))]
    patch: Option<u32>,
    /// Write pairs: degraded images in DIR/lq, clean ones in DIR/gt
    #[arg(long, help_heading = "Output")]
    pairs: bool,
    /// Process subfolders too
    #[arg(short, long, help_heading = "Output")]
    recursive: bool,
    /// Replace existing files
    #[arg(long, help_heading = "Output")]
    overwrite: bool,
    /// Compression effort of PNG files, 0 to 9
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = within::<u8>(0..=9), help_heading = "Output")]
    effort: u8,
    /// Threads.
    #[command(flatten)]
    threads: ThreadArgs,
    /// Print the manifest on standard output too
    #[arg(long, help_heading = "General")]
    json: bool,
    /// Verbosity.
    #[command(flatten)]
    reporter: ReporterArgs,
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
struct ManifestLine {
    source: String,
    /// Path below the output folder.
    lq: String,
    lq_sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    gt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gt_sha256: Option<String>,
    width: usize,
    height: usize,
    seed: u32,
    drawn: DegradationRecord,
}

struct DegradeJob<'a> {
    args: &'a DegradeArgs,
    recipe: DegradationRecipe,
    inputs: Vec<Input>,
}

/// Degrades images.
pub(crate) fn run(args: &DegradeArgs) -> Outcome {
    let loudness = args.reporter.loudness();
    let (job, failures) = match DegradeJob::new(args) {
        Ok(ready) => ready,
        Err(failure) => {
            failure.print();
            return Outcome::Usage;
        }
    };
    let ctx = interrupt::context(args.threads.count());
    let bar = Bar::new(job.inputs.len(), loudness > Loudness::Quiet);
    let outcome = job.run(&failures, &Reporter { loudness, bar: &bar }, &ctx);
    bar.finish();
    outcome
}

/// The path of one side of a pair, below the output folder.
fn place(input: &Input, side: Option<&str>) -> PathBuf {
    let file = input.below.with_extension("png");
    side.map_or(file.clone(), |side| Path::new(side).join(file))
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

impl<'a> DegradeJob<'a> {
    /// Checks everything before the first image is read.
    fn new(args: &'a DegradeArgs) -> Result<(Self, Vec<Failure>), Failure> {
        let recipe = DegradationRecipe::find(&args.recipe).map_err(|error| Failure {
            subject: None,
            message: error.to_string(),
            hint: error.hint(),
        })?;
        let gather = Gather::new(&readable).but(|new| {
            new.recursive = args.recursive;
            new.output_folder = Some(&args.output);
            new.results_too = true;
        });
        let found = gather.run(&args.inputs);
        let mut names: HashMap<PathBuf, &Input> = HashMap::new();
        for input in &found.inputs {
            if input.is_stdin() {
                let hint = "write it to a file: random choices depend on the file name";
                return Err(Failure::usage("an image from standard input has no name", hint));
            }
            if let Some(other) = names.insert(place(input, None), input) {
                let message =
                    format!("{} and {} would be written to the same file", other.shown(), input.shown());
                return Err(Failure::usage(message, "write them to two folders"));
            }
        }
        let sides: &[Option<&str>] = if args.pairs { &[Some("lq"), Some("gt")] } else { &[None] };
        let sources = extras::Inputs::from_paths(found.inputs.iter().map(|input| &input.path));
        for (input, &side) in
            found.inputs.iter().flat_map(|input| sides.iter().map(move |side| (input, side)))
        {
            sources.keep_from(&args.output.join(place(input, side)))?;
        }
        let manifest = args.output.join(MANIFEST);
        if manifest.exists() && !args.overwrite {
            let hint = "name another folder, or add `--overwrite`";
            return Err(Failure::usage(format!("{}: exists already", manifest.display()), hint));
        }
        Ok((Self { args, recipe, inputs: found.inputs }, failures(&found.failures)))
    }

    fn run(&self, failures: &[Failure], reporter: &Reporter<'_>, ctx: &Context<'_>) -> Outcome {
        if self.recipe.is_slow() && self.inputs.len() > 1 {
            reporter
                .detail(&"this recipe starts external programs: tens to hundreds of milliseconds per image");
        }
        let mut lines = vec![self.header()];
        let one = |input: &Input, _: &Context<'_>| self.one(input);
        let mut then = |line: &mut ManifestLine| {
            let names = line.drawn.names.join(", ");
            reporter.line(&format!("{} → {}  {names}", line.source, line.lq).trim_end());
            lines.push(serde_json::to_string(line).unwrap_or_default());
        };
        let done = each(&self.inputs, failures, reporter, &one, &mut then, ctx);
        let mut outcome = match &done {
            None => Outcome::Interrupted,
            Some((_, failed)) if !failed.is_empty() => Outcome::SomeFailed,
            Some(_) => Outcome::Done,
        };
        // Images finished before an interruption are reported too.
        let text = lines.join("\n") + "\n";
        if lines.len() > 1
            && let Err(failure) = self.write_manifest(&text)
        {
            reporter.failure(&failure);
            outcome = outcome.max(Outcome::SomeFailed);
        }
        if self.args.json { outcome.max(print_data(text.as_bytes())) } else { outcome }
    }

    fn header(&self) -> String {
        let header = Header {
            schema: "unband-degrade/1",
            version: env!("CARGO_PKG_VERSION"),
            recipe: &self.args.recipe,
            title: self.recipe.title(),
            seed: self.args.seed,
        };
        serde_json::to_string(&header).unwrap_or_default()
    }

    fn write_manifest(&self, text: &str) -> Result<(), Failure> {
        let path = self.args.output.join(MANIFEST);
        let saving = self.saving(&self.inputs);
        unband::io::write_bytes(text.as_bytes(), &path, saving).map_err(|error| Failure {
            subject: None,
            message: error.to_string(),
            hint: error.hint(),
        })
    }

    fn one(&self, input: &Input) -> Result<ManifestLine, Failure> {
        let at = |message: String, hint: Option<String>| Failure::at(input.shown(), message, hint);
        let (image, _) = Budget::new(None, 1, Budget::DEGRADE).read(input, Vec::new())?;
        let clean = clean_rgb(image).map_err(|error| at(error.to_string(), None))?;
        let name = shown(&input.below.with_extension("")).replace('/', "-");
        let seed = seed_of(self.args.seed, &name, 1);
        let rng = Rng::new(u64::from(seed));
        let done = if let Some(side) = self.args.patch {
            self.recipe.patch(&clean, side as usize, rng)
        } else {
            let mut pair = Pair::from_clean(clean);
            self.recipe.apply(&mut pair, rng).map(|drawn| (pair, drawn))
        };
        let (pair, drawn) = done.map_err(|error: DegradeError| at(error.to_string(), error.hint()))?;
        let lq = place(input, self.args.pairs.then_some("lq"));
        let gt = self.args.pairs.then(|| place(input, Some("gt")));
        let (width, height) = (pair.lq.width(), pair.lq.height());
        let Some(_busy) = Busy::begin() else { return Err(at("interrupted".into(), None)) };
        let from = std::slice::from_ref(input);
        let lq_sha256 = self.write(pair.lq, &lq, from)?;
        let gt_sha256 = gt.as_ref().map(|gt| self.write(pair.gt, gt, from)).transpose()?;
        let gt = gt.as_deref().map(shown);
        let source = input.shown();
        Ok(ManifestLine { source, lq: shown(&lq), lq_sha256, gt, gt_sha256, width, height, seed, drawn })
    }

    /// How files made of these inputs are written.
    fn saving(&self, inputs: &[Input]) -> Saving<'_> {
        Saving::from(self.args.overwrite)
            .but(|new| new.access = Access::from_paths(inputs.iter().map(|input| &input.path)))
    }

    fn write(&self, image: unband::Image, below: &Path, from: &[Input]) -> Result<String, Failure> {
        let path = self.args.output.join(below);
        let at = |message: String, hint| Failure::at(path.display().to_string(), message, hint);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| at(crate::inputs::reason(&error), None))?;
        }
        // Whole codes of 8 or 16 bits, as in files.
        let image = clean_rgb(image).map_err(|error| at(error.to_string(), None))?;
        write_png(&image, &path, self.args.effort, self.saving(from)).map_err(|error| Failure {
            subject: None,
            message: error.to_string(),
            hint: error.hint(),
        })
    }
}
