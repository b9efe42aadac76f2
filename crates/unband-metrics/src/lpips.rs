//! LPIPS: perceptual distance between two images from features of a classification network.
//!
//! The weights of the distance are part of unband; those of the backbone are torchvision's and must be
//! imported.

use unband_image::{Context, Image};
use unband_infer::lpips::{Backbone, Lpips};

use crate::{Better, ComparedWith, Fault, Metric, MetricError, MinSize, Score, at_least, both, network};

/// Minimum side for the network of a backbone.
pub(crate) const fn least_side(backbone: Backbone) -> usize {
    match backbone {
        Backbone::Alex => 31,
        Backbone::Vgg => 32,
        Backbone::Squeeze => 25,
    }
}

/// The distance of two images of one size: 0 for equal images, rarely above 1. It is symmetric.
///
/// A grey image is treated as three equal channels; nothing is
/// rounded. Memory: the features of both images, about 1,000 bytes per pixel for VGG-16.
///
/// Source: Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric", CVPR 2018;
/// richzhang/PerceptualSimilarity `lpips/lpips.py`, version 0.1.
///
/// # Errors
/// When the images differ in size or colour model, have a side below [`least_side`], are not RGB or grey, or
/// have samples that are not finite; when the network is missing or another one, or when cancelled.
fn score(
    image: &Image,
    reference: Option<&Image>,
    backbone: Backbone,
    ctx: &Context<'_>,
) -> Result<Score, MetricError> {
    let (image, reference) = both(ENTRY.name, "a reference", image, reference)?;
    at_least(ENTRY.name, least_side(backbone), image.width(), image.height())?;
    let features = network::engine(ENTRY.name, backbone.architecture(), ctx)?;
    let fault = |what: String| Fault::Network { what, hint: None }.of(ENTRY.name);
    let lpips = Lpips::new(backbone).map_err(|error| fault(error.to_string()))?;
    let of = |input| network::run(ENTRY.name, &features, network::rgb(input), ctx);
    let distance = lpips.distance(&of(image)?, &of(reference)?).map_err(|error| fault(error.to_string()))?;
    Ok(Score { value: distance.total, details: TAPS.into_iter().zip(distance.per_tap).collect() })
}

/// Names of a distance's components.
const TAPS: [&str; 7] = ["tap_1", "tap_2", "tap_3", "tap_4", "tap_5", "tap_6", "tap_7"];

/// LPIPS with AlexNet.
pub(crate) const ENTRY: Metric = Metric {
    name: "lpips",
    title: "LPIPS: distance between AlexNet features of two images",
    purpose: "Perceived difference of two images, as papers on restoration report it.",
    better: Better::Lower,
    compared_with: ComparedWith::Reference,
    range: "0 and more, rarely above 1",
    min_size: MinSize::Sides(least_side(Backbone::Alex)),
    network: Some("alexnet"),
    source: "Zhang et al., CVPR 2018; richzhang/PerceptualSimilarity `lpips/lpips.py`, version 0.1",
    score: |image, reference, ctx| score(image, reference, Backbone::Alex, ctx),
    ..Metric::PLAIN
};

/// LPIPS with VGG-16.
pub(crate) const ENTRY_VGG: Metric = Metric {
    name: "lpips-vgg",
    title: "LPIPS: distance between VGG-16 features of two images",
    purpose: "The same with the network that serves as a loss. Slow, and needs about 1,000 bytes of memory per pixel.",
    min_size: MinSize::Sides(least_side(Backbone::Vgg)),
    network: Some("vgg16"),
    score: |image, reference, ctx| score(image, reference, Backbone::Vgg, ctx),
    ..ENTRY
};

/// LPIPS with SqueezeNet.
pub(crate) const ENTRY_SQUEEZE: Metric = Metric {
    name: "lpips-squeeze",
    title: "LPIPS: distance between SqueezeNet features of two images",
    purpose: "The same with a network of a few megabytes.",
    min_size: MinSize::Sides(least_side(Backbone::Squeeze)),
    network: Some("squeezenet"),
    score: |image, reference, ctx| score(image, reference, Backbone::Squeeze, ctx),
    ..ENTRY
};

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use unband_nets::arch;

    #[test]
    fn the_least_side_is_the_least_that_the_network_takes() {
        for (entry, backbone) in
            [(ENTRY, Backbone::Alex), (ENTRY_VGG, Backbone::Vgg), (ENTRY_SQUEEZE, Backbone::Squeeze)]
        {
            let graph = arch::build(backbone.architecture()).unwrap().unwrap();
            let least = (1..100).find(|&side| graph.shapes(side, side).is_ok()).unwrap();
            assert_eq!(least_side(backbone), least, "{}", entry.name);
            assert_eq!(entry.min_size, MinSize::Sides(least));
            assert!(graph.shapes(least - 1, 500).is_err() && graph.shapes(least, 500).is_ok());
            assert_eq!(entry.network, Some(backbone.architecture()));
        }
    }
}
