//! Visualisations and pages of whole images.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::Command;

use unband::metrics::Value;
use unband::verdict::Grade;
use unband::{Context, Image, Matrix, Range, deband, inspect};
use unband_image::With;
use unband_report::{
    Column, Direction, DisplayImage, HeatMap, Line, Listing, ListingCell, ListingRow, MetricRow, Page,
    Profile, Section, Series, Side, Stretch, overlay, segments, stretched, worst_spots,
};

/// A sky stored with few bits: steps of four codes, brightest at the top left.
fn sky(width: usize, height: usize) -> Image {
    let data = (0..width * height).flat_map(|i| {
        let (x, y) = (i % width, i / width);
        let v = 200.0 - 40.0 * x as f32 / width as f32 - 110.0 * y as f32 / height as f32;
        [v * 0.6, v * 0.8, v].map(|c| (c / 4.0).round() as u8 * 4)
    });
    Image::from_rgb8(width, height, &data.collect::<Vec<_>>()).unwrap()
}

struct Pair {
    input: Image,
    result: Image,
    before: HeatMap,
    after: HeatMap,
}

impl Pair {
    fn new(input: Image) -> Self {
        let ctx = Context::default();
        let result = deband(&input).unwrap();
        let [before, after] = [&input, &result].map(|image| HeatMap::from_findings(&inspect(image, &ctx)));
        Self { input, result, before, after }
    }

    fn repaired(&self) -> Side<'_> {
        Side { name: "result.png", image: &self.result, map: Some(&self.after) }
    }

    fn section<'a>(
        &'a self,
        title: &'a str,
        results: &'a [Side<'a>],
        (columns, metrics): (&'a [Column], &'a [MetricRow]),
    ) -> Section<'a> {
        Section {
            title,
            input: Side { name: title, image: &self.input, map: Some(&self.before) },
            results,
            reference: None,
            verdict: "banding: strong in 86 % of the image; levels of 6 bits",
            level: Grade::Strong,
            columns,
            metrics,
            line: None,
        }
    }
}

fn rows() -> (Vec<Column>, Vec<MetricRow>) {
    let row = |name: &str, unit: &str, better, meaning: &str, values: Vec<Value>| MetricRow {
        name: name.to_owned(),
        unit: unit.to_owned(),
        better,
        meaning: meaning.to_owned(),
        values,
    };
    let columns = ["input", "result"].map(|name| Column(name.to_owned())).to_vec();
    let metrics = vec![
        row(
            "cambi",
            "0 to 24",
            Direction::Lower,
            "How much banding a viewer sees; 5 begins to annoy.",
            vec![Value::Number(9.871_234), Value::Number(0.31)],
        ),
        row(
            "psnr",
            "dB",
            Direction::Higher,
            "Distance from the input, all pixels alike.",
            vec![Value::Blank, Value::Number(46.2)],
        ),
        row(
            "niqe",
            "",
            Direction::Lower,
            "How unlike natural images it is.",
            vec![
                Value::Missing("niqe needs at least 192×192 samples, got 90×60".to_owned()),
                Value::Number(4.1),
            ],
        ),
    ];
    (columns, metrics)
}

#[test]
fn names_cannot_break_out_of_the_page() {
    let evil = "\"><script>alert('{{script}}')</script>.png";
    let pair = Pair::new(sky(90, 60));
    let (mut columns, mut metrics) = rows();
    columns[0].0 = evil.to_owned();
    let row = &mut metrics[0];
    for text in [&mut row.name, &mut row.unit, &mut row.meaning] {
        evil.clone_into(text);
    }
    row.values[0] = Value::Missing(evil.to_owned());
    let results = [Side { name: evil, ..pair.repaired() }, pair.repaired()];
    let mut section = pair.section(evil, &results, (&columns, &metrics));
    section.verdict = evil;
    let mut page = Page::new(evil);
    page.add(&section, &Context::default()).unwrap();
    page.add(&section, &Context::default()).unwrap();
    let html = page.html();
    assert!(!html.contains("<script>alert"));
    assert_eq!(html.matches("<script").count(), 1, "the page's own");
    assert!(html.contains("default-src 'none'; ") && html.contains("script-src 'sha256-"), "no other runs");
    assert!(html.matches("&lt;script&gt;").count() > 10);
    assert!(html.matches("alert(&#39;{{script}}&#39;)").count() > 10, "text is not a template");
}

#[test]
fn a_page_needs_nothing_but_itself_and_is_the_same_on_any_number_of_threads() {
    let pair = Pair::new(sky(700, 500));
    let (columns, metrics) = rows();
    let html = |threads| {
        let ctx = Context::with(|new| new.threads = threads);
        let mut page = Page::new("Report").longest(200);
        let results = [pair.repaired()];
        page.add(&pair.section("sky.png", &results, (&columns, &metrics)), &ctx).unwrap();
        page.html()
    };
    let page = html(1);
    assert_eq!(page, html(3));
    for (i, _) in page.match_indices("src=\"") {
        assert!(page[i..].starts_with("src=\"data:image/"), "{}", &page[i..i + 40]);
    }
    let addresses = page.matches("://").count();
    assert_eq!(addresses, page.matches("http://www.w3.org/2000/svg").count());
    assert!(!page.contains("<nav"), "one section needs no table of contents");
    for part in [
        "class=\"slider\"",
        "Banding map",
        "class=\"contrast\"",
        "9.871",
        "niqe needs at least",
        "↓ lower",
        "Place 1",
        "shown at 200 × 143",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn one_image_has_no_slider_and_several_have_contents() {
    let pair = Pair::new(sky(90, 60));
    let mut section = pair.section("alone.png", &[], (&[], &[]));
    let mut page = Page::new("Scores");
    page.add(&section, &Context::default()).unwrap();
    assert!(!page.html().contains("class=\"slider\"") && !page.html().contains("<table"));
    section.title = "second.png";
    page.add(&section, &Context::default()).unwrap();
    let html = page.html();
    let link = html.split("<a href=\"#s2\">").nth(1).unwrap();
    let link = &link[..link.find("</a>").unwrap()];
    assert!(link.starts_with("<img alt=\"\" src=\"data:image/jpeg;base64,"), "{link}");
    assert!(link.ends_with("second.png <span class=\"mark strong\">strong</span>"), "{link}");
    assert!(html.contains("id=\"s2\""));
}

#[test]
fn images_of_different_size_are_refused_and_leave_the_page_as_it_was() {
    let pair = Pair::new(sky(90, 60));
    let other = sky(91, 60);
    let mut page = Page::new("Report");
    let before = page.html();
    let mut section = pair.section("sky.png", &[], (&[], &[]));
    section.reference = Some(Side { name: "clean.png", image: &other, map: None });
    let error = page.add(&section, &Context::default()).unwrap_err();
    assert_eq!(error.to_string(), "clean.png has 91×60 pixels, 90×60 are needed");
    assert_eq!(page.html(), before);
}

#[test]
fn several_results_are_called_by_their_names() {
    let pair = Pair::new(sky(90, 60));
    let results = ["smooth", "gradfun", "a < b"].map(|name| Side { name, ..pair.repaired() });
    let (columns, metrics) = rows();
    let mut section = pair.section("sky.png", &results, (&columns, &metrics));
    section.reference = Some(pair.repaired());
    let mut page = Page::new("Methods");
    page.add(&section, &Context::default()).unwrap();
    let html = page.html();
    for name in ["smooth", "gradfun", "a &lt; b", "reference"] {
        assert!(html.contains(&format!("<option>{name}</option>")), "{name}");
        assert!(html.contains(&format!("data-role=\"{name}\"")), "{name}");
    }
    // A row per image; the reason for a missing value is below.
    assert!(
        html.contains(
            "<tr><th scope=\"row\">result</th><td class=\"number\" data-label=\"cambi\">0.3100</td>"
        )
    );
    assert!(html.contains("<p class=\"note\">– niqe needs at least 192×192 samples, got 90×60</p>"));
    assert_eq!(html.matches("class=\"side after\"").count(), 4);
    assert_eq!(html.matches("<figcaption>gradfun</figcaption>").count(), html.matches("<article>").count());
}

#[test]
fn a_listing_says_what_is_best_what_was_printed_and_why_a_row_is_empty() {
    let cell = |text: &str, best| ListingCell { text: text.into(), interval: "1–2".into(), best };
    let rows = vec![
        ListingRow::Measured { name: "A & B".into(), cells: vec![cell("39.37", true), cell("0.97", false)] },
        ListingRow::Printed { name: "published".into(), cells: vec![cell("<39.4>", false)] },
        ListingRow::Nothing { name: "C".into(), why: "no \"weights\"".into() },
    ];
    let head = ["method", "psnr", "ssim"].map(str::to_owned).to_vec();
    let mut page = Page::new("Table");
    page.list(&Listing { title: "All".into(), notes: vec!["means".into(), "a < b".into()], head, rows });
    let html = page.html();
    assert!(html.contains("A &amp; B</th>") && html.contains("<b>39.37</b>"));
    assert!(
        !html.contains("<b>0.97") && html.contains("<tr class=\"printed\">") && html.contains("&lt;39.4&gt;")
    );
    assert!(html.contains("colspan=\"2\">no &quot;weights&quot;</td>"));
    assert!(html.contains("data-label=\"ssim\"") && html.contains("<p class=\"note\">a &lt; b</p>"));
}

#[test]
fn any_size_and_model_becomes_a_page() {
    let luma: Vec<u8> = (0..77 * 51).map(|i| 40 + (i % 77 / 8 * 4) as u8).collect();
    let chroma = vec![120u8; 39 * 26];
    let yuv = Image::from_yuv420(77, 51, [&luma, &chroma, &chroma], Matrix::Bt709, Range::Limited).unwrap();
    let gray = Image::from_gray(1, 1, &[7u16]).unwrap();
    for input in [sky(1, 1), sky(3, 2000), sky(2000, 3), yuv, gray] {
        let (width, height) = (input.width(), input.height());
        let pair = Pair::new(input);
        let results = [pair.repaired()];
        let mut section = pair.section("small.png", &results, (&[], &[]));
        section.reference = Some(pair.repaired());
        let mut page = Page::new("Report");
        page.add(&section, &Context::default()).unwrap();
        assert!(page.html().contains(&format!("{width} × {height} pixels")));
        let found = segments(&pair.input, 1).unwrap();
        assert_eq!(found.image(0).rgb.len(), 3 * width * height);
    }
}

#[test]
fn the_worst_spots_and_the_profile_show_the_bands_that_the_result_has_not() {
    let ctx = Context::default();
    let pair = Pair::new(sky(640, 480));
    let spots = worst_spots(&pair.before, (640, 480), 3, 256);
    assert!(!spots.is_empty() && spots[0].strength > 0.0);
    let stretch = Stretch::new(&pair.input, &spots[0], &ctx).unwrap();
    assert!(stretch.gain() > 5.0, "{stretch:?}");
    let [before, after] =
        [&pair.input, &pair.result].map(|image| stretched(image, &spots[0], &stretch, &ctx).unwrap());
    assert_ne!(before, after);
    let line = Line::worst(&pair.input, &pair.before);
    let series = [Series::new("input", &pair.input), Series::new("result", &pair.result)];
    let profile = Profile::along(line, &series).unwrap();
    // Over nine pixels the result's mean moves by less than the input's steps of four codes.
    let largest = |codes: &[f64]| {
        let means: Vec<f64> = codes.windows(9).map(|w| w.iter().sum::<f64>() / 9.0).collect();
        means.windows(10).map(|w| (w[9] - w[0]).abs()).fold(0.0, f64::max)
    };
    assert!(largest(&profile.codes[0]) > 3.9, "{}", largest(&profile.codes[0]));
    assert!(largest(&profile.codes[1]) < 3.0, "{}", largest(&profile.codes[1]));
    assert!(segments(&pair.result, 0).unwrap().count > 20 * segments(&pair.input, 0).unwrap().count);
    let map = overlay(&DisplayImage::from_image(&pair.input, &ctx).unwrap(), &pair.before);
    assert!(map.rgb.chunks(3).any(|c| c[0].saturating_sub(c[1]) > 40), "bands are coloured");
}

fn example(name: &str) -> Image {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    unband_io::read_file(&path, &unband_io::Limits::default()).unwrap().0
}

fn on_path(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|all| std::env::split_paths(&all).any(|dir| dir.join(program).is_file()))
}

/// Writes two pages and lets `tools/check_page.py` use them like a person; screenshots are written to
/// `UNBAND_SHOTS`.
#[test]
fn the_page_runs_in_a_browser() {
    if let Some(missing) = ["chromium", "python3"].into_iter().find(|program| !on_path(program)) {
        unband_skips::program(missing);
        return;
    }
    let ctx = Context::default();
    let pair = Pair::new(example("sunset.png"));
    let (columns, metrics) = rows();
    let results = [pair.repaired()];
    let mut section = pair.section("sunset.png", &results, (&columns, &metrics));
    let mut two = Page::new("unband compare");
    two.add(&section, &ctx).unwrap();
    let small = Pair::new(sky(400, 300));
    let smaller = [small.repaired()];
    let mut other = small.section(
        "a sky with a <long> name that has no place to break_in_it_anywhere_at_all.png",
        &smaller,
        (&[], &[]),
    );
    other.reference = Some(Side { name: "clean.png", image: &small.result, map: None });
    two.add(&other, &ctx).unwrap();
    section.results = &[];
    let mut one = Page::new("unband score");
    one.add(&section, &ctx).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let shots = std::env::var_os("UNBAND_SHOTS").map(PathBuf::from);
    for (name, page) in [("compare.html", two), ("score.html", one)] {
        let file = folder.path().join(name);
        std::fs::write(&file, page.html()).unwrap();
        if let Some(shots) = &shots {
            std::fs::create_dir_all(shots).unwrap();
            std::fs::copy(&file, shots.join(name)).unwrap();
        }
        let mut check = Command::new("python3");
        check.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/check_page.py")).arg(&file);
        if let Some(shots) = &shots {
            check.arg("--shots").arg(shots);
        }
        let output = check.output().unwrap();
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {said}");
    }
}
