//! Distance between the LPIPS features of two images.

use unband_nets::Shape;
use unband_nets::checkpoint::{self, CheckpointError};

use crate::Map;

/// Licence of the published linear weights.
pub const LICENCE: &str = include_str!("../data/lpips/LICENSE");

/// Backbones with published linear weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backbone {
    /// AlexNet, the one reported in papers.
    Alex,
    /// VGG-16, the one used as a loss.
    Vgg,
    /// SqueezeNet 1.1, the smallest.
    Squeeze,
}

/// A distance.
#[derive(Clone, Debug, PartialEq)]
pub struct Distance {
    /// Sum over taps; 0 for equal images.
    pub total: f64,
    /// Contribution of each tap.
    pub per_tap: Vec<f64>,
}

/// Reason why there is no distance.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LpipsError {
    /// The embedded weights cannot be read.
    #[error(transparent)]
    Weights(#[from] CheckpointError),
    /// The features do not match the backbone, or have two sizes.
    #[error("expected features of one size with {channels:?} channels at {taps} taps, got {got}")]
    Features {
        /// Number of taps of the backbone.
        taps: usize,
        /// Their channels.
        channels: Vec<usize>,
        /// Actual shapes.
        got: String,
    },
}

/// The linear weights of LPIPS 0.1 for one backbone.
///
/// At each tap and position, both features are divided by the length of their channels (root of the sum of
/// squares, plus 1e-10). Squared differences are weighted per channel, summed, and averaged over positions;
/// the taps are summed.
///
/// Source: Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric", CVPR 2018;
/// richzhang/PerceptualSimilarity `lpips/lpips.py`, version 0.1.
#[derive(Clone, Debug, PartialEq)]
pub struct Lpips {
    linear: Vec<Vec<f32>>,
}

impl Backbone {
    /// The backbone's name in the registry of networks. It takes images of 0 to 1; its outputs are the taps.
    pub fn architecture(self) -> &'static str {
        match self {
            Self::Alex => "alexnet",
            Self::Vgg => "vgg16",
            Self::Squeeze => "squeezenet",
        }
    }

    fn file(self) -> &'static [u8] {
        match self {
            Self::Alex => include_bytes!("../data/lpips/alex.safetensors"),
            Self::Vgg => include_bytes!("../data/lpips/vgg.safetensors"),
            Self::Squeeze => include_bytes!("../data/lpips/squeeze.safetensors"),
        }
    }
}

impl Lpips {
    /// The published weights.
    ///
    /// # Errors
    /// Unreadable weights: a fault of the build.
    pub fn new(backbone: Backbone) -> Result<Self, LpipsError> {
        let state = checkpoint::read(backbone.file())?.state;
        let tap = |k: usize| Some(state.get(&format!("lin{k}.weight"))?.to_f32());
        Ok(Self { linear: (0..).map_while(tap).collect() })
    }

    /// The distance of two images from their features, one value per tap. It is symmetric.
    ///
    /// # Errors
    /// Features with other taps, or of two sizes.
    pub fn distance<T: Copy + Into<f64>>(&self, a: &[Map<T>], b: &[Map<T>]) -> Result<Distance, LpipsError> {
        let fits = |((a, b), w): ((&Map<T>, &Map<T>), &Vec<f32>)| {
            a.shape == b.shape && a.shape.channels == w.len() && a.data.len() == a.shape.len()
        };
        let taps = self.linear.len();
        if a.len() != taps || b.len() != taps || !a.iter().zip(b).zip(&self.linear).all(fits) {
            let shapes =
                |maps: &[Map<T>]| maps.iter().map(|m| m.shape.to_string()).collect::<Vec<_>>().join(", ");
            return Err(LpipsError::Features {
                taps,
                channels: self.linear.iter().map(Vec::len).collect(),
                got: format!("{} and {}", shapes(a), shapes(b)),
            });
        }
        let taps = a.iter().zip(b).zip(&self.linear);
        let per_tap: Vec<f64> = taps.map(|((a, b), weights)| tap(a, b, weights)).collect();
        Ok(Distance { total: per_tap.iter().sum(), per_tap })
    }
}

fn tap<T: Copy + Into<f64>>(a: &Map<T>, b: &Map<T>, weights: &[f32]) -> f64 {
    let Shape { height, width, .. } = a.shape;
    let area = height * width;
    let (of_a, of_b) = (lengths(a), lengths(b));
    let mut sum = 0.0;
    for (c, &weight) in weights.iter().enumerate() {
        let planes = a.data[c * area..][..area].iter().zip(&b.data[c * area..][..area]);
        let lengths = of_a.iter().zip(&of_b);
        let squares = planes.zip(lengths).map(|((&a, &b), (la, lb))| (a.into() / la - b.into() / lb).powi(2));
        sum += f64::from(weight) * squares.sum::<f64>();
    }
    sum / area as f64
}

/// At each position, the length of its channels.
fn lengths<T: Copy + Into<f64>>(map: &Map<T>) -> Vec<f64> {
    let area = (map.shape.height * map.shape.width).max(1);
    let mut squares = vec![0.0; area];
    for plane in map.data.chunks(area) {
        squares.iter_mut().zip(plane).for_each(|(sum, &v)| *sum += v.into().powi(2));
    }
    squares.into_iter().map(|sum: f64| sum.sqrt() + 1e-10).collect()
}
