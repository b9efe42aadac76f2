//! One convolution and a skip connection: a toy.

use super::{Architecture, Purpose, Use};
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict};

/// Registry entry.
pub const ENTRY: Architecture = Architecture {
    name: "toy-net",
    title: "One convolution and a skip connection",
    source: "scripts/test-contributing",
    use_as: Use::for_purpose(Purpose::Deband),
    build: |_| build(),
    detect: |state: &StateDict| (state.shape("toy.weight")? == [3, 3, 3, 3]).then(build),
    ..Architecture::PLAIN
};

/// 84 parameters; takes any image size.
fn build() -> Result<Graph, BuildError> {
    let mut net = Net::new("toy-net");
    let image = net.input("image", 3);
    let change = net.conv3x3("toy", image, 3);
    let out = net.add(image, change);
    net.finish(&[("image", out)])
}
