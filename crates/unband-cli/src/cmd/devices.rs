//! `unband devices`: devices that run networks.

use std::fmt::Write as _;

use clap::Args;
use unband::devices::{Listed, devices};

use crate::outcome::Outcome;
use crate::reporter::Failure;
use crate::result::{print_json, print_text};

const AFTER: &str = "\
Examples:
  unband devices
  unband sky.png --method bdinn --weights bdinn.pth --device gpu
  unband upscale small.png --weights RRDB_ESRGAN_x4.pth --device gpu:1";

/// Arguments of `unband devices`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct DevicesArgs {
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,
}

/// Prints the devices for `--device`.
pub(crate) fn run(args: &DevicesArgs) -> Outcome {
    let found = match devices() {
        Ok(found) => found,
        Err(error) => {
            Failure::from(error).print();
            return Outcome::Usage;
        }
    };
    if args.json {
        return print_json(&found);
    }
    print_text(&table(&found))
}

/// One line per device: its name for `--device`, its own name, kind and memory.
fn table(found: &[Listed]) -> String {
    let mut text = "cpu       this processor (default)\n".to_owned();
    for (index, device) in found.iter().enumerate() {
        let name = if device.kind == "software" { "software".to_owned() } else { format!("gpu:{index}") };
        let memory = device.memory.map(|bytes| format!(", {:.1} GiB", bytes as f64 / f64::from(1 << 30)));
        let memory = memory.unwrap_or_default();
        let _ = writeln!(text, "{name:<9} {} ({}{memory})", device.name, device.kind);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_begin_with_the_words_of_the_option() {
        let device = |name: &str, kind: &str, memory| Listed { name: name.into(), kind: kind.into(), memory };
        let found = [
            device("Radeon", "discrete", Some(8 << 30)),
            device("Iris", "integrated", None),
            device("llvmpipe", "software", Some(1 << 29)),
        ];
        let text = table(&found);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[1..],
            [
                "gpu:0     Radeon (discrete, 8.0 GiB)",
                "gpu:1     Iris (integrated)",
                "software  llvmpipe (software, 0.5 GiB)",
            ]
        );
        for line in lines {
            let word = line.split(' ').next().unwrap_or_default();
            assert!(word.parse::<unband::devices::Device>().is_ok(), "{word}");
        }
    }
}
