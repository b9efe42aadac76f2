//! Histograms of the codes, and the quantisation steps found in them, by the rules of
//! `unband-detect/src/stored`.

use super::glsl;
use super::pass::{ShaderPass as Pass, float};

/// Texture of the steps of each channel, and of their inverses.
pub(super) const STEPS: &str = "UNBAND_STEPS";
/// Codes of full scale in libplacebo's samples of limited range: 8 of 16 bits are 1/65535 of 256 codes.
pub(super) const LIMITED: f32 = 65535.0 / 256.0;
/// Widest interval of samples off the 8-bit codes, in 8-bit codes: two codes of 10 bits.
pub(super) const DEEP: f32 = 0.498;
/// Interval of coded 8-bit luma, in codes: rounding, and a little for the coding error.
pub(super) const CODED: f32 = 1.12;
/// Distance from an 8-bit code, in codes, from which a sample is off it.
pub(super) const OFF: &str = "0.1";
/// Buffer of histograms, which lives from frame to frame.
const STATE: &str = "UNBAND_STATE";

/// Spacing and first level of the grids that are looked for, in 8-bit codes: of 5 to 7 bits spread over all
/// codes or over those of limited luma, of 5 and 6 bits cut off, the same centred, and the steps of 8 bits in
/// deeper samples. Four bits are those of flat graphics (#111, #222) more often than those of a video.
fn grids() -> Vec<(f32, f32)> {
    let levels = |bits: u32| ((1u32 << bits) - 1) as f32;
    let even = |bits: u32| [(255.0 / levels(bits), 0.0), (219.0 / levels(bits), 16.0)];
    let cut = |bits: u32| ((1u32 << (8 - bits)) as f32, 0.0);
    let centred = |bits: u32| ((1u32 << (8 - bits)) as f32, (1u32 << (7 - bits)) as f32);
    let all = (5..8).flat_map(even).chain((5..7).map(cut)).chain((5..7).map(centred));
    all.chain([(1.0, 0.0)]).collect()
}

/// Counts codes, and finds the steps, before this number of other passes.
pub(super) fn statistic(others: usize) -> [Pass; 3] {
    let grids = grids();
    let list = |values: &mut dyn Iterator<Item = f32>| values.map(float).collect::<Vec<_>>().join(", ");
    let pass = |title: &str| {
        let pass = Pass::new(title).bind(STATE).part(glsl!("samples")).part(glsl!("state"));
        pass.set("CELLS", "T(1.0)").set("LIMITED", float(LIMITED)).set("READY", "20261130.0")
    };
    let clear = pass("clear")
        .set("PASSES", others + 3)
        .part(glsl!("clear"))
        .compute("1 1 256 1")
        .save("UNBAND_NONE")
        .fixed(1, 1);
    let count = pass("count codes")
        .set("FLAT", "1.2")
        .set("LARGE", 500_000)
        .set("OFF", OFF)
        .part(glsl!("codes"))
        .part(glsl!("count"))
        .compute("1 1 16 16")
        .save("UNBAND_NONE")
        .sized("HOOKED.d 63 + 64 / 0.496 -");
    let decide = pass("find the steps")
        .set("GRIDS", grids.len())
        // Those with even steps, and of them those of 5 and 6 bits.
        .set("EVEN", 6)
        .set("COARSE", 4)
        .set("PERIODS", list(&mut grids.iter().map(|grid| grid.0)))
        .set("OFFSETS", list(&mut grids.iter().map(|grid| grid.1)))
        // Distance between histograms from which a new scene begins, and the weight of a frame within one.
        .set("CUT", "0.25")
        .set("OTHER_CODES", "0.5")
        .set("RATE", "0.0625")
        // Added to the grid found before.
        .set("LINGER", "0.05")
        .set("BLOCKY", "1.15")
        .set("SHARE_OF_CODES", "0.985")
        .set("DEEP", float(DEEP))
        .set("DEEP_STEPS", "0.8")
        .set("CODED", float(CODED))
        // Chroma's steps by luma's.
        .set("FINER", "0.8")
        .part(glsl!("decide"))
        .compute("2 1 256 1")
        .save(STEPS)
        .fixed(2, 1);
    [clear, count, decide]
}
