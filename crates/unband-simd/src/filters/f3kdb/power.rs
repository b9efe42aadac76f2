//! Tenth root of a 32-bit float, bit-identical to most C libraries.

/// `x` to the power of `0.1f32`, for `x` between 0 and 1 that is not subnormal.
///
/// The base-2 logarithm is computed from a table of 16 and a polynomial, the power of 2 from a table of 32
/// and another, all in 64-bit floats. Source: `powf` of glibc 2.28 and later, musl and Arm's optimized
/// routines, which use the same constants.
#[inline(always)]
pub(super) fn tenth_root(x: f32) -> f32 {
    /// Adding it rounds to the nearest 32nd, in the lowest bits.
    const ROUND: f64 = 6_755_399_441_055_744.0 / 32.0;
    let bits = x.to_bits();
    let from = bits.wrapping_sub(0x3f33_0000);
    let exponent = from & 0xff80_0000;
    let (inverse, log) = LOG2[(from >> 19 & 15) as usize];
    let r = f64::from(f32::from_bits(bits.wrapping_sub(exponent))) * inverse - 1.0;
    let r2 = r * r;
    let low = (A[4] * r + (log + f64::from(exponent as i32 >> 23))) + (A[2] * r + A[3]) * r2;
    let log = low + (A[0] * r + A[1]) * (r2 * r2);
    let exact = f64::from(0.1f32) * log;
    let shifted = exact + ROUND;
    let steps = shifted.to_bits();
    let r = exact - (shifted - ROUND);
    let scale = f64::from_bits(EXP2[(steps & 31) as usize].wrapping_add(steps << 47));
    let root = (((C[2] * r + 1.0) + (C[0] * r + C[1]) * (r * r)) * scale) as f32;
    if x > 0.0 { root } else { 0.0 }
}

/// `(mantissa / 2^52 + 1) · 2^exponent`: an exact hexadecimal constant.
const fn hex(negative: bool, mantissa: u64, exponent: i64) -> f64 {
    f64::from_bits(((negative as u64) << 63) | (((exponent + 1023) as u64) << 52) | mantissa)
}

/// Reciprocals of points in 0.7 to 1.4, and the logarithms of the points.
const LOG2: [(f64, f64); 16] = [
    (hex(false, 0x0006_61ec_79f8_f3be, 0), hex(true, 0x000e_fec6_5b96_3019, -2)),
    (hex(false, 0x0005_71ed_4aaf_883d, 0), hex(true, 0x000b_0b68_32d4_fca4, -2)),
    (hex(false, 0x0004_9539_f0f0_10b0, 0), hex(true, 0x0007_418b_0a1f_b77b, -2)),
    (hex(false, 0x0003_c995_b0b8_0385, 0), hex(true, 0x0003_9de9_1a6d_cf7b, -2)),
    (hex(false, 0x0003_0d19_0c88_64a5, 0), hex(true, 0x0000_1d9b_f3f2_b631, -2)),
    (hex(false, 0x0002_5e22_7b0b_8ea0, 0), hex(true, 0x0009_7c1d_1b3b_7af0, -3)),
    (hex(false, 0x0001_bb4a_4a1a_343f, 0), hex(true, 0x0002_f9e3_93af_3c9f, -3)),
    (hex(false, 0x0001_2358_f08a_e5ba, 0), hex(true, 0x0009_60cb_bf78_8d5c, -4)),
    (hex(false, 0x0000_953f_4199_00a7, 0), hex(true, 0x000a_6f9d_b647_5fce, -5)),
    (1.0, 0.0),
    (hex(false, 0x000e_608c_fd9a_47ac, -1), hex(false, 0x0003_38ca_9f24_f53d, -4)),
    (hex(false, 0x000c_a4b3_1f02_6aa0, -1), hex(false, 0x0004_76a9_5438_91ba, -3)),
    (hex(false, 0x000b_2036_576a_fce6, -1), hex(false, 0x000e_840b_4ac4_e4d2, -3)),
    (hex(false, 0x0009_c2d1_63a1_aa2d, -1), hex(false, 0x0004_0645_f0c6_651c, -2)),
    (hex(false, 0x0008_86e6_0378_41ed, -1), hex(false, 0x0008_8e9c_2c1b_9ff8, -2)),
    (hex(false, 0x0007_67dc_f553_4862, -1), hex(false, 0x000c_e0a4_4eb1_7bcc, -2)),
];
/// Polynomial for the logarithm of 1 + r, fifth order first.
const A: [f64; 5] = [
    hex(false, 0x0002_7616_c949_6e0b, -2),
    hex(true, 0x0007_1969_a075_c67a, -2),
    hex(false, 0x000e_c70a_6ca7_badd, -2),
    hex(true, 0x0007_1547_48be_f6c8, -1),
    hex(false, 0x0007_1547_652a_b82b, 0),
];
/// Polynomial for 2 to the power of r, third order first.
const C: [f64; 3] = [
    hex(false, 0x000c_6af8_4b91_2394, -5),
    hex(false, 0x000e_bfce_50fa_c4f3, -3),
    hex(false, 0x0006_2e42_ff0c_52d6, -1),
];
/// Bits of 2 to the power of i / 32, minus i << 47.
#[rustfmt::skip]
const EXP2: [u64; 32] = [
    0x3ff0_0000_0000_0000, 0x3fef_d9b0_d315_8574, 0x3fef_b558_6cf9_890f, 0x3fef_9301_d012_5b51,
    0x3fef_72b8_3c7d_517b, 0x3fef_5487_3168_b9aa, 0x3fef_387a_6e75_6238, 0x3fef_1e9d_f51f_dee1,
    0x3fef_06fe_0a31_b715, 0x3fee_f1a7_373a_a9cb, 0x3fee_dea6_4c12_3422, 0x3fee_ce08_6061_892d,
    0x3fee_bfda_d536_2a27, 0x3fee_b42b_569d_4f82, 0x3fee_ab07_dd48_5429, 0x3fee_a47e_b03a_5585,
    0x3fee_a09e_667f_3bcd, 0x3fee_9f75_e8ec_5f74, 0x3fee_a114_73eb_0187, 0x3fee_a589_994c_ce13,
    0x3fee_ace5_422a_a0db, 0x3fee_b737_b0cd_c5e5, 0x3fee_c491_82a3_f090, 0x3fee_d503_b23e_255d,
    0x3fee_e89f_995a_d3ad, 0x3fee_ff76_f2fb_5e47, 0x3fef_199b_dd85_529c, 0x3fef_3720_dcef_9069,
    0x3fef_5818_dcfb_a487, 0x3fef_7c97_337b_9b5f, 0x3fef_a4af_a2a4_90da, 0x3fef_d076_5b6e_4540,
];
