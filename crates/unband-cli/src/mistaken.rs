//! Arguments that mean something else: misspelt commands, and habits of other programs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::args::ImageArgs;
use crate::inputs::{STDIO, is_pattern};
use crate::reporter::Failure;

/// Options of other programs, and the way to the same with unband; all for images and videos.
const OPTIONS: &[(&[&str], &str)] = &[
    (&["-y", "-f", "--force", "--yes", "--replace"], "`--overwrite` replaces existing files"),
    (&["-i", "--input", "--in", "--in-file"], "name the input without an option: `unband FILE`"),
    (
        &["--in-place", "--inplace", "--in_place", "--replace-original"],
        "results are new files; `unband FILE -o FILE --overwrite` replaces an image",
    ),
    (&["--out", "--out-dir", "--outdir", "--output-dir", "--outfolder"], "name a folder with `-o FOLDER/`"),
    (
        &["--crf", "-crf", "--cq", "-qp"],
        "`--ffmpeg-args \"-crf 20\"` sets it; `--for web` makes small videos",
    ),
    (
        &["--preset", "-preset", "--tune", "-tune", "-speed"],
        "`--ffmpeg-args \"-preset slow\"` passes it to the encoder",
    ),
    (
        &["--codec", "--encoder", "--vcodec", "-c", "-codec", "-vcodec", "-pix_fmt", "--pix-fmt"],
        "`--for web`, `youtube`, `edit` or `archive` chooses the encoder; `--ffmpeg-args \"-c:v libx264 -crf 14\"` replaces it",
    ),
    (&["-b", "--bitrate", "--bit-rate"], "`--ffmpeg-args \"-b:v 8M\"` passes it to the encoder"),
    (&["-ss", "--start", "--begin"], "`--from 1:30` sets the start"),
    (&["-t", "--end", "--stop", "--duration"], "`--to 2:00` sets the end; `-j N` the number of threads"),
    (
        &["--zones", "--zone", "--part", "--parts", "--section", "--time", "--times"],
        "`--only 1:00-2:30` repairs these seconds, `--from 1:00 --to 2:30` makes a video of them",
    ),
    (&["-an", "-sn", "--no-audio"], "`--drop-stream a` drops the audio"),
    (&["-map"], "`--streams a:0,s` chooses the streams that are copied"),
    (&["-framerate", "--framerate", "--rate"], "`--fps 24` sets the frame rate of image sequences"),
    (&["-vf", "--vf", "--filter"], "`--method \"deband=1thr=0.03:range=24\"` takes filter strings of FFmpeg"),
    (
        &["--radius", "--range", "--threshold", "--iterations", "--grain", "--iter", "--thr"],
        "parameters belong to a method, `--method gradfun:radius=20`; `unband list methods` shows all",
    ),
    (
        &["--strip", "-strip", "--strip-all", "--strip-metadata", "--no-metadata"],
        "metadata is kept; `exiftool -all= FILE` removes it afterwards",
    ),
    (&["--bit-depth", "--bitdepth", "-depth", "-d"], "`--depth 16` sets the bits per sample"),
    (&["-quality", "--jpeg-quality", "--q"], "`--quality 90` sets the quality of lossy formats"),
    (
        &["-e", "--level", "--compression", "--compression-level", "-compress", "--zopfli"],
        "`--effort 9` compresses more",
    ),
    (&["--jobs", "--cores", "--cpus", "-T", "-P"], "`-j N` sets the number of threads"),
    (
        &["--gpu", "--cuda", "-g", "--gpu-id"],
        "`--device gpu` runs networks on a graphics card; `unband devices` lists them",
    ),
    (&["--memory", "--mem", "--limit", "-M"], "`--max-memory 2G` sets the limit"),
    (&["-R", "--recurse"], "`-r` includes subfolders"),
    (
        &["--simulate", "--dry", "--check"],
        "`--dry-run` writes nothing; `unband inspect FILE` reports the banding",
    ),
    (&["--model", "--network"], "`--method NAME` chooses the network, `--weights FILE` its weights"),
    (
        &["--scale", "-x", "--resize", "-resize", "--upscale"],
        "`unband upscale FILE --scale 2` upscales images",
    ),
    (&["--type", "--ext", "--output-format", "--fmt"], "`--format png` chooses the format"),
    (&["--silent"], "`-q` prints errors only"),
    (
        &["-progress", "--progress", "-stats", "-loglevel", "-hide_banner", "-nostdin"],
        "drop it; `-v` prints more, `-q` less",
    ),
];

/// Commands of other programs, and unband's.
const COMMANDS: &[(&[&str], &str)] = &[
    (&["diff", "cmp", "difference", "evaluate"], "compare"),
    (&["info", "identify", "detect", "analyse", "analyze", "check", "probe", "show"], "inspect"),
    (&["measure", "metric", "metrics", "cambi", "psnr", "test"], "score"),
    (&["resize", "scale", "enhance", "superres", "sr"], "upscale"),
    (&["fix", "repair", "restore", "smooth", "convert", "run", "process", "debanding"], "deband"),
    (&["bench", "benchmark"], "eval"),
    (&["methods", "formats", "filters"], "list"),
    (&["weights", "import", "export"], "models"),
    (&["completion"], "completions"),
];

/// A long option of another program with a single dash, such as `-crf`: to the parser, it is several short
/// options, `-map` is `-m ap`. `arguments`: all, the program's name first.
pub(crate) fn cluster(arguments: &[OsString]) -> Option<Failure> {
    let mut before = None;
    for argument in
        arguments.iter().skip(1).map_while(|argument| argument.to_str().filter(|&text| text != "--"))
    {
        let name = name_of(argument);
        let long = name.len() > 2 && !name.starts_with("--");
        if let (true, Some(way)) = (long && before != Some("--ffmpeg-args"), way_of(name)) {
            return Some(unknown(name, way));
        }
        before = Some(argument);
    }
    None
}

/// An unknown option that other programs or other commands have, with the way to it. `arguments`: all, the
/// program's name first; `cli`: the program.
pub(crate) fn option(error: &clap::Error, arguments: &[OsString], cli: &clap::Command) -> Option<Failure> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(found)) = error.get(ContextKind::InvalidArg) else { return None };
    let typed = arguments.iter().skip(1).filter_map(|argument| argument.to_str());
    let names = typed.clone().filter(|text| text.starts_with(found.as_str())).map(name_of);
    let foreign = names.chain([found.as_str()]).find_map(|name| Some((name, way_of(name)?)));
    foreign.map(|(name, way)| unknown(name, way)).or_else(|| misplaced(found, typed, cli))
}

/// A long option of other commands (`unband inspect --csv`), with their names.
fn misplaced<'a>(
    option: &str,
    mut typed: impl Iterator<Item = &'a str>,
    cli: &clap::Command,
) -> Option<Failure> {
    let name = option.strip_prefix("--")?;
    let has = |command: &&clap::Command| {
        let mut longs =
            command.get_arguments().filter(|arg| !arg.is_hide_set()).filter_map(|arg| arg.get_long());
        longs.any(|long| long == name)
    };
    // The first command is the one without a name.
    let title = |command: &clap::Command| match command.get_name() {
        "deband" => "`unband`".to_owned(),
        name => format!("`unband {name}`"),
    };
    let own = typed.find_map(|word| cli.find_subcommand(word)).map_or("`unband`".to_owned(), title);
    let others: Vec<String> =
        cli.get_subcommands().filter(has).map(title).filter(|other| *other != own).collect();
    let (last, before) = others.split_last()?;
    let list = if before.is_empty() {
        format!("{last} has it")
    } else {
        format!("{} and {last} have it", before.join(", "))
    };
    Some(Failure::usage(format!("{own} has no option `{option}`"), list))
}

/// An option without its value ("-c:v", "--crf=20").
fn name_of(argument: &str) -> &str {
    argument.split(['=', ':']).next().unwrap_or(argument)
}

fn way_of(option: &str) -> Option<&'static str> {
    OPTIONS.iter().find(|(names, _)| names.contains(&option)).map(|(_, way)| *way)
}

fn unknown(option: &str, way: &str) -> Failure {
    Failure::usage(format!("unknown option `{option}`"), way)
}

/// Detects arguments of the default command of the program `cli` that mean something else.
pub(crate) fn default_command(args: &ImageArgs, cli: &clap::Command) -> Option<Failure> {
    let inputs = &args.inputs;
    quality(args).or_else(|| command(inputs, cli)).or_else(|| addresses(inputs)).or_else(|| output(inputs))
}

/// A first word that is neither a command nor a file: to the parser, `unband inspekt x.png` names two files,
/// and x.png must not be processed.
fn command(inputs: &[PathBuf], cli: &clap::Command) -> Option<Failure> {
    let first = inputs.first().filter(|first| first.as_os_str() != STDIO && !exists(first))?;
    let word = first.to_str().filter(|word| !word.contains(['.', '/', '\\', ':']) && !is_pattern(first))?;
    let own = COMMANDS.iter().find(|(others, _)| others.contains(&word)).map(|(_, own)| *own);
    let names = cli.get_subcommands().map(clap::Command::get_name);
    let near = names.max_by(|a, b| strsim::jaro(a, word).total_cmp(&strsim::jaro(b, word)));
    let meant = own.or_else(|| near.filter(|near| strsim::jaro(near, word) > 0.8));
    let hint = match meant {
        Some(name) => format!("did you mean `unband {name}`?"),
        None => "`unband --help` lists the commands; check the spelling of a file or folder".to_owned(),
    };
    Some(Failure::at(word.to_owned(), "neither a command nor a file".into(), Some(hint)))
}

/// Addresses of the web and of files.
fn addresses(inputs: &[PathBuf]) -> Option<Failure> {
    let given = |path: &&PathBuf| path.to_str().is_some_and(|text| text.contains("://")) && !exists(path);
    let address = inputs.iter().find(given)?.to_str()?;
    if let Some(path) = address.strip_prefix("file://") {
        // An authority, mostly empty, is before the path.
        let path = path.find('/').map_or(path, |at| &path[at..]);
        return Some(Failure::at(
            address.to_owned(),
            "unband takes paths, not addresses".into(),
            Some(format!("write {path}")),
        ));
    }
    let hint = "download the file first, and name it".to_owned();
    Some(Failure::at(address.to_owned(), "unband does not go online".into(), Some(hint)))
}

/// An output named without `-o`.
fn output(inputs: &[PathBuf]) -> Option<Failure> {
    let [input, output] = inputs else { return None };
    let named = output.extension().is_some() && !exists(output) && !is_pattern(output);
    let hint = format!("to write the result there: `unband {} -o {}`", input.display(), output.display());
    (named && exists(input))
        .then(|| Failure::at(output.display().to_string(), "no such input".into(), Some(hint)))
}

/// `-q 90`, which means quality in other programs.
pub(crate) fn quality(args: &ImageArgs) -> Option<Failure> {
    let number = |path: &PathBuf| path.to_str()?.parse::<u8>().ok().filter(|_| !exists(path));
    let number = args.inputs.iter().filter(|_| args.reporter.quiet).find_map(number)?;
    let hint = format!("`-q` is quiet here: write `--quality {number}`");
    Some(Failure::at(number.to_string(), "no such input".into(), Some(hint)))
}

/// Links that lead nowhere are files with a fault of their own.
fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::{CommandFactory, Parser};

    /// The options in a hint.
    fn options(way: &str) -> impl Iterator<Item = &str> {
        way.split('`')
            .skip(1)
            .step_by(2)
            .flat_map(|code| code.split(' '))
            .filter(|word| word.starts_with('-'))
    }

    #[test]
    fn habits_of_other_programs_lead_to_the_own_option() {
        let root = Cli::command();
        let has = |option: &str| {
            let all =
                std::iter::once(&root).chain(root.get_subcommands()).flat_map(clap::Command::get_arguments);
            let long = |arg: &clap::Arg| arg.get_long() == option.strip_prefix("--");
            let short = |arg: &clap::Arg| arg.get_short().is_some_and(|c| option == format!("-{c}"));
            let mut all = all;
            all.any(|arg| if option.starts_with("--") { long(arg) } else { short(arg) })
        };
        for (names, way) in OPTIONS {
            for name in *names {
                let typed: Vec<OsString> = ["unband", "x.png", *name, "20"].map(OsString::from).to_vec();
                let parsed = || option(&Cli::try_parse_from(&typed).err()?, &typed, &root);
                let failure = cluster(&typed).or_else(parsed).unwrap_or_else(|| panic!("{name}"));
                assert_eq!(failure.hint.as_deref(), Some(*way), "{name}");
            }
            // FFmpeg's and exiftool's own are quoted.
            let own = way.split('"').step_by(2).collect::<String>();
            for option in options(&own).filter(|option| !own.contains(&format!("exiftool {option}"))) {
                assert!(has(option), "{option} of: {way}");
            }
        }
        for own in [&["a.mkv", "--ffmpeg-args", "-an"][..], &["-rj", "2", "a.png"], &["a.png", "--", "-map"]]
        {
            let typed: Vec<OsString> = [&["unband"], own].concat().into_iter().map(OsString::from).collect();
            assert!(cluster(&typed).is_none(), "{own:?}");
        }
        let typed = ["unband", "a.mkv", "-c:v", "libx264"].map(OsString::from).to_vec();
        let error = Cli::try_parse_from(&typed).unwrap_err();
        assert!(option(&error, &typed, &root).unwrap().message.contains("`-c`"));
        let unknown = ["unband", "a.png", "--colour"].map(OsString::from).to_vec();
        assert!(option(&Cli::try_parse_from(&unknown).unwrap_err(), &unknown, &root).is_none());
    }

    #[test]
    fn options_of_other_commands_lead_to_them() {
        let root = Cli::command();
        let refused = |line: &str| {
            let typed: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let failure = option(&Cli::try_parse_from(&typed).unwrap_err(), &typed, &root);
            failure.map(|failure| (failure.message, failure.hint.unwrap()))
        };
        let (message, hint) = refused("unband inspect a.png --csv table.csv").unwrap();
        assert_eq!(message, "`unband inspect` has no option `--csv`");
        assert!(hint.contains("`unband score`"), "{hint}");
        let (message, hint) = refused("unband -r --fail-if=banding>=visible a.png").unwrap();
        assert_eq!(message, "`unband` has no option `--fail-if`");
        assert!(hint.contains("`unband score`"), "{hint}");
        let (_, hint) = refused("unband score a.png --dry-run").unwrap();
        assert!(hint.starts_with("`unband`") && hint.ends_with("have it"), "{hint}");
        assert_eq!(refused("unband inspect a.png --csvv"), None);
    }

    #[test]
    fn a_first_word_that_is_no_file_stops_everything() {
        let cli = Cli::command();
        let names: Vec<&str> = cli.get_subcommands().map(clap::Command::get_name).collect();
        for (others, own) in COMMANDS {
            assert!(names.contains(own));
            for other in *others {
                let failure = command(&[(*other).into(), "a.png".into()], &cli).unwrap();
                assert_eq!(failure.hint, Some(format!("did you mean `unband {own}`?")));
            }
        }
        for (word, said) in
            [("inspekt", "inspect"), ("scroe", "score"), ("xyzzy", "--help"), ("x y", "--help")]
        {
            let failure = command(&[word.into()], &cli).unwrap();
            assert!(failure.hint.unwrap().contains(said), "{word}");
        }
        for file in ["none.png", "none/sky", "*", "-", "C:\\sky"] {
            assert!(command(&[file.into()], &cli).is_none(), "{file}");
        }
    }

    #[test]
    fn addresses_of_files_become_paths() {
        let hint = |text: &str| addresses(&[text.into()]).and_then(|failure| failure.hint);
        assert_eq!(hint("file:///etc/hostname").as_deref(), Some("write /etc/hostname"));
        assert_eq!(hint("file://host/a.png").as_deref(), Some("write /a.png"));
        assert!(hint("https://example.org/a.png").unwrap().contains("download"));
        assert_eq!(hint("a.png"), None);
    }
}
