//! Names of the results of videos.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use unband::io::video::{Purpose, container_of};

use super::VideoJob;
use crate::args::VideoArgs;
use crate::inputs::Input;
use crate::outputs::{folder_of, suffixed};
use crate::reporter::{Failure, Reporter};

impl VideoJob<'_> {
    /// The output path of each video: next to its input, in the output folder, or the file given by `-o`.
    pub(super) fn targets(&self, videos: &[Input], reporter: &Reporter<'_>) -> Result<Vec<PathBuf>, Failure> {
        let named =
            self.images.output.as_deref().filter(|path| container_of(path).is_none() || path.is_dir());
        let folder = named.and_then(|path| folder_of(Some(path), &self.images.inputs));
        let y4m = |path: &&Path| path.extension().is_some_and(|end| end.eq_ignore_ascii_case("y4m"));
        if let (None, Some(path)) = (folder, self.images.output.as_deref().filter(y4m)) {
            let hint = format!("write `-o - > {}`", path.display());
            return Err(Failure::usage("YUV4MPEG2 frames can only be written to standard output", hint));
        }
        if let (None, Some(path), 2..) = (folder, &self.images.output, videos.len()) {
            let message =
                format!("{} videos cannot be written to one file, {}", videos.len(), path.display());
            return Err(Failure::usage(
                message,
                format!("name a folder, `-o {}/`", path.with_extension("").display()),
            ));
        }
        let suffix = self.images.suffix.as_deref();
        if let (None, Some(path), Some(suffix)) = (folder, &self.images.output, suffix) {
            let message =
                format!("`--suffix {suffix}` names files in a folder, and `-o` is {}", path.display());
            return Err(Failure::usage(message, "name a folder with `-o`, or drop `--suffix`"));
        }
        let target = |video: &Input| match (folder, &self.images.output) {
            (Some(folder), _) => {
                let stem = suffixed(&folder.join(&video.below), suffix.unwrap_or_default());
                with_end(&stem, extension(self.video, &video.path))
            }
            (None, Some(path)) => path.clone(),
            (None, None) => default_output(&video.path, &self.suffix, self.video),
        };
        let mut targets: Vec<PathBuf> = videos.iter().map(target).collect();
        self.distinguish(videos, &mut targets, reporter);
        for (i, (video, output)) in videos.iter().zip(&targets).enumerate() {
            if let Some(other) = videos.iter().find(|other| same(&other.path, output)) {
                let other = if other == video {
                    "it".to_owned()
                } else {
                    format!("{}, which is also an input", other.shown())
                };
                let message = format!("the result of {} would replace {other}", video.shown());
                return Err(Failure::usage(
                    message,
                    "choose another name or folder: input videos are never replaced",
                ));
            }
            if let Some(first) = targets[..i].iter().position(|target| target == output) {
                let message = format!(
                    "{} and {} would both be written to {}",
                    videos[first].shown(),
                    video.shown(),
                    output.display()
                );
                return Err(Failure::usage(message, "run them separately with different `-o`"));
            }
        }
        if let Some(folder) = folder.filter(|_| !self.images.dry_run)
            && let Err(error) = std::fs::create_dir_all(folder)
        {
            let message = format!("cannot create the folder: {}", crate::inputs::reason(&error));
            return Err(Failure::at(folder.display().to_string(), message, None));
        }
        Ok(targets)
    }

    /// Resolves name clashes between results, such as those of `a.mkv` and `a.hevc`: the whole input name
    /// becomes part of the second one's, `a.hevc_unband.mkv`. Notes each.
    fn distinguish(&self, videos: &[Input], targets: &mut [PathBuf], reporter: &Reporter<'_>) {
        // A container that is kept has the short name.
        let kept = |i: usize, targets: &[PathBuf]| videos[i].path.extension() == targets[i].extension();
        let mut order: Vec<usize> = (0..videos.len()).collect();
        order.sort_by_key(|&i| !kept(i, targets));
        let mut taken: HashMap<PathBuf, usize> = HashMap::new();
        for i in order {
            let name = videos[i].path.file_name().unwrap_or_default();
            if let Some(&first) = taken.get(&targets[i])
                && videos[first].path.file_name() != Some(name)
            {
                let suffix = self.images.suffix.as_deref();
                let suffix = suffix.unwrap_or(if self.images.output.is_some() { "" } else { &self.suffix });
                let mut whole = name.to_owned();
                whole.push(suffix);
                let end = targets[i].extension().and_then(OsStr::to_str).unwrap_or_default();
                let whole = with_end(&targets[i].with_file_name(whole), end);
                let shown = whole.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let (first, second) = (videos[first].shown(), videos[i].shown());
                reporter.note(&format!(
                    "{first} and {second} have the same name: the result of {second} becomes {shown}"
                ));
                targets[i] = whole;
            }
            taken.entry(targets[i].clone()).or_insert(i);
        }
    }
}

/// The extension of a video's result. Matroska replaces containers without FFV1 where that is needed, and
/// those that are read only; editing programs and sites have their own.
fn extension<'a>(args: &VideoArgs, input: &'a Path) -> &'a str {
    let lossless = args.lossless || args.purpose == Some(Purpose::Archive);
    let own = input.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let uploaded = ["mp4", "m4v", "mov", "webm"].iter().any(|known| own.eq_ignore_ascii_case(known));
    match args.purpose {
        Some(Purpose::Edit) => return "mov",
        Some(Purpose::Youtube) if !uploaded => return "mp4",
        _ => {}
    }
    let keeps = container_of(input).is_some_and(|container| !lossless || container.ffv1);
    if keeps { own } else { "mkv" }
}

/// The default result of a video.
pub(crate) fn default_output(input: &Path, suffix: &str, args: &VideoArgs) -> PathBuf {
    with_end(&suffixed(input, suffix), extension(args, input))
}

/// The path with an extension behind its whole name.
fn with_end(stem: &Path, extension: &str) -> PathBuf {
    let mut name = stem.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(extension);
    stem.with_file_name(name)
}

fn same(a: &Path, b: &Path) -> bool {
    a == b || a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}
