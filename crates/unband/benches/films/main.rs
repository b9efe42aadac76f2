//! How much better do videos get, is nothing made worse, and what do encoders leave of it? Whole jobs on clips of photos.
//!
//! `UNBAND_PHOTOS=FOLDER scripts/bench videos [--part coded|panned|lag] [--only CLIP] [--codec NAME] [--keep FOLDER]
//! [--method NAME;…] [--lossless] [--rank] [--write]`; `--codec`, `--method` and `--lossless` are of the part `coded`.
//! `UNBAND_PHOTOS=FOLDER scripts/bench film-encoders [--only CLIP] [--codec NAME] [--keep FOLDER] [--write]`
#![allow(clippy::print_stdout, clippy::print_stderr, missing_docs)]

mod clips;
mod coded;
mod encoders;
mod lag;
mod luma;
mod moving;
mod panned;
mod score;
mod tools;

use std::error::Error;
use std::path::{Path, PathBuf};

use unband::video::{FilmOptions, FilmReport, deband_film};
use unband::{Choice, Context, Options};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What is measured, and where.
#[derive(Default)]
pub struct Run {
    photos: PathBuf,
    folder: PathBuf,
    only: Option<String>,
    codec: Option<String>,
    methods: Option<String>,
    lossless: bool,
}

impl Run {
    /// Is a clip of that name or photo among those asked for?
    fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| name.contains(only.as_str()))
    }

    /// The clean clip of a photo of `val`, made where it is not there yet.
    fn clean(&self, clip: &clips::Clip) -> Result<PathBuf> {
        let clean = self.folder.join(format!("{}.clean.mkv", clip.name));
        if !clean.exists() {
            clip.write(&self.photos.join("val"), &clean)?;
        }
        Ok(clean)
    }
}

fn main() -> Result<()> {
    let mut run = Run::default();
    let (mut keep, mut part) = (None, None);
    let (mut write, mut rank, mut encoders) = (false, false, false);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--only" => run.only = Some(value()?),
            "--codec" => run.codec = Some(value()?),
            "--method" => run.methods = Some(value()?),
            "--keep" => keep = Some(PathBuf::from(value()?)),
            "--part" => part = Some(value()?),
            "--write" => write = true,
            "--rank" => rank = true,
            "--encoders" => encoders = true,
            "--lossless" => run.lossless = true,
            "--bench" => {}
            other => return Err(format!("unknown argument `{other}`").into()),
        }
    }
    run.photos =
        std::env::var_os("UNBAND_PHOTOS").ok_or("UNBAND_PHOTOS names a folder with val and test")?.into();
    if rank {
        print!("{}", panned::rank(&run.photos)?);
        return Ok(());
    }
    let own = tempfile::tempdir()?;
    run.folder = keep.unwrap_or_else(|| own.path().to_owned());
    std::fs::create_dir_all(&run.folder)?;
    let (file, page) = if encoders {
        ("film-encoders.md", ENCODERS.to_owned() + &encoders::page(&run)?)
    } else {
        let mut page = String::from(TITLE);
        for (name, about, of) in PARTS {
            if part.as_ref().is_none_or(|part| part == name) {
                page += about;
                page += &of(&run)?;
            }
        }
        ("films.md", page)
    };
    print!("{page}");
    if write {
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/results").join(file), page)?;
    }
    Ok(())
}

/// A video job with a method and options.
fn job(source: &Path, result: &Path, method: Choice, options: &FilmOptions) -> Result<FilmReport> {
    let options = FilmOptions { options: Options { method, ..options.options.clone() }, ..options.clone() };
    Ok(deband_film(source, result, &options, &Context::default())?)
}

const TITLE: &str = "\
# Videos

Made by `scripts/bench films --write`: clean clips of photos, encoded in eight bits, restored by `unband FILM` and decoded again. Every figure is
of a whole job, from file to file. Every clip is 640×360 at 24 frames a second.
";

/// A part's name, what the page says of it, and what measures it.
type Part = (&'static str, &'static str, fn(&Run) -> Result<String>);

const PARTS: [Part; 3] =
    [("coded", CODED, coded::page), ("panned", PANNED, panned::page), ("lag", LAG, lag::page)];

const CODED: &str = "
## Low rates of four codecs

Seven clips of photos of `val`, which also chose methods and limits: pans, zooms, a fade, a still camera, clean in ten bits. x264 CRF 30, x265
CRF 32, VP9 CRF 44 and SVT-AV1 CRF 55 in eight bits show plain bands. `auto` is what the program does by default, x265 CRF 16 in
ten bits behind it; of the originals (their defaults) too. The last source, x265 CRF 14 in ten bits, has nothing to repair: such videos are to be
copied, not encoded again, and the last column counts how many were.

PSNR over red, green and blue; flat: PSNR of luma where the clean frame is smooth; low: the same of the error's means over 5×5; false steps per
1,000 samples there; flicker: mean difference from frame to frame of the error, in 8-bit codes, in smooth areas that stand still.
By itself: `scripts/bench films --part coded`.

";

const PANNED: &str = "
## Clips that pan

The four photos of `test`, which chose nothing, with the most smooth area by the program's own mask (`scripts/bench films --rank`), 900×520 or a
little more of each; a window moves over them by 1.37 samples across and 0.61 down from frame to frame (cubic). 24 frames, rounded to eight bits,
x264 CRF 24 and x265 CRF 26, restored with `--lossless`, so that no second encoder blurs the view.

Of luma as it is stored, against the clip before it was rounded and encoded; PSNR in decibels of the mean squared error of all frames, peak 255. flat: over the
smooth mask of the clean frame; low: the same of the error's means over 5×5. First the input, then the gain of each frame restored alone
and that of the video job; a minus is a result below its input. False steps: per 1,000 smooth samples, of the input and of the result, and their share. By itself:
`scripts/bench films --part panned`.

";

const LAG: &str = "
## Slow motion

Two photos of `val` with large smooth areas, x264 CRF 24, `--lossless`: pans of so many samples a frame, a zoom and a fade of so much a frame, and a
camera that stands still. A result that is carried from frame to frame lags where motion is taken for stillness. By itself:
`scripts/bench films --part lag`.

- level: the largest mean error of a frame over its smooth mask, in 8-bit codes, of frames restored alone and in the video job; apart: the largest
  difference between both in one frame; mean apart: the mean of these differences with their signs. Frames of x264 differ in level from one to the
  next, which a mean over time evens out: that sets single frames apart both ways. A lag has one sign.
- frames worse: how many of the 24 have a higher low-frequency error in smooth areas (means over 5×5) than the input's, by so much at most.
- reversed: the decoded frames in reverse order through the same job; the largest difference of a sample from the result of the video that runs forward, in codes
  of ten bits. 0: the one mirrors the other.

";

const ENCODERS: &str = "\
# Encoders behind the video job

Made by `scripts/bench film-encoders --write`: what do encoders leave of a repair? Four clips of photos of `val`, which also chose these settings: a slow
pan over a sky, haze and an arctic sky that stand still, and fog that fades to black; clean in ten bits, x264 CRF 24 in eight. One video job with
the program's own choice for each row, its result decoded. In bold what the program takes for its purposes; FFV1, which loses nothing, is the mark.

kb/s: of the result; below the clips' names and in the mean CAMBI of luma, lower is better, of every fourth frame; PSNR over red, green and blue; flat:
PSNR of luma where the clean frame is smooth; low: the same of the error's means over 5×5; false steps per 1,000 samples there; flicker:
mean difference from frame to frame of the error, in 8-bit codes, in smooth areas that stand still; seconds: of the whole job, on a machine with other
work.

- **Ten bits** keep the repair with every encoder. No setting of x265 is better at the same size: `aq-mode` 1 and 3 cost what a lower CRF costs and give what
  it gives, without psychovisual weights there are more false steps, without SAO less PSNR. Video grain of SVT-AV1 hides every step and
  costs PSNR, false steps and flicker. All stay as they were.
- **Eight bits** do not hold a repaired slope without dither, and encoders wipe every dither but the ordered pattern out: the others end at about
  their source's CAMBI. x265 without SAO keeps more of the pattern and loses PSNR; `aq-mode=3` pays with size. Both stay as they were.
- **SVT-AV1 in eight bits** brought a fade back above its source even with the pattern. `tune=0`, which weighs what is seen over PSNR, keeps more of it
  at about the same size, and is what the program takes in eight bits; in ten it costs size and gives nothing.
- **Not reached:** VP9 at CRF 28 in eight bits, which is `--for web` with `--depth 8` where FFmpeg lacks SVT-AV1, ends a little above its source.

";
