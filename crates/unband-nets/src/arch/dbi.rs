//! Classifier of the Deep Banding Index (Kapoor, Sapra, Wang, "Capturing banding in images: database
//! construction and objective assessment", ICASSP 2021).

use super::{Architecture, Purpose, Use};
use crate::layer::activation::Activation;
use crate::layer::conv::ConvSpec;
use crate::layer::pool::{MaxPool, Reduce};
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict};

/// Registry entry.
pub const ENTRY: Architecture = Architecture {
    name: "dbi",
    title: "Patch classifier of the Deep Banding Index: probability that a patch has no banding",
    source: "Kapoor et al., ICASSP 2021; akshay-kap/Meng-699-Image-Banding-detection",
    use_as: Use::for_purpose(Purpose::Classify),
    build: |_| build(),
    detect: |state: &StateDict| {
        (state.shape("conv1.weight")? == [8, 3, 5, 5] && state.shape("fc2.weight")? == [1, 8]).then(build)
    },
    ..Architecture::PLAIN
};

/// Side of a patch.
pub const PATCH: usize = 235;

/// Channels and kernel of each convolution, and the side of the pooling window after it.
const STAGES: [(usize, usize, usize); 5] = [(8, 5, 2), (8, 5, 2), (16, 3, 2), (16, 3, 3), (32, 1, 3)];

/// 6,617 parameters and 96 running statistics. `[3, 235, 235]`, RGB of 0 to 1, → the probability of no
/// banding.
///
/// This state dict uses PyTorch's dimension order. The published one stores kernels as rows, columns, input,
/// output, and dense layers as input, output. A global average precedes the dense layers, so their weights
/// need no other permutation.
fn build() -> Result<Graph, BuildError> {
    let mut net = Net::new("dbi");
    let mut y = net.input("image", 3);
    for (i, (channels, kernel, pool)) in STAGES.into_iter().enumerate() {
        y = net.conv(format!("conv{}", i + 1), y, channels, ConvSpec::new(kernel).padding(0));
        y = net.relu(y);
        y = net.max_pool(y, MaxPool { kernel: pool, stride: pool, ceil: false });
        if i < 4 {
            y = net.batch_norm(format!("bn{}", i + 1), y, 1e-3);
        }
    }
    let mean = net.reduce(y, Reduce::Mean);
    let y = net.linear("fc1", mean, 8);
    let y = net.relu(y);
    let y = net.linear("fc2", y, 1);
    let out = net.activation(y, Activation::Sigmoid);
    net.finish(&[("probability", out)])
}
