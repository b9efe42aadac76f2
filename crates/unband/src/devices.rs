//! Devices that run networks: the CPU, or graphics cards through the program `unband-gpu`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

pub use unband_infer::card::wire::Listed;
pub use unband_infer::card::{Card, CardError};

use unband_image::{AcceleratorError, Hint};

/// A device that runs networks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Device {
    /// The CPU.
    #[default]
    Cpu,
    /// A graphics card, by its index in the list of [`devices`].
    Gpu(usize),
    /// The CPU, through software Vulkan: slow, for tests.
    Software,
}

/// Reason why there is no device of that name, as text for display.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the devices are cpu, gpu, gpu:N and software")]
pub struct UnknownDevice;

impl FromStr for Device {
    type Err = UnknownDevice;

    fn from_str(text: &str) -> Result<Self, UnknownDevice> {
        match text {
            "cpu" => Ok(Self::Cpu),
            "gpu" => Ok(Self::Gpu(0)),
            "software" => Ok(Self::Software),
            other => {
                let index = other.strip_prefix("gpu:").and_then(|index| index.parse().ok());
                index.map(Self::Gpu).ok_or(UnknownDevice)
            }
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Gpu(index) => write!(f, "gpu:{index}"),
            Self::Software => f.write_str("software"),
        }
    }
}

/// A device that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct DeviceError(#[from] CardError);

impl Hint for DeviceError {
    fn hint(&self) -> Option<String> {
        Some(match self.0 {
            CardError::Device(_) => {
                "`unband devices` lists the devices; without `--device` the CPU runs networks".to_owned()
            }
            _ => INSTALL.to_owned(),
        })
    }
}

/// Installs the program.
const INSTALL: &str = "install it: cargo install --path crates/unband-gpu";

/// The program `unband-gpu`: next to this program, else along `PATH`.
fn program() -> PathBuf {
    crate::sibling("unband-gpu")
}

/// Opens a device; `None` for the CPU. `replaced` is called when the CPU takes over, once with each reason.
///
/// # Errors
/// A missing device, a missing program, one of another version.
pub fn open(
    device: Device,
    replaced: impl Fn(&AcceleratorError) + Send + Sync + 'static,
) -> Result<Option<Card>, DeviceError> {
    let index = match device {
        Device::Cpu => return Ok(None),
        Device::Gpu(index) => index.to_string(),
        Device::Software => "software".to_owned(),
    };
    Ok(Some(Card::open(&program(), &index, None, replaced)?))
}

/// The devices except the CPU, discrete cards first.
///
/// # Errors
/// A missing program, or one of another version.
pub fn devices() -> Result<Vec<Listed>, DeviceError> {
    Ok(unband_infer::card::devices(&program())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_as_devices() {
        for device in [Device::Cpu, Device::Gpu(0), Device::Gpu(3), Device::Software] {
            assert_eq!(device.to_string().parse(), Ok(device));
        }
        assert_eq!("gpu".parse(), Ok(Device::Gpu(0)));
        for other in ["", "GPU 1", "gpu:", "gpu:-1", "cuda"] {
            assert_eq!(other.parse::<Device>(), Err(UnknownDevice));
        }
    }
}
