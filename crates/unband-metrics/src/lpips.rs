//! LPIPS: how different two images look to a network that was trained to tell things apart.
//!
//! The weights of the distance come with the program; those of the network under it are torchvision's and have to be
//! imported.

use unband_image::{Context, Image};
use unband_infer::Engine;
use unband_infer::lpips::{Backbone, Distance, Lpips};

use crate::{Against, Better, Least, Metric, MetricError, Score, at_least, both, network};

/// The least side that the network of a backbone takes.
pub const fn least_side(backbone: Backbone) -> usize {
    match backbone {
        Backbone::Alex => 31,
        Backbone::Vgg => 32,
        Backbone::Squeeze => 25,
    }
}

/// The distance of two images of one size: 0 for equal ones, rarely above 1. The same both ways round.
///
/// `features` is the network of the backbone. A grey image counts as three equal channels; nothing is rounded. Memory: the
/// features of both images, of VGG-16 some 1,000 bytes per pixel.
///
/// Source: Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric", CVPR 2018;
/// richzhang/PerceptualSimilarity `lpips/lpips.py`, version 0.1.
///
/// # Errors
/// When the images differ in size or colour model, have a side below [`least_side`], are not RGB or grey, or hold samples
/// that are not finite; when `features` is another network, or when cancelled.
pub fn lpips(
    image: &Image,
    reference: &Image,
    backbone: Backbone,
    features: &Engine,
    ctx: &Context<'_>,
) -> Result<Distance, MetricError> {
    let (image, reference) = fitting(image, Some(reference), backbone)?;
    measured(image, reference, backbone, features, ctx)
}

fn fitting<'a>(
    image: &'a Image,
    reference: Option<&'a Image>,
    backbone: Backbone,
) -> Result<(&'a Image, &'a Image), MetricError> {
    let pair = both(ENTRY.name, "a reference", image, reference)?;
    at_least(ENTRY.name, least_side(backbone), image.width(), image.height())?;
    Ok(pair)
}

fn measured(
    image: &Image,
    reference: &Image,
    backbone: Backbone,
    features: &Engine,
    ctx: &Context<'_>,
) -> Result<Distance, MetricError> {
    let fault = |what: String| MetricError::Network { metric: ENTRY.name, what, hint: None };
    let lpips = Lpips::new(backbone).map_err(|error| fault(error.to_string()))?;
    let of = |picture| network::run(ENTRY.name, features, network::rgb(picture), ctx);
    lpips.distance(&of(image)?, &of(reference)?).map_err(|error| fault(error.to_string()))
}

/// Names of the shares of a distance.
const TAPS: [&str; 7] = ["tap_1", "tap_2", "tap_3", "tap_4", "tap_5", "tap_6", "tap_7"];

fn score(
    image: &Image,
    reference: Option<&Image>,
    backbone: Backbone,
    ctx: &Context<'_>,
) -> Result<Score, MetricError> {
    let (image, reference) = fitting(image, reference, backbone)?;
    let features = network::engine(ENTRY.name, backbone.architecture(), ctx)?;
    let distance = measured(image, reference, backbone, &features, ctx)?;
    Ok(Score { value: distance.total, details: TAPS.into_iter().zip(distance.per_tap).collect() })
}

/// On AlexNet.
pub const ENTRY: Metric = Metric {
    name: "lpips",
    title: "Distance of what AlexNet sees in two images",
    purpose: "How different two images look to people, as papers on restoration report it.",
    better: Better::Lower,
    against: Against::Reference,
    range: "0 and more, rarely above 1",
    unit: "",
    least: Least::Sides(least_side(Backbone::Alex)),
    network: Some("alexnet"),
    source: "Zhang et al., CVPR 2018; richzhang/PerceptualSimilarity `lpips/lpips.py`, version 0.1",
    score: |image, reference, ctx| score(image, reference, Backbone::Alex, ctx),
};

/// On VGG-16.
pub const ENTRY_VGG: Metric = Metric {
    name: "lpips-vgg",
    title: "Distance of what VGG-16 sees in two images",
    purpose: "The same on the network that serves as a loss. Slow, and wants some 1,000 bytes of memory per pixel.",
    least: Least::Sides(least_side(Backbone::Vgg)),
    network: Some("vgg16"),
    score: |image, reference, ctx| score(image, reference, Backbone::Vgg, ctx),
    ..ENTRY
};

/// On SqueezeNet.
pub const ENTRY_SQUEEZE: Metric = Metric {
    name: "lpips-squeeze",
    title: "Distance of what SqueezeNet sees in two images",
    purpose: "The same on a network of a few megabytes.",
    least: Least::Sides(least_side(Backbone::Squeeze)),
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
            assert_eq!(entry.least, Least::Sides(least));
            assert!(graph.shapes(least - 1, 500).is_err() && graph.shapes(least, 500).is_ok());
            assert_eq!(entry.network, Some(backbone.architecture()));
        }
    }
}
