//! Tests of `unband eval`.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use unband_skips::tracked_in;

use crate::stage::{Stage, png, root, six_bits};

const TABLE: &str = "\
title = 'Six bits & more'
metrics = ['psnr', 'ssim-gauss11-rgb', 'flat-psnr', 'cambi']
page-images = 1
weights = 'optional'
[data]
kind = 'pairs'
folder = 'pairs'
[[method]]
name = 'FFmpeg'
method = 'ffmpeg-deband'
published = { psnr = 35.33 }
[[method]]
name = 'Gradfun_best'
method = 'gradfun'
settings = ['strength=0.6', 'strength=3,radius=8']
best = 'psnr'
[[method]]
name = 'AdaDeband'
method = 'adadeband'
planes = 'yuv420p'
[[method]]
name = 'BDINN'
method = 'bdinn'
weights = 'runs/bdinn/best.safetensors'
train = 'recipes/bdinn.toml'
published = { psnr = 39.37, parameters = 5.885 }
";

/// The image before its bits were removed.
fn clean(x: usize, y: usize, c: usize) -> u8 {
    let level = (x * (9 + c) + y * (31 - 7 * c)) * 4 / 220 + 32 * c;
    level.min(255) as u8
}

fn stage(pairs: usize) -> Stage {
    let stage = Stage::new();
    stage.write("table.toml", TABLE.as_bytes());
    for i in 0..pairs {
        stage.png(&format!("pairs/gt/{i}.png"), &move |x, y, c| clean(x + 9 * i, y, c));
        stage.png(&format!("pairs/lq/{i}.png"), &move |x, y, c| six_bits(x + 9 * i, y, c));
    }
    stage
}

/// Rows of a table by their first columns, cells by their headings.
fn lines(stage: &Stage, file: &str, keys: &[&str]) -> BTreeMap<String, BTreeMap<String, String>> {
    let bytes = stage.read(file);
    let mut reader = csv::Reader::from_reader(&bytes[..]);
    let heads = reader.headers().unwrap().clone();
    let mut all = BTreeMap::new();
    for record in reader.records() {
        let record = record.unwrap();
        let cells: BTreeMap<String, String> =
            heads.iter().zip(&record).map(|(head, cell)| (head.to_owned(), cell.to_owned())).collect();
        let key: Vec<&str> = keys.iter().map(|&key| cells[key].as_str()).collect();
        assert!(all.insert(key.join("|"), cells.clone()).is_none(), "{key:?} twice");
    }
    all
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is not a number"))
}

/// PSNR over all samples of 8 bits, by its formula.
fn psnr(a: &[u16], b: &[u16]) -> f64 {
    let square = |(&a, &b): (&u16, &u16)| (f64::from(a) - f64::from(b)).powi(2);
    let mean = a.iter().zip(b).map(square).sum::<f64>() / a.len() as f64;
    10.0 * (255.0f64.powi(2) / mean).log10()
}

const FILES: [&str; 5] = ["table.md", "table.tex", "table.csv", "images.csv", "table.html"];

fn files(stage: &Stage, folder: &str) -> Vec<Vec<u8>> {
    FILES.iter().map(|name| stage.read(&format!("{folder}/{name}"))).collect()
}

#[test]
fn a_table_holds_what_the_program_writes_and_the_means_of_it() {
    let stage = stage(3);
    let ran = stage.run(&["eval", "table.toml"]).code(0).says("3 images → eval/table");
    let images = lines(&stage, "eval/table/images.csv", &["image", "method", "setting"]);
    let means = lines(&stage, "eval/table/table.csv", &["cause", "method", "kind"]);
    let mut sums = [0.0; 2];
    for i in 0..3 {
        let (gt, lq) =
            (stage.samples(&format!("pairs/gt/{i}.png")), stage.samples(&format!("pairs/lq/{i}.png")));
        let (input, out) = (format!("pairs/lq/{i}.png"), format!("out/{i}.png"));
        fs::create_dir_all(stage.path("out")).unwrap();
        stage.run(&[&input, "--method", "ffmpeg-deband", "--dither", "none", "-o", &out]).code(0);
        let own = [psnr(&lq.data, &gt.data), psnr(&stage.samples(&out).data, &gt.data)];
        for (sum, (own, row)) in sums.iter_mut().zip(own.into_iter().zip(["(input)", "FFmpeg"])) {
            let printed = number(&images[&format!("{i}|{row}|")]["psnr"]);
            assert!((printed - own).abs() < 1e-4, "{i} {row}: {printed} dB in the table, {own} by hand");
            *sum += own / 3.0;
        }
    }
    for (sum, row) in sums.into_iter().zip(["(input)", "FFmpeg"]) {
        let line = &means[&format!("all|{row}|measured")];
        assert!((number(&line["psnr"]) - sum).abs() < 1e-4, "{row}");
        assert!(number(&line["psnr low"]) <= sum + 1e-4 && number(&line["psnr high"]) >= sum - 1e-4);
        assert_eq!(line["psnr images"], "3");
    }
    // The best of the two settings by their means.
    let mean = |setting: &str| {
        (0..3).map(|i| number(&images[&format!("{i}|Gradfun_best|{setting}")]["psnr"])).sum::<f64>() / 3.0
    };
    let settings = ["strength=0.6", "strength=3,radius=8"];
    let best = settings.into_iter().max_by(|a, b| mean(a).total_cmp(&mean(b))).unwrap();
    let line = &means["all|Gradfun_best|measured"];
    assert_eq!(line["setting"], best);
    assert!((number(&line["psnr"]) - mean(best)).abs() < 1e-9);
    // Published values, and rows that could not run.
    assert_eq!(means["all|BDINN|published"]["psnr"], "39.37");
    assert!(means["all|BDINN|not run"]["why"].contains("runs/bdinn/best.safetensors does not exist"));
    assert!(ran.out().contains("`unband train recipes/bdinn.toml` makes it (5.890 M parameters, 37.49 G"));
    let text = |name: &str| String::from_utf8(stage.read(&format!("eval/table/{name}"))).unwrap();
    let (markdown, latex, html) = (text("table.md"), text("table.tex"), text("table.html"));
    assert!(markdown.contains("| *BDINN, published* | *39.37* |"), "{markdown}");
    assert!(latex.contains("Six bits \\& more") && latex.contains("Gradfun\\_best &"), "{latex}");
    for part in
        ["<option>AdaDeband</option>", "<option>Gradfun_best</option>", "Place 1", "Six bits &amp; more"]
    {
        assert!(html.contains(part), "{part}");
    }
}

#[test]
fn a_table_that_was_killed_goes_on_and_comes_out_the_same() {
    let stage = stage(4);
    stage.run(&["eval", "table.toml", "--out", "whole"]).code(0);
    let whole = files(&stage, "whole");
    let kept = |folder: &str| fs::read_dir(stage.path(&format!("{folder}/kept"))).map_or(0, Iterator::count);
    let all = kept("whole");
    assert_eq!(all, 4 * 5, "input, ffmpeg, two of gradfun, adadeband");
    let mut in_the_middle = 0;
    for moment in [1, 7, 13] {
        let folder = format!("cut{moment}");
        let arguments = ["eval", "table.toml", "--out", &folder];
        let mut child =
            stage.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let start = Instant::now();
        while kept(&folder) < moment && start.elapsed() < Duration::from_mins(1) {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        in_the_middle += usize::from(kept(&folder) < all);
        stage.run(&arguments).code(0);
        for (name, (a, b)) in FILES.iter().zip(whole.iter().zip(files(&stage, &folder))) {
            assert!(*a == b, "{name} differs after a kill at {moment} results");
        }
    }
    assert!(in_the_middle > 0, "every run ended before it was killed");
    interrupted_tables_say_how_to_go_on(&stage, &whole);
    // A second run of a whole table measures nothing: cached results are used.
    let mut names: Vec<_> =
        fs::read_dir(stage.path("whole/kept")).unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    for name in &names {
        let text = fs::read_to_string(name).unwrap();
        fs::write(name, text.replace("\"psnr\":{\"number\":\"", "\"psnr\":{\"number\":\"9")).unwrap();
    }
    stage.run(&["eval", "table.toml", "--out", "whole"]).code(0);
    let printed = number(
        &lines(&stage, "whole/table.csv", &["cause", "method", "kind"])["all|FFmpeg|measured"]["psnr"],
    );
    assert!(printed > 900.0, "{printed}: kept results are not taken");
    // Another image is another result.
    stage.png("pairs/lq/0.png", &|x, y, c| six_bits(x + 1, y, c));
    stage.run(&["eval", "table.toml", "--out", "whole"]).code(0);
    let images = lines(&stage, "whole/images.csv", &["image", "method", "setting"]);
    assert!(number(&images["0|FFmpeg|"]["psnr"]) < 100.0 && number(&images["1|FFmpeg|"]["psnr"]) > 900.0);
}

#[cfg(not(unix))]
fn interrupted_tables_say_how_to_go_on(_: &Stage, _: &[Vec<u8>]) {}

/// The same with Ctrl-C.
#[cfg(unix)]
fn interrupted_tables_say_how_to_go_on(stage: &Stage, whole: &[Vec<u8>]) {
    let arguments = ["eval", "table.toml", "--out", "stopped"];
    let child = stage.command(&arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    // Once there is a result, it handles signals.
    while fs::read_dir(stage.path("stopped/kept")).map_or(0, Iterator::count) < 1
        && start.elapsed() < Duration::from_mins(1)
    {
        std::thread::yield_now();
    }
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    crate::stage::Ran::from(child.wait_with_output().unwrap())
        .code(130)
        .says("run the same command to resume");
    assert!(!stage.path("stopped/table.md").exists());
    stage.run(&arguments).code(0);
    assert!(files(stage, "stopped") == whole, "another table after Ctrl-C");
}

#[test]
fn a_pair_that_is_no_pair_is_named_and_left_out_of_all_rows() {
    let stage = stage(3);
    stage.run(&["eval", "table.toml", "--out", "before"]).code(0);
    let bytes = stage.read("pairs/lq/0.png");
    stage.write("pairs/lq/cut.png", &bytes[..bytes.len() / 2]);
    stage.write("pairs/gt/cut.png", &stage.read("pairs/gt/0.png"));
    stage.write("pairs/lq/wide.png", &crate::stage::png(170, 120, &six_bits));
    stage.write("pairs/gt/wide.png", &stage.read("pairs/gt/0.png"));
    stage.png("pairs/gt/alone.png", &clean);
    let ran = stage.run(&["eval", "table.toml"]).code(1);
    let said = ran
        .says("pairs/lq/cut.png")
        .says("pairs/lq/wide.png: is 170×120 RGB, the reference pairs/gt/wide.png is 160×120 RGB")
        .says("pairs/gt/alone.png: no image with this name in pairs/lq")
        .says("3 images → eval/table");
    assert!(!said.out().is_empty());
    assert!(stage.read("before/table.csv") == stage.read("eval/table/table.csv"), "other pairs changed");
    let markdown = String::from_utf8(stage.read("eval/table/table.md")).unwrap();
    assert!(markdown.contains("- Skipped: ") && markdown.contains("wide.png"), "{markdown}");
}

#[test]
fn a_network_that_must_be_there_and_is_not_is_a_row_and_an_exit_code() {
    let stage = stage(1);
    stage.write("strict.toml", TABLE.replace("optional", "required").as_bytes());
    let ran = stage.run(&["eval", "strict.toml"]).code(1);
    ran.says("BDINN: not run: runs/bdinn/best.safetensors does not exist")
        .says("`unband train recipes/bdinn.toml` makes it");
    assert!(stage.path("eval/strict/table.html").is_file());
    // A file with another network is reported too.
    stage.write("runs/bdinn/best.safetensors", b"no checkpoint at all");
    stage.run(&["eval", "strict.toml"]).code(1).says("BDINN: not run: runs/bdinn/best.safetensors");
}

#[test]
fn a_network_with_its_checkpoint_is_measured_as_it_runs_elsewhere() {
    let stage = stage(1);
    stage.write("runs/mine.pth", &fs::read(root().join("golden/checkpoints/indi_trainer.pth")).unwrap());
    let row = "metrics = ['psnr']\ncosts = ['parameters', 'multiply-adds']\n[[method]]\nname = 'INDI'\nmethod = 'indi:steps=2'\nweights = 'runs/mine.pth'\n";
    stage.write("network.toml", row.as_bytes());
    stage.run(&["eval", "table.toml", "--with", "network.toml"]).code(0);
    let means = lines(&stage, "eval/table/table.csv", &["cause", "method", "kind"]);
    let line = &means["all|INDI|measured"];
    let by_hand =
        ["pairs/lq/0.png", "-m", "indi:steps=2", "-w", "runs/mine.pth", "--dither", "none", "-o", "out.png"];
    stage.run(&by_hand).code(0);
    let own = psnr(&stage.samples("out.png").data, &stage.samples("pairs/gt/0.png").data);
    assert!((number(&line["psnr"]) - own).abs() < 1e-4, "{} dB in the table, {own} by hand", line["psnr"]);
    let info = &stage.run(&["models", "info", "--json", "runs/mine.pth"]).code(0).json()[0];
    let parameters = info["network"]["parameters"].as_f64().unwrap();
    assert!(
        (number(&line["parameters"]) * 1e6 - parameters).abs() < 0.5,
        "{} M, {parameters}",
        line["parameters"]
    );
    // Another checkpoint under the same name is another method.
    stage.write("runs/mine.pth", &fs::read(root().join("golden/checkpoints/ggdbn.pth")).unwrap());
    stage.run(&["eval", "table.toml", "--with", "network.toml"]).code(0);
    let means = lines(&stage, "eval/table/table.csv", &["cause", "method", "kind"]);
    assert!(means["all|INDI|not run"]["why"].contains("holds the network ggdbn, not indi"), "{means:?}");
}

#[test]
fn clean_images_are_degraded_by_each_cause_and_cut_where_they_are_smooth() {
    let stage = stage(0);
    for name in ["a", "b"] {
        stage.png(&format!("photos/{name}.png"), &clean);
    }
    let small = "crop = 96\ncosts = ['seconds', 'parameters']\n[data]\nkind = 'clean'\nfolder = 'photos'\ndegradations = ['rgb-5', 'luma-6']\n";
    stage.write("small.toml", small.as_bytes());
    stage.run(&["eval", "table.toml", "--small"]).code(0).says("4 images");
    let means = lines(&stage, "eval/table/table.csv", &["cause", "method", "kind"]);
    for cause in ["all", "rgb-5", "luma-6"] {
        let line = &means[&format!("{cause}|AdaDeband|measured")];
        assert!(number(&line["psnr"]) > 25.0 && number(&line["seconds"]) > 0.0, "{cause}");
        assert_eq!(line["psnr images"], if cause == "all" { "4" } else { "2" });
    }
    let input = |cause: &str| number(&means[&format!("{cause}|(input)|measured")]["psnr"]);
    assert!((input("all") - f64::midpoint(input("rgb-5"), input("luma-6"))).abs() < 1e-9);
    assert!(!means.contains_key("rgb-5|BDINN|published"), "printed values are of all images");
    let markdown = String::from_utf8(stage.read("eval/table/table.md")).unwrap();
    assert!(
        markdown.contains("## Six bits & more: luma-6")
            && markdown.contains("Published values are for other")
    );
}

#[test]
fn recipes_are_causes_of_their_own() {
    let stage = stage(0);
    stage.png("photos/a.png", &clean);
    let mix = |bits: u32| format!("title = 'B'\n[[degrade]]\nuse = 'rgb-bits'\nbits = {bits}\n");
    stage.write("recipes/night.toml", mix(5).as_bytes());
    let small = "crop = 96\nmetrics = ['psnr']\npage-images = 0\n[data]\nkind = 'clean'\nfolder = 'photos'\n\
                 degradations = ['rgb-5', 'rgb-4', 'rgb', 'recipes/night.toml']\n";
    stage.write("small.toml", small.as_bytes());
    let psnr = |cause: &str| {
        let means = lines(&stage, "eval/table/table.csv", &["cause", "method", "kind"]);
        number(&means[&format!("{cause}|(input)|measured")]["psnr"])
    };
    stage.run(&["eval", "table.toml", "--small"]).code(0).says("4 images");
    assert!((psnr("night") - psnr("rgb-5")).abs() < 1e-9, "the same degradation another way");
    assert!(psnr("rgb") > 20.0 && psnr("rgb") < 60.0);
    // A changed recipe is another one.
    stage.write("recipes/night.toml", mix(4).as_bytes());
    stage.run(&["eval", "table.toml", "--small"]).code(0);
    assert!((psnr("night") - psnr("rgb-4")).abs() < 1e-9, "{} {}", psnr("night"), psnr("rgb-4"));
}

#[test]
fn untrained_networks_run_when_asked_and_say_so() {
    let stage = stage(1);
    stage.write("runs/mine.pth", &fs::read(root().join("golden/checkpoints/indi_trainer.pth")).unwrap());
    let rows = "metrics = ['psnr']\ncosts = ['seconds', 'parameters']\nweights = 'required'\n\
                [[method]]\nname = 'ADNet'\nmethod = 'adnet'\nweights = 'runs/none.pth'\npublished = { psnr = 36.0 }\n\
                [[method]]\nname = 'INDI'\nmethod = 'indi:steps=1'\nweights = 'runs/mine.pth'\n";
    stage.write("network.toml", rows.as_bytes());
    let arguments = ["eval", "table.toml", "--with", "network.toml"];
    stage.run(&arguments).code(1).says("ADNet: not run: runs/none.pth does not exist");
    assert!(!stage.path("eval/table/untrained").exists());
    let means = |stage: &Stage| lines(stage, "eval/table/table.csv", &["cause", "method", "kind"]);
    let trained = means(&stage)["all|INDI|measured"]["psnr"].clone();
    stage.run(&[&arguments[..], &["--untrained"]].concat()).code(0);
    let means = means(&stage);
    let line = &means["all|ADNet|untrained"];
    assert!(number(&line["seconds"]) > 0.0 && !means.contains_key("all|ADNet|not run"));
    assert_eq!(means["all|INDI|measured"]["psnr"], trained, "what is trained stays as it is");
    // The file runs elsewhere with the same result.
    let file = "eval/table/untrained/adnet.safetensors";
    stage.run(&["pairs/lq/0.png", "-m", "adnet", "-w", file, "--dither", "none", "-o", "out.png"]).code(0);
    let own = psnr(&stage.samples("out.png").data, &stage.samples("pairs/gt/0.png").data);
    assert!((number(&line["psnr"]) - own).abs() < 1e-4, "{} dB in the table, {own} by hand", line["psnr"]);
    let info = &stage.run(&["models", "info", "--json", file]).code(0).json()[0];
    let parameters = info["network"]["parameters"].as_f64().unwrap();
    assert!((number(&line["parameters"]) * 1e6 - parameters).abs() < 0.5);
    let markdown = String::from_utf8(stage.read("eval/table/table.md")).unwrap();
    for part in ["| ADNet, untrained |", "| *ADNet, published* |", "| INDI |", "Untrained: PyTorch's"] {
        assert!(markdown.contains(part), "{part}: {markdown}");
    }
}

#[test]
fn a_window_of_each_of_some_pairs() {
    let stage = stage(3);
    stage.write("part.toml", b"images = 2\ncrop = 64\nmetrics = ['psnr']\npage-images = 0\n");
    stage.run(&["eval", "table.toml", "--with", "part.toml"]).code(0).says("2 images");
    let images = lines(&stage, "eval/table/images.csv", &["image", "method", "setting"]);
    assert!(!images.contains_key("2|(input)|"));
    for i in 0..2 {
        let printed = number(&images[&format!("{i}|(input)|")]["psnr"]);
        let pair = ["gt", "lq"].map(|side| stage.samples(&format!("pairs/{side}/{i}.png")));
        // The same window of both sides, at multiples of 16.
        let part = |samples: &[u16], x: usize, y: usize| -> Vec<u16> {
            (y..y + 64).flat_map(|y| samples[(y * 160 + x) * 3..][..64 * 3].to_vec()).collect()
        };
        let all = (0..=56).step_by(16).flat_map(|y| (0..=96).step_by(16).map(move |x| (x, y)));
        let near = all.filter(|&(x, y)| {
            let own = psnr(&part(&pair[1].data, x, y), &part(&pair[0].data, x, y));
            (own - printed).abs() < 1e-4
        });
        assert!(near.count() >= 1, "{i}: no window has {printed} dB");
    }
}

#[test]
fn what_makes_no_table_is_said_before_the_work() {
    let stage = stage(1);
    let with = |change: &str| {
        stage.write("other.toml", change.as_bytes());
        stage.run(&["eval", "table.toml", "--with", "other.toml", "--out", "nowhere"]).code(2)
    };
    with("metrics = ['psnr', 'beauty']").says("there is no metric `beauty`");
    with("data.folder = 'nothing'").says("nothing: no pairs in `lq` and `gt`").says("unband dataset kapoor");
    with("data.kind = 'clean'\ndata.degradations = ['rust']")
        .says("unknown degradation `rust`")
        .says("codecs");
    with("sizes = 3").says("unknown field `sizes`").says("docs/guide/evaluation.md");
    with("[[method]]\nname = 'x'\nmethod = 'gradfnu'").says("row `x`").says("gradfun");
    with("[[method]]\nname = 'x'\nmethod = 'gradfun'\nsettings = ['radius=8', 'radius=16']")
        .says("but no `best`");
    with("[[method]]\nname = 'x'\npublished = { beauty = 1 }").says("published `beauty`");
    with("[[method]]\nname = 'x'\n[[method]]\nname = 'x'").says("two rows have the name `x`");
    let clean = |names: &str| {
        with(&format!("data.kind = 'clean'\ndata.folder = 'pairs/gt'\ndata.degradations = [{names}]"))
    };
    clean("'rgb', 'mine/rgb.toml'").says("mine/rgb.toml: ");
    stage.write("mine/rgb.toml", b"title = 'Mine'\n");
    clean("'rgb', 'mine/rgb.toml'").says("two degradations have the name `rgb`");
    clean("").says("the table names no `degradations`");
    stage.run(&["eval", "none.toml"]).code(2).says("none.toml: no such file");
    assert!(!stage.path("nowhere").exists());
    stage.write("full/notes.txt", b"mine");
    stage.run(&["eval", "table.toml", "--out", "full"]).code(2).says("full: is not empty");
    assert_eq!(stage.names().iter().filter(|name| name.starts_with("full/")).count(), 1);
}

#[test]
fn tables_of_the_repository_are_whole() {
    let stage = stage(1);
    let mut tables = 0;
    for path in tracked_in("recipes/tables") {
        if path.file_name().unwrap() == "small.toml" {
            continue;
        }
        tables += 1;
        // Methods and metrics are known, and the recipes that make checkpoints exist.
        let table = path.to_str().unwrap();
        let own =
            ["unband.toml", "upscale-x2.toml", "upscale-x4.toml"].iter().any(|name| path.ends_with(name));
        let ran = stage.run(&["eval", table]);
        if own {
            let split = if path.ends_with("unband.toml") { "test" } else { "val" };
            let ran = ran.code(2).says(&format!("photos/{split}: no such folder")).says("`--data`");
            assert_eq!(ran.stderr.matches(format!("photos/{split}").as_str()).count(), 1, "{}", ran.stderr);
        } else {
            ran.code(2).says("data/fhd/test: no pairs in `lq` and `gt`");
        }
        let text = fs::read_to_string(&path).unwrap();
        let trainings =
            text.lines().filter_map(|line| line.strip_prefix("train = \"")?.split(['"', ' ']).next());
        for recipe in trainings {
            assert!(root().join(recipe).is_file(), "{recipe} of {table}");
        }
        if own {
            continue;
        }
        // With pairs where `unband dataset` puts them, only checkpoints are missing.
        let ran = stage.run(&["eval", table, "--data", "pairs"]).code(1);
        assert!(ran.stderr.contains("not run: runs/bdinn/best.safetensors does not exist"), "{}", ran.stderr);
    }
    assert_eq!(tables, 8, "BDINN's tables 1 and 3 to 6, and ours");
}

#[test]
fn kept_networks_are_found_from_any_folder() {
    let stage = Stage::new();
    stage.png("photos/a.png", &clean);
    let run = |table: &str, small: &str, rows: &str, out: &str| {
        let ran = stage.run(&["eval", table, small, "--data", "photos", "-o", out, "--only", rows]).code(0);
        let text = String::from_utf8(stage.read(&format!("{out}/table.md"))).unwrap();
        assert!(!text.contains("not run"), "{text}{}", ran.stderr);
        text
    };
    // The built-in tables find the clone in which the program was built, files the clone in which they are.
    run("bdinn-1", "--small", "BDINN,INDI", "built-in");
    let tables = root().join("recipes/tables");
    run(tables.join("bdinn-3.toml").to_str().unwrap(), "--small", "BDINN", "file");
}

#[test]
fn variants_of_a_network_are_imported_together_and_not_mistaken_for_it() {
    let stage = Stage::new();
    stage.png("photos/a.png", &clean);
    let row = |name: &str| {
        format!("[[method]]\nname = '{name}'\nmethod = 'bdinn'\nweights = 'runs/{name}/best.safetensors'\n")
    };
    let rows = [row("bdinn"), row("bdinn-unet"), row("bdinn-both")].concat();
    let data = "[data]\nkind = 'clean'\nfolder = 'photos'\ndegradations = ['rgb-6']\n";
    let table = format!("title = 'T'\nmetrics = ['psnr']\nweights = 'optional'\n{data}{rows}");
    stage.write("table.toml", table.as_bytes());
    let small = |name: &str| root().join("weights/small").join(name).to_str().unwrap().to_owned();
    let files = ["bdinn-unet.safetensors", "bdinn.safetensors"].map(small);
    stage.run(&["models", "import", &files[0], &files[1]]).code(0);
    assert_eq!(
        stage.names().into_iter().filter(|name| name.starts_with("models/")).collect::<Vec<_>>(),
        ["models/bdinn-unet.safetensors", "models/bdinn.safetensors", "models/defaults.json"]
    );
    assert!(String::from_utf8(stage.read("models/defaults.json")).unwrap().contains("\"bdinn\": \"bdinn\""));
    stage.run(&["eval", "table.toml", "-o", "out"]).code(0);
    let means = lines(&stage, "out/table.csv", &["cause", "method", "kind"]);
    let psnr = |name: &str| number(&means[&format!("all|{name}|measured")]["psnr"]);
    assert!((psnr("bdinn") - psnr("bdinn-unet")).abs() > 1e-3, "{means:?}");
    // No model of that name: not the default of its network.
    assert!(means.contains_key("all|bdinn-both|not run"), "{means:?}");
}

/// Clean images, downscaled and degraded by unband.
const LARGER: &str = "\
title = 'Larger'
scale = 2
metrics = ['psnr', 'gradient-gap']
costs = ['parameters']
page-images = 1
crop = 96
[data]
kind = 'clean'
folder = 'clean'
degradations = ['bsrgan-x2']
[[method]]
name = 'Lanczos'
method = 'lanczos'
[[method]]
name = 'Ours'
method = 'upscale'
";

#[test]
fn a_table_with_a_scale_compares_ways_of_enlarging() {
    let stage = Stage::new();
    stage.write("larger.toml", LARGER.as_bytes());
    for i in 0..2 {
        stage.write(&format!("clean/{i}.png"), &png(171, 150 + i, &move |x, y, c| clean(x + 9 * i, y, c)));
    }
    stage.run(&["eval", "larger.toml"]).code(0).says("2 images → eval/larger");
    let images = lines(&stage, "eval/larger/images.csv", &["image", "method"]);
    for i in 0..2 {
        for row in ["(input, bicubic)", "Lanczos", "Ours"] {
            let cells = &images[&format!("bsrgan-x2/{i}|{row}")];
            // Smooth images, whatever the degradation.
            assert!(number(&cells["psnr"]) > 15.0, "{i} {row}: {cells:?}");
        }
    }
    let means = lines(&stage, "eval/larger/table.csv", &["cause", "method", "kind"]);
    assert_eq!(means["all|Ours|measured"]["parameters"], "0.310124");
    let html = String::from_utf8(stage.read("eval/larger/table.html")).unwrap();
    assert!(html.contains("<option>Ours</option>") && html.contains("<option>Lanczos</option>"));

    // Existing pairs: equal sides give equal values, and other sizes are refused.
    stage.write("pairs/gt/a.png", &png(80, 60, &|x, y, c| clean(x, y, c)));
    stage.write("pairs/lq/a.png", &png(40, 30, &|x, y, c| clean(2 * x, 2 * y, c)));
    stage.write("pairs/gt/b.png", &png(80, 60, &|x, y, c| clean(x, y, c)));
    stage.write("pairs/lq/b.png", &png(41, 30, &|x, y, c| clean(2 * x, 2 * y, c)));
    let from = LARGER.find("kind = 'clean'").unwrap()..LARGER.find("[[method]]").unwrap();
    let mut of_pairs = LARGER.to_owned();
    of_pairs.replace_range(from, "kind = 'pairs'\nfolder = 'pairs'\n");
    stage.write("pairs.toml", of_pairs.as_bytes());
    let ran = stage.run(&["eval", "pairs.toml"]).code(1).says("is 41×30").says("2 times as wide and high");
    assert!(ran.stderr.contains("b.png"), "{}", ran.stderr);
    let pairs = lines(&stage, "eval/pairs/images.csv", &["image", "method"]);
    assert!(number(&pairs["a|Ours"]["psnr"]) > 25.0);

    for (good, bad, said) in [
        ("'bsrgan-x2'", "'bsrgan'", "makes images 4 times smaller"),
        ("'bsrgan-x2'", "'rgb-6'", "makes images 1 times smaller"),
        ("'lanczos'", "'smooth'", "does not upscale"),
        ("scale = 2", "scale = 3", "makes images 2 times smaller"),
    ] {
        stage.write("bad.toml", LARGER.replace(good, bad).as_bytes());
        stage.run(&["eval", "bad.toml"]).code(2).says(said);
    }
}
