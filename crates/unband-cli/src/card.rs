//! The graphics card of `--device`, for all contexts of a run.

use std::sync::{Mutex, PoisonError};

use clap::Args;
use unband::devices::{self, Card, Device, DeviceError};
use unband::{Accelerator, Hint};

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
/// Whether the current run uses it.
static USED: Mutex<bool> = Mutex::new(false);

/// Opens the device for the contexts that follow.
///
/// # Errors
/// A device that cannot be used.
pub(crate) fn choose(device: Device, loudness: Loudness) -> Result<(), Failure> {
    *USED.lock().unwrap_or_else(PoisonError::into_inner) = device != Device::Cpu;
    let mut card = CARD.lock().unwrap_or_else(PoisonError::into_inner);
    if device == Device::Cpu || card.is_some_and(|(open, _)| open == device) {
        return Ok(());
    }
    let note = move |reason: &str| {
        let reporter = Reporter { loudness, bar: &Bar::none() };
        reporter.note(&format!("the CPU runs networks from here on: {reason}"));
    };
    let opened = devices::open(device, note);
    let failure =
        |error: DeviceError| Failure { subject: None, message: error.to_string(), hint: error.hint() };
    let opened = opened.map_err(failure)?;
    if let Some(opened) = opened {
        Reporter { loudness, bar: &Bar::none() }.detail(&format!("networks run on {}", opened.name()));
        *card = Some((device, Box::leak(Box::new(opened))));
    }
    Ok(())
}

/// The accelerator of the current run.
pub(crate) fn accelerator() -> Option<&'static dyn Accelerator> {
    let used = *USED.lock().unwrap_or_else(PoisonError::into_inner);
    let card = CARD.lock().unwrap_or_else(PoisonError::into_inner);
    card.filter(|_| used).map(|(_, card)| card as &dyn Accelerator)
}
