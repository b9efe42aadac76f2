//! Losses compared with results of the networks' original code, and with their definitions.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr)]

use burn::tensor::{Device, Tensor, TensorData};
use unband_nets::state::fill;
use unband_train::Model;
use unband_train::losses::{
    banding, charbonnier, fft_l1, gan, gradient, indi, l1, ms_ssim, perceptual, psnr, relative_l1,
    relative_steps,
};
use unband_train::recipe::Rules;

fn tensor(values: &[f64], channels: usize, height: usize, width: usize) -> Tensor<4> {
    let values: Vec<f32> = values.iter().map(|v| *v as f32).collect();
    Tensor::from_data(TensorData::new(values, [1, channels, height, width]), &Device::flex().autodiff())
}

/// The image of the golden rule, and the example's prediction for it.
fn example(side: usize) -> (Tensor<4>, Tensor<4>) {
    let target = fill::test_image(3, side, side);
    let made: Vec<f64> = target.iter().map(|v| 0.9 * v + 0.05).collect();
    (tensor(&made, 3, side, side), tensor(&target, 3, side, side))
}

fn near(name: &str, got: Tensor<1>, want: f64, share: f64) {
    let got = f64::from(got.into_scalar::<f32>());
    eprintln!("{name}: {got:.9}, {want:.9} in 64 bits, {:.1e} apart", (got / want - 1.0).abs());
    assert!((got / want - 1.0).abs() <= share, "{name}: {got} {want}");
}

/// `loss_example` of golden/nets/ggdbn.json, computed by GGDBN's own code in 64 bits.
#[test]
fn the_losses_of_ggdbn_are_those_of_its_code() {
    let (made, target) = example(192);
    near("l1", l1::loss(made.clone(), target.clone()), 0.025_088_128_205_564_605, 1e-6);
    near("ms-ssim", ms_ssim::similarity(made.clone(), target.clone()).unwrap(), 0.996_596_556_111_338, 1e-6);
    near("fft-l1", fft_l1::modulus(made.clone(), target.clone()), 2.082_302_924_653_433, 1e-5);
    let own = gradient::sobel(made);
    near("gradient", gradient::loss(own, target), 0.062_132_663_098_217_696, 1e-5);
}

/// `loss_example` of golden/nets/indi.json.
#[test]
fn the_loss_of_indi_is_that_of_its_code() {
    let (made, target) = example(32);
    near("fft-l1-parts", fft_l1::parts(made, target), 0.288_637_464_624_550_9, 1e-5);
}

#[test]
fn the_loss_of_banding_compares_with_degraded_minus_clean() {
    let (degraded, clean) = example(16);
    let apart = f64::from(l1::loss(degraded.clone(), clean.clone()).into_scalar::<f32>());
    let separated = degraded.clone() - clean.clone();
    let perfect = banding::loss(separated.clone(), degraded.clone(), clean.clone());
    assert!(perfect.into_scalar::<f32>() <= 0.0);
    near("twice", banding::loss(separated.mul_scalar(2.0), degraded.clone(), clean.clone()), apart, 1e-5);
    near("none", banding::loss(degraded.zeros_like(), degraded, clean), apart, 1e-6);
}

/// The transform by its definition, in 64 bits.
fn spectrum(x: &[f64], h: usize, w: usize) -> Vec<(f64, f64)> {
    let turn = |u: usize, v: usize, y: usize, x: usize| {
        std::f64::consts::TAU * ((u * y) as f64 / h as f64 + (v * x) as f64 / w as f64)
    };
    let one = |k: usize| {
        let at = |i: usize| turn(k / w, k % w, i / w, i % w);
        let (re, im) =
            (0..h * w).fold((0.0, 0.0), |(re, im), i| (re + x[i] * at(i).cos(), im - x[i] * at(i).sin()));
        (re, im)
    };
    (0..h * w).map(one).collect()
}

#[test]
fn spectra_of_any_size_are_those_of_the_definition() {
    for (h, w) in [(5, 6), (6, 5), (1, 7), (8, 8)] {
        let x: Vec<f64> = (0..h * w).map(|i| fill::mixed(h, i) - 0.3).collect();
        let want = spectrum(&x, h, w);
        let count = (h * w) as f64;
        let zero = tensor(&vec![0.0; h * w], 1, h, w);
        let modulus = want.iter().map(|(re, im)| re.hypot(*im)).sum::<f64>() / count;
        near(&format!("{h}×{w} modulus"), fft_l1::modulus(tensor(&x, 1, h, w), zero.clone()), modulus, 1e-5);
        let parts = want.iter().map(|(re, im)| re.abs() + im.abs()).sum::<f64>() / (2.0 * count);
        near(&format!("{h}×{w} parts"), fft_l1::parts(tensor(&x, 1, h, w), zero), parts, 1e-5);
    }
}

#[test]
fn no_loss_has_a_slope_without_a_number_where_images_are_equal() {
    let (_, target) = example(32);
    let flat = tensor(&vec![0.5; 3 * 32 * 32], 3, 32, 32);
    for gt in [target, flat] {
        let out = gt.clone().detach().require_grad();
        let all = [
            l1::loss(out.clone(), gt.clone()),
            charbonnier::loss(out.clone(), gt.clone(), 1e-3),
            fft_l1::modulus(out.clone(), gt.clone()),
            fft_l1::parts(out.clone(), gt.clone()),
            ms_ssim::loss(out.clone(), gt.clone()).unwrap(),
        ];
        for loss in all {
            let slope = out.grad(&loss.backward()).unwrap().try_into_vec_as::<f32>().unwrap();
            assert!(slope.iter().all(|v| v.is_finite()));
        }
    }
}

/// Directional derivative of a loss, from its gradient.
fn along(
    loss: fn(Tensor<4>, Tensor<4>) -> Tensor<1>,
    [out, gt, direction]: [&[f64]; 3],
    size: [usize; 3],
) -> f64 {
    let [c, h, w] = size;
    let out = tensor(out, c, h, w).require_grad();
    let slope = out.grad(&loss(out.clone(), tensor(gt, c, h, w)).backward()).unwrap();
    let slope = slope.try_into_vec_as::<f32>().unwrap();
    slope.iter().zip(direction).map(|(a, b)| f64::from(*a) * b).sum()
}

/// By the derivative of the definition, in 64 bits.
#[test]
fn slopes_of_spectra_are_those_of_the_definition() {
    let (h, w) = (9, 10);
    let difference: Vec<f64> = (0..h * w).map(|i| fill::mixed(3, i) - 0.4).collect();
    let direction: Vec<f64> = (0..h * w).map(|i| fill::mixed(5, i) - 0.5).collect();
    let zero = vec![0.0; h * w];
    let (at, by) = (spectrum(&difference, h, w), spectrum(&direction, h, w));
    let count = (h * w) as f64;
    let modulus = |((re, im), (dre, dim)): (&(f64, f64), &(f64, f64))| (re * dre + im * dim) / re.hypot(*im);
    let parts = |((re, im), (dre, dim)): (&(f64, f64), &(f64, f64))| re.signum() * dre + im.signum() * dim;
    let want = [
        ("modulus", at.iter().zip(&by).map(modulus).sum::<f64>() / count),
        ("parts", at.iter().zip(&by).map(parts).sum::<f64>() / (2.0 * count)),
    ];
    let all: [fn(Tensor<4>, Tensor<4>) -> Tensor<1>; 2] = [fft_l1::modulus, fft_l1::parts];
    for ((name, want), loss) in want.into_iter().zip(all) {
        let got = along(loss, [&difference, &zero, &direction], [1, h, w]);
        eprintln!("{name}: slope {got:.7}, {want:.7} in 64 bits");
        assert!((got - want).abs() <= 1e-5 * want.abs(), "{name}: {got} {want}");
    }
}

#[test]
fn the_slope_of_similarity_is_that_of_a_small_step() {
    let size = [3, 20, 21];
    let target: Vec<f64> = fill::test_image(3, 20, 21);
    let made: Vec<f64> = (0..target.len()).map(|i| target[i] + 0.2 * (fill::mixed(3, i) - 0.5)).collect();
    let loss = |a, b| ms_ssim::loss(a, b).unwrap();
    let towards: Vec<f64> = target.iter().zip(&made).map(|(t, m)| t - m).collect();
    let slope = along(loss, [&made, &target, &towards], size);
    let at = |step: f64| {
        let moved: Vec<f64> = made.iter().zip(&towards).map(|(a, b)| a + step * b).collect();
        f64::from(loss(tensor(&moved, 3, 20, 21), tensor(&target, 3, 20, 21)).into_scalar::<f32>())
    };
    let measured = (at(0.01) - at(-0.01)) / 0.02;
    eprintln!("slope {slope:.6}, measured {measured:.6}");
    assert!(slope < 0.0 && (slope - measured).abs() <= 5e-3 * slope.abs(), "{slope} {measured}");
}

#[test]
fn cross_entropy_is_that_of_the_formula_and_never_overflows() {
    let logits = [-2.0, 0.0, 3.0, 0.5];
    let want: f64 = logits.iter().map(|x: &f64| (1.0 + (-x).exp()).ln()).sum::<f64>() / 4.0;
    near("real", gan::loss(Rules::Pix2pix, tensor(&logits, 1, 2, 2), true), want, 1e-6);
    let want: f64 = logits.iter().map(|x: &f64| (1.0 + x.exp()).ln()).sum::<f64>() / 4.0;
    near("made", gan::loss(Rules::Pix2pix, tensor(&logits, 1, 2, 2), false), want, 1e-6);
    near("sure and wrong", gan::loss(Rules::Pix2pix, tensor(&[200.0; 4], 1, 2, 2), false), 200.0, 1e-6);
}

#[test]
fn a_mix_goes_from_clean_to_banded() {
    let (banded, clean) = example(8);
    let at = |t: f64| {
        let t = tensor(&[t], 1, 1, 1);
        let apart = |x: Tensor<4>| {
            (indi::mix(clean.clone(), banded.clone(), t.clone()) - x).abs().max().into_scalar::<f32>()
        };
        (apart(clean.clone()), apart(banded.clone()))
    };
    assert!(at(0.0).0 == 0.0);
    assert!(at(1.0).1 < 1e-6);
    let (from_clean, from_banded) = at(0.25);
    assert!((3.0 * from_clean - from_banded).abs() < 1e-5, "{from_clean} {from_banded}");
}

#[test]
fn a_smooth_difference_is_that_of_the_formula() {
    let loss = charbonnier::loss(tensor(&[0.5, 0.1], 1, 1, 2), tensor(&[0.5, 0.3], 1, 1, 2), 1e-3);
    near("charbonnier", loss, f64::midpoint(1e-3, (0.04f64 + 1e-6).sqrt()), 1e-5);
}

#[test]
fn relative_differences_weigh_patches_alike_at_any_degradation() {
    // Two patches: an error of 8 codes halved, an error of 1 code doubled; a quarter of a code is added to
    // the error.
    let codes =
        |a: f32, b: f32| Tensor::<4>::from_floats([[[[a / 255.0]]], [[[b / 255.0]]]], &Device::flex());
    let loss = relative_l1::loss(codes(4.0, 2.0), codes(0.0, 0.0), codes(8.0, -1.0)).into_scalar::<f32>();
    let want = f64::midpoint(4.0 / 8.25, 2.0 / 1.25);
    assert!((f64::from(loss) - want).abs() < 1e-5, "{loss} {want}");
}

#[test]
fn decibels_weigh_patches_alike_down_to_the_error_of_8_bits() {
    // Two patches, with errors of 10 codes and of 1 code; the error of rounding is 1/√12 code.
    let codes =
        |a: f32, b: f32| Tensor::<4>::from_floats([[[[a / 255.0]]], [[[b / 255.0]]]], &Device::flex());
    let loss = psnr::loss(codes(110.0, 9.0), codes(100.0, 10.0)).into_scalar::<f32>();
    let want = f64::midpoint(10.0 * 1201f64.log10(), 10.0 * 13f64.log10());
    assert!((f64::from(loss) - want).abs() < 1e-4, "{loss} {want}");
}

#[test]
fn false_steps_count_where_the_clean_image_is_smooth() {
    // Two adjacent squares of 4×4 samples, twice: a step of `step` codes between them.
    let painted = |step: f64| {
        let values: Vec<f64> = (0..64).map(|i| f64::from(i % 8 / 4) * step / 255.0).collect();
        tensor(&values, 1, 8, 8)
    };
    let loss =
        |out: f64, gt: f64, lq: f64| relative_steps::loss(painted(out), painted(gt), painted(lq)).unwrap();
    near("half", loss(1.0, 0.0, 2.0), 1.0 / 2.05, 1e-5);
    // Next to a clean step of 3 codes, a false one has a tenth of the weight.
    near("next to an edge", loss(4.0, 3.0, 5.0), 0.1 / (0.2 + 0.05), 1e-4);
    // An image that is brighter all over has no false steps.
    let brighter = relative_steps::loss(painted(2.0).add_scalar(0.1), painted(2.0), painted(5.0)).unwrap();
    assert!(brighter.into_scalar::<f32>() < 1e-4);
    let small = || tensor(&[0.0; 16], 1, 4, 4);
    let small = relative_steps::loss(small(), small(), small());
    assert!(matches!(small, Err(unband_train::TrainError::Patch { least: 8, .. })));
}

#[test]
fn the_least_squares_game_measures_squared_distances_from_one_and_zero() {
    let values = [0.5, -1.0, 2.0, 1.0];
    near("real", gan::loss(Rules::Lsgan, tensor(&values, 1, 2, 2), true), 5.25 / 4.0, 1e-6);
    near("made", gan::loss(Rules::Lsgan, tensor(&values, 1, 2, 2), false), 6.25 / 4.0, 1e-6);
}

/// `fimg` of BSRGAN's goldens.
fn bsrgan_image(height: usize, width: usize, flipped: bool) -> Tensor<4> {
    let at = |i: usize| {
        let (c, y, x) = (i / (height * width), i / width % height, i % width);
        let y = if flipped { height - 1 - y } else { y };
        ((7 * x + 13 * y + 29 * c + (x * y) % 31) % 256) as f64 / 255.0
    };
    let values: Vec<f64> = (0..3 * height * width).map(at).collect();
    tensor(&values, 3, height, width)
}

/// `vgg19_perceptual/formula` of BSRGAN's goldens, computed by its authors' code in 64 bits with generated
/// weights of gain 2.
#[test]
fn the_perceptual_loss_is_that_of_its_code_and_moves_only_the_image() {
    let graph = unband_nets::arch::build("vgg19").unwrap().unwrap();
    let state = fill::scaled(&graph.stored(), 2.0);
    let features = Model::new(graph, &state, &Device::flex().autodiff()).unwrap().frozen();
    let out = bsrgan_image(48, 56, false).detach().require_grad();
    let loss = perceptual::loss(&features, out.clone(), bsrgan_image(48, 56, true)).unwrap();
    near("perceptual", loss.clone(), 2.589_272_892, 1e-4);
    let gradients = loss.backward();
    let slope = out.grad(&gradients).unwrap().abs().sum().into_scalar::<f32>();
    assert!(slope > 0.0);
    assert!(features.gradients(&gradients).unwrap().is_empty());
}
