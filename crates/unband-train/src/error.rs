use std::path::PathBuf;

use unband_data::recipe::RecipeError;
use unband_nets::ShapeError;
use unband_nets::state::BindError;

/// Why a network cannot run or learn in Burn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The tensors are not those of the network.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The image's size does not fit.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The inputs are not those of the network.
    #[error("{net} takes {wanted}, got {got}")]
    Inputs {
        /// The network.
        net: String,
        /// What it takes.
        wanted: String,
        /// The shapes that were given.
        got: String,
    },
    /// An operation that is not done here, or not while learning.
    #[error("{at}: no training with {what}")]
    Unsupported {
        /// Path in the state dict.
        at: String,
        /// The operation.
        what: String,
    },
    /// A batch norm that learns needs more than one sample per channel.
    #[error("{at}: one sample per channel has no variance")]
    OneSample {
        /// Path in the state dict.
        at: String,
    },
    /// A tensor could not be brought back from the device.
    #[error("{name} could not be read from the device: {why}")]
    Read {
        /// The tensor.
        name: String,
        /// What the device says.
        why: String,
    },
    /// A loss reads an output that the network does not have.
    #[error("the loss {term} reads output {output}, which the network does not have")]
    NoOutput {
        /// The loss.
        term: &'static str,
        /// Number of the output.
        output: usize,
    },
    /// What the perceptual loss looks with is not there.
    #[error("{}", match file {
        Some(file) => format!("{} holds no weights of VGG-19, which the loss `perceptual` looks with", file.display()),
        None => "the loss `perceptual` needs weights of VGG-19".to_owned(),
    })]
    NoFeatures {
        /// A file that holds others.
        file: Option<PathBuf>,
    },
    /// A file of weights that cannot be read.
    #[error("{}: {source}", file.display())]
    Weights {
        /// The file.
        file: PathBuf,
        /// Why.
        source: unband_nets::checkpoint::CheckpointError,
    },
    /// The patches are too small for a loss.
    #[error("the loss {term} needs patches of at least {least}×{least}, got {width}×{height}")]
    Patch {
        /// The loss.
        term: &'static str,
        /// Smallest side.
        least: usize,
        /// Rows given.
        height: usize,
        /// Columns given.
        width: usize,
    },
    /// The recipe cannot be followed.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The images cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The network cannot be built.
    #[error("{name}: {what}")]
    Network {
        /// Its name.
        name: String,
        /// Why.
        what: String,
    },
    /// Another program trains there.
    #[error("{}: another training writes to this folder; stop it, or give a folder of its own with --out", folder.display())]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// Nothing to learn on.
    #[error("no device to learn on: give one at least")]
    NoDevice,
    /// Fewer graphics cards than workers that were asked for.
    #[error("{found} of {wanted} graphics cards found")]
    Cards {
        /// What there is.
        found: usize,
        /// What there should be.
        wanted: usize,
    },
    /// Nothing does a card's work on the processor.
    #[error("no Vulkan in software was found")]
    NoSoftwareVulkan,
    /// The program knows the processor only.
    #[error("this program was built without graphics cards")]
    WithoutCards,
    /// The thread that makes batches has ended.
    #[error("batch {number} was not made")]
    NoBatch {
        /// Its number.
        number: u64,
    },
    /// The loss is no number any more.
    #[error("the loss is {loss} at step {step}; {kept}")]
    NotFinite {
        /// What it is.
        loss: f32,
        /// Where, from 1.
        step: u64,
        /// What can be gone on from.
        kept: String,
    },
    /// A checkpoint that is none, or of another training.
    #[error("{}: {what}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file of the run could not be read or written.
    #[error("{}: cannot {action}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// The same, with all said by the one who writes images and weights.
    #[error(transparent)]
    Write(#[from] unband_io::Error),
}

/// Why images cannot be trained with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The mix of degradations cannot be read.
    #[error(transparent)]
    Mix(#[from] unband_data::MixError),
    /// What a network is told of an image's grid could not be made.
    #[error("the smooth surface of an image could not be made: {what}")]
    Surface {
        /// Why.
        what: String,
    },
    /// No patch was visibly banded.
    #[error("none of {tries} patches is visibly banded")]
    NoneBanded {
        /// Patches tried.
        tries: u64,
    },
    /// No patch for a network that is told of grids.
    #[error("in none of {tries} patches a grid was found")]
    NoGrid {
        /// Patches tried.
        tries: u64,
    },
    /// A folder without images.
    #[error("{}: no images that can be read ({wanted})", folder.display())]
    Empty {
        /// The folder.
        folder: PathBuf,
        /// What was looked for.
        wanted: String,
    },
    /// The folder could not be listed.
    #[error("{}: cannot list: {source}", folder.display())]
    List {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Images without a partner.
    #[error("{count} without a partner of the same name in {}, the first is {}", other.display(), first.display())]
    Missing {
        /// One of them.
        first: PathBuf,
        /// How many there are.
        count: usize,
        /// Where the partner should be.
        other: PathBuf,
    },
    /// A pair of two sizes.
    #[error("{} has {}×{} samples, its partner {} {}×{}: it must {}", lq.display(), sizes[0].0, sizes[0].1, gt.display(), sizes[1].0, sizes[1].1, match scale {
        1 => "have the same size".to_owned(),
        scale => format!("be {scale} times as wide and high"),
    })]
    Sizes {
        /// The degraded one.
        lq: PathBuf,
        /// The clean one.
        gt: PathBuf,
        /// How many times as large it must be.
        scale: usize,
        /// Width and height of both.
        sizes: [(usize, usize); 2],
    },
    /// An image that no patch can be cut from.
    #[error("{} has {width}×{height} samples, patches need {least}×{least}", file.display())]
    Small {
        /// The image.
        file: PathBuf,
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
        /// Side of a patch, with the room around it.
        least: usize,
    },
    /// The image is not RGB.
    #[error("{}: {source}", file.display())]
    Picture {
        /// The image.
        file: PathBuf,
        /// Why.
        source: unband_image::ImageError,
    },
    /// The image could not be read.
    #[error(transparent)]
    Read(#[from] unband_io::Error),
    /// The image could not be degraded.
    #[error("{}: {source}", file.display())]
    Degrade {
        /// The image.
        file: PathBuf,
        /// Why.
        source: unband_data::DegradeError,
    },
}

impl TrainError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Cards { .. } => Some(
                "install the driver of the card with its part for Vulkan, lower `--devices`, or learn on the processor with `--accelerator cpu`",
            ),
            Self::NoSoftwareVulkan => Some("install Mesa's (apt-get install mesa-vulkan-drivers libvulkan1)"),
            Self::WithoutCards => {
                Some("build it with them: cargo install --path crates/unband-train --features wgpu")
            }
            Self::NotFinite { .. } => {
                Some("lower `optimizer.rate`, or set `clip-norm`, and start again from the checkpoint")
            }
            Self::NoFeatures { .. } => Some(
                "name torchvision's vgg19-dcbb9e9d.pth as `features` of the term, or set its `weight = 0` to learn without it",
            ),
            Self::Checkpoint { .. } => {
                Some("name another folder with `--out`, or delete that one to start over")
            }
            Self::Write(_) | Self::File { .. } => Some(
                "make room or name another folder with `--out`, then run the same command: it goes on from the last checkpoint",
            ),
            Self::Data(DataError::Small { .. }) => Some("take larger images, or lower `patch`"),
            Self::Data(DataError::Missing { .. }) => Some("put the image there or take its partner away"),
            Self::Data(DataError::Empty { .. }) => {
                Some("name a folder of images with `--data`, and one for validation with `--val`")
            }
            Self::Data(DataError::NoneBanded { .. } | DataError::NoGrid { .. }) => {
                Some("take images with smooth areas, or a mix that harms them more")
            }
            _ => None,
        }
    }
}
