//! Training devices: graphics cards, if the program was built for them, or the CPU.

use burn::tensor::Device;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
use burn::tensor::DeviceType;

use crate::TrainError;

/// Device type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Accelerator {
    /// Graphics cards if there are any, else the CPU.
    #[default]
    Auto,
    /// Graphics cards; fails without one.
    Gpu,
    /// CPU, with unband's kernels.
    Cpu,
    /// CPU, with the graphics kernels on software Vulkan: slow, for testing.
    Software,
}

/// Devices to train on, one for each worker; the CPU is shared by all of them.
///
/// Discrete cards come first.
///
/// # Errors
/// Fewer cards than requested, or a program built without them. [`Accelerator::Auto`] needs none.
pub fn choose(accelerator: Accelerator, count: usize) -> Result<Vec<Device>, TrainError> {
    let mut found = match accelerator {
        Accelerator::Cpu => return Ok(vec![Device::flex()]),
        Accelerator::Software => return software(),
        Accelerator::Auto | Accelerator::Gpu => cards(),
    };
    if accelerator == Accelerator::Auto && found.is_empty() {
        return Ok(vec![Device::flex()]);
    }
    if !WITH_CARDS {
        return Err(TrainError::WithoutCards);
    }
    if found.len() < count.max(1) {
        return Err(TrainError::Cards { found: found.len(), wanted: count.max(1) });
    }
    found.truncate(count.max(1));
    Ok(found)
}

/// Names of the devices, joined by commas. Opens them.
pub fn names(devices: &[Device]) -> String {
    devices.iter().map(name).collect::<Vec<_>>().join(", ")
}

const PROCESSOR: &str = "the CPU";
const WITH_CARDS: bool = cfg!(any(feature = "wgpu", feature = "cuda"));

#[cfg(any(feature = "wgpu", feature = "cuda"))]
fn name(device: &Device) -> String {
    device.identity().map_or_else(|| PROCESSOR.to_owned(), |identity| identity.name)
}

#[cfg(not(any(feature = "wgpu", feature = "cuda")))]
fn name(_: &Device) -> String {
    PROCESSOR.to_owned()
}

#[cfg(feature = "cuda")]
fn cards() -> Vec<Device> {
    Device::enumerate(DeviceType::Cuda).into_iter().collect()
}

#[cfg(all(feature = "wgpu", not(feature = "cuda")))]
fn cards() -> Vec<Device> {
    use burn::tensor::DeviceKind;
    // Without a card of the requested type, software Vulkan is listed like one.
    let software = Device::wgpu(DeviceKind::Cpu);
    let mut cards: Vec<Device> =
        Device::enumerate(DeviceType::Wgpu).into_iter().filter(|device| *device != software).collect();
    let discrete: Vec<Device> = (0..cards.len()).map(|i| Device::wgpu(DeviceKind::DiscreteGpu(i))).collect();
    cards.sort_by_key(|card| !discrete.contains(card));
    cards
}

#[cfg(not(any(feature = "wgpu", feature = "cuda")))]
fn cards() -> Vec<Device> {
    Vec::new()
}

#[cfg(feature = "wgpu")]
fn software() -> Result<Vec<Device>, TrainError> {
    let software = Device::wgpu(burn::tensor::DeviceKind::Cpu);
    let found = Device::enumerate(DeviceType::Wgpu).contains(&software);
    if found { Ok(vec![software]) } else { Err(TrainError::NoSoftwareVulkan) }
}

#[cfg(not(feature = "wgpu"))]
fn software() -> Result<Vec<Device>, TrainError> {
    Err(TrainError::WithoutCards)
}
