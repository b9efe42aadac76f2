//! Tests of the program as a function.
#![allow(clippy::unwrap_used)]

use std::ffi::OsString;
use std::io::{self, Cursor, Read, Write};
use std::sync::{Arc, Mutex};

use super::{Streams, run_hosted, stop};

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
