//! How much better do films get? Clean ten-bit clips of photos, encoded at low rates, restored, encoded again with what the
//! program takes where nobody chooses, and decoded.
//!
//! `UNBAND_PHOTOS=FOLDER scripts/bench films [--only CLIP] [--codec NAME] [--keep FOLDER] [--method NAME;…] [--lossless] [--write]`
#![allow(clippy::print_stdout, clippy::print_stderr, missing_docs)]

mod clips;
mod score;

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use unband::video::{FilmOptions, deband_film};
use unband::{Choice, Context, Options};
use unband_io::video::Purpose;

use score::Scores;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Sources: a name, and arguments for `FFmpeg`. Rates at which flat areas are plainly banded.
const CODECS: &[(&str, &[&str])] = &[
    ("x264", &["-c:v", "libx264", "-crf", "30", "-pix_fmt", "yuv420p"]),
    ("x265", &["-c:v", "libx265", "-crf", "32", "-pix_fmt", "yuv420p", "-x265-params", "log-level=error"]),
    ("VP9", &["-c:v", "libvpx-vp9", "-crf", "44", "-b:v", "0", "-cpu-used", "4", "-pix_fmt", "yuv420p"]),
    ("AV1", &["-c:v", "libsvtav1", "-crf", "55", "-preset", "8", "-pix_fmt", "yuv420p"]),
];

/// What is compared with the source itself.
const METHODS: &str = "smooth;ffmpeg-deband;gradfun;f3kdb";

fn main() -> Result<()> {
    let (mut only, mut codec, mut keep, mut methods) = (None, None, None, None);
    let (mut write, mut lossless) = (false, false);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--only" => only = Some(value()?),
            "--codec" => codec = Some(value()?),
            "--keep" => keep = Some(PathBuf::from(value()?)),
            "--method" => methods = Some(value()?),
            "--write" => write = true,
            "--lossless" => lossless = true,
            "--bench" => {}
            other => return Err(format!("unknown argument `{other}`").into()),
        }
    }
    let methods = methods.unwrap_or_else(|| METHODS.to_owned());
    let photos = std::env::var_os("UNBAND_PHOTOS").ok_or("UNBAND_PHOTOS names a folder with val/*.jxl")?;
    let own = tempfile::tempdir()?;
    let folder = keep.as_deref().unwrap_or(own.path());
    std::fs::create_dir_all(folder)?;
    let mut rows: Vec<(String, String, Vec<Scores>)> = Vec::new();
    for clip in
        clips::CLIPS.iter().filter(|clip| only.as_ref().is_none_or(|only| clip.name.contains(only.as_str())))
    {
        let clean = folder.join(format!("{}.clean.mkv", clip.name));
        if !clean.exists() {
            clip.write(&Path::new(&photos).join("val"), &clean)?;
        }
        let reference = score::Reference::of(&clean)?;
        for (name, args) in CODECS.iter().filter(|(name, _)| codec.as_ref().is_none_or(|codec| codec == name))
        {
            let source = folder.join(format!("{}.{name}.mkv", clip.name));
            if !source.exists() {
                ffmpeg(&[&["-i", text(&clean)?][..], args, &[text(&source)?]].concat())?;
            }
            for method in std::iter::once(None).chain(methods.split(';').map(Some)) {
                let result = match method {
                    None => source.clone(),
                    Some(method) => {
                        let result = folder.join(format!("{}.{name}.{method}.mkv", clip.name));
                        restore(&source, &result, method, lossless)?;
                        result
                    }
                };
                let scores = reference.score(&result)?;
                let label = method.unwrap_or("input").to_owned();
                eprintln!("{} {name} {label}: {scores}", clip.name);
                match rows.iter_mut().find(|(codec, method, _)| codec == name && *method == label) {
                    Some((_, _, all)) => all.push(scores),
                    None => rows.push(((*name).to_owned(), label, vec![scores])),
                }
            }
        }
    }
    let page = table(&rows);
    print!("{page}");
    if write {
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/results/films.md"), page)?;
    }
    Ok(())
}

fn restore(source: &Path, result: &Path, method: &str, lossless: bool) -> Result<()> {
    let (name, settings) = unband_filters::parse_method(method, unband::methods())?;
    let method = Choice::Named { name: name.to_owned(), settings };
    let options = Options { method, ..Options::default() };
    let purpose = if lossless { Purpose::Archive } else { Purpose::default() };
    let options = FilmOptions { options, purpose, overwrite: true, ..FilmOptions::default() };
    deband_film(source, result, &options, &Context::default())?;
    Ok(())
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| "a path that is no text".into())
}

fn ffmpeg(args: &[&str]) -> Result<()> {
    let output = Command::new("ffmpeg").args(["-v", "error", "-y", "-nostdin"]).args(args).output()?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
    }
}

fn table(rows: &[(String, String, Vec<Scores>)]) -> String {
    let mut page = String::from(
        "# Films\n\nMade by `scripts/bench films --write`: clips of photos kept for choosing (pans, zooms, a fade, a still \
         camera), clean in ten bits, encoded in\neight bits at low rates, restored by `unband FILM`, decoded again and compared \
         with the clean clip. PSNR over red, green and blue; flat: where the clean\nframe is smooth; false steps per 1,000 \
         samples there; flicker: mean difference from frame to frame of the error, in 8-bit codes, in smooth areas that\nstand \
         still. Originals run on their defaults.\n\n| source | method | PSNR, dB | flat, dB | false steps | flicker |\n\
         |---|---|---:|---:|---:|---:|\n",
    );
    for (codec, method, scores) in rows {
        let mean = Scores::mean(scores);
        let _ = writeln!(page, "| {codec} | {method} | {mean} |");
    }
    page
}
