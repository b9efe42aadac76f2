//! An image as it is measured.

use unband::{Context, Findings, Image};

use super::measures::Forms;
use crate::inputs::Input;
use crate::talk::Failure;

/// An image that was read and looked at.
pub struct Loaded {
    /// As RGB or grey, which is what most measures take.
    pub image: Image,
    /// As its file stores it, where that is luma and chroma.
    pub stored: Option<Image>,
    /// What was found in it, as its file stores it.
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
    /// What cannot be read, with the file's name.
    pub fn read(input: &Input, ctx: &Context<'_>) -> Result<Self, Failure> {
        Self::read_behind(input, Vec::new(), ctx)
    }

    /// The same, where so much of standard input was read already.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_behind(input: &Input, begins: Vec<u8>, ctx: &Context<'_>) -> Result<Self, Failure> {
        let (stored, format) = input.read_behind(begins)?;
        let findings = unband::inspect(&stored, ctx);
        Self::new(stored, findings, format.name, ctx).map_err(|error| Failure::at(input.shown(), error, None))
    }

    /// An image with what was found in it.
    ///
    /// # Errors
    /// Luma and chroma that do not fit each other.
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

    /// As its file stores it.
    pub fn as_stored(&self) -> &Image {
        self.stored.as_ref().unwrap_or(&self.image)
    }
}
