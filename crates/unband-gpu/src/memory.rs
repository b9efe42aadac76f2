//! Memory of graphics cards, from Vulkan: neither wgpu nor Burn tell it.

use std::ffi::CStr;

use ash::vk;

/// Limits of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Its own memory in bytes; that of the system where it has none of its own.
    pub memory: u64,
    /// Maximum size of a buffer that kernels read, in bytes.
    pub largest: u64,
}

/// Limits of the device of that name; `None` without Vulkan.
pub(crate) fn limits(name: &str) -> Option<Limits> {
    // SAFETY: the loader is the system's own; the instance outlives all calls on it and is destroyed once.
    unsafe {
        let entry = ash::Entry::load().ok()?;
        let instance = entry.create_instance(&vk::InstanceCreateInfo::default(), None).ok()?;
        let devices = instance.enumerate_physical_devices().unwrap_or_default();
        let found = devices.into_iter().find_map(|device| {
            let properties = instance.get_physical_device_properties(device);
            let own = properties.device_name_as_c_str().map(CStr::to_string_lossy).unwrap_or_default();
            if own != name {
                return None;
            }
            let memory = instance.get_physical_device_memory_properties(device);
            let heaps = memory.memory_heaps_as_slice().iter();
            let local = heaps.filter(|heap| heap.flags.contains(vk::MemoryHeapFlags::DEVICE_LOCAL));
            let largest = u64::from(properties.limits.max_storage_buffer_range);
            Some(Limits { memory: local.map(|heap| heap.size).max()?, largest })
        });
        instance.destroy_instance(None);
        found
    }
}
