//! An image prepared for measurement.

use unband::{Context, Findings, Image};

use super::measures::Forms;
use crate::budget::Budget;
use crate::inputs::Input;
use crate::talk::Failure;

/// An image that was read and inspected.
pub struct Loaded {
    /// As RGB or grey, which most metrics use.
    pub image: Image,
    /// As stored in its file, if that is luma and chroma.
    pub stored: Option<Image>,
    /// The findings in it, as stored in its file.
    pub findings: Findings,
    /// Its format.
    pub format: &'static str,
}

impl<'a> From<&'a Loaded> for Forms<'a> {
    fn from(loaded: &'a Loaded) -> Self {
        Self { rgb: &loaded.image, stored: loaded.as_stored() }
    }
}

impl Loaded {
    /// Reads a file, or standard input.
    ///
    /// # Errors
    /// Unreadable files, by name.
    pub fn read(input: &Input, ctx: &Context<'_>) -> Result<Self, Failure> {
        Self::read_within(input, Vec::new(), &Budget::new(None, 1, Budget::INSPECT), ctx)
    }

    /// The same within a memory budget, with the bytes already read from standard input.
    ///
    /// # Errors
    /// As [`read`](Self::read), and more memory than allowed.
    pub fn read_within(
        input: &Input,
        begins: Vec<u8>,
        budget: &Budget,
        ctx: &Context<'_>,
    ) -> Result<Self, Failure> {
        let (stored, format) = budget.read(input, begins)?;
        let findings = unband::inspect(&stored, ctx);
        Self::new(stored, findings, format, ctx).map_err(|error| Failure::at(input.shown(), error, None))
    }

    /// Inspects an image.
    ///
    /// # Errors
    /// Luma and chroma that do not match.
    pub fn new(
        stored: Image,
        findings: Findings,
        format: &'static str,
        ctx: &Context<'_>,
    ) -> Result<Self, String> {
        if !stored.is_yuv() {
            return Ok(Self { image: stored, stored: None, findings, format });
        }
        let image = stored.clone().into_rgb(ctx).map_err(|error| error.to_string())?;
        Ok(Self { image, stored: Some(stored), findings, format })
    }

    /// As stored in its file.
    pub fn as_stored(&self) -> &Image {
        self.stored.as_ref().unwrap_or(&self.image)
    }
}
