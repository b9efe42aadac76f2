//! Metrics of images and videos: selection by name, values, statistics and checks.
//!
//! | | |
//! |---|---|
//! | [`Scope`] | the metrics that can be computed, and their selection by name |
//! | [`score_image`], [`score`] | values of images, with or without references |
//! | [`score_files`](files::score_files) | all images of a folder, in parallel |
//! | [`score_video`](video::score_video) | values of a video, its shots and its frames |
//! | [`compare_videos`](video::compare_videos) | the same of a video and its reference |
//! | [`Check`] | a condition such as `cambi>5` |
//! | [`summaries`] | mean, median and 95 % interval over several images |
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use unband::metrics::{Check, Scope, Subject, score, score_image};
//! use unband::{Context, Image};
//!
//! let codes: Vec<u8> = (0..512 * 256).map(|i| (60 + i % 512 / 32 * 2) as u8).collect();
//! let banded = Image::from_gray(512, 256, &codes)?;
//! let ctx = Context::default();
//!
//! let metrics = Scope::IMAGE.select(Some("cambi,bband"), None)?;
//! let scores = score_image(banded.clone(), &metrics, &ctx)?;
//! assert!(scores.values[0].number().is_some_and(|cambi| cambi > 1.0));
//! assert!(Check::parse("banding>=visible", &Scope::IMAGE)?.fails(&metrics, &scores).is_some());
//!
//! let result = unband::deband(&banded)?;
//! let metrics = Scope::PAIR.select(Some("psnr"), None)?;
//! let values = score(&[Subject::against(&result, &banded)], &metrics, usize::MAX, &ctx);
//! assert!(values[0][0].number().is_some_and(|psnr| psnr > 30.0));
//! # Ok(())
//! # }
//! ```

mod check;
mod error;
#[cfg(feature = "files")]
pub mod files;
mod pair;
mod score;
mod select;
mod summary;
mod value;
#[cfg(feature = "video")]
pub mod video;

pub use check::{Check, CheckError, CheckFault, CheckOf};
pub use error::{FileFault, MetricsError};
pub use pair::comparable;
pub use score::{Forms, Inspected, Scores, Subject, missing, score, score_image, score_one};
pub use select::{Scope, find};
pub use summary::{Summary, summaries, summary, summary_of_groups};
pub use unband_metrics::{
    Better, ComparedWith, Domain, Fault, METRICS, Metric, MetricError, MinSize, cambi, metrics, nrqm,
    video_psnr,
};
pub use value::{Direction, Value, clock, number};
