//! `--device` and `unband devices`, with a program in place of `unband-gpu` that returns its first input.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::pytorch::checkpoint;
use crate::stage::{Ran, Stage, six_bits};

const ECHO: &str = include_str!("../../../unband-infer/tests/shared/unband-gpu.py");

/// A stage whose `bin` has the program; it ends after `last` runs.
fn with_card(last: i32) -> Stage {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    let bin = stage.0.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let program = bin.join("unband-gpu");
    std::fs::write(&program, ECHO).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(bin.join("settings"), format!("1000000 {last} 2")).unwrap();
    stage
}

fn run(stage: &Stage, args: &[&str]) -> Ran {
    let mut command = stage.command(args);
    let bin = stage.0.path().join("bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = [bin.as_path()].into_iter().map(Path::to_owned).chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(all).unwrap());
    command.output().unwrap().into()
}

#[test]
fn networks_run_on_the_device() {
    let stage = with_card(-1);
    let listed = run(&stage, &["devices"]).code(0).out();
    assert!(listed.ends_with("gpu:0     Echo (discrete, 8.0 GiB)\n"), "{listed}");
    let listed = run(&stage, &["devices", "--json"]).code(0).json();
    assert_eq!(listed[0][0]["name"], "Echo");
    let weights = checkpoint("adnet.pth");
    let deband = |out: &str, device: &str| {
        let own = ["a.png", "-o", out, "--method", "adnet", "--weights", &weights, "--device", device, "-v"];
        run(&stage, &own).code(0)
    };
    deband("gpu.png", "gpu").says("networks run on Echo");
    deband("cpu.png", "cpu");
    let [image, cpu, gpu] = ["a.png", "cpu.png", "gpu.png"].map(|name| stage.samples(name).data);
    assert!(gpu == image && cpu != image);
}

#[test]
fn a_lost_device_costs_nothing_but_a_line() {
    let stage = with_card(0);
    stage.png("b.png", &six_bits);
    for arguments in [&[][..], &["--method", "indi:steps=2", "--weights", &checkpoint("indi_trainer.pth")]] {
        let deband = |out: &str, device: &str| {
            let own = [&["a.png", "b.png", "-o", out, "--device", device], arguments].concat();
            run(&stage, &own).code(0).stderr
        };
        let [_, said] = [deband("cpu", "cpu"), deband("gpu", "gpu")];
        assert_eq!(said.matches("the CPU runs networks from here on").count(), 1, "{said}");
        assert!(said.contains("the card fell off the bus"), "{said}");
        for name in ["a.png", "b.png"] {
            assert!(stage.read(&format!("cpu/{name}")) == stage.read(&format!("gpu/{name}")), "{name}");
        }
        std::fs::remove_dir_all(stage.path("cpu")).unwrap();
        std::fs::remove_dir_all(stage.path("gpu")).unwrap();
    }
}

#[test]
fn missing_devices_are_named_with_the_next_action() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    for arguments in [&["devices"][..], &["a.png", "--device", "gpu"]] {
        let mut command = stage.command(arguments);
        let ran: Ran = command.env("PATH", stage.path("none")).output().unwrap().into();
        ran.code(2)
            .says("unband-gpu not found next to unband or on PATH")
            .says("cargo install --path crates/unband-gpu");
    }
    stage.run(&["a.png", "--device", "cuda"]).code(2).says("the devices are cpu, gpu, gpu:N and software");
    assert_eq!(stage.names(), ["a.png"]);
}
