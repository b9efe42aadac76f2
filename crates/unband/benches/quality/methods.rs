//! Methods of the benchmark and their command-line syntax.

use std::error::Error;
use std::path::Path;
use std::process::Command;

use unband::{Choice, Context, Options, OutputDepth, With};
use unband_image::Image;

use crate::files;

/// A method as named on the command line.
#[derive(Clone)]
pub(crate) enum Method {
    /// `NAME[:key=value,…][@8|@16|@32f][!png]`, by the library; `unband` is the default method.
    Library {
        /// Label in tables.
        label: String,
        /// `!png`: without the coding information of a lossy file, as if the image came from a PNG.
        nameless: bool,
        /// Its options.
        options: Box<Options>,
    },
    /// `NAME*12`: the best of twelve settings by mean PSNR.
    BestOf {
        /// Label in tables.
        label: String,
        /// The settings.
        all: Vec<Method>,
    },
    /// `exec:COMMAND`, called with the names of two PNG files.
    Program {
        /// Label in tables.
        label: String,
        /// Words of the command.
        command: Vec<String>,
    },
}

impl Method {
    /// Parses a method's name.
    pub(crate) fn parse(text: &str) -> Result<Self, Box<dyn Error>> {
        if let Some(command) = text.strip_prefix("exec:") {
            let command: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
            let label = command.last().map_or("exec", |c| c.rsplit('/').next().unwrap_or(c)).to_owned();
            return Ok(Self::Program { label, command });
        }
        if let Some(name) = text.strip_suffix("*12") {
            return Ok(Self::BestOf { label: format!("{name}, best of 12"), all: twelve(name)? });
        }
        let (text, nameless) = text.strip_suffix("!png").map_or((text, false), |t| (t, true));
        let (rest, depth) = text.split_once('@').map_or((text, "keep"), |(a, b)| (a, b));
        let method = match rest {
            "unband" => Choice::Auto,
            _ => Choice::Named(unband::parse_method(rest)?),
        };
        let depth: OutputDepth = depth.parse()?;
        let label = match depth {
            OutputDepth::Bits(bits) => format!("{rest}, {bits}-bit"),
            OutputDepth::Float => format!("{rest}, float"),
            _ => rest.to_owned(),
        };
        let label = if nameless { format!("{label}, as PNG") } else { label };
        Ok(Self::Library {
            label,
            nameless,
            options: Box::new(Options::with(|new| {
                new.method = method;
                new.depth = depth;
            })),
        })
    }

    /// Does it run without the coding information of a lossy file?
    pub(crate) fn is_nameless(&self) -> bool {
        matches!(self, Self::Library { nameless: true, .. })
    }

    /// Label in tables.
    pub(crate) fn label(&self) -> &str {
        match self {
            Self::Library { label, .. } | Self::BestOf { label, .. } | Self::Program { label, .. } => label,
        }
    }

    /// Runs it on one image. `scratch` is a temporary folder.
    pub(crate) fn run(&self, input: &Image, scratch: &Path) -> Result<Image, Box<dyn Error>> {
        match self {
            Self::Library { options, .. } => {
                let ctx = Context::with(|new| new.threads = 1);
                Ok(unband::deband_with(input.clone(), options, &ctx)?.0)
            }
            Self::BestOf { all, .. } => all.first().ok_or("no settings")?.run(input, scratch),
            Self::Program { command, .. } => {
                let id = format!("{:?}", std::thread::current().id());
                let id: String = id.chars().filter(char::is_ascii_digit).collect();
                let (before, after) =
                    (scratch.join(format!("{id}-in.png")), scratch.join(format!("{id}-out.png")));
                files::write(&before, input)?;
                let (program, args) = command.split_first().ok_or("no command")?;
                let output = Command::new(program).args(args).args([&before, &after]).output()?;
                if !output.status.success() {
                    return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
                }
                files::read(&after)
            }
        }
    }
}

/// Threshold, range and blur of ffmpeg's deband in twelve combinations.
fn twelve(name: &str) -> Result<Vec<Method>, Box<dyn Error>> {
    let mut all = Vec::new();
    for threshold in ["0.004", "0.01", "0.02"] {
        for range in ["8", "16"] {
            for blur in ["0", "1"] {
                let thresholds: Vec<String> = (1..=4).map(|p| format!("{p}thr={threshold}")).collect();
                let text = format!("{name}:{},range={range},blur={blur}", thresholds.join(","));
                let mut method = Method::parse(&text)?;
                if let Method::Library { label, .. } = &mut method {
                    *label = format!("thr={threshold}, range={range}, blur={blur}");
                }
                all.push(method);
            }
        }
    }
    Ok(all)
}
