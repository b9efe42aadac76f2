//! File names that the system cannot store.

use std::ffi::OsStr;
use std::path::Path;

use crate::Error;

/// Devices of Windows: whatever is written to such a file, with any extension, goes to the device.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
/// Devices with a digit behind the name.
const NUMBERED: [&str; 2] = ["com", "lpt"];
/// Characters that no file name of Windows contains. A colon would write to a hidden stream of another file.
const FORBIDDEN: [char; 9] = ['<', '>', ':', '"', '|', '?', '*', '/', '\\'];

/// Length of a file name that all common file systems store: bytes, or UTF-16 units on Windows and macOS.
const LONGEST: usize = 255;

/// Checks that this system can store a file of this name.
///
/// # Errors
/// [`Error::Name`], with the path.
pub fn check_name(path: &Path) -> Result<(), Error> {
    let name = path.file_name().unwrap_or_default();
    let text = name.to_string_lossy();
    let windows = if cfg!(windows) { windows_fault(&text) } else { None };
    match windows.or_else(|| length_fault(name, &text)) {
        Some(fault) => Err(Error::Name { fault }.in_file(path)),
        None => Ok(()),
    }
}

fn length_fault(name: &OsStr, text: &str) -> Option<String> {
    let (length, unit) = if cfg!(any(windows, target_os = "macos")) {
        (text.encode_utf16().count(), "characters")
    } else {
        (name.len(), "bytes")
    };
    (length > LONGEST).then(|| format!("its name has {length} {unit}, and at most {LONGEST} can be stored"))
}

/// The reason why Windows cannot store a file of this name.
fn windows_fault(name: &str) -> Option<String> {
    if let Some(found) = name.chars().find(|&c| FORBIDDEN.contains(&c) || c < ' ') {
        return Some(format!("Windows allows no {found:?} in a file name"));
    }
    if name.ends_with(['.', ' ']) {
        return Some("Windows removes the dot or space at its end".to_owned());
    }
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = |device: &str| {
        let mut rest = stem.strip_prefix(device).unwrap_or_default().chars();
        matches!((rest.next(), rest.next()), (Some('1'..='9' | '¹' | '²' | '³'), None))
    };
    let device = DEVICES.contains(&stem.as_str()) || NUMBERED.into_iter().any(numbered);
    device.then(|| format!("{} is a device of Windows", stem.to_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_and_forbidden_characters_are_found() {
        for name in ["con", "AUX.png", "nul.tar.gz", "Com1.png", "lpt9", "com².mkv", "prn .png"] {
            assert!(windows_fault(name).is_some_and(|fault| fault.contains("device")), "{name}");
        }
        for name in ["a:b.png", "what?.png", "a*b", "tab\t.png", "quote\".png", "ends.", "ends "] {
            assert!(windows_fault(name).is_some(), "{name}");
        }
    }

    #[test]
    fn other_names_are_allowed() {
        for name in
            ["console.png", "com0.png", "com10.png", "lpt.png", "aux-2.png", ".png", "ä ö.png", "nul_.png"]
        {
            assert_eq!(windows_fault(name), None, "{name}");
        }
    }

    #[test]
    fn names_that_are_too_long_are_found_before_any_work() {
        let name = |length: usize| format!("{}.png", "a".repeat(length - 4));
        assert!(check_name(Path::new(&name(255))).is_ok());
        let error = check_name(Path::new(&name(256))).unwrap_err().to_string();
        assert!(error.contains("256") && error.contains("255"), "{error}");
        // Letters of two bytes each.
        let wide = format!("{}.png", "ä".repeat(130));
        assert_eq!(check_name(Path::new(&wide)).is_err(), !cfg!(any(windows, target_os = "macos")));
    }

    #[test]
    fn other_systems_store_all_names() {
        let checked = check_name(Path::new("folder/aux.png"));
        assert_eq!(checked.is_err(), cfg!(windows));
    }
}
