//! Grain of a source stays next to what is repaired.

use super::*;

const SIZE: (usize, usize) = (256, 224);

/// Codes of luma of ten bits in the right half of all frames.
fn right_half(path: &Path) -> Vec<u16> {
    let crop = format!("extractplanes=y,crop={}:{}:{}:0", SIZE.0 / 2, SIZE.1, SIZE.0 / 2);
    let filter = format!("format=yuv420p10le,{crop}");
    let args = ["-v", "error", "-i", path.to_str().unwrap(), "-vf", &filter, "-f", "rawvideo"];
    let output = Command::new("ffmpeg").args(args).args(["-pix_fmt", "gray10le", "-"]).output().unwrap();
    assert!(output.status.success());
    output.stdout.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect()
}

/// Mean squared difference of a sample to the mean of its neighbours, in 8-bit codes.
fn energy(codes: &[u16]) -> f64 {
    let width = SIZE.0 / 2;
    let inside = |i: &usize| {
        let (x, y) = (i % width, i / width % SIZE.1);
        // Away from the border of the grain.
        (8..width - 1).contains(&x) && (1..SIZE.1 - 1).contains(&y)
    };
    let apart = |i: usize| {
        let near = [i - 1, i + 1, i - width, i + width].map(|i| f64::from(codes[i]));
        (f64::from(codes[i]) - near.iter().sum::<f64>() / 4.0) / 4.0
    };
    let apart: Vec<f64> = (0..codes.len()).filter(inside).map(apart).collect();
    apart.iter().map(|apart| apart * apart).sum::<f64>() / apart.len() as f64
}

#[test]
fn grain_next_to_a_repaired_slope_keeps_its_energy() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let slope = "gradients=s=256x224:r=10:d=0.8:c0=0x203040:c1=0x304050:x0=0:x1=255:y0=0:y1=80:speed=0.00001";
    for temporal in ["motion", "still", "off"] {
        let half = format!("crop={}:{}:{}:0", SIZE.0 / 2, SIZE.1, SIZE.0 / 2);
        let graph = format!(
            "{slope},format=yuv420p,split[a][b];[b]noise=c0s=10:c0f=t+u,{half}[n];[a][n]overlay=128:0,format=yuv420p"
        );
        let x264 = ["-c:v", "libx264", "-crf", "18", "-preset", "fast", "-tune", "grain"];
        drawn(&stage, "film.mkv", &graph, &x264);
        let args = ["film.mkv", "-o", "out.mkv", "--lossless", "--overwrite", "--temporal", temporal];
        stage.run(&args).code(0).says("8 of 8 frames changed");
        let [before, after] = ["film.mkv", "out.mkv"].map(|name| energy(&right_half(&stage.path(name))));
        assert!(before > 1.0 && (after / before - 1.0).abs() < 0.02, "{temporal}: {before} to {after}");
    }
}
