//! Files on disk appear complete or not at all.
#![allow(clippy::unwrap_used)]

use crate::sample;
use std::fs;
use std::path::Path;

use sample::{format, painted};
use unband_image::{Depth, Hint, Image, With};
use unband_io::{Error, FORMATS, Limits, WriteOptions, declared_size, read_file, write_file};

fn image() -> Image {
    painted(20, 10, 3, false, Depth::EIGHT, 1)
}

fn write(image: &Image, path: &Path, overwrite: bool) -> Result<(), Error> {
    write_file(image, path, format("PNG"), &WriteOptions::default(), overwrite).map(|_| ())
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_is_written_whole_and_read_back_by_content() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("picture.jpg");
    write(&image(), &path, false).unwrap();
    let (back, format) = read_file(&path, &Limits::default()).unwrap();
    assert_eq!((back.planes, format.name), (image().planes, "PNG"));
    assert_eq!(names(folder.path()), ["picture.jpg"]);
}

#[test]
fn an_existing_file_is_kept_unless_overwriting_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    fs::write(&path, "old").unwrap();
    let error = write(&image(), &path, false).unwrap_err();
    assert!(matches!(error.fault(), Error::Exists), "{error}");
    assert_eq!(error.to_string(), format!("{}: exists already", path.display()));
    assert_eq!(fs::read(&path).unwrap(), b"old");
    write(&image(), &path, true).unwrap();
    assert_eq!(read_file(&path, &Limits::default()).unwrap().0.planes, image().planes);
    assert_eq!(names(folder.path()), ["a.png"]);
}

#[test]
fn a_failed_encoding_leaves_nothing_and_the_old_file_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jpg");
    fs::write(&path, "old").unwrap();
    let wide = painted(70_000, 1, 1, false, Depth::EIGHT, 1);
    let error = write_file(&wide, &path, format("JPEG"), &WriteOptions::default(), true).unwrap_err();
    assert!(matches!(error.fault(), Error::Size { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["a.jpg"]);
}

#[test]
fn missing_folders_and_folders_as_names_are_errors_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let error = write(&image(), &folder.path().join("none/a.png"), false).unwrap_err();
    assert!(
        error.to_string().ends_with("none does not exist") && error.hint().unwrap().contains("mkdir -p"),
        "{error}"
    );
    for overwrite in [false, true] {
        let error = write(&image(), folder.path(), overwrite).unwrap_err();
        assert!(matches!(error.fault(), Error::Io { .. }), "{error}");
    }
    let error = read_file(&folder.path().join("none.png"), &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("none.png: cannot read"), "{error}");
    assert_eq!(error.hint().unwrap(), "check the name");
    assert!(read_file(folder.path(), &Limits::default()).is_err());
    assert!(names(folder.path()).is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_for_every_format() {
    for format in sample::writers() {
        let depth = format.writes.as_ref().unwrap().depths[0];
        let color = if format.writes.as_ref().unwrap().color { 3 } else { 1 };
        let image = painted(200, 200, color, false, depth, 1);
        let full = Path::new("/dev/full");
        let error = write_file(&image, full, format, &WriteOptions::default(), true).unwrap_err();
        assert!(error.to_string().starts_with("/dev/full: cannot write"), "{format:?} {error}");
        assert_eq!(error.hint().unwrap(), "free some disk space; no partial file remains", "{format:?}");
        // The device is still a device.
        assert!(!fs::metadata(full).unwrap().is_file());
    }
}

/// Fails after some bytes.
struct Short(usize);

impl std::io::Write for Short {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        if self.0 == 0 {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        let taken = buffer.len().min(self.0);
        self.0 -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_writer_that_fails_anywhere_is_noticed() {
    for format in sample::writers() {
        let depth = format.writes.as_ref().unwrap().depths[0];
        let color = if format.writes.as_ref().unwrap().color { 3 } else { 1 };
        let mut image = painted(9, 6, color, false, depth, 1);
        image.metadata = sample::everything();
        let size = sample::written(&image, format).0.len();
        for room in 0..size {
            let result = unband_io::write(&image, format, &WriteOptions::default(), &mut Short(room));
            assert!(matches!(result, Err(Error::Io { .. })), "{format:?} {room} of {size}: {result:?}");
        }
    }
}

#[test]
fn huge_files_are_not_loaded() {
    let folder = tempfile::tempdir().unwrap();
    // A sparse file takes no disk space.
    let sparse = |name: &str, beginning: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, beginning).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_len(1 << 36).unwrap();
        path
    };
    let error = read_file(&sparse("film.mkv", b"\x1A\x45\xDF\xA3"), &Limits::default()).unwrap_err();
    assert!(error.to_string().ends_with("a video, which is not read"), "{error}");
    let error = read_file(&sparse("a.tif", b"II*\0"), &Limits::default()).unwrap_err();
    assert!(error.to_string().ends_with("the file has 65536 MiB, the limit is 9216 MiB"), "{error}");
}

#[cfg(unix)]
#[test]
fn permissions_and_links_survive_overwriting() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("a.png"), folder.path().join("link.png"));
    write(&image(), &file, false).unwrap();
    let fresh = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    let plain = folder.path().join("plain");
    fs::write(&plain, "").unwrap();
    assert_eq!(fresh, fs::metadata(&plain).unwrap().permissions().mode() & 0o777);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    write(&image(), &link, true).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().file_type().is_symlink());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn a_header_says_the_size_that_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut tried = 0;
    for format in FORMATS.iter().filter(|format| format.reads && format.writes.is_some()) {
        let path = folder.path().join(format.name);
        // More than the first read of a header, so that the rest of the file is irrelevant.
        let image = painted(300, 41, 3, false, Depth::EIGHT, 1);
        if write_file(&image, &path, format, &WriteOptions::default(), false).is_err() {
            continue;
        }
        let (back, _) = read_file(&path, &Limits::default()).unwrap();
        let size = declared_size(&path).unwrap_or_else(|error| panic!("{}: {error}", format.name));
        assert_eq!(size, (back.width() as u64, back.height() as u64), "{}", format.name);
        tried += 1;
    }
    assert!(tried > 6, "{tried} formats");
}

/// A file's bytes with this much of a JPEG's application data after its magic.
fn with_long_segments(jpeg: &[u8], segments: usize) -> Vec<u8> {
    let mut out = jpeg[..2].to_vec();
    for _ in 0..segments {
        out.extend([0xff, 0xe5, 0xff, 0xff]);
        out.extend(vec![0; 0xffff - 2]);
    }
    out.extend(&jpeg[2..]);
    out
}

#[test]
fn sizes_far_behind_in_a_file_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let image = painted(300, 41, 3, false, Depth::EIGHT, 1);
    let bytes = |format: &str| {
        let mut out = Vec::new();
        let format = unband_io::by_name(format).unwrap();
        unband_io::write(&image, format, &WriteOptions::default(), &mut out).unwrap();
        out
    };
    // 520 KiB of other programs' data in a JPEG.
    fs::write(&path, with_long_segments(&bytes("JPEG"), 8)).unwrap();
    assert_eq!(declared_size(&path).unwrap(), (300, 41));
    // A TIFF with its directory after its samples, as libtiff writes it, in both byte orders and sizes.
    let entry = |tag: u16, kind: u16, value: u32, big: bool, number: &dyn Fn(u64, usize) -> Vec<u8>| {
        let room = if big { 8 } else { 4 };
        let bytes = if kind == 3 { 2 } else { 4 };
        let mut out = [number(tag.into(), 2), number(kind.into(), 2), number(1, room)].concat();
        out.extend(number(value.into(), bytes));
        out.resize(out.len() + room - bytes, 0);
        out
    };
    for (little, big) in [(true, false), (false, false), (true, true), (false, true)] {
        let number = |value: u64, bytes: usize| {
            if little {
                value.to_le_bytes()[..bytes].to_vec()
            } else {
                value.to_be_bytes()[8 - bytes..].to_vec()
            }
        };
        let start: u64 = 600_000;
        let mut file = if little { b"II".to_vec() } else { b"MM".to_vec() };
        file.extend(if big {
            [number(43, 2), number(8, 2), number(0, 2), number(start, 8)].concat()
        } else {
            [number(42, 2), number(start, 4)].concat()
        });
        file.resize(start as usize, 0);
        file.extend(number(2, if big { 8 } else { 2 }));
        file.extend(entry(256, 4, 12_000, big, &number));
        file.extend(entry(257, 3, 9_000, big, &number));
        fs::write(&path, file).unwrap();
        assert_eq!(declared_size(&path).unwrap(), (12_000, 9_000), "little {little}, big {big}");
    }
}

#[test]
fn what_does_not_say_its_size_is_an_error_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    assert!(declared_size(&path).unwrap_err().to_string().contains("a.png"));
    for bytes in [&b""[..], b"not an image", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0"] {
        fs::write(&path, bytes).unwrap();
        assert!(declared_size(&path).unwrap_err().to_string().contains("a.png"), "{bytes:?}");
    }
    assert!(declared_size(folder.path()).is_err());
}

#[test]
fn a_folder_that_is_not_there_is_named_and_no_temporary_file() {
    let folder = tempfile::tempdir().unwrap();
    let error =
        write(&sample::painted(3, 2, 3, false, Depth::EIGHT, 1), &folder.path().join("no/deep/x.png"), false)
            .unwrap_err();
    let (text, hint) = (error.to_string(), error.hint().unwrap());
    assert!(!text.contains(".unband-"), "{text}");
    assert!(text.ends_with("no/deep does not exist") && hint.contains("mkdir -p"), "{text}, {hint}");
    // A file in place of the folder.
    std::fs::write(folder.path().join("file"), b"").unwrap();
    let error =
        write(&sample::painted(3, 2, 3, false, Depth::EIGHT, 1), &folder.path().join("file/x.png"), false)
            .unwrap_err();
    assert!(!error.to_string().contains(".unband-"), "{error}");
}

#[test]
fn too_many_pixels_are_reported_without_absent_channels() {
    let head = |color: u8| {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend([60_000u32.to_be_bytes(), 60_000u32.to_be_bytes()].concat());
        png.extend([8, color, 0, 0, 0]);
        let mut crc = flate2::Crc::new();
        crc.update(&png[12..]);
        png.extend(crc.sum().to_be_bytes());
        png
    };
    let error = unband_io::read(&head(2), &Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "60000×60000 needs 3600000000 pixels, the limit is 1073741824 pixels");
    let small = Limits::with(|new| new.max_pixels = u64::MAX);
    let error = unband_io::read(&head(2), &small).unwrap_err();
    assert_eq!(error.to_string(), "60000×60000 needs 41198 MiB, the limit is 8192 MiB");
}

/// A reader that checks the temporary file into which its bytes go.
#[cfg(unix)]
struct Watching<'a> {
    folder: &'a std::path::Path,
    modes: Vec<u32>,
}

#[cfg(unix)]
impl std::io::Read for Watching<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        use std::os::unix::fs::PermissionsExt;
        for entry in std::fs::read_dir(self.folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(".unband-") {
                self.modes.push(entry.metadata()?.permissions().mode() & 0o777);
            }
        }
        let enough = self.modes.len() > 3;
        buffer[..4].copy_from_slice(b"data");
        Ok(if enough { 0 } else { 4 })
    }
}

#[cfg(unix)]
#[test]
fn an_unfinished_file_can_be_opened_by_its_owner_alone() {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
    fs::write(folder.path().join("any"), b"").unwrap();
    let any = mode("any");
    for (name, before, input, wanted) in [
        ("new", None, None, any),
        ("private", None, Some(0o600), 0o600),
        ("group", None, Some(0o640), any & 0o640),
        ("replaced", Some(0o640), None, 0o640),
        ("narrowed", Some(0o644), Some(0o600), 0o600),
    ] {
        let path = folder.path().join(name);
        if let Some(mode) = before {
            fs::write(&path, b"old").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let source = folder.path().join("source");
        fs::write(&source, b"").unwrap();
        fs::set_permissions(&source, fs::Permissions::from_mode(input.unwrap_or(0o777))).unwrap();
        let access = unband_io::Access::from_paths([&source]);
        let saving = unband_io::Saving::with(|new| {
            new.overwrite = true;
            new.access = access;
        });
        let mut reader = Watching { folder: folder.path(), modes: Vec::new() };
        unband_io::write_from(&mut reader, &path, saving).unwrap();
        assert!(reader.modes.iter().all(|&mode| mode == 0o600), "{name}: {:?}", reader.modes);
        assert_eq!(mode(name), wanted, "{name}");
    }
    // An image remembers the permissions of its file.
    let secret = folder.path().join("secret.png");
    let image = crate::sample::painted(8, 6, 3, false, unband_image::Depth::EIGHT, 3);
    let png = crate::sample::format("PNG");
    unband_io::write_file(&image, &secret, png, &WriteOptions::default(), false).unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let (image, _) = unband_io::read_file(&secret, &Limits::default()).unwrap();
    unband_io::write_file(&image, &folder.path().join("copy.png"), png, &WriteOptions::default(), false)
        .unwrap();
    assert_eq!(mode("copy.png"), 0o600);
}
