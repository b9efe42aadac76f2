//! Limit on the address space (`ulimit -v`).

/// The limit on the address space of this process, and the part that is taken, in bytes. `None` without a
/// limit, or on systems that do not report it.
#[cfg(all(target_os = "linux", feature = "files"))]
pub fn address_space() -> Option<(u64, u64)> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::As).current?;
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let taken = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?;
    let kib: u64 = taken.trim().trim_end_matches("kB").trim_end().parse().ok()?;
    Some((limit, kib.saturating_mul(1024)))
}

/// The limit on the address space of this process, and the part that is taken, in bytes. `None` without a
/// limit, or on systems that do not report it.
#[cfg(not(all(target_os = "linux", feature = "files")))]
pub fn address_space() -> Option<(u64, u64)> {
    None
}
