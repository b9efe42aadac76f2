//! File jobs: names, formats, copies, refusals, checks.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use unband_image::Hint;

use unband::files::possible_outputs;
use unband::files::{
    FileOptions, FileReport, Input, Output, Task, output_name, output_stem, plan_file, run_file,
};
use unband::{
    Act, Context, Depth, Dither, Error, Image, Options, OutputDepth, Reason, UpscaleOptions, UpscaleSize,
    Upscaler, With,
};
use unband_io::{Limits, WriteOptions, by_name};

/// A sky: a slow gradient in all channels, each value reduced to `bits` bits, with a plain strip below.
fn sky(width: usize, height: usize, bits: u32) -> Image {
    let max = ((1 << bits) - 1) as f32;
    let code = |v: f32| ((v * max).round() * 255.0 / max).round() as u8;
    let mut data = Vec::new();
    for i in 0..width * height {
        let (x, y) = ((i % width) as f32 / width as f32, (i / width) as f32 / height as f32);
        for c in 0..3 {
            data.push(code(0.25 + 0.12 * c as f32 + 0.22 * y + 0.06 * (x * 2.0 + c as f32).sin()));
        }
    }
    Image::from_rgb8(width, height, &data).unwrap()
}

/// Grain on every sample: nothing to repair at eight bits.
fn grain(width: usize, height: usize) -> Image {
    let rng = unband::Rng::new(3);
    let data: Vec<u8> =
        (0..width * height * 3).map(|i| (60 + rng.at(0, 0, i as u32, 0) % 120) as u8).collect();
    Image::from_rgb8(width, height, &data).unwrap()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, image: &Image, format: &str) -> PathBuf {
        let path = self.path(name);
        unband_io::write_file(image, &path, by_name(format).unwrap(), &WriteOptions::default(), false)
            .unwrap();
        path
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn run(input: &Path, options: &FileOptions) -> Result<FileReport, Error> {
    run_file(Input::File(input), Output::Stem(&output_stem(input)), options, &Context::default())
}

fn load(path: &Path) -> Image {
    unband_io::read_file(path, &Limits::default()).unwrap().0
}

#[test]
fn a_banded_png_becomes_a_smooth_png_of_the_same_depth() {
    let folder = Folder::new();
    let input = folder.put("sky.png", &sky(320, 240, 6), "PNG");
    let done = run(&input, &FileOptions::with(|new| new.prove = true)).unwrap();
    assert_eq!(done.plan.output.as_deref(), Some(folder.path("sky_unband.png").as_path()));
    assert!(done.report.as_ref().unwrap().changed && !done.plan.copies);
    assert_eq!(done.report.as_ref().unwrap().reason, Reason::Restored);
    assert_eq!((done.plan.depth, done.plan.format.name), (Depth::EIGHT, "PNG"));
    let proof = done.proof.unwrap();
    assert_eq!((proof.samples, proof.outside), (320 * 240 * 3, 0));
    // The file contains values between the source's 64 levels.
    let codes = load(&folder.path("sky_unband.png")).to_rgb8().unwrap();
    let between = codes.iter().filter(|&&c| (f32::from(c) * 63.0 / 255.0).fract().min(0.5) > 0.2).count();
    assert!(between > codes.len() / 4, "{between} of {}", codes.len());
    let finding = done.plan.repair.unwrap().findings.sentence();
    assert!(finding.contains("6 bits"), "{finding}");
}

#[test]
fn an_image_with_nothing_to_repair_is_copied_byte_for_byte() {
    let folder = Folder::new();
    for (name, format) in [("grain.png", "PNG"), ("grain.ppm", "PNM")] {
        let input = folder.put(name, &grain(96, 80), format);
        let done = run(&input, &FileOptions::with(|new| new.prove = true)).unwrap();
        let output = done.plan.output.clone().unwrap();
        assert_eq!(output.extension(), input.extension());
        assert!(done.plan.copies && !done.report.as_ref().unwrap().changed);
        assert_eq!(done.report.as_ref().unwrap().reason, Reason::NothingFound);
        assert_eq!(fs::read(&output).unwrap(), fs::read(&input).unwrap());
        assert!(done.proof.unwrap().holds());
    }
}

#[test]
fn only_banded_writes_nothing_for_clean_images() {
    let folder = Folder::new();
    let input = folder.put("grain.png", &grain(64, 64), "PNG");
    let options = FileOptions::with(|new| {
        new.only_banded = true;
        new.prove = true;
    });
    let done = run(&input, &options).unwrap();
    assert_eq!((done.plan.output, done.proof), (None, None));
    assert_eq!(folder.names(), ["grain.png"]);
    let banded = folder.put("sky.png", &sky(200, 160, 6), "PNG");
    assert!(run(&banded, &options).unwrap().report.unwrap().changed);
}

#[test]
fn one_code_of_banding_is_smoothed_at_sixteen_bits() {
    let folder = Folder::new();
    let input = folder.put("sky.png", &sky(200, 200, 8), "PNG");
    let at_eight = run(&input, &FileOptions::default()).unwrap();
    assert_eq!(at_eight.report.as_ref().unwrap().reason, Reason::OneCodeOnly);
    let options = Options::with(|new| new.depth = OutputDepth::Bits(16));
    let done = run(
        &input,
        &FileOptions::with(|new| {
            new.options = options;
            new.prove = true;
            new.overwrite = true;
        }),
    )
    .unwrap();
    assert!(
        done.report.as_ref().unwrap().samples_moved > 20_000,
        "{}",
        done.report.as_ref().unwrap().samples_moved
    );
    assert!(
        done.report.as_ref().unwrap().mean_shift_codes.abs() <= 0.1,
        "{}",
        done.report.as_ref().unwrap().mean_shift_codes
    );
    // Half a code, and less than one 16-bit code from the dither.
    assert!(
        done.report.as_ref().unwrap().max_change_codes < 0.499 + 1.0 / 257.0,
        "{}",
        done.report.as_ref().unwrap().max_change_codes
    );
    assert!(done.proof.unwrap().holds());
    assert_eq!(load(&done.plan.output.unwrap()).depth, Depth::SIXTEEN);
}

#[test]
fn a_lossy_input_gives_png_unless_asked_otherwise() {
    let folder = Folder::new();
    let input = folder.path("sky.JPG");
    let how = WriteOptions::with(|new| new.quality = Some(35));
    unband_io::write_file(&sky(320, 320, 8), &input, by_name("JPEG").unwrap(), &how, false).unwrap();
    let done = run(&input, &FileOptions::with(|new| new.prove = true)).unwrap();
    assert!(done.report.as_ref().unwrap().changed);
    assert!(done.plan.input_lossy);
    assert_eq!(done.plan.output, Some(folder.path("sky_unband.png")));
    assert!(done.proof.unwrap().holds());
    let asked = FileOptions::with(|new| new.format = by_name("JPEG"));
    assert_eq!(run(&input, &asked).unwrap().plan.output, Some(folder.path("sky_unband.JPG")));
    let to = folder.path("other.jpg");
    let done = run_file(Input::File(&input), Output::File(&to), &FileOptions::default(), &Context::default());
    assert_eq!(done.unwrap().plan.format.name, "JPEG");
}

#[test]
fn what_a_format_cannot_hold_is_reported_before_any_work() {
    let folder = Folder::new();
    let input = folder.put("sky.png", &sky(64, 64, 6), "PNG");
    let options = Options::with(|new| new.depth = OutputDepth::Bits(16));
    let options = FileOptions::with(|new| new.options = options);
    let refuse = |name: &str, options: &FileOptions| {
        let to = folder.path(name);
        let context = Context::default();
        run_file(Input::File(&input), Output::File(&to), options, &context).unwrap_err()
    };
    let error = refuse("sky.jpg", &options);
    assert!(error.to_string().ends_with("JPEG holds at most 8 bits per sample, got 16"), "{error}");
    assert!(error.hint().is_some());
    assert!(refuse("sky.bmp", &options).to_string().contains("read but not written"));
    assert!(refuse("sky.xyz", &options).to_string().contains("`.xyz`"));
    assert_eq!(folder.names(), ["sky.png"]);
}

#[test]
fn nothing_is_overwritten_without_leave() {
    let folder = Folder::new();
    let input = folder.put("sky.png", &sky(64, 64, 6), "PNG");
    fs::write(folder.path("sky_unband.png"), "mine").unwrap();
    let error = run(&input, &FileOptions::default()).unwrap_err();
    assert!(error.to_string().contains("exists"), "{error}");
    assert_eq!(fs::read(folder.path("sky_unband.png")).unwrap(), b"mine");
    run(&input, &FileOptions::with(|new| new.overwrite = true)).unwrap();
    assert_ne!(fs::read(folder.path("sky_unband.png")).unwrap(), b"mine");
}

#[test]
fn broken_files_leave_nothing_behind() {
    let folder = Folder::new();
    let whole = fs::read(folder.put("sky.png", &sky(64, 64, 6), "PNG")).unwrap();
    for (name, bytes) in
        [("empty.png", &whole[..0]), ("short.png", &whole[..whole.len() / 2]), ("text.png", b"hello")]
    {
        let path = folder.path(name);
        fs::write(&path, bytes).unwrap();
        let error = run(&path, &FileOptions::default()).unwrap_err();
        assert!(error.to_string().contains(name) && error.hint().is_some(), "{error}");
    }
    assert!(
        run(&folder.path("none.png"), &FileOptions::default()).unwrap_err().to_string().contains("none.png")
    );
    assert_eq!(folder.names(), ["empty.png", "short.png", "sky.png", "text.png"]);
}

#[test]
fn bytes_go_in_and_out_as_files_do() {
    let folder = Folder::new();
    let input = folder.put("sky.png", &sky(128, 96, 6), "PNG");
    let bytes = fs::read(&input).unwrap();
    let mut sink = Vec::new();
    let options = FileOptions::with(|new| new.prove = true);
    let done =
        run_file(Input::Bytes(&bytes), Output::Sink(&mut sink), &options, &Context::default()).unwrap();
    assert!(done.proof.unwrap().holds());
    run(&input, &options).unwrap();
    assert_eq!(sink, fs::read(folder.path("sky_unband.png")).unwrap());
}

#[test]
fn a_plan_says_what_will_happen_and_writes_nothing() {
    let folder = Folder::new();
    for (name, image) in [("sky.png", sky(200, 160, 5)), ("grain.png", grain(64, 64))] {
        let input = folder.put(name, &image, "PNG");
        let stem = output_stem(&input);
        let plan = plan_file(
            Input::File(&input),
            &Output::Stem(&stem),
            &FileOptions::default(),
            &Context::default(),
        )
        .unwrap();
        let done = run(&input, &FileOptions::default()).unwrap();
        assert_eq!(
            (plan.output.clone(), plan.copies, plan.repair.as_ref().unwrap().act),
            (done.plan.output.clone(), done.plan.copies, done.plan.repair.as_ref().unwrap().act)
        );
        assert_eq!(plan.repair.unwrap().act == Act::Restore, name == "sky.png");
        fs::remove_file(done.plan.output.unwrap()).unwrap();
    }
    assert_eq!(folder.names(), ["grain.png", "sky.png"]);
}

#[test]
fn every_output_was_announced_by_name() {
    let folder = Folder::new();
    let depths = [OutputDepth::Keep, OutputDepth::Bits(16), OutputDepth::Float];
    for (name, format) in
        [("a.png", "PNG"), ("a.jpg", "JPEG"), ("a.ppm", "PNM"), ("a.webp", "WebP"), ("a.tif", "TIFF")]
    {
        let input = folder.put(name, &sky(96, 64, 6), format);
        for depth in depths {
            let options = FileOptions::with(|new| {
                new.options = Options::with(|new| new.depth = depth);
                new.overwrite = true;
            });
            let output = run(&input, &options).unwrap().plan.output.unwrap();
            let announced = possible_outputs(&input, &Output::Stem(&output_stem(&input)), options.naming());
            assert!(
                announced.contains(&output),
                "{name} at {depth}: {} not in {announced:?}",
                output.display()
            );
        }
    }
}

#[test]
fn transparency_is_never_touched() {
    let mut image = sky(100, 90, 6);
    let rng = unband::Rng::new(1);
    let data: Vec<f32> = (0..9000).map(|i| Depth::EIGHT.value(rng.at(0, 0, i, 0) % 256)).collect();
    image.alpha = Some(unband::Plane { width: 100, height: 90, data });
    let folder = Folder::new();
    let input = folder.put("glass.png", &image, "PNG");
    for depth in [OutputDepth::Keep, OutputDepth::Bits(16)] {
        let options = Options::with(|new| new.depth = depth);
        let done = run(
            &input,
            &FileOptions::with(|new| {
                new.options = options;
                new.overwrite = true;
            }),
        )
        .unwrap();
        assert_eq!(load(&done.plan.output.unwrap()).alpha, image.alpha);
    }
}

#[test]
fn every_depth_and_dither_is_proven() {
    let folder = Folder::new();
    let input = folder.put("sky.png", &sky(160, 120, 6), "PNG");
    for depth in ["keep", "8", "10", "12", "16", "32f"] {
        for dither in Dither::ALL.iter().copied() {
            let options = Options::with(|new| {
                new.depth = depth.parse().unwrap();
                new.dither = dither;
            });
            let options = FileOptions::with(|new| {
                new.options = options;
                new.prove = true;
                new.overwrite = true;
            });
            let proof = run(&input, &options).unwrap().proof.unwrap();
            assert!(proof.holds(), "{depth}, {dither:?}: {proof:?}");
        }
    }
}

#[test]
fn formats_of_floating_point_get_results_that_are_not_rounded() {
    let folder = Folder::new();
    let input = folder.put("sky.png", &sky(160, 120, 6), "PNG");
    for (name, format) in [("sky.pfm", None), ("sky", Some("PFM"))] {
        let to = folder.0.path().join(name);
        let output = if format.is_some() { Output::Stem(&to) } else { Output::File(&to) };
        let options = FileOptions::with(|new| {
            new.format = format.and_then(by_name);
            new.overwrite = true;
        });
        let done = run_file(Input::File(&input), output, &options, &Context::default()).unwrap();
        assert_eq!(done.plan.depth, Depth::F32);
        let data = &load(&done.plan.output.unwrap()).planes[0].data;
        assert!(data.iter().any(|v| (v * 255.0 - (v * 255.0).round()).abs() > 0.1), "{name}");
    }
}

#[test]
fn times_are_kept_when_asked() {
    let folder = Folder::new();
    let input = folder.put("sky.png", &sky(64, 64, 6), "PNG");
    let then = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    let file = fs::OpenOptions::new().write(true).open(&input).unwrap();
    file.set_times(fs::FileTimes::new().set_modified(then)).unwrap();
    let options = FileOptions::with(|new| new.preserve_times = true);
    let output = run(&input, &options).unwrap().plan.output.unwrap();
    assert_eq!(fs::metadata(output).unwrap().modified().unwrap(), then);
}

#[test]
fn the_same_bytes_come_out_for_any_threads_and_tiles() {
    let folder = Folder::new();
    let input = folder.put("sky.png", &sky(300, 280, 6), "PNG");
    for dither in Dither::ALL.iter().copied() {
        let mut first = None;
        for (threads, tile) in [(1, 4096), (3, 64), (2, 100)] {
            let options = Options::with(|new| {
                new.tile = tile;
                new.dither = dither;
            });
            let options = FileOptions::with(|new| new.options = options);
            let context = Context::with(|new| new.threads = threads);
            let mut sink = Vec::new();
            run_file(Input::File(&input), Output::Sink(&mut sink), &options, &context).unwrap();
            assert!(
                *first.get_or_insert_with(|| sink.clone()) == sink,
                "{dither:?}, {threads} threads, tile {tile}"
            );
        }
    }
}

#[test]
fn names_keep_their_dots_and_folders() {
    let png = by_name("PNG").unwrap();
    assert_eq!(output_name(Path::new("a/b.c.jpeg"), png), Path::new("a/b.c_unband.png"));
    assert_eq!(output_name(Path::new("x.PNG"), png), Path::new("x_unband.PNG"));
    assert_eq!(output_name(Path::new("bare"), png), Path::new("bare_unband.png"));
}

#[test]
fn too_little_memory_is_an_error_with_a_number() {
    let folder = Folder::new();
    let input = folder.put("sky.png", &sky(512, 512, 6), "PNG");
    let allow = |bytes| {
        let options = Options::with(|new| new.max_memory = Some(bytes));
        run(
            &input,
            &FileOptions::with(|new| {
                new.options = options;
                new.overwrite = true;
            }),
        )
    };
    assert!(allow(1 << 20).unwrap_err().to_string().contains("MiB"));
    assert!(allow(1 << 28).unwrap().report.unwrap().changed);
}

#[test]
fn cancelling_stops_without_a_file() {
    let folder = Folder::new();
    let input = folder.put("sky.png", &sky(64, 64, 6), "PNG");
    let stop = std::sync::atomic::AtomicBool::new(true);
    let context = Context::with(|new| new.cancel = &stop);
    let stem = output_stem(&input);
    let error =
        run_file(Input::File(&input), Output::Stem(&stem), &FileOptions::default(), &context).unwrap_err();
    assert!(matches!(error, Error::Cancelled));
    assert_eq!(folder.names(), ["sky.png"]);
}

#[test]
fn one_job_upscales_and_debands_before_if_asked() {
    let folder = Folder::new();
    let input = folder.put("sky.png", &sky(96, 64, 6), "PNG");
    let how = UpscaleOptions::with(|new| new.size = UpscaleSize::Scale(2.0));
    let upscaler = Arc::new(Upscaler::new(&how).unwrap());
    let job = |task| {
        run(
            &input,
            &FileOptions::with(|new| {
                new.task = task;
                new.overwrite = true;
            }),
        )
        .unwrap()
    };
    let plain = job(Task::Upscale(Arc::clone(&upscaler)));
    assert!(plain.report.is_none() && plain.plan.repair.is_none());
    let result = |done: &FileReport| load(done.plan.output.as_ref().unwrap());
    let without = result(&plain);
    assert_eq!((without.width(), without.height(), without.depth), (192, 128, Depth::EIGHT));
    let both = job(Task::DebandThenUpscale(upscaler));
    assert_eq!(
        (both.report.as_ref().unwrap().reason, both.plan.upscale.unwrap().scale),
        (Reason::Restored, 2)
    );
    assert_ne!(result(&both).planes, without.planes);
}
