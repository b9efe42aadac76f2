//! The graphics card of `--device`, for all contexts of a run.

use std::sync::{Mutex, PoisonError};

use clap::Args;
use unband::devices::{self, Card, Device};
use unband::{Accelerator, AcceleratorError};

use crate::bar::Bar;
use crate::reporter::{Failure, Loudness, Reporter};

/// The device for networks.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct DeviceArgs {
    /// Device that runs networks: cpu, gpu or gpu:N
    ///
    /// `unband devices` lists them. Needs the program unband-gpu. Results differ from the CPU's by rounding.
    #[arg(
        long,
        value_name = "DEVICE",
        default_value_t,
        value_parser = device,
        help_heading = "General",
        hide_short_help = true,
        verbatim_doc_comment
    )]
    pub device: Device,
}

fn device(text: &str) -> Result<Device, String> {
    text.parse().map_err(|error: devices::UnknownDevice| error.to_string())
}

/// The card that was opened last; contexts of this process refer to it until the process ends.
static CARD: Mutex<Option<(Device, &'static Card)>> = Mutex::new(None);
/// Whether the current run uses it, and its verbosity.
static RUN: Mutex<(bool, Loudness)> = Mutex::new((false, Loudness::Normal));

/// Opens the device for the contexts that follow.
///
/// # Errors
/// A device that cannot be used.
pub(crate) fn choose(device: Device, loudness: Loudness) -> Result<(), Failure> {
    *RUN.lock().unwrap_or_else(PoisonError::into_inner) = (device != Device::Cpu, loudness);
    if device == Device::Cpu {
        return Ok(());
    }
    let mut card = CARD.lock().unwrap_or_else(PoisonError::into_inner);
    let open = card.filter(|(open, card)| *open == device && card.works());
    let opened = if let Some((_, opened)) = open {
        opened
    } else {
        if let Some((_, before)) = card.take() {
            before.close();
        }
        let Some(opened) = devices::open(device, note)? else { return Ok(()) };
        Box::leak(Box::new(opened))
    };
    *card = Some((device, opened));
    Reporter { loudness, bar: &Bar::none() }.detail(&format!("networks run on {}", opened.name()));
    Ok(())
}

/// Says that the CPU takes over.
fn note(reason: &AcceleratorError) {
    let (_, loudness) = *RUN.lock().unwrap_or_else(PoisonError::into_inner);
    let text = match reason {
        AcceleratorError::Lost(_) => format!("the CPU runs networks from here on: {reason}"),
        AcceleratorError::Memory => "the CPU runs this network: the card's memory is too small".to_owned(),
        _ => format!("the CPU runs this network: {reason}"),
    };
    Reporter { loudness, bar: &Bar::none() }.note(&text);
}

/// The accelerator of the current run.
pub(crate) fn accelerator() -> Option<&'static dyn Accelerator> {
    let (used, _) = *RUN.lock().unwrap_or_else(PoisonError::into_inner);
    let card = CARD.lock().unwrap_or_else(PoisonError::into_inner);
    card.filter(|_| used).map(|(_, card)| card as &dyn Accelerator)
}
