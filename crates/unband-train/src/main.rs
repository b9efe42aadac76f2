//! The program `unband-train`: trains a network from a recipe.
#![deny(unsafe_code)]

use std::io::{IsTerminal, Write, stderr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use unband_image::Hint;

use clap::Parser;
use unband_train::TrainError;
use unband_train::devices::{self, Accelerator};
use unband_train::recipe::Recipe;
use unband_train::train::{self, Progress};

/// Train a network from a recipe; the same command resumes a stopped training.
#[derive(Parser)]
#[command(name = "unband-train", version)]
struct Arguments {
    /// Training recipe, TOML.
    recipe: PathBuf,
    /// Folder of the run: checkpoints, weights, curve, samples. Default: runs/NAME, after the recipe.
    #[arg(short, long)]
    out: Option<PathBuf>,
    /// Further recipes whose keys override those of the first one.
    #[arg(long = "with", value_name = "FILE")]
    with: Vec<PathBuf>,
    /// Reduce the training for small machines: as `--with small.toml` from the recipe's folder.
    #[arg(long)]
    small: bool,
    /// Training images, overriding the recipe's folder.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Validation images, overriding the recipe's folder.
    #[arg(long, value_name = "FOLDER")]
    val: Option<PathBuf>,
    /// Override one setting of the recipe, such as `optimizer.rate=1e-4`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Device type.
    #[arg(long, value_enum, default_value_t)]
    accelerator: Accelerator,
    /// Number of graphics cards, each with a worker for its share of every batch; on the CPU, number of
    /// workers.
    #[arg(long, default_value_t = 1)]
    devices: usize,
    /// Number of threads, 0 for all; with 1, results are bit-identical on the same machine.
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Print the complete recipe and exit.
    #[arg(long)]
    dry_run: bool,
}

/// Whether the user asked to stop.
static STOP: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    keep_memory();
    match start(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        // The shells' exit status for programs ended by Ctrl-C.
        Ok(false) => ExitCode::from(130),
        Err(error) => {
            say(&format!("error: {error}\n"));
            if let Some(hint) = error.hint() {
                say(&format!("hint: {hint}\n"));
            }
            // Wrong usage is 2, as in `unband`.
            ExitCode::from(if matches!(error, TrainError::Recipe(_)) { 2 } else { 1 })
        }
    }
}

/// Each step allocates tensors of the same sizes again. If the allocator returns their pages, the system
/// clears them every time, which took up to a sixth of a training.
fn keep_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[allow(unsafe_code)]
    // SAFETY: sets two allocator parameters before other threads exist. 32 MiB is the maximum of the first.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
    }
}

/// Returns whether training ran to the end.
fn start(arguments: &Arguments) -> Result<bool, TrainError> {
    let recipe = recipe(arguments)?;
    if arguments.dry_run {
        let _ = std::io::stdout().write_all(recipe.to_toml()?.as_bytes());
        return Ok(true);
    }
    // Without such a signal, the last checkpoint has to suffice. A second signal ends the program at once.
    let _ = ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            #[allow(clippy::exit)] // A step that hangs cannot be left in another way.
            std::process::exit(130);
        }
    });
    let threads = rayon::ThreadPoolBuilder::new().num_threads(arguments.threads).build_global();
    if let Err(error) = threads {
        say(&format!("cannot set the number of threads: {error}\n"));
    }
    let name = arguments.recipe.file_stem().unwrap_or_default();
    let folder = arguments.out.clone().unwrap_or_else(|| PathBuf::from("runs").join(name));
    say(&format!("{}: {} pairs, into {}\n", recipe.network, train::pairs(&recipe)?, folder.display()));
    let devices = devices::choose(arguments.accelerator, arguments.devices)?;
    say(&format!("training on {}\n", devices::names(&devices)));
    let mut printer = ProgressPrinter::new();
    let done = train::run(&recipe, &folder, &devices, &mut |progress| printer.hear(progress))?;
    if let Some(done) = &done {
        let (psnr, input) = done.psnr;
        let (best, weights) = (done.best_psnr, done.weights.display());
        let file = done.best.display();
        say(&if psnr.is_nan() {
            format!("{weights}: best accuracy {:.1} % in {file}\n", 100.0 * best)
        } else {
            format!("{weights}: {psnr:.2} dB, input {input:.2} dB; best {best:.2} dB in {file}\n")
        });
    } else {
        say("stopped; the same command resumes\n");
    }
    Ok(done.is_some())
}

fn recipe(arguments: &Arguments) -> Result<Recipe, TrainError> {
    let mut with = arguments.with.clone();
    if arguments.small {
        with.insert(0, arguments.recipe.with_file_name("small.toml"));
    }
    let folder = |key: &str, folder: &PathBuf| format!("{key}.folder = {:?}", folder.display().to_string());
    let mut settings: Vec<String> = arguments.data.iter().map(|f| folder("data", f)).collect();
    settings.extend(arguments.val.iter().map(|f| folder("validation.data", f)));
    if arguments.devices > 1 {
        settings.push(format!("workers = {}", arguments.devices));
    }
    settings.extend(arguments.set.iter().cloned());
    Ok(Recipe::load(&arguments.recipe, &with, &settings)?)
}

fn say(text: &str) {
    // A closed standard error is not a reason to stop training.
    let _ = stderr().write_all(text.as_bytes());
}

/// Reports progress: on a terminal in one line, elsewhere one line per minute and per validation.
struct ProgressPrinter {
    last: Option<Instant>,
    terminal: bool,
}

impl ProgressPrinter {
    fn new() -> Self {
        Self { last: None, terminal: stderr().is_terminal() }
    }

    fn hear(&mut self, p: &Progress) -> bool {
        let pause = Duration::from_secs(if self.terminal { 1 } else { 60 });
        let due = self.last.is_none_or(|last| last.elapsed() >= pause);
        if due || p.validated || p.step == p.steps {
            self.last = Some(Instant::now());
            let psnr =
                p.psnr.map_or(String::new(), |(psnr, input)| format!("  {psnr:.2} dB (input {input:.2})"));
            let seconds = p.left.as_secs();
            let left = format!("{}:{:02}:{:02} left", seconds / 3600, seconds / 60 % 60, seconds % 60);
            let (step, steps, loss, speed) = (p.step, p.steps, p.loss, p.images_per_second);
            let line = format!("{step}/{steps}  loss {loss:.5}{psnr}  {speed:.2} images/s  {left}");
            // On a terminal, lines with a validation stay; the others are overwritten.
            let start = if self.terminal { "\r\x1b[K" } else { "" };
            let end = if self.terminal && !p.validated { "" } else { "\n" };
            say(&format!("{start}{line}{end}"));
        }
        !STOP.load(Ordering::Relaxed)
    }
}
