//! A temporary folder of images in which the program runs.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub(crate) use unband_skips::root;

/// A temporary folder.
pub(crate) struct Stage(pub tempfile::TempDir);

/// The outcome of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Ran {
    pub(crate) fn out(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }

    /// The lines of `--json`.
    pub(crate) fn json(&self) -> Vec<Value> {
        self.out().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Checks the exit code; a mismatch shows the messages.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.stderr, String::from_utf8_lossy(&self.stdout));
        self
    }

    /// Checks that the messages contain a text.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "`{text}` is not in:\n{}", self.stderr);
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// A sample of an RGB image by column, row and channel.
pub(crate) type Paint = dyn Fn(usize, usize, usize) -> u8;

/// A sky in 6 bits a channel: steps of four codes.
pub(crate) fn six_bits(x: usize, y: usize, c: usize) -> u8 {
    let level = (x * (9 + c) + y * (31 - 7 * c)) / 220 + 8 * c;
    ((level.min(63) * 255 + 31) / 63) as u8
}

/// Fine texture on all codes: nothing to repair.
pub(crate) fn texture(x: usize, y: usize, c: usize) -> u8 {
    let mut h = (x * 73_856_093) ^ (y * 19_349_663) ^ (c * 83_492_791);
    h = (h ^ (h >> 13)).wrapping_mul(0x5bd1_e995) & 0xffff_ffff;
    (60 + ((h >> 9) % 140)) as u8
}

pub(crate) const WIDTH: usize = 160;
pub(crate) const HEIGHT: usize = 120;

impl Stage {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes bytes, and creates the folders above.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name))
            .unwrap_or_else(|error| panic!("{name}: {error}; there are {:?}", self.names()))
    }

    /// An RGB PNG of [`WIDTH`] × [`HEIGHT`].
    pub(crate) fn png(&self, name: &str, paint: &Paint) -> PathBuf {
        self.write(name, &png(WIDTH, HEIGHT, paint))
    }

    /// All files, with `/`, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        fn walk(folder: &Path, root: &Path, names: &mut Vec<String>) {
            let Ok(entries) = fs::read_dir(folder) else { return };
            for entry in entries {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, root, names);
                } else {
                    names.push(path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/"));
                }
            }
        }
        let mut names = Vec::new();
        walk(self.0.path(), self.0.path(), &mut names);
        names.sort();
        names
    }

    /// A command of the program, in the folder; its models are in the subfolder `models`.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_unband"));
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        command.env("UNBAND_MODELS", self.path("models"));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    /// With standard input.
    pub(crate) fn feed(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // The program may end before it has read everything.
        let writer = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().unwrap();
        let _ = writer.join().unwrap();
        output.into()
    }

    /// Width, height, bits and samples of a PNG, 16-bit samples in two bytes.
    pub(crate) fn samples(&self, name: &str) -> Samples {
        decode(&self.read(name))
    }
}

/// A decoded PNG.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Samples {
    pub width: u32,
    pub height: u32,
    pub bits: u8,
    pub data: Vec<u16>,
}

/// Encodes an RGB PNG of 8 bits.
pub(crate) fn png(width: usize, height: usize, paint: &Paint) -> Vec<u8> {
    let mut data = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            data.extend((0..3).map(|c| paint(x, y, c)));
        }
    }
    let mut bytes = Vec::new();
    {
        let mut encoder = png::Encoder::new(BufWriter::new(&mut bytes), width as u32, height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header().unwrap().write_image_data(&data).unwrap();
    }
    bytes
}

pub(crate) fn decode(bytes: &[u8]) -> Samples {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut buffer).unwrap();
    buffer.truncate(info.buffer_size());
    let bits = info.bit_depth as u8;
    let data = if bits == 16 {
        buffer.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
    } else {
        buffer.iter().map(|&byte| u16::from(byte)).collect()
    };
    Samples { width: info.width, height: info.height, bits, data }
}

/// Is this program installed? Prints a note if not.
pub(crate) fn has(program: &str) -> bool {
    let found =
        Command::new(program).arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        unband_skips::program(program);
    }
    found
}

/// Is `FFmpeg` installed? Prints a note if not.
pub(crate) fn have_ffmpeg() -> bool {
    has("ffmpeg") && has("ffprobe")
}

/// Runs it in the folder of the stage.
pub(crate) fn ffmpeg(stage: &Stage, arguments: &[&str]) {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-y"])
        .args(arguments)
        .current_dir(stage.path(""))
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A lossless RGB video of PNG frames, which are numbered: a pattern such as `f%d.png`.
pub(crate) fn video_of(stage: &Stage, frames: &str, rate: &str, name: &str) {
    ffmpeg(stage, &["-framerate", rate, "-i", frames, "-c:v", "ffv1", "-pix_fmt", "gbrp", name]);
}

/// A video of the repository, copied so that a test may write next to it.
pub(crate) fn golden(stage: &Stage, name: &str) {
    fs::copy(root().join("golden/film").join(name), stage.path(name)).unwrap();
}

/// The JSON output of a command.
pub(crate) fn object(stage: &Stage, arguments: &[&str], code: i32) -> Value {
    serde_json::from_slice(&stage.run(arguments).code(code).stdout).unwrap()
}

/// The table's rows by the names of its columns.
pub(crate) fn rows(stage: &Stage, name: &str) -> Vec<std::collections::HashMap<String, String>> {
    let bytes = stage.read(name);
    csv::Reader::from_reader(&bytes[..]).deserialize().map(Result::unwrap).collect()
}
