//! Networks as methods.

use std::fs;

use unband_skips::tracked_in;

use crate::pytorch::{checkpoint, codes_apart, given, paint};
use crate::stage::{Stage, png, six_bits};

/// The nine debanding networks, and a file of each.
const FILES: [(&str, &str); 9] = [
    ("adnet", "adnet.pth"),
    ("bdinn", "bdinn.pth"),
    ("bitnet", "bitnet.pth"),
    ("brdnet", "brdnet.pth"),
    ("deepdeband-f", "deepdeband_f.pth"),
    ("deepdeband-w", "deepdeband_f.pth"),
    ("ggdbn", "ggdbn.pth"),
    ("indi:steps=1", "indi_traced.pt"),
    ("uformer-t", "uformer_t.pth"),
];

#[test]
fn a_network_without_its_numbers_says_who_publishes_them() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let ran = stage.run(&["sky.png", "-o", "out.png", "--method", "ggdbn"]).code(2);
    for word in
        ["ggdbn needs `weights`", "SCUT-SuFM/GGDBN", "licence", "--weights FILE", "unband models import"]
    {
        assert!(ran.stderr.contains(word), "`{word}` is not in:\n{}", ran.stderr);
    }
    stage
        .run(&["sky.png", "-o", "out.png", "--method", "bitnet"])
        .code(2)
        .says("no checkpoint was published");
    assert_eq!(stage.names(), ["sky.png"]);
}

#[test]
fn a_checkpoint_is_recognised_and_run() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let weights = checkpoint("indi_trainer.pth");
    let run = |out: &str, method: &str, threads: &str| {
        let args = ["sky.png", "-o", out, "--method", method, "--weights", &weights, "-j", threads];
        stage.run(&args).code(0);
        stage.samples(out)
    };
    let one = run("one.png", "indi:steps=1", "1");
    assert_eq!((one.width, one.height, one.bits), (160, 120, 8));
    assert!(one.data == run("again.png", "indi:steps=1", "3").data, "threads change the result");
    assert!(one.data != run("two.png", "indi:steps=2", "2").data, "steps change nothing");
}

#[test]
fn wrong_checkpoints_stop_everything_before_it_starts() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let run = |method: &str, file: &str| {
        stage.run(&["sky.png", "-o", "out.png", "--method", method, "--weights", file]).code(2)
    };
    run("ggdbn", &checkpoint("indi_trainer.pth"))
        .says("holds the network indi, not ggdbn")
        .says("run it with `--method indi`");
    run("ggdbn", &checkpoint("vgg16.pth")).says("use weights of ggdbn");
    run("ggdbn", "nowhere.pth").says("nowhere.pth");
    run("gradfun", &checkpoint("indi_trainer.pth")).says("gradfun takes no `--weights`");
    let whole = fs::read(checkpoint("indi_trainer.pth")).unwrap();
    fs::write(stage.0.path().join("cut.pth"), &whole[..whole.len() / 2]).unwrap();
    run("indi", "cut.pth").says("cut.pth");
    assert_eq!(stage.names(), ["cut.pth", "sky.png"]);
}

#[test]
fn an_imported_checkpoint_need_not_be_named_again() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let run = |arguments: &[&str]| stage.run(arguments);
    let weights = checkpoint("indi_trainer.pth");
    run(&["sky.png", "-o", "out.png", "--method", "indi:steps=1"]).code(2).says("indi needs `weights`");
    run(&["models", "import", &weights, "--as", "indi"]).code(0);
    run(&["sky.png", "-o", "out.png", "--method", "indi:steps=1"]).code(0);
    run(&["sky.png", "-o", "named.png", "--method", "indi:steps=1", "--weights", &weights]).code(0);
    assert!(stage.samples("out.png").data == stage.samples("named.png").data);
}

#[test]
fn auxiliary_outputs_of_a_network_can_be_saved() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let run = |network: &str, out: &str, more: &[&str]| {
        let weights = checkpoint(&format!("{network}.pth"));
        stage.run(&[&["sky.png", "-o", out, "--method", network, "--weights", &weights], more].concat())
    };
    run("ggdbn", "plain.png", &[]).code(0);
    let printed = &run("ggdbn", "out.png", &["--save-output", "grad=grad.png", "--json"]).code(0).json()[0];
    assert_eq!(printed["saved_output"], "grad.png");
    assert!(stage.samples("out.png").data == stage.samples("plain.png").data);
    let grad = stage.samples("grad.png");
    assert_eq!((grad.width, grad.height, grad.bits, grad.data.len()), (160, 120, 16, 160 * 120));
    assert!(grad.data.iter().any(|&v| v != grad.data[0]));
    run("ggdbn", "again.png", &["--save-output", "grad=grad.png"])
        .code(1)
        .says("grad.png")
        .says("--overwrite");
    run("bdinn", "b.png", &["--save-output", "banding=banding.png"]).code(0);
    assert_eq!(stage.samples("banding.png").data.len(), 3 * 160 * 120);
    assert!(!stage.path("again.png").exists());
}

#[test]
fn an_output_that_a_method_lacks_is_reported_before_the_work() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    stage.png("two.png", &six_bits);
    let run = |arguments: &[&str]| stage.run(&[&["sky.png", "-o", "out.png"], arguments].concat()).code(2);
    let (ggdbn, adnet) = (checkpoint("ggdbn.pth"), checkpoint("adnet.pth"));
    run(&["--method", "ggdbn", "--weights", &ggdbn, "--save-output", "banding=b.png"])
        .says("ggdbn has no output `banding`")
        .says("its extra outputs: grad");
    run(&["--method", "adnet", "--weights", &adnet, "--save-output", "grad=g.png"])
        .says("adnet has no output `grad`")
        .says("ggdbn has grad, bdinn has banding");
    run(&["--method", "gradfun", "--save-output", "grad=g.png"]).says("gradfun has no output");
    let with = |file: &str| run(&["--method", "ggdbn", "--weights", &ggdbn, "--save-output", file]);
    with("grad.png").says("grad=");
    with("grad=g.jpg").says("PNG");
    with("grad=out.png").says("another name");
    with("grad=none/g.png").says("folder does not exist");
    stage
        .run(&[
            "sky.png",
            "two.png",
            "-o",
            "to/",
            "--method",
            "ggdbn",
            "--weights",
            &ggdbn,
            "--save-output",
            "grad=g.png",
        ])
        .code(2)
        .says("one image");
    assert_eq!(stage.names(), ["sky.png", "two.png"]);
}

#[test]
fn a_network_stays_within_the_memory_allowed_or_says_what_it_needs() {
    let stage = Stage::new();
    stage.write("sky.png", &crate::stage::png(640, 480, &six_bits));
    let weights = checkpoint("ggdbn.pth");
    let run = |allowed: &str| {
        let arguments = ["sky.png", "-o", "out.png", "--method", "ggdbn", "--weights", &weights];
        stage.run(&[&arguments[..], &["--max-memory", allowed]].concat())
    };
    let refused = run("8M").code(1).says("MiB of memory are needed").says("the whole image at once");
    let hint = refused.stderr.split("--max-memory ").nth(1).unwrap();
    run(&hint[..=hint.find('M').unwrap()]).code(0);
}

#[test]
fn every_network_gives_the_codes_that_pytorch_gives() {
    let stage = Stage::new();
    for (method, file) in FILES {
        let given = given(file);
        stage.write("in.png", &png(given.width, given.height, &paint));
        for (depth, white) in [("8", 255.0), ("16", 65535.0)] {
            let weights = checkpoint(file);
            let args = ["in.png", "-o", "out.png", "--method", method, "--weights", &weights];
            let more = ["--depth", depth, "--dither", "none", "--overwrite"];
            stage.run(&[&args[..], &more].concat()).code(0);
            let made = stage.samples("out.png");
            assert_eq!(made.bits.to_string(), depth, "{method}");
            let apart = codes_apart(&made, &given);
            // These amplify rounding: PyTorch's 32 bits are 6 and 13 codes of 16 bits away from its 64.
            let own = if matches!(method, "uformer-t" | "ggdbn") { given.single * white } else { 0.0 };
            let allowed = own.ceil().max(1.0) as f32;
            assert!(apart <= allowed, "{method}: {apart} codes at {depth} bits, {allowed} allowed");
        }
    }
}

#[test]
fn every_network_takes_its_file_and_no_other() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    for (method, _) in FILES {
        let name = method.split(':').next().unwrap();
        let other = if name == "adnet" { "ggdbn" } else { "adnet" };
        let weights = checkpoint(&format!("{other}.pth"));
        let args = ["sky.png", "-o", "out.png", "--method", method, "--weights", &weights];
        stage.run(&args).code(2).says(&format!("holds the network {other}, not {name}"));
    }
    assert_eq!(stage.names(), ["sky.png"]);
}

#[test]
fn channels_and_scale_are_those_that_weights_were_trained_with() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    stage.png("swapped.png", &|x, y, c| six_bits(x, y, 2 - c));
    let (adnet, indi) = (checkpoint("adnet.pth"), checkpoint("indi_trainer.pth"));
    let run = |image: &str, method: &str, weights: &str| {
        let out = format!("{}-{image}", method.replace([':', '/', ','], "_"));
        let args =
            [image, "-o", &out, "--method", method, "--weights", weights, "--depth", "16", "--overwrite"];
        stage.run(&[&args[..], &["--dither", "none"]].concat()).code(0);
        stage.samples(&out).data
    };
    let swap = |data: &[u16]| -> Vec<u16> { data.chunks_exact(3).flat_map(|p| [p[2], p[1], p[0]]).collect() };
    for (method, weights) in [("adnet", &adnet), ("indi:steps=3", &indi)] {
        let separator = if method.contains(':') { ',' } else { ':' };
        let bgr = run("sky.png", &format!("{method}{separator}order=bgr"), weights);
        assert_eq!(bgr, swap(&run("swapped.png", method, weights)), "{method}");
        assert_ne!(bgr, run("sky.png", method, weights), "{method}");
        assert_eq!(
            run("sky.png", &format!("{method}{separator}order=rgb,scale=1"), weights),
            run("sky.png", method, weights)
        );
    }
    let loader = "indi:steps=3,order=bgr,scale=1/255";
    let small = run("sky.png", loader, &indi);
    assert_ne!(small, run("sky.png", "indi:steps=3,order=bgr", &indi));
    // Stored with the import, and still changed by settings.
    let import = ["models", "import", &indi, "--as", "theirs", "--order", "bgr", "--scale", "1/255"];
    stage.run(&import).code(0);
    assert_eq!(small, run("sky.png", "indi:steps=3", "theirs"));
    assert_eq!(
        run("sky.png", "indi:steps=3", &indi),
        run("sky.png", "indi:steps=3,order=rgb,scale=1", "theirs")
    );
    stage.run(&["models", "info", "theirs"]).code(0);
    stage
        .run(&["sky.png", "--method", "adnet:order=grb", "--weights", &adnet])
        .code(2)
        .says("auto, rgb, bgr");
    stage.run(&["sky.png", "--method", "adnet:scale=0", "--weights", &adnet]).code(2).says("`scale`");
    let listed = stage.run(&["list", "indi"]).code(0);
    assert!(String::from_utf8_lossy(&listed.stdout).contains("1/255"));
}

#[test]
fn steps_are_those_that_the_weights_file_states() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let indi = checkpoint("indi_trainer.pth");
    let run = |method: &str, weights: &str| {
        let args = ["sky.png", "-o", "out.png", "--method", method, "--weights", weights, "--overwrite"];
        stage.run(&args).code(0);
        stage.samples("out.png").data
    };
    let [one, two, authors] =
        ["indi:steps=1", "indi:steps=2", "indi:steps=30"].map(|method| run(method, &indi));
    assert!(one != two && two != authors);
    // A file without a statement runs as its authors do.
    assert_eq!(run("indi", &indi), authors);
    for (name, steps, own) in [("one", "1", &one), ("two", "2", &two)] {
        stage.run(&["models", "import", &indi, "--as", name, "--steps", steps]).code(0);
        assert_eq!(&run("indi", name), own, "{name}");
        assert!(
            stage.run(&["models", "info", name]).code(0).out().contains(&format!("steps       {steps}\n"))
        );
    }
    // A further import keeps the statement, and a setting has priority.
    stage.run(&["models", "import", "models/two.safetensors", "--as", "again", "--half"]).code(0);
    assert!(stage.run(&["models", "info", "again"]).out().contains("steps       2\n"));
    assert_eq!(run("indi:steps=1", "two"), one);
    let adnet = checkpoint("adnet.pth");
    stage
        .run(&["models", "import", &adnet, "--steps", "2"])
        .code(1)
        .says("adnet runs in one step")
        .says("--steps");
    for wrong in ["0", "-1", "x"] {
        stage.run(&["models", "import", &indi, "--as", "x", "--steps", wrong]).code(2);
    }
    // The networks of the repository that run in several steps all state them.
    let mut stated = 0;
    for path in tracked_in("weights/small") {
        if path.extension().is_some_and(|end| end == "safetensors") {
            let info = stage.run(&["models", "info", path.to_str().unwrap()]).code(0).out();
            assert_eq!(info.contains("network     indi:"), info.contains("\n  steps       1\n"), "{info}");
            stated += usize::from(info.contains("\n  steps "));
        }
    }
    assert_eq!(stated, 1);
}
