//! What people see: a page on which they grade images, and what their grades say.
//!
//! [`Study`] makes one HTML file for a double-stimulus impairment test: reference and result at the same place,
//! flipped by a key, graded in five steps. [`Ratings`] reads what such pages save, [`score`] gives the mean opinion
//! of each method and names the raters whose grades are no better than chance.
//!
//! The page is blind: it calls methods by identifiers that only [`Study::key`] explains, and the reference itself
//! is graded among the others. The ratings carry these identifiers; [`Ratings::rename`] puts the names back.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use unband::study::{Fit, Ratings, Study, score};
//! use unband::{Context, Image, deband};
//!
//! let reference = Image::from_gray(64, 64, &(0..4096).map(|i| (i % 64 * 4) as u8).collect::<Vec<_>>())?;
//! let banded = Image::from_gray(64, 64, &(0..4096).map(|i| (i % 64 / 8 * 32) as u8).collect::<Vec<_>>())?;
//! let mut study = Study::new("Skies", "reference", &["input", "unband"])?;
//! let result = deband(&banded)?;
//! study.add("ramp", &reference, &[&banded, &result], Fit::Whole, &Context::default())?;
//! assert!(!study.html().contains("unband\""));
//!
//! let key = study.key();
//! let id = &key.iter().find(|(_, name)| name == "input").ok_or("no such method")?.0;
//! let csv = format!("study,rater,image,method,grade,seconds,order\n{},Ann,ramp,{id},2,4.5,1\n", study.id());
//! let mut ratings = Ratings::default();
//! ratings.read("ann.csv", csv.as_bytes())?;
//! ratings.rename(&key);
//! assert_eq!(score(&ratings, Some("reference")).methods[0].name, "input");
//! # Ok(())
//! # }
//! ```
//!
//! Source: ITU-R BT.500-14, double-stimulus impairment scale (grades, surround, random order, 95 % interval,
//! screening of observers). Differs: raters flip as often as they like, as studies of debanding do, instead of
//! seeing each image once for ten seconds.

mod page;
mod ratings;
mod scores;

pub use page::{Fit, Study};
pub use ratings::{Rating, Ratings};
pub use scores::{Estimate, MethodScore, PictureScore, RaterScore, Scores, score};

/// The five grades of impairment, from 1 to 5.
pub const GRADES: [&str; 5] =
    ["very annoying", "annoying", "slightly annoying", "perceptible, but not annoying", "imperceptible"];

/// Why there is no study, or no score.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StudyError {
    /// An image cannot be shown.
    #[error(transparent)]
    Show(#[from] crate::show::ShowError),
    /// Two methods of one name.
    #[error("two methods are called `{name}`")]
    SameMethod {
        /// The name.
        name: String,
    },
    /// Two images of one name.
    #[error("two images are called `{name}`")]
    SamePicture {
        /// The name.
        name: String,
    },
    /// Nothing to compare.
    #[error("a study needs at least one method besides the reference")]
    NoMethod,
    /// An image has not one result per method.
    #[error("{picture} has {got} results, the study has {expected} methods")]
    Results {
        /// The image.
        picture: String,
        /// Results given.
        got: usize,
        /// Methods.
        expected: usize,
    },
    /// A result and its reference differ in size.
    #[error("{picture}: {method} has {got}, the reference has {expected} pixels")]
    Size {
        /// The image.
        picture: String,
        /// Whose result.
        method: String,
        /// Its width and height.
        got: String,
        /// The reference's.
        expected: String,
    },
    /// A file of ratings is not CSV, or lacks a column.
    #[error("{file}:{line}: {fault}")]
    Row {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong there.
        fault: String,
    },
}

impl StudyError {
    /// What to do about it, if that can be said.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Size { .. } => Some("reference and result flip in place, so they need one size".to_owned()),
            Self::SameMethod { .. } => Some("give the folders different names".to_owned()),
            _ => None,
        }
    }
}
