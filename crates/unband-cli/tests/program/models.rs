//! Tests of `unband models`: detection, lists and imports of checkpoints.

use std::path::Path;

use serde_json::Value;

use crate::stage::{Stage, root, six_bits};

fn golden(name: &str) -> Vec<u8> {
    std::fs::read(root().join("golden/checkpoints").join(name)).unwrap()
}

fn with(name: &str) -> Stage {
    let stage = Stage::new();
    stage.write(name, &golden(name));
    stage
}

#[test]
fn info_says_of_every_file_what_it_is() {
    let expected: Value = serde_json::from_slice(&golden("expected.json")).unwrap();
    let stage = Stage::new();
    let files = expected["files"].as_object().unwrap();
    let mut args = vec!["models", "info", "--json"];
    for name in files.keys() {
        stage.write(name, &golden(name));
        args.push(name);
    }
    let printed = stage.run(&args).code(0).json();
    assert_eq!(printed.len(), files.len());
    for (printed, (name, want)) in printed.iter().zip(files) {
        assert_eq!(printed["schema"], "unband-models-info/1");
        assert_eq!(printed["file"], name.as_str());
        for field in ["container", "tensors", "wrapper", "alternatives", "prefix"] {
            assert_eq!(printed[field], want[field], "{name}: {field}");
        }
        assert_eq!(printed["network"]["name"], want["network"], "{name}");
        assert_eq!(printed["network"]["complete"], true, "{name}");
        assert_eq!(printed["sha256"].as_str().unwrap().len(), 64);
    }
}

#[test]
fn info_reads_well() {
    let stage = with("rrdbnet_x2_basicsr.pth");
    let text = stage.run(&["models", "info", "rrdbnet_x2_basicsr.pth"]).code(0).out();
    for part in [
        "PyTorch archive",
        "rrdbnet",
        "×2",
        "nf 4, nb 1, gc 2",
        "params_ema, preferred to params",
        "BasicSR's names",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
}

#[test]
fn info_names_networks_that_are_recognised_and_not_run() {
    let stage = Stage::new();
    let keys = ["relative_position_index_SA", "layers.0.residual_group.blocks.0.conv_block.cab.0.weight"];
    let entry = |(i, key): (usize, &&str)| {
        format!("\"{key}\":{{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[{},{}]}}", 4 * i, 4 * i + 4)
    };
    let header = format!("{{{}}}", keys.iter().enumerate().map(entry).collect::<Vec<_>>().join(","));
    let file = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[0; 8]].concat();
    stage.write("hat.safetensors", &file);
    let text = stage.run(&["models", "info", "hat.safetensors"]).code(0).out();
    assert!(text.contains("HAT: not supported; supported are ") && text.contains("compact, span"), "{text}");
    stage.png("sky.png", &crate::stage::six_bits);
    let ran = stage.run(&["upscale", "sky.png", "--weights", "hat.safetensors"]).code(2);
    ran.says("HAT: not supported").says("networks that deband or upscale");
}

#[test]
fn info_shows_what_no_tensor_shape_gives() {
    let stage = Stage::new();
    for (name, parts) in [
        ("uformer_t.pth", ["depths 1 1 2 1 2 1 1 1 1", "256×256"]),
        ("deepdeband_f.pth", ["deepdeband-w", "the method name selects it"]),
        ("vgg16.pth", ["width 2", "unused      classifier.0.bias, classifier.0.weight"]),
        ("patchgan_batchspectral_numbers.pth", ["norm batch and spectral", "patchgan-sn"]),
        ("ggdbn.pth", ["pyramid 8 8 4", "epoch 7"]),
    ] {
        stage.write(name, &golden(name));
        let text = stage.run(&["models", "info", name]).code(0).out();
        for part in parts {
            assert!(text.contains(part), "`{part}` is not in\n{text}");
        }
    }
}

#[test]
fn every_network_is_imported_and_stays_the_same() {
    let stage = Stage::new();
    let expected: Value = serde_json::from_slice(&golden("expected.json")).unwrap();
    let own = |name: &&String| !name.starts_with("rrdbnet_") || name.contains("old");
    for (i, name) in expected["files"].as_object().unwrap().keys().filter(own).enumerate() {
        stage.write(name, &golden(name));
        let copy = format!("m{i}");
        stage.run(&["models", "import", name, "--as", &copy]).code(0);
        let copy = format!("models/{copy}.safetensors");
        let printed = stage.run(&["models", "info", name, &copy, "--json"]).code(0).json();
        // torchvision's classifiers are dropped.
        for field in ["name", "settings", "parameters", "scale", "assumed"] {
            assert_eq!(printed[0]["network"][field], printed[1]["network"][field], "{name}: {field}");
        }
        assert_eq!(printed[1]["network"]["unread"], serde_json::json!([]), "{name}");
        assert_eq!(printed[1]["network"]["complete"], true, "{name}");
    }
}

#[test]
fn a_tensor_that_is_missing_is_named() {
    let stage = Stage::new();
    let whole = golden("rrdbnet.safetensors");
    // The header is text; a name of the same length keeps it valid.
    let at = whole.windows(13).position(|w| w == b"\"HRconv.bias\"").unwrap();
    let mut other = whole.clone();
    other[at + 1..at + 12].copy_from_slice(b"HRconv.bent");
    stage.write("bent.safetensors", &other);
    let printed = &stage.run(&["models", "info", "bent.safetensors", "--json"]).code(0).json()[0];
    assert_eq!(printed["network"]["complete"], false);
    assert_eq!(printed["network"]["missing"][0], "HRconv.bias");
    assert_eq!(printed["network"]["extra"][0], "HRconv.bent");
    stage.run(&["models", "import", "bent.safetensors"]).code(1).says("missing: HRconv.bias");
    assert!(!stage.path("models").exists());
}

#[test]
fn what_is_no_checkpoint_is_said_with_what_to_do() {
    let stage = Stage::new();
    stage.write("page.pth", b"<!DOCTYPE html><html>not found</html>");
    stage.write("pointer.pth", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n");
    stage.write("cut.pth", &golden("rrdbnet.pth")[..20_000]);
    stage.run(&["models", "info", "page.pth"]).code(1).says("web page").says("hint: ");
    stage.run(&["models", "info", "pointer.pth"]).code(1).says("git lfs pull");
    stage
        .run(&["models", "info", "cut.pth"])
        .code(1)
        .says("cut.pth: damaged PyTorch archive")
        .says("may be truncated");
    stage.run(&["models", "info", "."]).code(1).says("neither a file nor a folder");
    stage.run(&["models", "info", "nothing.pth"]).code(1).says("nothing.pth: no such file");
}

#[test]
fn import_copies_as_safetensors_that_are_read_again() {
    let stage = with("rrdbnet_esrgan_old.pth");
    stage.run(&["models", "import", "rrdbnet_esrgan_old.pth", "--as", "mine"]).code(0).says("not verified");
    assert_eq!(stage.names(), ["models/mine.safetensors", "rrdbnet_esrgan_old.pth"]);
    let printed = &stage.run(&["models", "info", "models/mine.safetensors", "--json"]).code(0).json()[0];
    assert_eq!(
        (&printed["container"], &printed["network"]["complete"]),
        (&"safetensors".into(), &true.into())
    );
    assert_eq!(printed["facts"]["unband.network"], "rrdbnet");
    assert_eq!(printed["facts"]["unband.from"], "rrdbnet_esrgan_old.pth");
    assert_eq!(printed["spellings"].as_array().map(Vec::len), Some(0));
    let before = stage.read("models/mine.safetensors");
    stage.run(&["models", "import", "rrdbnet_esrgan_old.pth", "--as", "mine"]).code(1).says("exists already");
    stage.run(&["models", "import", "rrdbnet_esrgan_old.pth", "--as", "mine", "--overwrite"]).code(0);
    assert!(stage.read("models/mine.safetensors") == before, "the same file gives the same copy");
    stage.run(&["models", "import", "rrdbnet_esrgan_old.pth", "--as", "mine-small", "--half"]).code(0);
    assert!(stage.read("models/mine-small.safetensors").len() * 3 < before.len() * 2);
    assert!(
        stage.run(&["models", "info", "models/mine-small.safetensors"]).code(0).out().contains("rrdbnet")
    );
    stage
        .run(&["models", "import", "models/mine-small.safetensors", "--as", "mine-smaller", "--half"])
        .code(0);
    let list = &stage.run(&["models", "list", "--json"]).code(0).json()[0];
    assert_eq!(list["others"][0], "mine");
}

#[test]
fn the_folder_of_a_tensorflow_model_is_imported_like_a_file() {
    let stage = Stage::new();
    for part in ["index", "data-00000-of-00002", "data-00001-of-00002"] {
        let name = format!("variables/variables.{part}");
        stage.write(
            &format!("model/{name}"),
            &std::fs::read(root().join("golden/tensorflow").join(&name)).unwrap(),
        );
    }
    let printed = &stage.run(&["models", "info", "model", "--json"]).code(0).json()[0];
    assert_eq!((&printed["container"], &printed["tensors"]), (&"tensorflow".into(), &30.into()));
    assert_eq!((&printed["network"]["name"], &printed["network"]["complete"]), (&"dbi".into(), &true.into()));
    // It has the name of the published file, but other contents.
    stage.run(&["models", "import", "model"]).code(0).says("different SHA-256").says("dbi.safetensors");
    let copy = &stage.run(&["models", "info", "models/dbi.safetensors", "--json"]).code(0).json()[0];
    assert_eq!((&copy["container"], &copy["numbers"]), (&"safetensors".into(), &6713.into()));
    std::fs::remove_file(stage.path("model/variables/variables.data-00001-of-00002")).unwrap();
    stage.run(&["models", "info", "model"]).code(1).says("variables.data-00001-of-00002");
}

#[test]
fn the_forests_of_nrqm_are_imported_from_matlab_and_give_values() {
    let stage = Stage::new();
    let file = |name: &str| std::fs::read(root().join("golden/nrqm").join(name)).unwrap();
    stage.write("sky.png", &std::fs::read(root().join("golden/metrics/r4_indi_2_b.png")).unwrap());
    let score = ["score", "sky.png", "--metrics", "niqe,nrqm,pi", "--json"];
    stage.run(&score).code(2).says("get `model.mat` from Ma").says("unband models import model.mat");
    stage.write("model.mat", &file("forest_v7.mat"));
    let text = stage.run(&["models", "info", "model.mat"]).code(0).out();
    assert!(text.contains("MATLAB file") && text.contains("regression forests of NRQM"), "{text}");
    stage.run(&["models", "import", "model.mat"]).code(0).says("nrqm.safetensors").says("5 + 5 + 5 trees");
    let printed = stage.run(&score).code(0).json();
    let value = |name: &str| printed[0]["files"][0]["values"][name].as_f64().unwrap();
    assert!((1.0..10.0).contains(&value("nrqm")) && (1.0..20.0).contains(&value("niqe")), "{printed:?}");
    let index = f64::midpoint(10.0 - value("nrqm"), value("niqe"));
    assert!((value("pi") - index).abs() < 1e-9, "{printed:?}");
    // An imported file can be imported again; other MATLAB files are reported.
    let own = stage.run(&["models", "list"]).code(0).out();
    assert!(own.contains("nrqm  (here)"), "{own}");
    stage.run(&["models", "import", "model.mat"]).code(1).says("exists already");
    let mut other = file("forest_v6.mat");
    let at = other.windows(6).position(|name| name == b"avnode").unwrap();
    other[at] = b'b';
    stage.write("other.mat", &other);
    stage.run(&["models", "import", "other.mat"]).code(1).says("`rf.1.avnode` is missing");
}

#[test]
fn a_checkpoint_is_filed_by_what_it_is_and_not_by_what_it_is_called() {
    let stage = Stage::new();
    // GGDBN's published file is called best.pth, and so are a thousand others.
    stage.write("best.pth", &golden("bdinn.pth"));
    stage.run(&["models", "import", "best.pth"]).code(0).says("models/bdinn.safetensors");
    stage.write("other/best.pth", &golden("ggdbn.pth"));
    stage.run(&["models", "import", "other/best.pth"]).code(0).says("models/ggdbn.safetensors");
    stage.write("BSRGAN.pth", &golden("rrdbnet.pth"));
    let ran = stage.run(&["models", "import", "BSRGAN.pth"]).code(0).says("models/rrdbnet.safetensors");
    ran.says("BSRGAN.pth has the file name of the published bsrgan-x4 but a different SHA-256");
    stage
        .run(&["models", "import", "other/best.pth"])
        .code(1)
        .says("exists already")
        .says("--as NAME")
        .says("--overwrite");
    let list = &stage.run(&["models", "list", "--json"]).code(0).json()[0];
    let found: Vec<_> =
        list["models"].as_array().unwrap().iter().map(|m| (&m["name"], &m["network"])).collect();
    let same = |name: &str| (Value::from(name), Value::from(name));
    let expected = [same("bdinn"), same("ggdbn"), same("rrdbnet")];
    assert_eq!(found, expected.iter().map(|(a, b)| (a, b)).collect::<Vec<_>>());
    // It is not the published one, but nothing shows that.
    assert!(
        list["published"]
            .as_array()
            .unwrap()
            .iter()
            .all(|p| p["name"] != "bsrgan-x4" || p["present"] == false)
    );
}

#[test]
fn imported_models_are_found_by_method_by_name_and_in_the_list() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    stage.write("ggdbn.pth", &golden("ggdbn.pth"));
    stage.run(&["models", "import", "ggdbn.pth", "--as", "mygg"]).code(0);
    let run = |out: &str, more: &[&str]| {
        let ran = stage.run(&[&["sky.png", "--dither", "none", "-o", out], more].concat()).code(0);
        assert!(ran.stderr.contains("  ggdbn  "), "{}", ran.stderr);
        stage.read(out)
    };
    let by_file = run("file.png", &["--weights", "ggdbn.pth"]);
    assert!(by_file == run("name.png", &["--weights", "mygg"]));
    assert!(by_file == run("both.png", &["--weights", "mygg", "--method", "ggdbn"]));
    assert!(by_file == run("setting.png", &["--method", "ggdbn:weights=mygg"]));
    assert!(by_file == run("method.png", &["--method", "ggdbn"]));
    let text = stage.run(&["models", "list"]).code(0).out();
    assert!(text.contains("  mygg  network ggdbn: default of `--method ggdbn`\n"), "{text}");
    assert!(stage.run(&["models", "info", "mygg"]).code(0).out().contains("ggdbn"));
    stage.run(&["models", "export", "mygg", "--onnx", "g.onnx"]).code(0);
    stage.run(&["sky.png", "--weights", "hers"]).code(2).says("hers").says("mygg");
}

#[test]
fn of_several_models_the_first_is_the_default_until_another_is() {
    let stage = Stage::new();
    stage.write("a.pth", &golden("ggdbn.pth"));
    let default = || {
        let list = &stage.run(&["models", "list", "--json"]).code(0).json()[0];
        let models = list["models"].as_array().unwrap();
        models
            .iter()
            .filter(|m| m["default"] == true)
            .map(|m| m["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    stage.run(&["models", "import", "a.pth", "--as", "first"]).code(0);
    // Not even one that has its network's name.
    stage.run(&["models", "import", "a.pth"]).code(0).says("unband models default ggdbn");
    assert_eq!(default(), ["first"]);
    stage.run(&["models", "default", "ggdbn"]).code(0).says("--method ggdbn");
    assert_eq!(default(), ["ggdbn"]);
    stage.run(&["models", "import", "a.pth", "--as", "third", "--default"]).code(0);
    assert_eq!(default(), ["third"]);
    stage.run(&["models", "default", "fourth"]).code(2).says("first, ggdbn, third");
    std::fs::remove_file(stage.path("models/third.safetensors")).unwrap();
    assert_eq!(default(), ["ggdbn"]);
}

#[test]
fn weights_decide_which_network_runs() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    stage.write("best.pth", &golden("bdinn.pth"));
    stage.write("large.pth", &golden("rrdbnet.pth"));
    stage.write("features.pth", &golden("vgg16.pth"));
    let printed = &stage.run(&["sky.png", "--weights", "best.pth", "--json"]).code(0).json()[0];
    assert_eq!(printed["method"], "bdinn");
    stage
        .run(&["sky.png", "--weights", "large.pth"])
        .code(2)
        .says("holds the network rrdbnet")
        .says("unband upscale");
    stage.run(&["sky.png", "--weights", "features.pth"]).code(2).says("does not deband").says("models info");
    stage
        .run(&["upscale", "sky.png", "--weights", "best.pth"])
        .code(2)
        .says("unband FILE --weights best.pth");
    stage
        .run(&["sky.png", "-o", "b.png", "--weights", "best.pth", "--save-output", "banding=banding.png"])
        .code(0);
}

#[test]
fn the_checkpoint_of_a_training_says_what_to_take() {
    use unband_nets::{Data, StateDict, Tensor};
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let mut state = StateDict::new();
    for part in ["main", "ema", "main/moment"] {
        let tensor = Tensor { shape: vec![2], data: Data::F32(vec![0.5, 1.0]) };
        state.insert(format!("{part}/mid.0.weight"), tensor);
    }
    let facts = [("step", "20"), ("recipe", "network = \"ggdbn\"\nsteps = 40")];
    let facts = facts.map(|(name, value)| (name.to_owned(), value.to_owned()));
    stage.write("checkpoint.safetensors", &unband_nets::checkpoint::write_safetensors(&state, &facts));
    let file = "checkpoint.safetensors";
    let says = |args: &[&str], code: i32| {
        stage.run(args).code(code).says("training checkpoint").says("use best.safetensors next to it");
    };
    says(&["sky.png", "--weights", file], 2);
    says(&["sky.png", "--method", "ggdbn", "--weights", file], 2);
    says(&["upscale", "sky.png", "--weights", file], 2);
    says(&["models", "import", file], 1);
    let text = stage.run(&["models", "info", file]).code(0).out();
    assert!(text.contains("best.safetensors next to it"), "{text}");
}

#[test]
fn what_a_training_wrote_of_itself_goes_along() {
    let stage = Stage::new();
    let state = unband_nets::checkpoint::read(&golden("dbi.safetensors")).unwrap().state;
    let facts = [("recipe".to_owned(), "steps = 7".to_owned()), ("step".to_owned(), "7".to_owned())];
    stage.write("best.safetensors", &unband_nets::checkpoint::write_safetensors(&state, &facts));
    stage.run(&["models", "import", "best.safetensors", "--half", "--as", "mine"]).code(0);
    let kept = unband_nets::checkpoint::read(&stage.read("models/mine.safetensors")).unwrap();
    assert!(facts.iter().all(|fact| kept.facts.contains(fact)), "{:?}", kept.facts);
}

#[test]
fn a_file_that_would_act_on_the_machine_is_refused() {
    let stage = Stage::new();
    let mut file = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.".to_vec();
    file.extend(b"\x80\x02cos\nsystem\nX\x0c\x00\x00\x00touch pwned!\x85R.\x80\x02].");
    stage.write("evil.pth", &file);
    stage.run(&["models", "info", "evil.pth"]).code(1).says("would call `os.system`").says("do not open");
    stage.run(&["models", "import", "evil.pth", "--as", "evil"]).code(1);
    assert_eq!(stage.names(), ["evil.pth"]);
}

#[test]
fn names_cannot_leave_the_folder() {
    let stage = with("rrdbnet.pth");
    for name in ["../up", "a/b", ".hidden", ""] {
        stage.run(&["models", "import", "rrdbnet.pth", "--as", name]).code(2);
    }
    stage.run(&["models", "import", "rrdbnet.pth", "rrdbnet.pth", "--as", "x"]).code(2).says("the same name");
    assert_eq!(stage.names(), ["rrdbnet.pth"]);
}

#[test]
fn the_list_names_every_published_checkpoint_and_where_it_is() {
    let stage = Stage::new();
    let text = stage.run(&["models", "list"]).code(0).out();
    let list = &stage.run(&["models", "list", "--json"]).code(0).json()[0];
    assert_eq!(list["schema"], "unband-models/1");
    assert!(list["folder"].as_str().is_some_and(|folder| Path::new(folder).ends_with("models")));
    let published = list["published"].as_array().unwrap();
    assert!(published.len() >= 25);
    for entry in published {
        assert_eq!(entry["present"], false);
        for field in ["name", "file", "author", "licence", "place"] {
            assert!(text.contains(entry[field].as_str().unwrap()), "{entry}");
        }
    }
}

/// Does a file contain these bytes?
fn holds(stage: &Stage, name: &str, text: &str) -> bool {
    stage.read(name).windows(text.len()).any(|w| w == text.as_bytes())
}

#[test]
fn show_prints_a_network_layer_by_layer() {
    let stage = with("rrdbnet_x2_basicsr.pth");
    let table = stage.run(&["models", "show", "bdinn", "--size", "256x256"]).code(0).out().clone();
    assert!(table.contains("banded deformable conv 3×5") && table.contains("5,890,088 parameters"));
    let own = stage.run(&["models", "show", "rrdbnet_x2_basicsr.pth"]).code(0).out().clone();
    assert!(own.starts_with("rrdbnet: image 3×512×512 → image 3×1024×1024"));
    stage.run(&["models", "show", "dbi"]).code(0);
    stage.run(&["models", "show", "uformer-t", "--size", "100x100"]).code(2).says("multiples of 128");
    stage.run(&["models", "show", "nothing"]).code(1).says("adnet");
}

#[test]
fn export_writes_a_checkpoint_as_onnx() {
    let stage = with("rrdbnet_x2_basicsr.pth");
    let ran = stage.run(&["models", "export", "rrdbnet_x2_basicsr.pth", "--onnx", "x2.onnx"]).code(0);
    ran.says("rrdbnet_x2_basicsr.pth → x2.onnx  rrdbnet").says("sides that are multiples of 2");
    for text in
        ["RRDB_trunk.0.RDB1.conv1.weight", "image_out", "unband.range", "rrdbnet_x2_basicsr.pth", "height"]
    {
        assert!(holds(&stage, "x2.onnx", text), "{text}");
    }
    let named =
        ["models", "export", "rrdbnet", "--weights", "rrdbnet_x2_basicsr.pth", "--onnx", "named.onnx"];
    stage.run(&named).code(0);
    assert!(stage.read("named.onnx") == stage.read("x2.onnx"), "the network's name adds nothing");
}

#[test]
fn export_says_when_numbers_are_made_up_and_replaces_nothing_unasked() {
    let stage = Stage::new();
    let args = ["models", "export", "dbi", "--onnx", "dbi.onnx", "--size", "235x235"];
    stage.run(&args).code(0).says("random").says("235×235");
    let first = stage.read("dbi.onnx");
    assert!(holds(&stage, "dbi.onnx", "conv5.weight") && !holds(&stage, "dbi.onnx", "height"));
    stage.run(&args).code(1).says("dbi.onnx: exists already");
    assert!(stage.read("dbi.onnx") == first);
    stage.run(&[&args[..], &["--overwrite", "-q"]].concat()).code(0);
    assert_eq!(stage.names(), ["dbi.onnx"]);
}

#[test]
fn export_of_what_does_not_fit_writes_nothing() {
    let stage = with("rrdbnet.pth");
    let export =
        |args: &[&str]| stage.run(&[&["models", "export"][..], args, &["--onnx", "o.onnx"]].concat());
    export(&["nothing"]).code(1).says("nothing: no such file").says("adnet");
    export(&["bdinn:nothing"]).code(2).says("inverse");
    export(&["adnet", "--weights", "rrdbnet.pth"]).code(1).says("holds the network rrdbnet, not adnet");
    export(&["rrdbnet:x2", "--weights", "rrdbnet.pth"]).code(1).says("missing: ");
    export(&["rrdbnet.pth", "--weights", "rrdbnet.pth"]).code(2).says("two checkpoints");
    export(&["uformer-t", "--size", "100x100"]).code(2).says("multiples of 128");
    export(&["vgg-discriminator"]).code(2).says("--size 128x128");
    export(&["adnet", "--size", "0x5"]).code(2).says("512x768");
    stage.run(&["models", "export", "adnet"]).code(2).says("--onnx");
    assert!(stage.run(&["models", "export", "--help"]).code(0).out().contains("bdinn:inverse"));
    stage.run(&["models", "export", "dbi", "--onnx", "no/such/folder.onnx"]).code(1);
    assert_eq!(stage.names(), ["rrdbnet.pth"]);
}
