//! Benchmark of the verdict on images with a known history.

use unband::verdict::{Grade, grade};
use unband::{Context, Findings, Image, With, inspect};
use unband_data::{FixedDegradation, Pair};
use unband_image::findings::Cause as Called;

use crate::Result;
use crate::corpus::{Corpus, Photo};
use crate::shows_degradation;

/// Banded images, and the accepted names of their degradations.
const BANDED: [(&str, &[Called]); 13] = [
    ("rgb-6", &[Called::Levels]),
    ("rgb-5", &[Called::Levels]),
    ("luma-6", &[Called::PlaneGrid, Called::RecodedGrid]),
    ("chroma-6", &[Called::PlaneGrid, Called::RecodedGrid]),
    ("fhd-luma-6", &[Called::PlaneGrid, Called::RecodedGrid]),
    ("tone-curve", &[Called::ToneCurve]),
    ("palette-256", &[Called::Palette]),
    ("palette-64", &[Called::Palette]),
    ("jpeg-35", &[Called::Jpeg]),
    ("x264-34", &[Called::Coded, Called::Video]),
    ("x265-28", &[Called::Coded, Called::Video]),
    ("vp9-36", &[Called::Coded, Called::Video]),
    ("av1-34", &[Called::Coded, Called::Video]),
];

/// Images without visible bands.
const CLEAN: [&str; 3] = ["8-bit", "yuv420-8", "jpeg-90"];

/// The table header.
pub(crate) const HEAD: &str = "\
| images | degradation | photos | none | slight | visible | strong | right | degradation named right | visible in | of these right |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|";

/// Counts of several images.
#[derive(Default)]
struct Counts {
    grades: [usize; 4],
    named: usize,
    shown: usize,
    shown_right: usize,
}

impl Counts {
    fn add(&mut self, findings: &Findings, shows: bool, names: &[Called]) {
        let grade = grade(findings);
        self.grades[grade as usize] += 1;
        self.shown += usize::from(shows);
        self.shown_right += usize::from(shows && grade >= Grade::Visible);
        self.named += usize::from(names.contains(&findings.cause));
    }

    fn photos(&self) -> usize {
        self.grades.iter().sum()
    }

    fn seen(&self) -> usize {
        self.grades[Grade::Visible as usize..].iter().sum()
    }

    fn line(&self, set: &str, name: &str, banded: bool) -> String {
        let right = if banded { self.seen() } else { self.photos() - self.seen() };
        let [none, slight, visible, strong] = self.grades;
        let share = |n: usize, of: usize| format!("{:.0} %", 100.0 * n as f64 / of.max(1) as f64);
        let of_banded = |text: String| if banded { text } else { "–".to_owned() };
        format!(
            "| {set} | {name} | {} | {none} | {slight} | {visible} | {strong} | {} | {} | {} | {} |",
            self.photos(),
            share(right, self.photos()),
            of_banded(share(self.named, self.photos())),
            of_banded(self.shown.to_string()),
            of_banded(share(self.shown_right, self.shown)),
        )
    }
}

/// The lines of one set.
pub(crate) fn lines(corpus: &Corpus, set: &str, photos: &[&Photo], verbose: bool) -> Result<Vec<String>> {
    let look = |image: &Image| inspect(image, &Context::with(|new| new.threads = 1));
    let mut lines = Vec::new();
    let (mut banded, mut clean) = (Counts::default(), Counts::default());
    let all = BANDED.into_iter().map(|(name, names)| (name, names, true));
    for (name, names, is_banded) in all.chain(CLEAN.map(|name| (name, &[][..], false))) {
        let cause = unband_data::find(name).ok_or(format!("no cause `{name}`"))?;
        let found = each(corpus, photos, cause, &|pair| {
            (look(&pair.lq), is_banded && shows_degradation::shows(pair))
        })?;
        let Some(found) = found else {
            lines.push(format!("| {set} | {name} | skipped: a program it needs is not installed |"));
            continue;
        };
        let sum = if is_banded { &mut banded } else { &mut clean };
        let mut counts = Counts::default();
        if verbose {
            found
                .iter()
                .zip(photos)
                .for_each(|((findings, shows), photo)| one(name, photo, findings, *shows));
        }
        for (findings, shows) in &found {
            counts.add(findings, *shows, names);
            sum.add(findings, *shows, names);
        }
        lines.push(counts.line(set, name, is_banded));
    }
    let cause = unband_data::find("8-bit").ok_or("no cause `8-bit`")?;
    let mut counts = Counts::default();
    for findings in each(corpus, photos, cause, &|pair| look(&pair.gt))?.unwrap_or_default() {
        counts.add(&findings, false, &[]);
        clean.add(&findings, false, &[]);
    }
    lines.push(counts.line(set, "none, 16 bits", false));
    lines.push(banded.line(set, "**all banded**", true));
    lines.push(clean.line(set, "**all others**", false));
    Ok(lines)
}

/// The inputs of the verdict, for tuning its limits.
fn one(cause: &str, photo: &Photo, findings: &Findings, shows: bool) {
    let widest = |f: &Findings| f.grids.iter().map(|g| g.step_codes).fold(0.0, f32::max);
    let (called, step, traces) = (findings.cause, widest(findings), findings.coded_codes);
    let (share, visible) = (findings.banded_share, findings.visible);
    eprintln!("{cause} {} {called:?} {step:.3} {traces:.3} {share:.4} {visible} {shows}", photo.name);
}

fn each<T: Send>(
    corpus: &Corpus,
    photos: &[&Photo],
    cause: &FixedDegradation,
    look: &(dyn Fn(&Pair) -> T + Sync),
) -> Result<Option<Vec<T>>> {
    let one =
        |i: usize| Ok(corpus.pair(photos[i], cause).map_err(|e| e.to_string())?.map(|pair| look(&pair)));
    let all = Context::default().map(photos.len(), one);
    Ok(all.into_iter().collect::<std::result::Result<Option<Vec<_>>, String>>()?)
}
