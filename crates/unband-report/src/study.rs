//! Viewing tests: a page for grading images, and scores from the ratings.
//!
//! [`Study`] makes one HTML file for a double-stimulus impairment test: reference and result at the same
//! place, flipped by a key, graded in five steps. [`Ratings`] reads the files that such pages save. [`score`]
//! gives the mean opinion score of each method and names raters whose grades are not better than chance.
//!
//! The page is blind: it names methods by identifiers that only [`Study::key`] explains, and the reference
//! itself is graded among the others. The ratings contain these identifiers; [`Ratings::rename`] restores the
//! names.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use unband_report::study::{Fit, Ratings, Study, score};
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
//! let header = "study,rater,image,method,grade,seconds,order";
//! let csv = format!("{header}\n{},Ann,ramp,{id},2,4.5,1\n", study.id());
//! let mut ratings = Ratings::default();
//! ratings.read("ann.csv", csv.as_bytes())?;
//! ratings.rename(&key);
//! assert_eq!(score(&ratings, Some("reference")).methods[0].name, "input");
//! # Ok(())
//! # }
//! ```
//!
//! Source: ITU-R BT.500-14, double-stimulus impairment scale (grades, surround, random order, 95 % interval,
//! screening of observers). Differs: raters flip as often as they like, as studies of debanding do, instead
//! of seeing each image once for ten seconds.

mod page;
mod ratings;
mod scores;

pub use page::{Fit, Study};
pub use ratings::{Rating, Ratings};
pub use scores::{Estimate, ImageScore, MethodScore, RaterScore, Scores, score};
use unband::Hint;

/// The five grades of impairment, from 1 to 5.
pub(crate) const GRADES: [&str; 5] =
    ["very annoying", "annoying", "slightly annoying", "perceptible, but not annoying", "imperceptible"];

/// Why a study or its scores failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StudyError {
    /// An image cannot be shown.
    #[error(transparent)]
    Show(#[from] crate::ShowError),
    /// Two methods have the same name.
    #[error("two methods are called `{name}`")]
    SameMethod {
        /// The name.
        name: String,
    },
    /// Two images have the same name.
    #[error("two images are called `{name}`")]
    DuplicateImage {
        /// The name.
        name: String,
    },
    /// Nothing to compare.
    #[error("a study needs at least one method besides the reference")]
    NoMethod,
    /// The number of results of an image differs from the number of methods.
    #[error("{image} has {got} results, the study has {expected} methods")]
    Results {
        /// The image.
        image: String,
        /// Results given.
        got: usize,
        /// Methods.
        expected: usize,
    },
    /// A result and its reference differ in size.
    #[error("{image}: {method} has {got}, the reference has {expected} pixels")]
    Size {
        /// The image.
        image: String,
        /// The method of the result.
        method: String,
        /// Its width and height.
        got: String,
        /// Width and height of the reference.
        expected: String,
    },
    /// A file of ratings is not CSV, or lacks a column.
    #[error("{file}:{line}: {fault}")]
    Row {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// The problem.
        fault: String,
    },
}

impl Hint for StudyError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Size { .. } => {
                Some("reference and result flip in place, so they need the same size".to_owned())
            }
            Self::SameMethod { .. } => Some("give the folders different names".to_owned()),
            _ => None,
        }
    }
}
