//! Combinations of the banded layer's options in `golden/nets/banded_layer.safetensors`; for tests of the
//! engine, of ONNX files and of the trainer.

use unband_nets::layer::banded_deform_conv::BandedDeformSpec;

/// A combination.
pub(crate) struct Combination {
    /// Its name in the file.
    pub name: String,
    /// The name of its kernel's weights there.
    pub weights: String,
    /// The options, as the authors start them.
    pub spec: BandedDeformSpec,
}

/// All 216: kernels, limits, angles, growth, groups.
pub(crate) fn combinations() -> Vec<Combination> {
    let mut all = Vec::new();
    for (kernel_name, kernel) in [("3x3", (3, 3)), ("3x5", (3, 5)), ("5x3", (5, 3))] {
        for (limits_name, limits) in
            [("none", None), ("0.5_3", Some((0.5, 3.0))), ("0.5_2", Some((0.5, 2.0)))]
        {
            for init_angle in [0.0, 17.5, 30.0, 45.0, 90.0, -20.0] {
                for (rescale, groups) in [(true, 1), (true, 2), (false, 1), (false, 2)] {
                    let scale = if rescale { "rescale" } else { "fixed" };
                    all.push(Combination {
                        name: format!("{kernel_name}.{limits_name}.{init_angle}.{scale}.g{groups}"),
                        weights: format!("conv.{kernel_name}.g{groups}"),
                        spec: BandedDeformSpec {
                            kernel,
                            groups,
                            limits,
                            rescale,
                            init_angle,
                            init_whole: 0.0,
                        },
                    });
                }
            }
        }
    }
    assert_eq!(all.len(), 216);
    all
}
