//! Tests of `unband compare`.

use serde_json::Value;

use unband::{Context, inspect};
use unband_report::{HeatMap, Line, Profile, Series};

use crate::stage::{Paint, Stage, png, six_bits, texture};

/// Large enough for every metric.
const WIDTH: usize = 256;
const HEIGHT: usize = 192;

fn paint(stage: &Stage, name: &str, paint: &Paint) {
    stage.write(name, &png(WIDTH, HEIGHT, paint));
}

/// The sky before it was cut to six bits.
fn clean(x: usize, y: usize, c: usize) -> u8 {
    let level = (x * (9 + c) + y * (31 - 7 * c)) as f32 / 220.0 + 8.0 * c as f32 - 0.5;
    (level.clamp(0.0, 63.0) * 255.0 / 63.0).round() as u8
}

fn object(stage: &Stage, arguments: &[&str], code: i32) -> Value {
    serde_json::from_slice(&stage.run(arguments).code(code).stdout).unwrap()
}

/// The row of a role in the first pair.
fn row<'a>(json: &'a Value, role: &str) -> &'a Value {
    let rows = json["pairs"][0]["rows"].as_array().unwrap();
    rows.iter().find(|row| row["role"] == role).unwrap_or_else(|| panic!("no {role} in {json}"))
}

/// PSNR computed here, from the painted codes.
fn psnr(a: &dyn Fn(usize, usize, usize) -> u8, b: &dyn Fn(usize, usize, usize) -> u8) -> f64 {
    let mut sum = 0.0;
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            for c in 0..3 {
                sum += (f64::from(a(x, y, c)) - f64::from(b(x, y, c))).powi(2);
            }
        }
    }
    10.0 * (255.0 * 255.0 / (sum / (WIDTH * HEIGHT * 3) as f64)).log10()
}

#[test]
fn a_pair_is_measured_result_against_reference() {
    let stage = Stage::new();
    paint(&stage, "clean.png", &clean);
    paint(&stage, "sky.png", &six_bits);
    let json = object(&stage, &["compare", "clean.png", "sky.png", "--json"], 0);
    assert_eq!(json["schema"], "unband-compare/1");
    let result = row(&json, "result");
    assert_eq!(result["file"], "sky.png");
    let measured = result["values"]["psnr"].as_f64().unwrap();
    let expected = psnr(&clean, &six_bits);
    assert!((measured - expected).abs() < 1e-4, "{measured} {expected}");
    let reference = row(&json, "reference");
    assert!(reference["values"].get("psnr").is_none());
    // Swapped, false steps would not be those of the result.
    assert!(result["values"]["false-steps"].as_f64().unwrap() > 1.0, "{json}");
    let cambi = |row: &Value| row["values"]["cambi"].as_f64().unwrap();
    assert!(cambi(result) >= 0.0 && cambi(reference) >= 0.0);
    assert!(result["values"].get("contour-jump").is_none(), "there is no input");
    let text = stage.run(&["compare", "clean.png", "sky.png"]).code(0).out();
    assert!(text.starts_with("sky.png  banding: "), "{text}");
    assert!(text.contains("reference") && text.contains("dB, higher is better"), "{text}");
}

#[test]
fn equal_images_have_an_infinite_psnr_and_no_number_for_it_in_json() {
    let stage = Stage::new();
    paint(&stage, "a.png", &texture);
    paint(&stage, "b.png", &texture);
    let run = ["compare", "a.png", "b.png", "--metrics", "psnr", "--json", "--csv", "t.csv"];
    let json = object(&stage, &run, 0);
    let result = row(&json, "result");
    assert_eq!(result["values"]["psnr"], Value::Null);
    assert_eq!(result["reasons"]["psnr"], "infinite");
    assert_eq!(json["summary"][0]["metrics"]["psnr"]["mean"], Value::Null);
    let table = String::from_utf8(stage.read("t.csv")).unwrap();
    assert!(
        table.lines().any(|line| line.starts_with("b.png,result,b.png,") && line.contains(",inf,")),
        "{table}"
    );
    let text = stage.run(&["compare", "a.png", "b.png", "--metrics", "psnr"]).code(0).out();
    assert!(text.contains('∞'), "{text}");
}

#[test]
fn the_input_adds_a_column_and_the_metrics_that_need_it() {
    let stage = Stage::new();
    paint(&stage, "clean.png", &clean);
    paint(&stage, "sky.png", &six_bits);
    stage.run(&["sky.png", "-o", "fixed.png"]).code(0);
    let run = ["compare", "clean.png", "fixed.png", "--input", "sky.png", "--json", "--report", "out.html"];
    let json = object(&stage, &run, 0);
    let (input, result) = (row(&json, "input"), row(&json, "result"));
    let value = |row: &Value, name: &str| row["values"][name].as_f64().unwrap();
    assert!(value(result, "psnr") > value(input, "psnr") + 3.0, "{json}");
    assert!(value(result, "contour-jump") < 2.0, "{json}");
    assert!(input["values"].get("contour-jump").is_none());
    let page = String::from_utf8(stage.read("out.html")).unwrap();
    for part in ["data-role=\"input\"", "data-role=\"result\"", "data-role=\"reference\"", "class=\"slider\""]
    {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("src=\"http") && !page.contains("href=\"http"));
    stage.run(&["compare", "clean.png", "fixed.png", "--metrics", "contour-jump"]).code(2).says("--input");
}

#[test]
fn the_page_begins_with_means_and_marks_the_best() {
    let stage = Stage::new();
    for name in ["a", "b", "c", "d", "e"] {
        paint(&stage, &format!("clean/{name}.png"), &clean);
        paint(&stage, &format!("sky/{name}.png"), &six_bits);
    }
    let run = [
        "compare",
        "clean",
        "sky",
        "--method",
        "smooth,gradfun",
        "--metrics",
        "psnr,cambi",
        "--report",
        "o.html",
    ];
    stage.run(&run).code(0);
    let page = String::from_utf8(stage.read("o.html")).unwrap();
    let means = page.find(">Means<").unwrap();
    assert!(page.find("data-role=").is_none_or(|first| means < first), "means come first");
    assert!(page.contains("Means over 5 images") && page.contains("95 % interval"));
    let table = &page[means..page[means..].find("</table>").unwrap() + means];
    let best: Vec<&str> = table.lines().filter(|line| line.contains("<b>")).collect();
    assert!(best.iter().any(|line| line.contains(">smooth<")), "{table}");
    assert!(!best.iter().any(|line| line.contains(">reference<")), "{table}");
    assert!(page.contains("the local mean colour is subtracted"), "what places show is said");
}

#[test]
fn methods_are_run_and_stand_in_rows() {
    let stage = Stage::new();
    paint(&stage, "clean.png", &clean);
    paint(&stage, "sky.png", &six_bits);
    let run = ["compare", "--method", "smooth,gradfun:radius=20,strength=4", "clean.png", "sky.png"];
    let json = object(&stage, &[&run[..], &["--json"]].concat(), 0);
    let roles: Vec<&str> = json["pairs"][0]["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["reference", "input", "smooth", "gradfun:radius=20,strength=4"]);
    // The same values as for the file that `deband` writes.
    stage.run(&["sky.png", "--method", "smooth", "-o", "fixed.png"]).code(0);
    let file = object(&stage, &["compare", "clean.png", "fixed.png", "--json"], 0);
    assert_eq!(row(&json, "smooth")["values"]["psnr"], row(&file, "result")["values"]["psnr"]);
    let text = stage.run(&run).code(0).out();
    let line =
        text.lines().find(|line| line.starts_with("sky.png  smooth ")).unwrap_or_else(|| panic!("{text}"));
    assert!(line.split_whitespace().count() > 8, "{line}");
    stage.run(&["compare", "--method", "smooth,none-such", "clean.png", "sky.png"]).code(2).says("none-such");
    let gate = ["compare", "--method", "smooth", "clean.png", "sky.png", "--fail-if", "psnr<100"];
    stage.run(&gate).code(3).says("sky.png by smooth: check failed, psnr is");
}

#[test]
fn a_method_gets_the_verdict_and_the_values_of_the_file_that_it_writes() {
    let stage = Stage::new();
    paint(&stage, "clean.png", &clean);
    paint(&stage, "sky.png", &|x, y, c| if y < 150 { six_bits(x, y, c) } else { texture(x, y, c) });
    stage.run(&["sky.png", "-o", "sky.jpg", "--quality", "25", "--everywhere"]).code(0);
    stage.run(&["sky.png", "-o", "sky.avif", "--quality", "40", "--everywhere"]).code(0);
    for input in ["sky.jpg", "sky.avif", "sky.png"] {
        let method = object(&stage, &["compare", "clean.png", input, "--method", "smooth", "--json"], 0);
        stage.run(&[input, "--method", "smooth", "-o", "fixed.png", "--overwrite"]).code(0);
        let run = ["compare", "clean.png", "fixed.png", "--input", input, "--json"];
        let file = object(&stage, &run, 0);
        let (method, file) = (row(&method, "smooth"), row(&file, "result"));
        assert_eq!(method["banding"], file["banding"], "{input}");
        assert_eq!(method["values"], file["values"], "{input}");
    }
}

#[test]
fn folders_are_paired_by_name_and_unpaired_files_are_named() {
    let stage = Stage::new();
    for name in ["a", "b", "lost"] {
        paint(&stage, &format!("ref/{name}.png"), &clean);
    }
    paint(&stage, "out/a.png", &six_bits);
    paint(&stage, "out/b_unband.png", &clean);
    paint(&stage, "out/extra.png", &clean);
    let ran = stage.run(&["compare", "ref", "out", "--metrics", "psnr-y-rounded,gmsd", "--json"]).code(1);
    let ran = ran.says("lost.png: no image with this name in out").says("extra.png: no image with this name");
    let json: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let names: Vec<&str> =
        json["pairs"].as_array().unwrap().iter().map(|pair| pair["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(json["failures"].as_array().unwrap().len(), 2);
    let gmsd = |pair: usize| json["pairs"][pair]["rows"][1]["values"]["gmsd"].as_f64().unwrap();
    assert!(gmsd(1).abs() < 1e-15);
    let summary = json["summary"].as_array().unwrap().iter().find(|part| part["role"] == "result").unwrap();
    let mean = summary["metrics"]["gmsd"]["mean"].as_f64().unwrap();
    assert!(gmsd(0) > 0.0 && (mean - gmsd(0) / 2.0).abs() < 1e-15, "{summary}");
    stage.run(&["compare", "ref", "out/a.png"]).code(2).says("a folder");
    paint(&stage, "out/a.tiff.png", &six_bits);
    paint(&stage, "out/sub/c.png", &six_bits);
    paint(&stage, "ref/sub/c.png", &clean);
    let ran = stage.run(&["compare", "ref", "out", "-r", "--metrics", "gmsd"]).code(1).out();
    assert!(ran.contains("sub/c"), "{ran}");
}

#[test]
fn a_list_names_pairs_of_other_names() {
    let stage = Stage::new();
    paint(&stage, "set/one.png", &clean);
    paint(&stage, "set/two, cut.png", &six_bits);
    stage.write(
        "set/list.csv",
        b"reference,result,input\none.png,\"two, cut.png\",\none.png,one.png,two, cut.png\n",
    );
    stage.run(&["compare", "--pairs", "set/list.csv"]).code(2).says("line 3 has 4 columns");
    stage.write(
        "set/list.csv",
        b"reference,result,input\none.png,\"two, cut.png\",\none.png,one.png,\"two, cut.png\"\n",
    );
    let json = object(
        &stage,
        &["compare", "--pairs", "set/list.csv", "--metrics", "psnr,texture-change", "--json"],
        0,
    );
    assert_eq!(json["pairs"][0]["name"], "two, cut.png");
    assert!(json["pairs"][0]["rows"][1]["values"]["psnr"].as_f64().unwrap() > 20.0);
    assert_eq!(json["pairs"][1]["rows"].as_array().unwrap().len(), 3);
    // From two folders.
    stage.write("other.csv", b"one.png,\"two, cut.png\"\n");
    let json =
        object(&stage, &["compare", "set", "set", "--pairs", "other.csv", "--metrics", "psnr", "--json"], 0);
    assert_eq!(json["pairs"].as_array().unwrap().len(), 1);
    stage.write("empty.csv", b"");
    stage.run(&["compare", "--pairs", "empty.csv"]).code(2).says("has no pairs");
    stage.run(&["compare", "--pairs", "none.csv"]).code(2).says("none.csv");
}

#[test]
fn pairs_of_different_sizes_or_models_name_both_files() {
    let stage = Stage::new();
    paint(&stage, "clean.png", &clean);
    stage.write("small.png", &png(80, 60, &six_bits));
    let ran = stage.run(&["compare", "clean.png", "small.png"]).code(1);
    let ran = ran.says("small.png: is 80×60 RGB, the reference clean.png is 256×192 RGB");
    assert!(!ran.out().contains("psnr"), "{}", ran.out());
    let mut grey = format!("P5\n{WIDTH} {HEIGHT}\n255\n").into_bytes();
    grey.extend((0..WIDTH * HEIGHT).map(|i| (i % 251) as u8));
    stage.write("grey.pgm", &grey);
    stage.run(&["compare", "clean.png", "grey.pgm"]).code(1).says("256×192 grey");
    stage.run(&["compare", "clean.png"]).code(2);
}

#[test]
fn the_profile_shows_all_images_of_a_pair() {
    let stage = Stage::new();
    paint(&stage, "clean.png", &clean);
    paint(&stage, "sky.png", &six_bits);
    stage.run(&["compare", "clean.png", "sky.png", "--save-profile", "p.png", "--save-map", "m.png"]).code(0);
    assert!(stage.samples("p.png").width >= 320);
    assert_eq!(stage.samples("m.png").width, 256);
    let two = ["compare", "clean.png", "sky.png", "--method", "smooth,gradfun", "--save-map", "n.png"];
    stage.run(&two).code(2).says("several were named");
}

/// The drawing of a profile, first image first, along its worst place.
fn drawn_profile(stage: &Stage, images: [(&str, &str); 3]) -> Vec<u8> {
    let ctx = Context::default();
    let read = |name: &str| unband_io::read_file(&stage.path(name), &unband_io::Limits::default()).unwrap().0;
    let images = images.map(|(role, file)| (role, read(file)));
    let line = Line::worst(&images[0].1, &HeatMap::from_findings(&inspect(&images[0].1, &ctx)));
    let series: Vec<Series<'_>> = images.iter().map(|(role, image)| Series::new(role, image)).collect();
    Profile::along(line, &series).unwrap().drawing(1600).unwrap().png().unwrap()
}

#[test]
fn the_profile_goes_through_the_worst_place_before_the_repair() {
    let stage = Stage::new();
    // Bands in a corner, grain elsewhere.
    let corner = |sky: &'static Paint| {
        move |x: usize, y: usize, c: usize| if x < 180 && y > 300 { sky(x, y, c) } else { texture(x, y, c) }
    };
    stage.write("sky.png", &png(640, 480, &corner(&six_bits)));
    stage.write("clean.png", &png(640, 480, &corner(&clean)));
    stage.run(&["sky.png", "--method", "smooth", "-o", "fixed.png"]).code(0);
    let run = ["compare", "clean.png", "fixed.png", "--input", "sky.png", "--metrics", "psnr"];
    stage.run(&[&run[..], &["--save-profile", "p.png"]].concat()).code(0);
    let expected = [("input", "sky.png"), ("reference", "clean.png"), ("result", "fixed.png")];
    assert!(stage.read("p.png") == drawn_profile(&stage, expected));
    // A method's result equals that of the file.
    let run = ["compare", "clean.png", "sky.png", "--method", "smooth", "--save-profile", "m.png"];
    stage.run(&run).code(0);
    let expected = [("input", "sky.png"), ("reference", "clean.png"), ("smooth", "fixed.png")];
    assert!(stage.read("m.png") == drawn_profile(&stage, expected));
    // Without banding in the input, the image with the most banding.
    let run = ["compare", "clean.png", "sky.png", "--input", "clean.png", "--save-profile", "n.png"];
    stage.run(&run).code(0);
    let expected = [("result", "sky.png"), ("reference", "clean.png"), ("input", "clean.png")];
    assert!(stage.read("n.png") == drawn_profile(&stage, expected));
}

#[test]
fn a_map_without_colours_says_why() {
    let stage = Stage::new();
    paint(&stage, "clean.png", &texture);
    paint(&stage, "sky.png", &six_bits);
    let run = ["compare", "sky.png", "clean.png", "--metrics", "psnr", "--save-map", "m.png"];
    stage.run(&run).code(0).says("m.png: no orange areas, as no banding was found in result");
    let run = ["compare", "clean.png", "sky.png", "--metrics", "psnr", "--save-map", "n.png"];
    assert!(!stage.run(&run).code(0).stderr.contains("colours"));
}

/// The same image with 16 bits, its codes between those of 8 bits.
fn sixteen_bits(width: usize, height: usize, paint: &Paint) -> Vec<u8> {
    let mut out = format!("P6\n{width} {height}\n65535\n").into_bytes();
    for i in 0..width * height * 3 {
        let code = u16::from(paint(i / 3 % width, i / 3 / width, i % 3)) * 257 + 40;
        out.extend(code.to_be_bytes());
    }
    out
}

#[test]
fn images_of_different_depth_are_compared_as_they_are_and_that_is_said() {
    let stage = Stage::new();
    stage.write("clean.ppm", &sixteen_bits(WIDTH, HEIGHT, &clean));
    paint(&stage, "sky.png", &six_bits);
    let run = ["compare", "clean.ppm", "sky.png", "--metrics", "psnr"];
    let json = object(&stage, &[&run[..], &["--json", "--report", "o.html"]].concat(), 0);
    assert_eq!((&row(&json, "reference")["depth"], &row(&json, "result")["depth"]), (&16.into(), &8.into()));
    let note = json["pairs"][0]["notes"][0].as_str().unwrap();
    assert!(note.starts_with("reference 16-bit; result 8-bit; "), "{note}");
    let page = String::from_utf8(stage.read("o.html")).unwrap();
    assert!(
        page.contains("<bdi>clean.ppm</bdi></b> (16-bit)") && page.contains("<bdi>sky.png</bdi></b> (8-bit)")
    );
    // Nothing is rounded in between: 40 of 65535 are a sixth of an 8-bit code.
    let mut sum = 0.0;
    for i in 0..WIDTH * HEIGHT * 3 {
        let (x, y, c) = (i / 3 % WIDTH, i / 3 / WIDTH, i % 3);
        let reference = f64::from(clean(x, y, c)) + 40.0 / 257.0;
        sum += (reference - f64::from(six_bits(x, y, c))).powi(2);
    }
    let expected = 10.0 * (255.0 * 255.0 / (sum / (WIDTH * HEIGHT * 3) as f64)).log10();
    let measured = row(&json, "result")["values"]["psnr"].as_f64().unwrap();
    assert!((measured - expected).abs() < 1e-5, "{measured} {expected}");
    let text = stage.run(&run).code(0).out();
    assert!(text.contains(&format!("sky.png  {note}\n")), "{text}");
    // With equal depths there is no note.
    paint(&stage, "eight.png", &clean);
    let json = object(&stage, &["compare", "eight.png", "sky.png", "--metrics", "psnr", "--json"], 0);
    assert_eq!(json["pairs"][0]["notes"], serde_json::json!([]));
}

#[test]
fn threads_change_neither_values_nor_order() {
    let stage = Stage::new();
    for i in 0..9usize {
        // The first are the largest, so that the last are done before them.
        let (width, height) = (320 - 20 * i, 200 - 8 * i);
        stage.write(&format!("ref/{i}.png"), &png(width, height, &clean));
        stage.write(&format!("out/{i}.png"), &png(width, height, &move |x, y, c| six_bits(x + i, y, c)));
    }
    stage.write("out/4.png", b"not an image");
    let with = |threads: &str| {
        let (csv, html) = (format!("{threads}.csv"), format!("{threads}.html"));
        let outputs = ["--csv", &csv, "--report", &html, "--json"];
        let ran = stage
            .run(&[&["compare", "ref", "out", "--metrics", "all", "-j", threads], &outputs[..]].concat());
        let ran = ran.code(1).says("out/4.png");
        (ran.out(), stage.read(&csv), stage.read(&html))
    };
    let (json, csv, html) = with("1");
    for threads in ["2", "5"] {
        let more = with(threads);
        assert!(json == more.0 && csv == more.1 && html == more.2, "{threads} threads");
    }
    let json: Value = serde_json::from_str(&json).unwrap();
    let names: Vec<&str> =
        json["pairs"].as_array().unwrap().iter().map(|pair| pair["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["0", "1", "2", "3", "5", "6", "7", "8"]);
}
