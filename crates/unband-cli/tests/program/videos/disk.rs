//! Full disks and unwritable folders.

use super::*;

/// Runs with a limit on file sizes, in blocks of 512 bytes; writes beyond it fail as on a full disk.
fn limited(stage: &Stage, blocks: u64, args: &[&str]) -> Ran {
    let mut command = std::process::Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_unband")]).args(args).current_dir(&stage.0);
    command.output().unwrap().into()
}

#[test]
fn a_full_disk_leaves_no_result_and_keeps_what_is_finished() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    // Two segments of a megabyte each and a video of two.
    let shot = |seed: u32, color: &str| {
        format!("color={color}:s=128x96:r=5:d=11,noise=all_seed={seed}:alls=40:allf=t")
    };
    let graph = format!("{}[a];{}[b];[a][b]concat=n=2,format=yuv420p", shot(1, "gray"), shot(2, "0x303030"));
    make(&stage, "film.mkv", &["-filter_complex", &graph, "-c:v", "ffv1"]);
    let args = ["film.mkv", "--lossless", "--depth", "8", "-m", "gradfun", "-o", "out.mkv"];
    let before = stage.names();
    let ran = limited(&stage, 1000, &args)
        .code(1)
        .says("out.mkv: FFmpeg cannot encode")
        .says("free some disk space");
    left_nothing(&stage, &before);
    assert!(ran.stderr.contains("File too large"), "{}", ran.stderr);
    limited(&stage, 3000, &args).code(1).says("cannot join the video").says("--resume");
    assert!(!stage.path("out.mkv").exists());
    assert!(!stage.path("out.mkv.unfinished/joined.part").exists());
    let record = &stage.run(&[&args[..], &["--resume", "--json"]].concat()).code(0).json()[0];
    assert_eq!((&record["worked"], &record["frames"]), (&0.into(), &110.into()));
    assert_eq!(times(&stage.path("out.mkv")).len(), 110);
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_to_is_named() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    drawn(&stage, "film.mkv", TEN, &["-c:v", "ffv1"]);
    // Not even for root.
    refused(&stage, &["film.mkv", "-o", "/proc/out.mkv"], 1, &["/proc/out.mkv", "cannot"]);
    // A path below a file does not exist.
    refused(&stage, &["film.mkv", "-o", "film.mkv/out.mkv"], 1, &["film.mkv/out.mkv", "cannot"]);
}
