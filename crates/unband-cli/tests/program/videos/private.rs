//! File permissions: a video that only its owner may read stays private, also during the work.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::*;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_private_video_stays_private() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let large = "testsrc=s=352x288:r=10:d=0.5,format=yuv420p";
    drawn(&stage, "film.mkv", large, &["-c:v", "ffv1"]);
    drawn(&stage, "open.mkv", TEN, &["-c:v", "ffv1"]);
    std::fs::set_permissions(stage.path("film.mkv"), PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::set_permissions(stage.path("open.mkv"), PermissionsExt::from_mode(0o644)).unwrap();
    // The fake encoder looks at its output folder.
    let seen = stage.path("seen");
    let look =
        format!("ls -ld '{}' > '{}'", stage.path("film_unband.mkv.unfinished").display(), seen.display());
    let path = programs::before(&stage, "ffmpeg", "00001.part", &format!("{look}; exec \"$real\" \"$@\""));
    let ran: Ran = stage.command(&["film.mkv", "--lossless"]).env("PATH", &path).output().unwrap().into();
    ran.code(0);
    stage.run(&["open.mkv", "--lossless"]).code(0);
    assert!(std::fs::read_to_string(&seen).unwrap().starts_with("drwx------"), "{seen:?}");
    assert_eq!(mode(&stage.path("film_unband.mkv")), 0o600);
    assert_eq!(mode(&stage.path("open_unband.mkv")) & 0o600, 0o600);
    stage.run(&["film.mkv", "--preview", "1"]).code(0);
    assert_eq!(mode(&stage.path("film_unband_preview.png")), 0o600);
}
