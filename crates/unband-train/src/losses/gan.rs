//! Adversarial losses: distance of the discriminator's values from those of real or generated images.

use burn::tensor::Tensor;

use crate::recipe::Rules;

/// Result in one element. `values` are the discriminator's, for images that should all be classified as real,
/// or as generated.
///
/// Source: pix2pix, `models/networks.py`, `GANLoss` in its mode "vanilla" (binary cross-entropy of logits);
/// cszn/KAIR,
/// `models/loss.py`, `GANLoss` in its five modes.
pub fn loss(rules: Rules, values: Tensor<4>, real: bool) -> Tensor<1> {
    match rules {
        // log(1 + eˣ), which is also the cross-entropy of logits.
        Rules::Pix2pix | Rules::Gan | Rules::Ragan | Rules::Softplusgan => {
            let towards = if real { values.clone().neg() } else { values.clone() };
            // Without overflow.
            let tail = values.abs().neg().exp().log1p();
            (towards.clamp_min(0.0) + tail).mean()
        }
        Rules::Lsgan => values.sub_scalar(if real { 1.0 } else { 0.0 }).square().mean(),
        Rules::Wgan if real => values.mean().neg(),
        Rules::Wgan => values.mean(),
    }
}

/// Loss of the network, whose images should be classified as real. `made` are the discriminator's values for
/// them. For `ragan`, `known` are the values of the whole batch without gradients, for generated and for real
/// images, of which `made` may be a part.
///
/// Source: cszn/KAIR, `models/model_gan.py`, `optimize_parameters`.
pub fn generator(rules: Rules, made: Tensor<4>, known: Option<(&Tensor<4>, &Tensor<4>)>) -> Tensor<1> {
    let Some((all_made, all_real)) = known.filter(|_| rules == Rules::Ragan) else {
        return loss(rules, made, true);
    };
    // The mean of the whole batch, with the gradients of this part.
    let own = made.clone().mean_dim(0);
    let mean = all_made.clone().mean_dim(0) + (own.clone() - own.detach());
    let real = loss(rules, all_real.clone() - mean, false);
    (real + loss(rules, made - all_real.clone().mean_dim(0), true)).mul_scalar(0.5)
}

/// Loss of the discriminator, given its values for generated and for real images; pix2pix takes the mean of
/// both losses, KAIR the sum. `known` is as for [`generator`].
pub fn discriminator(
    rules: Rules,
    made: Tensor<4>,
    real: Tensor<4>,
    known: Option<(&Tensor<4>, &Tensor<4>)>,
) -> Tensor<1> {
    if let Some((all_made, all_real)) = known.filter(|_| rules == Rules::Ragan) {
        let real = loss(rules, real - all_made.clone().mean_dim(0), true);
        let made = loss(rules, made - all_real.clone().mean_dim(0), false);
        return (real + made).mul_scalar(0.5);
    }
    let share = if rules == Rules::Pix2pix { 0.5 } else { 1.0 };
    (loss(rules, made, false) + loss(rules, real, true)).mul_scalar(share)
}
