//! Complete trainings by the program: killed and resumed, on full disks, with unsuitable images.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use burn::tensor::Device;
use unband_image::{Image, Rng};
use unband_nets::checkpoint;
use unband_train::recipe::Recipe;
use unband_train::train::{self as training, Progress};

const STEPS: u64 = 40;

/// Ramps of 16 bits in the folder, 48 samples a side.
pub fn photos(folder: &Path, count: u32) {
    std::fs::create_dir_all(folder).unwrap();
    for i in 0..count {
        painted(&folder.join(format!("{i}.png")), 48, i);
    }
}

fn painted(file: &Path, side: usize, seed: u32) {
    let random = |k| Rng::new(9).unit_at(seed, k, 0, 0);
    let value = |p: usize| {
        let (x, y, c) = (p / 3 % side, p / 3 / side, (p % 3) as u32);
        let v = random(c) * 0.5 + (random(3) * x as f32 + random(4) * y as f32) * 0.25 / side as f32;
        (v * 65535.0) as u16
    };
    let data: Vec<u16> = (0..3 * side * side).map(value).collect();
    let image = Image::from_rgb16(side, side, &data).unwrap();
    let format = unband_io::writer_for(file).unwrap();
    unband_io::write_file(&image, file, format, &unband_io::WriteOptions::default(), true).unwrap();
}

/// A folder with photos and a recipe that uses all features: averages, clipping, accumulation, turns, a
/// schedule.
fn workplace() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    photos(&dir.path().join("train"), 5);
    photos(&dir.path().join("val"), 2);
    let clean = |name: &str| {
        format!(
            "{{ kind = \"clean\", folder = \"{}\", degradations = [\"rgb-5\"] }}",
            dir.path().join(name).display()
        )
    };
    let recipe = format!(
        "network = \"bitnet\"\nseed = 5\nsteps = {STEPS}\nbatch = 2\npatch = 8\naccumulate = 2\nema = 0.9\nclip-norm = 0.5\n\
         checkpoint-minutes = 0.003\n\
         loss = [{{ term = \"l1\" }}, {{ term = \"fft-l1\", weight = 0.1 }}]\n\
         optimizer = {{ kind = \"adamw\", rate = 1e-3, weight-decay = 1e-2 }}\n\
         schedule = {{ kind = \"cosine\", warmup = 0.1 }}\naugment = {{ hflip = 0.5, vflip = 0.5, turns = true }}\n\
         data = {}\nvalidation = {{ every = 10, samples = 1, crop = 16, data = {} }}\n",
        clean("train"),
        clean("val")
    );
    std::fs::write(dir.path().join("recipe.toml"), recipe).unwrap();
    dir
}

fn command(dir: &Path, out: &str, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unband-train"));
    command.arg(dir.join("recipe.toml")).args(["--threads", "1", "--accelerator", "cpu", "--out"]);
    command.arg(dir.join(out)).args(more);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn train(dir: &Path, out: &str, more: &[&str]) -> Output {
    command(dir, out, more).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn failed(output: &Output, parts: &[&str]) {
    let text = said(output);
    assert!(!output.status.success(), "{text}");
    for part in parts {
        assert!(text.contains(part), "{text:?} does not say {part:?}");
    }
}

/// A copy of a run whose checkpoint has 16-bit values.
#[cfg(unix)]
fn halve_checkpoint(dir: &Path, from: &str, to: &str) {
    std::fs::create_dir(dir.join(to)).unwrap();
    std::fs::copy(dir.join(from).join("curve.csv"), dir.join(to).join("curve.csv")).unwrap();
    let file = |folder: &str| dir.join(folder).join("checkpoint.safetensors");
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/shrink_checkpoint.py");
    let status = Command::new("python3").arg(tool).args([file(from), file(to)]).status().unwrap();
    assert!(status.success());
    let size = |folder: &str| std::fs::metadata(file(folder)).unwrap().len();
    assert!(size(to) * 10 < size(from) * 7, "{} of {} bytes", size(to), size(from));
}

#[cfg(unix)]
#[test]
fn ctrl_c_writes_a_checkpoint_that_the_same_command_goes_on_from() {
    let dir = workplace();
    let dir = dir.path();
    // None is written before the end.
    let slow = ["--set", "checkpoint-minutes=1000"];
    let child = command(dir, "stopped", &slow).spawn().unwrap();
    let steps = || std::fs::read_to_string(dir.join("stopped/curve.csv")).map_or(0, |t| t.lines().count());
    while steps() < 4 {
        std::thread::sleep(Duration::from_millis(1));
    }
    // Meanwhile no other program writes there.
    failed(&train(dir, "stopped", &slow), &["stopped", "another training", "--out"]);
    let child_id = nix::unistd::Pid::from_raw(child.id().cast_signed());
    nix::sys::signal::kill(child_id, nix::sys::signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    assert!(said(&output).contains("command resumes"), "{}", said(&output));
    let stopped = steps() - 1;
    assert!((3..STEPS as usize).contains(&stopped), "{stopped}");
    assert!(dir.join("stopped/checkpoint.safetensors").exists());
    halve_checkpoint(dir, "stopped", "halved");
    for folder in ["stopped", "halved"] {
        let rest = train(dir, folder, &slow);
        assert!(rest.status.success(), "{}", said(&rest));
        assert!(said(&rest).contains(&format!("{STEPS}/{STEPS}")));
    }
    assert_eq!(steps() - 1, STEPS as usize);
}

#[test]
fn a_training_killed_at_any_moment_goes_on_to_the_same_bits() {
    let dir = workplace();
    let dir = dir.path();
    let whole = train(dir, "whole", &[]);
    assert!(whole.status.success(), "{}", said(&whole));
    let steps = || std::fs::read_to_string(dir.join("killed/curve.csv")).map_or(0, |t| t.lines().count());
    for kill in 0..5 {
        let mut child = command(dir, "killed", &[]).stderr(Stdio::null()).spawn().unwrap();
        // Wait for new rows after the last checkpoint, then for a random moment of a step.
        let random = |k| Rng::new(3).unit_at(kill, k, 0, 0);
        let rows = 3 + 7 * kill as usize + (3.0 * random(0)) as usize;
        while steps() < rows {
            assert!(child.try_wait().unwrap().is_none(), "ended before step {rows}");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros((50_000.0 * random(1)) as u64));
        assert!(child.try_wait().unwrap().is_none(), "ended before it was killed");
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
    }
    let rest = train(dir, "killed", &[]);
    assert!(rest.status.success(), "{}", said(&rest));
    let read = |run: &str, name: &str| std::fs::read(dir.join(run).join(name)).unwrap();
    let curve = String::from_utf8(read("whole", "curve.csv")).unwrap();
    assert_eq!(curve.lines().count() as u64, STEPS + 1);
    assert_eq!(curve, String::from_utf8(read("killed", "curve.csv")).unwrap());
    assert!(read("whole", "weights.safetensors") == read("killed", "weights.safetensors"));
    assert!(read("whole", "best.safetensors") == read("killed", "best.safetensors"));

    // The result is a network that other programs accept, with its recipe.
    let weights = checkpoint::open(dir.join("whole/weights.safetensors")).unwrap();
    let recipe = weights.facts.iter().find(|(k, _)| k == "recipe").unwrap();
    assert!(recipe.1.contains("clip-norm = 0.5"));
    // It does not reveal the location.
    assert!(recipe.1.contains("folder = \"train\"") && !recipe.1.contains(dir.to_str().unwrap()));
    assert_eq!(weights.network().unwrap().architecture.name, "bitnet");
    assert!(dir.join("whole/samples/00000040-0.png").exists());

    // A training with another recipe does not resume from it.
    failed(
        &train(dir, "whole", &["--set", "optimizer.rate=2e-3"]),
        &["checkpoint.safetensors", "rate = 0.001", "--out"],
    );
    // Events for TensorBoard: records with correct lengths.
    let events = std::fs::read_dir(dir.join("whole")).unwrap().map(|e| e.unwrap().path());
    let events = events.filter(|p| p.to_string_lossy().contains("tfevents")).collect::<Vec<PathBuf>>();
    let bytes = std::fs::read(&events[0]).unwrap();
    let (mut at, mut records) = (0, 0);
    while at < bytes.len() {
        let length = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
        at += 16 + length;
        records += 1;
    }
    assert_eq!((at, records), (bytes.len(), STEPS + 2));
}

#[test]
fn another_validation_goes_on_and_the_best_is_its_own() {
    let dir = workplace();
    let dir = dir.path();
    let run = |settings: &[String], last: u64| {
        let recipe = Recipe::load(&dir.join("recipe.toml"), &[], settings).unwrap();
        let mut found = Vec::new();
        let mut report = |p: &Progress| {
            found.extend(p.psnr.filter(|_| p.validated).map(|(psnr, _)| psnr));
            p.step < last
        };
        let done = training::run(&recipe, &dir.join("run"), &[Device::flex()], &mut report).unwrap();
        (done, found)
    };
    let (done, before) = run(&[], 12);
    assert!(done.is_none() && before.len() == 1);
    let (done, after) = run(&["validation.data.degradations = [\"rgb-4\"]".into()], STEPS + 1);
    assert_eq!(after.len(), 3);
    let best = after.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // Coarser images: the earlier file would have stayed.
    assert!(before[0] > best, "{before:?} {after:?}");
    assert_eq!(done.unwrap().best_psnr.to_bits(), best.to_bits());
}

#[test]
fn a_loss_that_is_no_number_ends_the_training_and_keeps_the_last_checkpoint() {
    let dir = workplace();
    let dir = dir.path();
    let wild =
        ["optimizer.rate=9.0", "clip-norm=1e12", "checkpoint-minutes=0", "loss=[{term=\"l2\",weight=1e6}]"];
    let wild: Vec<&str> = wild.into_iter().flat_map(|setting| ["--set", setting]).collect();
    let output = train(dir, "wild", &wild);
    failed(&output, &["the loss is", "at step", "checkpoint.safetensors", "rate"]);
    let kept = std::fs::read(dir.join("wild/checkpoint.safetensors")).unwrap();
    assert!(safetensors::SafeTensors::deserialize(&kept).is_ok());
    // The hint works: another rate needs another folder.
    failed(&output, &["hint: lower `optimizer.rate`", "--out"]);
    let slower = ["--set", "optimizer.rate=1e-4", "--set", "steps=2"];
    failed(&train(dir, "wild", &slower), &["belongs to another recipe", "--out"]);
    let calm = train(dir, "calm", &slower);
    assert!(calm.status.success(), "{}", said(&calm));
}

/// Losses by step, and the folder's result.
fn in_memory(dir: &Path, out: &str, settings: &[&str]) -> (Vec<f32>, training::Trained) {
    let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
    let recipe = Recipe::load(&dir.join("recipe.toml"), &[], &settings).unwrap();
    let mut losses = Vec::new();
    let mut report = |p: &Progress| {
        losses.push(p.loss);
        true
    };
    let done = training::run(&recipe, &dir.join(out), &[Device::flex()], &mut report).unwrap();
    (losses, done.unwrap())
}

#[test]
fn every_nth_checkpoint_is_kept_and_a_training_resumes_from_one() {
    let dir = workplace();
    let dir = dir.path();
    let (losses, done) = in_memory(dir, "whole", &["steps = 8", "keep-every = 3"]);
    let kept = |out: &str| {
        let names = std::fs::read_dir(dir.join(out).join("kept")).unwrap();
        let mut names: Vec<String> = names.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let parts = |step| ["checkpoint", "weights"].map(|part| format!("0000000{step}.{part}.safetensors"));
    assert_eq!(kept("whole"), [parts(3), parts(6)].concat());
    let weights = checkpoint::open(dir.join("whole/kept/00000003.weights.safetensors")).unwrap();
    assert!(weights.facts.contains(&("step".into(), "3".into())) && weights.network().is_ok());
    // From there, with another interval, to the same result.
    std::fs::create_dir(dir.join("again")).unwrap();
    let start = dir.join("whole/kept/00000003.checkpoint.safetensors");
    std::fs::copy(start, dir.join("again/checkpoint.safetensors")).unwrap();
    let (rest, again) = in_memory(dir, "again", &["steps = 8", "keep-every = 4"]);
    assert_eq!(rest, losses[3..]);
    assert_eq!(kept("again"), [parts(4), parts(8)].concat());
    let state = |file: &Path| checkpoint::open(file).unwrap().state;
    assert!(state(&done.weights) == state(&again.weights));
    // By default there are none.
    in_memory(dir, "plain", &["steps = 3"]);
    assert!(!dir.join("plain/kept").exists());
}

#[test]
fn validation_in_batches_gives_the_same() {
    let dir = workplace();
    let dir = dir.path();
    // Images of one size form a batch, so the last one does not.
    painted(&dir.join("val/1.png"), 48, 7);
    painted(&dir.join("val/2.png"), 48, 8);
    painted(&dir.join("val/3.png"), 30, 9);
    let run = |batch: usize| {
        let batch_of = format!("validation.batch = {batch}");
        let settings = ["steps = 2", "validation.crop = 0", "validation.samples = 9", &batch_of];
        let (_, done) = in_memory(dir, &format!("run{batch}"), &settings);
        let mut samples: Vec<_> = std::fs::read_dir(dir.join(format!("run{batch}/samples")))
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        samples.sort();
        (done.psnr, samples)
    };
    let ((psnr, input), alone) = run(1);
    for batch in [2, 3, 16] {
        let ((own, own_input), samples) = run(batch);
        assert!((own - psnr).abs() < 1e-4 && (own_input - input).abs() < 1e-9, "{batch}: {own} {psnr}");
        assert_eq!(samples.len(), 4);
        for (a, b) in samples.iter().zip(&alone) {
            assert_eq!(a.file_name(), b.file_name());
            let size = |file: &Path| {
                unband_io::read_file(file, &unband_io::Limits::default())
                    .map(|(i, _)| (i.width(), i.height()))
                    .unwrap()
            };
            assert_eq!(size(a), size(b), "{batch}");
        }
    }
}

#[test]
fn loaders_change_no_patch() {
    let dir = workplace();
    let dir = dir.path();
    let (one, _) = in_memory(dir, "one", &["steps = 7"]);
    let (three, _) = in_memory(dir, "three", &["steps = 7", "loaders = 3"]);
    assert_eq!(one, three);
    let (kair, _) = in_memory(dir, "kair", &["steps = 7", "dataloader_num_workers = 2"]);
    assert_eq!(one, kair);
    // A resumed training may have another number.
    let (rest, _) = in_memory(dir, "three", &["steps = 7", "loaders = 2"]);
    assert!(rest.is_empty());
}

#[test]
fn a_full_disk_ends_the_training_and_keeps_the_last_checkpoint() {
    let dir = workplace();
    let dir = dir.path();
    assert!(train(dir, "run", &[]).status.success());
    let before = std::fs::read(dir.join("run/checkpoint.safetensors")).unwrap();
    // To the writer, a limit on file sizes is like a full disk: the write fails half way.
    let script = format!(
        "ulimit -f 4000; trap '' XFSZ; exec '{}' '{}' --threads 1 --accelerator cpu --out '{}' --set steps=41",
        env!("CARGO_BIN_EXE_unband-train"),
        dir.join("recipe.toml").display(),
        dir.join("other").display()
    );
    std::fs::create_dir_all(dir.join("other")).unwrap();
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    failed(&output, &["other", "hint: free disk space"]);
    // No incomplete file remains.
    let names: Vec<String> = std::fs::read_dir(dir.join("other"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(!names.iter().any(|n| n.contains(".tmp") || n == "checkpoint.safetensors"), "{names:?}");
    assert!(before == std::fs::read(dir.join("run/checkpoint.safetensors")).unwrap());
}

#[test]
fn images_that_do_not_fit_are_named() {
    let dir = workplace();
    let dir = dir.path();
    let pairs = |a: &str| {
        let data = format!("data={{kind=\"pairs\",folder=\"{}\"}}", dir.join(a).display());
        train(dir, "run", &["--set", &data])
    };
    // `--set` merges tables: keys of another type are refused, not ignored.
    failed(&pairs("a"), &["degradations"]);
    let recipe = std::fs::read_to_string(dir.join("recipe.toml")).unwrap();
    let line = recipe.lines().find(|l| l.starts_with("data = ")).unwrap();
    let changed = recipe
        .replace(line, &format!("data = {{ kind = \"pairs\", folder = \"{}\" }}", dir.join("a").display()));
    std::fs::write(dir.join("recipe.toml"), changed).unwrap();
    failed(&train(dir, "run", &[]), &["a/lq", "list"]);
    photos(&dir.join("a/lq"), 3);
    photos(&dir.join("a/gt"), 2);
    failed(&train(dir, "run", &[]), &["lq/2.png", "1 without", "a/gt", "hint"]);
    painted(&dir.join("a/gt/2.png"), 50, 2);
    failed(&train(dir, "run", &[]), &["lq/2.png", "48×48", "50×50"]);
    painted(&dir.join("a/gt/2.png"), 6, 2);
    painted(&dir.join("a/lq/2.png"), 6, 2);
    failed(&train(dir, "run", &[]), &["gt/2.png", "6×6", "8×8", "hint"]);
    std::fs::write(dir.join("a/gt/2.png"), b"not an image").unwrap();
    failed(&train(dir, "run", &[]), &["gt/2.png"]);
    failed(
        &train(dir, "run", &["--set", "patch=20", "--set", "network=\"ggdbn\""]),
        &["patch", "multiple of 8", "20"],
    );
}

/// A network that upscales by `scale`, and its adversarial training in a second stage.
const STAGES: [&str; 2] = [
    "init = { kind = \"orthogonal\", gain = 0.2 }\nloss = [{ term = \"l1\" }]",
    "loss = [{ term = \"l1\" }, { term = \"perceptual\", weight = 0 }]\n\
     gan = { discriminator = \"unet-sn:small\", rules = \"lsgan\", init = { kind = \"orthogonal\", gain = 0.2 } }",
];

#[test]
fn a_network_that_upscales_learns_in_two_stages_and_resumes_to_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    photos(&dir.join("train"), 3);
    photos(&dir.join("val"), 2);
    let recipe = |stage: &str, more: &str| {
        let text = format!(
            "network = \"rrdbnet:small-x2\"\nseed = 5\nsteps = 12\nbatch = 2\npatch = 16\nema = 0.9\n{stage}\n{more}\n\
             optimizer = {{ kind = \"adam\", rate = 1e-3 }}\naugment = {{ hflip = 0.5, turns = true }}\n\
             data = {{ kind = \"clean\", folder = {:?}, recipe = \"bsrgan-x2\", window = 16, reuse = 2, pool = 4 }}\n\
             validation = {{ every = 4, samples = 1, crop = 40, \
             data = {{ kind = \"clean\", folder = {:?}, recipe = \"bsrgan-x2\" }} }}\n",
            dir.join("train"),
            dir.join("val")
        );
        Recipe::parse(&text, "test").unwrap()
    };
    let run = |recipe: &Recipe, out: &str, last: u64| {
        let mut losses = Vec::new();
        let mut report = |p: &Progress| {
            losses.push(p.loss);
            p.step < last
        };
        training::run(recipe, &dir.join(out), &[Device::flex()], &mut report).unwrap();
        losses
    };
    run(&recipe(STAGES[0], ""), "first", 99);
    let read = |out: &str, name: &str| checkpoint::open(dir.join(out).join(name)).unwrap().state;
    // Averages differ from the last weights.
    assert!(read("first", "weights.safetensors") != read("first", "last.safetensors"));
    let sample =
        unband_io::read_file(&dir.join("first/samples/00000012-0.png"), &unband_io::Limits::default());
    let sample = sample.unwrap().0;
    assert_eq!((sample.width(), sample.height()), (3 * 40, 40));

    let start = format!("from = {:?}", dir.join("first/last.safetensors"));
    let second = recipe(STAGES[1], &start);
    let whole = run(&second, "second", 99);
    // The discriminator's initial weights are random, the other's are those of the first stage.
    let fresh = run(&recipe(STAGES[1], ""), "fresh", 1);
    assert!(fresh[0] > whole[0], "{fresh:?} {whole:?}");
    // Stopped and resumed; the initial weights are not needed again.
    run(&second, "stopped", 5);
    std::fs::remove_file(dir.join("first/last.safetensors")).unwrap();
    let rest = run(&second, "stopped", 99);
    assert_eq!(rest, whole[5..]);
    assert!(read("second", "last.safetensors") == read("stopped", "last.safetensors"));
    let missing = training::run(&second, &dir.join("other"), &[Device::flex()], &mut |_| true).unwrap_err();
    assert!(missing.to_string().contains("last.safetensors"), "{missing}");
}

#[test]
fn upscaling_networks_of_others_learn() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    photos(&dir.join("train"), 2);
    photos(&dir.join("val"), 1);
    for (network, recipe) in [("compact", ""), ("span", ""), ("realplksr", ""), ("swinir", "-x2")] {
        let text = format!(
            "network = \"{network}:small\"\nseed = 5\nsteps = 6\nbatch = 2\npatch = 16\n\
             loss = [{{ term = \"l1\" }}]\noptimizer = {{ kind = \"adam\", rate = 1e-3 }}\n\
             data = {{ kind = \"clean\", folder = {:?}, recipe = \"bsrgan{recipe}\", window = 16 }}\n\
             validation = {{ every = 6, crop = 40, \
             data = {{ kind = \"clean\", folder = {:?}, recipe = \"bsrgan{recipe}\" }} }}\n",
            dir.join("train"),
            dir.join("val")
        );
        let mut losses = Vec::new();
        let mut report = |p: &Progress| {
            losses.push(p.loss);
            true
        };
        let recipe = Recipe::parse(&text, "test").unwrap();
        let out = dir.join(network);
        training::run(&recipe, &out, &[Device::flex()], &mut report).unwrap();
        assert!(losses.len() == 6 && losses.iter().all(|loss| loss.is_finite()), "{network}: {losses:?}");
        let made = checkpoint::open(out.join("weights.safetensors")).unwrap().network().unwrap();
        assert_eq!(made.architecture.name, network);
    }
}

#[test]
fn pairs_of_a_network_that_upscales_have_its_scale() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for (folder, side) in [("lq", 24), ("gt", 48)] {
        std::fs::create_dir_all(dir.join(folder)).unwrap();
        painted(&dir.join(folder).join("0.png"), side, 0);
    }
    let text = format!(
        "network = \"rrdbnet:small-x2\"\nsteps = 2\nbatch = 1\npatch = 16\nloss = [{{ term = \"l1\" }}]\n\
         optimizer = {{ kind = \"adam\", rate = 1e-3 }}\ndata = {{ kind = \"pairs\", folder = {dir:?} }}\n\
         validation = {{ every = 2, data = {{ kind = \"pairs\", folder = {dir:?} }} }}\n"
    );
    let run = || {
        let recipe = Recipe::parse(&text, "test").unwrap();
        training::run(&recipe, &dir.join("run"), &[Device::flex()], &mut |_| true)
    };
    let (psnr, input) = run().unwrap().unwrap().psnr;
    assert!(psnr > 5.0 && input > 20.0, "{psnr} {input}");
    painted(&dir.join("lq/0.png"), 25, 0);
    let error = run().unwrap_err().to_string();
    assert!(error.contains("25×25") && error.contains("2 times"), "{error}");
}

/// A grid-guided network is not used on windows without a grid, so it does not train on them.
#[test]
fn windows_without_a_grid_are_not_used_by_grid_guided_networks() {
    let dir = workplace();
    let of_lite = ["--set", "network=\"unband-lite\"", "--set", "patch=32", "--set", "validation.crop=32"];
    let plain = ["--set", "data.degradations=[\"8-bit\"]"];
    let output = train(dir.path(), "plain", &[&of_lite[..], &plain[..]].concat());
    assert!(said(&output).contains("no patch with a grid in 400 tries"), "{}", said(&output));
    let once = ["--set", "steps=1"];
    let output = train(dir.path(), "banded", &[&of_lite[..], &once[..]].concat());
    assert!(output.status.success(), "{}", said(&output));
}
