//! Tests of the program as a function.
#![allow(clippy::unwrap_used)]

use std::ffi::OsString;
use std::io::{self, Cursor, Read, Write};
use std::sync::{Arc, Mutex};

use clap::CommandFactory;

use super::{Streams, run_hosted, stop};
use crate::cli::Cli;

#[derive(Clone, Default)]
struct SharedBuffer(Arc<Mutex<Vec<u8>>>);

impl Write for SharedBuffer {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Exit code, standard output, standard error.
fn run(arguments: &[&str], input: impl Read + Send + 'static) -> (u8, Vec<u8>, String) {
    let (output, errors) = (SharedBuffer::default(), SharedBuffer::default());
    let streams = Streams {
        input: Box::new(input),
        output: Box::new(output.clone()),
        errors: Box::new(errors.clone()),
    };
    let arguments = std::iter::once("unband").chain(arguments.iter().copied()).map(OsString::from);
    let code = run_hosted(arguments, streams);
    let errors = String::from_utf8(errors.0.lock().unwrap().clone()).unwrap();
    (code, output.0.lock().unwrap().clone(), errors)
}

/// A grey ramp of six bits as PGM.
fn ramp() -> Vec<u8> {
    let mut file = b"P5 256 64 255\n".to_vec();
    file.extend((0..256 * 64).map(|i| ((i % 256) / 4 * 255 / 63) as u8));
    file
}

#[test]
fn a_host_gets_output_messages_and_exit_codes() {
    let (code, output, errors) = run(&["list", "dithers"], io::empty());
    assert_eq!((code, errors.as_str()), (0, ""));
    assert!(output.starts_with(b"Dithers"));
    let (code, output, _) = run(&["--version"], io::empty());
    assert_eq!((code, String::from_utf8(output).unwrap().split(' ').next()), (0, Some("unband")));
    let (code, output, errors) = run(&["list", "ditherz"], io::empty());
    assert_eq!((code, output.len()), (2, 0));
    assert!(errors.starts_with("error: ") && errors.contains("hint: did you mean `dithers`?"), "{errors}");
    let (code, _, errors) = run(&["--nonsense"], io::empty());
    assert_eq!(code, 2);
    assert!(errors.contains("--nonsense") && !errors.contains('\u{1b}'), "{errors}");
}

#[test]
fn images_go_through_the_streams_of_the_host() {
    let (code, output, errors) = run(&["-", "-o", "-", "--format", "pgm"], Cursor::new(ramp()));
    assert_eq!(code, 0, "{errors}");
    assert!(output.starts_with(b"P5") && output.len() == ramp().len() && output != ramp());
    let (code, output, errors) = run(&["inspect", "-", "--json"], Cursor::new(ramp()));
    assert_eq!(code, 0, "{errors}");
    assert!(String::from_utf8(output).unwrap().contains("\"cause\":"), "{errors}");
}

#[test]
fn a_host_stops_a_run_and_keeps_its_process() {
    /// Requests the stop when the run reads.
    struct Stops(Cursor<Vec<u8>>);
    impl Read for Stops {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            stop();
            self.0.read(buffer)
        }
    }
    assert_eq!(run(&["-", "-o", "-"], Stops(Cursor::new(ramp()))).0, 130);
    // The next run starts afresh, and no handler of signals stays behind.
    assert_eq!(run(&["-", "-o", "-"], Cursor::new(ramp())).0, 0);
    #[cfg(target_os = "linux")]
    {
        const INTERRUPT: u64 = 1 << (2 - 1);
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim();
        assert_eq!(u64::from_str_radix(caught, 16).unwrap() & INTERRUPT, 0);
    }
}

/// Options in backticks in a line of source: name, and value if there is one.
fn named_options(line: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let quoted = line.split('`').skip(1).step_by(2).filter_map(|code| code.strip_prefix("--"));
    quoted.map(|option| option.split_once(' ').map_or((option, None), |(name, value)| (name, Some(value))))
}

/// A hint with a misspelt option would mislead in every language into which it is put.
#[test]
fn options_in_messages_exist_and_take_the_value_shown() {
    let root = Cli::command();
    let nested = root.get_subcommands().flat_map(clap::Command::get_subcommands);
    let commands: Vec<&clap::Command> =
        std::iter::once(&root).chain(root.get_subcommands()).chain(nested).collect();
    let mut count = 0;
    for file in unband_skips::tracked_below("crates") {
        let shown = file.strip_prefix(unband_skips::root()).unwrap().display().to_string();
        let of_program =
            shown.contains("/src/") && !shown.contains("tests") && !shown.contains("unband-train");
        if !of_program || file.extension().is_none_or(|end| end != "rs") {
            continue;
        }
        let source = std::fs::read_to_string(&file).unwrap();
        let own = source.split("mod tests {").next().unwrap_or_default();
        for line in own.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for (name, value) in named_options(line) {
                let mut all = commands.iter().flat_map(|command| command.get_arguments());
                let fits = all.any(|arg| {
                    let here = arg.get_long() == Some(name)
                        || arg.get_all_aliases().is_some_and(|all| all.contains(&name));
                    here && value
                        .is_none_or(|value| value.starts_with("--") || arg.get_action().takes_values())
                });
                let known = fits || ["help", "version"].contains(&name) || name.contains('{');
                assert!(known, "{shown}: no option `--{name}`, value {value:?}");
                count += 1;
            }
        }
    }
    assert!(count > 100, "{count}");
}
