//! Viewing tests: the page, and the scores.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use unband::{Context, Image};
use unband_report::study::{Fit, Ratings, Scores, Study, score};

fn ramp(width: usize, height: usize, step: usize, shift: usize) -> Image {
    let data = (0..width * height).flat_map(|i| {
        let v = (i % width * 200 / width + i / width * 40 / height + shift) / step * step;
        [v as u8, (v * 7 / 8) as u8, (v / 2 + 60) as u8]
    });
    Image::from_rgb8(width, height, &data.collect::<Vec<_>>()).unwrap()
}

/// Two methods on three images.
fn study(width: usize, height: usize) -> Study {
    let mut study =
        Study::new("Skies <at> \"dusk\"", "clean originals", &["method-alpha", "method-beta"]).unwrap();
    for (i, name) in ["sky, \"evening\"", "</script><script>alert(1)//", "Wüste"].into_iter().enumerate() {
        let [reference, alpha, beta] = [1, 4, 16].map(|step| ramp(width, height, step, 5 * i));
        study.add(name, &reference, &[&alpha, &beta], Fit::Whole, &Context::default()).unwrap();
    }
    study
}

#[test]
fn the_page_is_whole_blind_and_safe() {
    let study = study(48, 32);
    let html = study.html();
    for name in ["method-alpha", "method-beta", "clean originals"] {
        assert!(!html.contains(name), "{name}");
    }
    assert_eq!(html.matches("<script").count(), 2, "data and program");
    assert!(html.contains("Skies &lt;at&gt; &quot;dusk&quot;") && !html.contains("://"));
    assert!(html.contains("default-src 'none'; ") && html.contains("script-src 'sha256-"));
    assert_eq!(html.matches("data:image/png").count(), 9, "the hidden reference is not there twice");
    assert_eq!(study.presentations(), 9);
    assert!(study.bytes() < html.len());
    let key = study.key();
    assert_eq!(
        key.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(),
        ["clean originals", "method-alpha", "method-beta"]
    );
    for (id, _) in &key {
        assert_eq!(html.matches(id).count(), 3, "once for each image");
    }
    assert_eq!(html, self::study(48, 32).html(), "the same input gives the same page");
    assert_ne!(study.id(), self::study(48, 33).id());
}

#[test]
fn neither_the_order_of_methods_nor_of_images_reveals_them() {
    let place = |study: &Study| {
        let html = study.html();
        let key = study.key();
        let mut ids: Vec<_> = key.iter().map(|(id, name)| (html.find(id), name.clone())).collect();
        ids.sort();
        ids.into_iter().map(|(_, name)| name).collect::<Vec<_>>()
    };
    let orders: std::collections::HashSet<_> = (8..40).map(|height| place(&study(16, height))).collect();
    assert_eq!(orders.len(), 6, "every order occurs: {orders:?}");
}

#[test]
fn a_crop_is_cut_from_the_middle_or_where_it_is_said_and_never_reaches_outside() {
    let ctx = Context::default();
    let image = ramp(90, 60, 1, 0);
    let bytes = |fit| {
        let mut study = Study::new("", "reference", &["a"]).unwrap();
        study.add("x", &image, &[&ramp(90, 60, 8, 0)], fit, &ctx).unwrap();
        (study.id(), study.html())
    };
    let crop = |width, height, at| bytes(Fit::Crop { width, height, at });
    assert_eq!(crop(40, 20, None), crop(40, 20, Some((25, 20))));
    assert_eq!(crop(40, 20, Some((900, 900))), crop(40, 20, Some((50, 40))));
    assert_eq!(crop(900, 900, None), bytes(Fit::Whole));
    assert_ne!(crop(40, 20, None), bytes(Fit::Whole));
    assert_eq!(bytes(Fit::Longest(90)), bytes(Fit::Whole));
    assert_ne!(bytes(Fit::Longest(45)), bytes(Fit::Whole));
    crop(0, 0, None);
    bytes(Fit::Longest(0));
}

#[test]
fn what_does_not_fit_together_is_refused_and_leaves_the_study_as_it_was() {
    let ctx = Context::default();
    let says = |error: unband_report::study::StudyError| error.to_string();
    assert_eq!(
        says(Study::new("", "r", &[]).unwrap_err()),
        "a study needs at least one method besides the reference"
    );
    assert_eq!(says(Study::new("", "r", &["a", "r"]).unwrap_err()), "two methods are called `r`");
    let mut study = Study::new("", "r", &["a"]).unwrap();
    let (image, other) = (ramp(20, 10, 1, 0), ramp(20, 11, 1, 0));
    let mut add = |name, results: &[&Image]| {
        study.add(name, &image, results, Fit::Whole, &ctx).unwrap_err().to_string()
    };
    assert_eq!(add("x", &[&other]), "x: a has 20×11, the reference has 20×10 pixels");
    assert_eq!(add("x", &[&image, &image]), "x has 2 results, the study has 1 methods");
    let empty = Image { planes: Vec::new(), ..image.clone() };
    assert_eq!(add("x", &[&empty]), "x: a has no, the reference has 20×10 pixels");
    assert!(study.add("x", &empty, &[&empty], Fit::Whole, &ctx).is_err());
    assert_eq!(study.bytes(), 0);
    study.add("x", &image, &[&image], Fit::Whole, &ctx).unwrap();
    let twice = study.add("x", &image, &[&image], Fit::Whole, &ctx).unwrap_err();
    assert_eq!(twice.to_string(), "two images are called `x`");
    assert_eq!(study.presentations(), 2);
}

const HEADER: &str = "study,rater,image,method,grade,seconds,order\n";

/// Scores of rows "rater image method grade".
fn scores(rows: impl IntoIterator<Item = (String, String, String, u8)>) -> Scores {
    let mut csv = HEADER.to_owned();
    for (rater, image, method, grade) in rows {
        writeln!(csv, "s,{rater},{image},{method},{grade},1.5,1").unwrap();
    }
    let mut ratings = Ratings::default();
    ratings.read("r.csv", csv.as_bytes()).unwrap();
    score(&ratings, Some("ref"))
}

#[track_caller]
fn near(got: f64, expected: f64) {
    assert!((got - expected).abs() < 1e-12, "{got} is not {expected}");
}

#[test]
fn means_intervals_and_differences_are_those_computed_by_hand() {
    let rows = [
        ("ann", "x", "ref", 5),
        ("ann", "x", "a", 3),
        ("ann", "y", "ref", 4),
        ("ann", "y", "a", 4),
        ("bob", "x", "ref", 5),
        ("bob", "x", "a", 2),
        ("bob", "y", "a", 1),
        ("bob", "y", "b", 1),
    ];
    let scores = scores(rows.map(|(r, p, m, g)| (r.into(), p.into(), m.into(), g)));
    let [reference, a, b] = &scores.methods[..] else { panic!("{scores:?}") };
    assert_eq!((reference.name.as_str(), a.name.as_str(), b.name.as_str()), ("ref", "a", "b"));
    // 5 4 5: mean 14/3, s² = (1/9 + 4/9 + 1/9) / 2 = 1/3.
    near(reference.opinion.mean, 14.0 / 3.0);
    near(reference.opinion.interval.unwrap(), 1.96 / 3.0);
    assert_eq!(reference.difference, None);
    // 3 4 2 1: mean 2.5, s² = 5/3.
    near(a.opinion.mean, 2.5);
    near(a.opinion.interval.unwrap(), 1.96 * (5.0f64 / 12.0).sqrt());
    // −2 0 −3; bob did not grade the reference of y. Mean −5/3, s² = (1/9 + 25/9 + 16/9) / 2 = 7/3.
    let difference = a.difference.unwrap();
    near(difference.mean, -5.0 / 3.0);
    near(difference.interval.unwrap(), 1.96 * (7.0f64 / 9.0).sqrt());
    assert_eq!((difference.count, b.opinion.count, b.opinion.interval, b.difference), (3, 1, None, None));
    assert!(scores.raters.iter().all(|rater| !rater.rejected && rater.above + rater.below == 0));
    assert_eq!(scores.images.len(), 5);
}

/// Grades of twelve raters that agree within one step, and of one more given by a function.
fn panel(last: impl Fn(usize) -> u8) -> Scores {
    scores((0..20).flat_map(|trial| {
        let usual = [5, 4, 3, 2][trial % 4];
        let last = (12, last(trial));
        let others =
            (0..12).map(move |rater| (rater, (usual - usize::from((rater + trial) % 3 == 0) % usual) as u8));
        others.chain([last]).map(move |(rater, grade)| {
            (format!("rater{rater:02}"), format!("p{}", trial / 4), format!("m{}", trial % 4), grade)
        })
    }))
}

#[test]
fn whoever_answers_at_random_is_rejected_and_counts_no_more() {
    let random = |trial: usize| (trial * 7919 % 5 + 1) as u8;
    let with = panel(random);
    let rejected: Vec<_> = with.raters.iter().filter(|rater| rater.rejected).collect();
    assert_eq!(
        rejected.iter().map(|rater| rater.name.as_str()).collect::<Vec<_>>(),
        ["rater12"],
        "{:?}",
        with.raters
    );
    assert_eq!(with.raters[12].ratings, 20);
    // P and Q computed with NumPy, S from `std(ddof=1)`.
    assert_eq!((with.raters[12].above, with.raters[12].below), (3, 3));
    assert!(with.methods.iter().all(|method| method.opinion.count == 12 * 5));
}

#[test]
fn whoever_is_only_strict_stays() {
    let strict = panel(|_| 1);
    assert!(strict.raters.iter().all(|rater| !rater.rejected), "{:?}", strict.raters);
    assert_eq!((strict.raters[12].above, strict.raters[12].below), (0, 5));
    assert!(strict.methods.iter().all(|method| method.opinion.count == 13 * 5));
}

#[test]
fn where_all_agree_no_rater_is_far_away() {
    let scores = scores((0..9).map(|rater| (format!("r{rater}"), "x".into(), "a".into(), 3)));
    assert!(scores.raters.iter().all(|rater| rater.above + rater.below == 0));
    near(scores.methods[0].opinion.interval.unwrap(), 0.0);
    assert_eq!(score(&Ratings::default(), None).methods.len(), 0);
}

#[test]
fn every_wrong_row_is_named_with_file_and_line() {
    let says = |csv: &str| Ratings::default().read("r.csv", csv.as_bytes()).unwrap_err().to_string();
    let row = |row: &str| says(&format!("{HEADER}s,ann,x,a,3,1.5,1\n{row}\n"));
    assert_eq!(row("s,ann,y,a,6,1,2"), "r.csv:3: grade `6`, it must be 1, 2, 3, 4 or 5");
    assert_eq!(row("s,ann,y,a,2.5,1,2"), "r.csv:3: grade `2.5`, it must be 1, 2, 3, 4 or 5");
    assert_eq!(row("s,ann,y,a,5,NaN,2"), "r.csv:3: seconds `NaN`, it must be a number from 0");
    assert_eq!(row("s,ann,y,a,5,1,0"), "r.csv:3: order `0`, it must be a whole number from 1");
    assert_eq!(row("s,ann,y,a,5,1"), "r.csv:3: 6 fields, 7 are needed");
    assert_eq!(row("s,,y,a,5,1,2"), "r.csv:3: rater is empty");
    assert_eq!(row("t,ann,y,a,5,1,2"), "r.csv:3: study `t`, the rows before belong to `s`");
    assert_eq!(row("s,ann,x,a,4,1,2"), "r.csv:3: ann graded `x` of `a` before, in r.csv:2");
    assert_eq!(says("study,rater,image,method,mark,seconds,order\n"), "r.csv:1: there is no column `grade`");
    assert_eq!(says(""), "r.csv:1: there is no column `study`");
    let bytes = [HEADER.as_bytes(), b"s,\xff,x,a,3,1,1\n"].concat();
    let error = Ratings::default().read("r.csv", &bytes).unwrap_err();
    assert_eq!(error.to_string(), "r.csv:2: not UTF-8 text");
}

#[test]
fn a_spreadsheet_may_have_moved_the_columns_and_put_a_mark_in_front() {
    let csv = "\u{feff}order,grade,note,rater,method,image,study,seconds\r\n3,4,ok,\"Ann, B.\",a,\"the \"\"sky\"\"\",s,2.25\r\n";
    let mut ratings = Ratings::default();
    ratings.read("r.csv", csv.as_bytes()).unwrap();
    ratings.rename(&[("a".into(), "alpha".into())]);
    let row = &ratings.rows()[0];
    assert_eq!(
        (row.rater.as_str(), row.image.as_str(), row.method.as_str()),
        ("Ann, B.", "the \"sky\"", "alpha")
    );
    assert_eq!((row.grade, row.order, ratings.study()), (4, 3, Some("s")));
}

fn on_path(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|all| std::env::split_paths(&all).any(|dir| dir.join(program).is_file()))
}

/// Lets `tools/check_study.py` take part like a rater, and reads its ratings; screenshots are written to
/// `UNBAND_SHOTS`.
#[test]
fn a_rater_can_take_part_in_a_browser() {
    if let Some(missing) = ["chromium", "python3"].into_iter().find(|program| !on_path(program)) {
        unband_skips::program(missing);
        return;
    }
    let study = study(480, 320);
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("study.html");
    std::fs::write(&page, study.html()).unwrap();
    let mut check = Command::new("python3");
    check.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/check_study.py")).arg(&page);
    check.arg("--save").arg(folder.path());
    if let Some(shots) = std::env::var_os("UNBAND_SHOTS").map(PathBuf::from) {
        check.arg("--shots").arg(shots);
    }
    let output = check.output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");

    let saved: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "csv"))
        .collect();
    let [file] = &saved[..] else { panic!("{saved:?}") };
    let mut ratings = Ratings::default();
    ratings.read("saved.csv", &std::fs::read(file).unwrap()).unwrap();
    ratings.rename(&study.key());
    assert_eq!(ratings.study(), Some(study.id().as_str()));
    let rows = ratings.rows();
    assert_eq!(rows.len(), 9);
    // The script grades 1 to 5 in turn; the second grade is changed to 5.
    let grades: Vec<_> = rows.iter().map(|row| row.grade).collect();
    assert_eq!(grades, [1, 5, 3, 4, 5, 1, 2, 3, 4]);
    assert!(rows.iter().zip(1..).all(|(row, place)| row.order == place && row.rater == "Zoë \"Q\", 7"));
    assert!(rows.windows(2).all(|pair| pair[0].image != pair[1].image), "{rows:?}");
    let scores = score(&ratings, Some("clean originals"));
    assert_eq!(scores.images.len(), 9, "every image of every method, the reference among them");
    assert!(scores.methods.iter().any(|method| method.name == "method-alpha" && method.opinion.count == 3));
}
