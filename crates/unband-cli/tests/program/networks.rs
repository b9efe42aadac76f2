//! Networks as methods.

use std::fs;

use crate::stage::{Stage, root, six_bits};

fn checkpoint(name: &str) -> String {
    root().join("golden/checkpoints").join(name).to_str().unwrap().to_owned()
}

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
        .says("no checkpoint of it was published");
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
    run("ggdbn", &checkpoint("indi_trainer.pth")).says("holds the network indi, not ggdbn");
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
