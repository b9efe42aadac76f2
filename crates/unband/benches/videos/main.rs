//! Video benchmark: whole jobs on clips of photos, gain and encoder losses.
//!
//! `UNBAND_PHOTOS=FOLDER scripts/bench videos [--part coded|panned|lag] [--only CLIP] [--codec NAME] [--keep
//! FOLDER] [--method NAME;…] [--lossless] [--rank] [--write]`; `--codec`, `--method` and `--lossless` belong
//! to the part `coded`.
//!
//! `UNBAND_PHOTOS=FOLDER scripts/bench video-encoders [--only CLIP] [--codec NAME] [--keep FOLDER] [--write]`
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

use unband::video::{VideoOptions, VideoReport, deband_video};
use unband::{Choice, Context, With};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Selection and folders of a run.
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
    /// Is a clip or photo of that name selected?
    fn selects(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| name.contains(only.as_str()))
    }

    /// The clean clip of a photo of `val`, made if missing.
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
        ("video-encoders.md", ENCODERS.to_owned() + &encoders::page(&run)?)
    } else {
        let mut page = String::from(TITLE);
        for (name, about, of) in PARTS {
            if part.as_ref().is_none_or(|part| part == name) {
                page += about;
                page += &of(&run)?;
            }
        }
        ("videos.md", page)
    };
    print!("{page}");
    if write {
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/results").join(file), page)?;
    }
    Ok(())
}

/// A video job with a method and options.
fn job(source: &Path, result: &Path, method: Choice, options: &VideoOptions) -> Result<VideoReport> {
    let options = options.clone().but(|new| new.options.method = method);
    Ok(deband_video(source, result, &options, &Context::default())?)
}

const TITLE: &str = "\
# Videos

Made by `scripts/bench videos --write`: clean clips of photos, encoded in eight bits, restored by `unband VIDEO` and decoded again.
Every figure is for a whole job, from file to file. Every clip is 640×360 at 24 frames per second.
";

/// A part's name, its introduction on the page, and its measurement.
type Part = (&'static str, &'static str, fn(&Run) -> Result<String>);

const PARTS: [Part; 3] =
    [("coded", CODED, coded::page), ("panned", PANNED, panned::page), ("lag", LAG, lag::page)];

const CODED: &str = "
## Low rates of four codecs

Seven clips of photos of `val`, which were also used for tuning: pans, zooms, a fade, a still camera, clean in ten bits. x264 CRF 30,
x265 CRF 32, VP9 CRF 44 and SVT-AV1 CRF 55 in eight bits show clear bands. `auto` is the default, encoded with x265 CRF 16 in
ten bits, as are the reimplementations (default settings). The last source, x265 CRF 14 in ten bits, needs no repair: such videos
should be copied, not encoded again, and the last column is the number of copied clips.

PSNR over red, green and blue; flat: PSNR of luma where the clean frame is smooth; low: the same for the 5×5 means of the error; false
steps per 1,000 samples there; flicker: mean frame-to-frame change of the error, in 8-bit codes, in smooth static areas.
This part alone: `scripts/bench videos --part coded`.

";

const PANNED: &str = "
## Panning clips

The four photos of `test`, which were not used for tuning, with the most smooth area by unband's own mask (`scripts/bench videos
--rank`), 900×520 or slightly more of each; a window moves over them by 1.37 samples across and 0.61 down per frame (cubic). 24 frames,
rounded to eight bits, x264 CRF 24 and x265 CRF 26, restored with `--lossless`, so that no second encoder affects the result.

Stored luma, compared with the clip before rounding and encoding; PSNR in decibels of the mean squared error of all frames, peak 255.
flat: over the smooth mask of the clean frame; low: the same for the 5×5 means of the error. First the input, then the gain of each
frame restored alone and that of the video job; a minus is a result below its input. False steps: per 1,000 smooth samples, of the
input and of the result, and their ratio. This part alone: `scripts/bench videos --part panned`.

";

const LAG: &str = "
## Slow motion

Two photos of `val` with large smooth areas, x264 CRF 24, `--lossless`: pans by the given samples per frame, a zoom and a fade by the
given share per frame, and a still camera. A temporal mean lags where motion is mistaken for a static area. This part alone:
`scripts/bench videos --part lag`.

- level: the largest mean error of a frame over its smooth mask, in 8-bit codes, of frames restored alone and in the video job; apart:
  the largest difference between both in one frame; mean apart: the signed mean of these differences. Levels of x264 frames vary from
  one to the next, which a mean over time evens out: single frames then differ in both directions. A lag has one sign.
- frames worse: number of the 24 frames with a higher low-frequency error in smooth areas (5×5 means) than the input's, and the
  maximum excess.
- reversed: the decoded frames in reverse order through the same job; the largest difference of a sample from the result of the
  forward video, in 10-bit codes. 0: both are the same.

";

const ENCODERS: &str = "\
# Encoders for the video job

Made by `scripts/bench video-encoders --write`: losses of a repair in encoders. Four clips of photos of `val`, which were also used to
choose these settings: a slow pan over a sky, haze and an arctic sky with a still camera, and fog that fades to black; clean in ten
bits, x264 CRF 24 in eight. One video job with the default method for each row, its result decoded. Default settings of each purpose
are in bold; lossless FFV1 is the reference.

kb/s: of the result; below the clips' names and in the mean CAMBI of luma, lower is better, of every fourth frame; PSNR over red, green
and blue; flat: PSNR of luma where the clean frame is smooth; low: the same for the 5×5 means of the error; false steps per 1,000
samples there; flicker: mean frame-to-frame change of the error, in 8-bit codes, in smooth static areas; seconds: of the whole job, on
a machine with other work.

- **Ten bits** keep the repair with every encoder. No setting of x265 is better at the same size: `aq-mode` 1 and 3 cost and gain as
  much as a lower CRF, without psychovisual weights there are more false steps, without SAO less PSNR. Film grain of SVT-AV1 hides
  every step and costs PSNR, false steps and flicker. All settings were kept.
- **Against the source in the same encoder**, unrepaired: in ten bits the defaults of x265, SVT-AV1 and VP9 keep 82 to 84 % of the
  fall in CAMBI and take 0.89 to 0.91 times the size. In eight bits x265 keeps a third of it at the same size.
- **Eight bits** do not hold a repaired slope without dither, and encoders remove every dither except the ordered pattern: the others
  end at about their source's CAMBI. x265 without SAO keeps more of the pattern and loses PSNR; `aq-mode=3` costs size. Both settings
  were kept.
- **SVT-AV1 in eight bits** brought a fade back above its source even with the pattern. `tune=0`, which favours visual quality over
  PSNR, keeps more of it at about the same size, and is the default in eight bits; in ten it costs size without a gain.
- **Not reached:** VP9 at CRF 28 in eight bits, which is `--for web` with `--depth 8` where FFmpeg lacks SVT-AV1, ends a little above
  its source.

";
