//! Errors of trainings, with hints.

use std::path::{Path, PathBuf};

use unband_image::Hint;

use unband_data::recipe::RecipeError;
use unband_nets::ShapeError;
use unband_nets::state::BindError;

/// Reason why a network cannot run or be trained in Burn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The tensors do not match the network.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The image's size does not fit.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The inputs do not match the network.
    #[error("{net} takes {wanted}, got {got}")]
    Inputs {
        /// The network.
        net: String,
        /// Expected shapes.
        wanted: String,
        /// Actual shapes.
        got: String,
    },
    /// An operation that is not supported here, or not in training.
    #[error("{at}: training does not support {what}")]
    Unsupported {
        /// Path in the state dict.
        at: String,
        /// The operation.
        what: String,
    },
    /// Batch normalisation needs more than one sample per channel in training.
    #[error("{at}: one sample per channel has no variance")]
    OneSample {
        /// Path in the state dict.
        at: String,
    },
    /// A tensor could not be read from the device.
    #[error("{name} could not be read from the device: {why}")]
    Read {
        /// The tensor.
        name: String,
        /// The device's error.
        why: String,
    },
    /// A loss reads an output that the network does not have.
    #[error("the loss {term} reads output {output}, which the network does not have")]
    NoOutput {
        /// The loss.
        term: &'static str,
        /// Index of the output.
        output: usize,
    },
    /// The features of the perceptual loss are missing.
    #[error("{}", match file {
        Some(file) => format!("{} holds no weights of VGG-19, which the loss `perceptual` needs", file.display()),
        None => "the loss `perceptual` needs weights of VGG-19".to_owned(),
    })]
    NoFeatures {
        /// A file with other weights.
        file: Option<PathBuf>,
    },
    /// The file of these features does not exist.
    #[error("{} does not exist; the loss `perceptual` needs weights of VGG-19", file.display())]
    NoFeatureFile {
        /// The file.
        file: PathBuf,
    },
    /// A weights file that cannot be read.
    #[error("{}", named_once(file, source))]
    Weights {
        /// The file.
        file: PathBuf,
        /// Cause.
        source: unband_nets::checkpoint::CheckpointError,
    },
    /// The patches are too small for a loss.
    #[error("the loss {term} needs patches of at least {least}×{least}, got {width}×{height}")]
    Patch {
        /// The loss.
        term: &'static str,
        /// Minimum side.
        least: usize,
        /// Actual rows.
        height: usize,
        /// Actual columns.
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
        /// Cause.
        what: String,
    },
    /// Another program is training in this folder.
    #[error("{}: another training writes to this folder; stop it, or choose another folder with --out", folder.display())]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// No device to train on.
    #[error("no training device: give at least one")]
    NoDevice,
    /// Fewer graphics cards than requested workers.
    #[error("{found} of {wanted} graphics cards found")]
    Cards {
        /// Number of cards found.
        found: usize,
        /// Number of cards requested.
        wanted: usize,
    },
    /// There is no software Vulkan.
    #[error("no software Vulkan found")]
    NoSoftwareVulkan,
    /// The program was built without graphics card support.
    #[error("this program was built without graphics card support")]
    WithoutCards,
    /// The thread that generates batches has ended.
    #[error("batch {number} was not generated")]
    NoBatch {
        /// Its number.
        number: u64,
    },
    /// The loss is NaN or infinite.
    #[error("the loss is {loss} at step {step}; {kept}")]
    NotFinite {
        /// The loss.
        loss: f32,
        /// Step, from 1.
        step: u64,
        /// Where training can resume from.
        kept: String,
    },
    /// A file that is not a checkpoint, or the checkpoint of another training.
    #[error("{}: {what}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// The fault.
        what: String,
    },
    /// A file of the run could not be read or written.
    #[error("{}: cannot {action}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The attempted action.
        action: &'static str,
        /// The system's error.
        source: std::io::Error,
    },
    /// The same, with the message of the writer of images and weights.
    #[error(transparent)]
    Write(#[from] unband_io::Error),
}

/// Reason why images cannot be used for training.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The degradation recipe cannot be read.
    #[error(transparent)]
    DegradationRecipe(#[from] unband_data::DegradationRecipeError),
    /// The conditioning inputs for an image could not be computed.
    #[error("cannot compute the smooth surface of an image: {what}")]
    Surface {
        /// Cause.
        what: String,
    },
    /// No patch was visibly banded.
    #[error("no visibly banded patch in {tries} tries")]
    NoneBanded {
        /// Patches tried.
        tries: u64,
    },
    /// No patch has a grid, for a grid-guided network.
    #[error("no patch with a grid in {tries} tries")]
    NoGrid {
        /// Patches tried.
        tries: u64,
    },
    /// A folder without images.
    #[error("{}: no readable images ({wanted})", folder.display())]
    Empty {
        /// The folder.
        folder: PathBuf,
        /// Expected content.
        wanted: String,
    },
    /// The folder could not be listed.
    #[error("{}: cannot list: {source}", folder.display())]
    List {
        /// The folder.
        folder: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// Images without a partner.
    #[error("{count} without a partner of the same name in {}, first: {}", other.display(), first.display())]
    Missing {
        /// One of them.
        first: PathBuf,
        /// Number of such images.
        count: usize,
        /// Where the partner should be.
        other: PathBuf,
    },
    /// A pair whose sizes do not match.
    #[error("{} has {}×{} pixels, its partner {} {}×{}: it must {}", lq.display(), sizes[0].0, sizes[0].1, gt.display(), sizes[1].0, sizes[1].1, match scale {
        1 => "have the same size".to_owned(),
        scale => format!("be {scale} times as wide and high"),
    })]
    Sizes {
        /// The degraded one.
        lq: PathBuf,
        /// The clean one.
        gt: PathBuf,
        /// Required scale factor.
        scale: usize,
        /// Width and height of both.
        sizes: [(usize, usize); 2],
    },
    /// An image too small for a patch.
    #[error("{} has {width}×{height} pixels, patches need {least}×{least}", file.display())]
    Small {
        /// The image.
        file: PathBuf,
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
        /// Side of a patch, including its margin.
        least: usize,
    },
    /// The image is not RGB.
    #[error("{}: {source}", file.display())]
    Image {
        /// The image.
        file: PathBuf,
        /// Cause.
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
        /// Cause.
        source: unband_data::DegradeError,
    },
}

/// A fault of a file; errors of the system begin with its name.
fn named_once(file: &Path, fault: &dyn std::fmt::Display) -> String {
    let (file, fault) = (file.display().to_string(), fault.to_string());
    if fault.starts_with(&file) { fault } else { format!("{file}: {fault}") }
}

impl Hint for TrainError {
    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Cards { .. } => Some(
                "install the card's driver with Vulkan support, lower `--devices`, or train on the CPU with `--accelerator cpu`",
            ),
            Self::NoSoftwareVulkan => Some("install Mesa's (apt-get install mesa-vulkan-drivers libvulkan1)"),
            Self::WithoutCards => {
                Some("build it with support: cargo install --path crates/unband-train --features wgpu")
            }
            Self::NotFinite { .. } => Some(
                "lower `optimizer.rate` or set `clip-norm`, and name a new folder with `--out`: a checkpoint resumes its own recipe only. `from` starts with the weights of this one's best validation",
            ),
            Self::NoFeatures { .. } | Self::NoFeatureFile { .. } => Some(
                "set the term's `features` to torchvision's vgg19-dcbb9e9d.pth, or its `weight = 0` to train without it",
            ),
            Self::Checkpoint { .. } => {
                Some("choose another folder with `--out`, or delete that one to start over")
            }
            Self::Write(_) | Self::File { .. } => Some(
                "free disk space or choose another folder with `--out`, then run the same command: it resumes from the last checkpoint",
            ),
            Self::Data(DataError::Small { .. }) => Some("use larger images, or lower `patch`"),
            Self::Data(DataError::Missing { .. }) => Some("add the missing image or remove its partner"),
            Self::Data(DataError::Empty { .. }) => {
                Some("give a folder of images with `--data`, and one for validation with `--val`")
            }
            Self::Data(DataError::NoneBanded { .. } | DataError::NoGrid { .. }) => {
                Some("use images with smooth areas, or a stronger degradation recipe")
            }
            _ => None,
        };
        text.map(str::to_owned)
    }
}
