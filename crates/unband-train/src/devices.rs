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
        Accelerator::Software => return Ok(vec![software()?; count.max(1)]),
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
    cards.sort_by_key(|card| kind(card) != "discrete");
    cards
}

/// Kind of a device, in a word.
#[cfg(all(feature = "wgpu", not(feature = "cuda")))]
fn kind(device: &Device) -> &'static str {
    use burn::tensor::DeviceKind;
    let is = |kind: fn(usize) -> DeviceKind| (0..MOST).any(|i| Device::wgpu(kind(i)) == *device);
    if is(DeviceKind::DiscreteGpu) {
        "discrete"
    } else if is(DeviceKind::IntegratedGpu) {
        "integrated"
    } else if is(DeviceKind::VirtualGpu) {
        "virtual"
    } else if Device::wgpu(DeviceKind::Cpu) == *device {
        "software"
    } else {
        "other"
    }
}

/// More cards of one kind than a machine holds.
#[cfg(all(feature = "wgpu", not(feature = "cuda")))]
const MOST: usize = 32;

/// A device as a list shows it.
#[derive(Clone, Debug)]
pub struct FoundDevice {
    /// The device.
    pub device: Device,
    /// Its name.
    pub name: String,
    /// Discrete, integrated, virtual, software or other.
    pub kind: &'static str,
}

#[cfg(all(feature = "wgpu", not(feature = "cuda")))]
impl FoundDevice {
    /// Opens the device for its name.
    fn open(device: Device) -> Self {
        Self { name: name(&device), kind: kind(&device), device }
    }
}

/// All devices for Vulkan, Metal and DirectX: discrete cards first, software last. Opens them.
#[cfg(all(feature = "wgpu", not(feature = "cuda")))]
pub fn found() -> Vec<FoundDevice> {
    cards().into_iter().chain(software()).map(FoundDevice::open).collect()
}

/// The card of that index in the list of [`found`], or software Vulkan. Opens no other.
#[cfg(all(feature = "wgpu", not(feature = "cuda")))]
pub fn find(index: Option<usize>) -> Option<FoundDevice> {
    let device = match index {
        Some(index) => cards().into_iter().nth(index),
        None => software().ok(),
    };
    device.map(FoundDevice::open)
}

#[cfg(not(any(feature = "wgpu", feature = "cuda")))]
fn cards() -> Vec<Device> {
    Vec::new()
}

#[cfg(feature = "wgpu")]
fn software() -> Result<Device, TrainError> {
    let software = Device::wgpu(burn::tensor::DeviceKind::Cpu);
    let found = Device::enumerate(DeviceType::Wgpu).contains(&software);
    if found { Ok(software) } else { Err(TrainError::NoSoftwareVulkan) }
}

#[cfg(not(feature = "wgpu"))]
fn software() -> Result<Device, TrainError> {
    Err(TrainError::WithoutCards)
}
