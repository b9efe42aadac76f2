//! The light debanding network of the benchmarks.

use unband_nets::{Graph, Net};

/// Pixel-unshuffle by 4, six convolutions of 64 channels with a skip each, back by pixel-shuffle, plus the
/// image.
pub(crate) fn light() -> Graph {
    let mut net = Net::new("light");
    let image = net.input("image", 3);
    let x = net.pixel_unshuffle(image, 4);
    let mut x = net.conv3x3("head", x, 64);
    for i in 0..6 {
        let y = net.conv3x3(format!("body.{i}"), x, 64);
        let y = net.relu(y);
        x = net.add(y, x);
    }
    let x = net.conv3x3("tail", x, 48);
    let x = net.pixel_shuffle(x, 4);
    let out = net.add(x, image);
    net.finish(&[("image", out)]).unwrap()
}
