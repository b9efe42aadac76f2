//! Memory of inspecting and measuring: the limit of `--max-memory`, and of the system.

use unband::files::{PROGRAM, at_hand};
use unband::io::{Error, Limits};
use unband::metrics::Inspected;
use unband::{Context, Image, With};

use crate::inputs::Input;
use crate::reporter::Failure;
use crate::streams;

/// Bytes per pixel of an image in memory: three planes.
const PLANES: u64 = 12;

/// Memory for one image, or for the images of a pair.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    allowed: Option<u64>,
    /// Images in memory at the same time.
    images: u64,
    /// Bytes per pixel besides the planes.
    per_pixel: u64,
}

impl Budget {
    /// Bytes per pixel that the inspection needs.
    pub(crate) const INSPECT: u64 = 12;
    /// Bytes per pixel that a metric needs.
    pub(crate) const METRICS: u64 = 60;

    /// Bytes per pixel that degradations need.
    pub(crate) const DEGRADE: u64 = 100;

    /// A budget for this number of images at a time.
    pub(crate) fn new(allowed: Option<u64>, images: usize, per_pixel: u64) -> Self {
        Self { allowed, images: images.max(1) as u64, per_pixel }
    }

    /// Memory limit for all images that are processed at the same time.
    pub(crate) fn memory(&self) -> u64 {
        self.allowed.map_or(u64::MAX, |allowed| allowed.saturating_sub(PROGRAM))
    }

    /// Memory for images of this number of pixels.
    pub(crate) fn cost(&self, pixels: u64) -> u64 {
        pixels.saturating_mul(self.per_pixel())
    }

    /// Number of pixels of which metrics may hold copies, in addition to images of this size.
    pub(crate) fn at_once(&self, pixels: u64) -> usize {
        let planes = pixels.saturating_mul(PLANES * self.images);
        usize::try_from(self.memory().saturating_sub(planes) / self.per_pixel.max(1)).unwrap_or(usize::MAX)
    }

    /// Reads an image that fits; `begins` holds the bytes already read from standard input.
    ///
    /// # Errors
    /// Unreadable files, and images that need more memory than is allowed or at hand; by name.
    pub(crate) fn read(&self, input: &Input, begins: Vec<u8>) -> Result<(Image, &'static str), Failure> {
        let (image, format) = input.read_within(begins, &mut streams::Input, &self.limits()).map_err(
            |error| match error.fault() {
                Error::Limit { width, height, .. } if self.allowed.is_some() => {
                    let needed =
                        PROGRAM.saturating_add(self.cost(width.saturating_mul(*height))).div_ceil(1 << 20);
                    let allowed = self.allowed.unwrap_or_default() >> 20;
                    let message = format!(
                        "{needed} MiB of memory are needed for {width}×{height}, the limit is {allowed} MiB"
                    );
                    let hint =
                        format!("allow `--max-memory {needed}M`; if the size is wrong, the file is damaged");
                    Failure::at(input.shown(), message, Some(hint))
                }
                _ => Failure::from_error(input.shown(), &error),
            },
        )?;
        let (width, height) = (image.width() as u64, image.height() as u64);
        // A failed allocation would end the program.
        if !at_hand(width.saturating_mul(height).saturating_mul(self.per_pixel)) {
            let error = Error::Memory { width, height };
            return Err(Failure::from_error(input.shown(), &error));
        }
        Ok((image, format.name))
    }

    /// Reads and inspects an image that fits; as [`read`](Self::read).
    ///
    /// # Errors
    /// The same, and luma and chroma that do not match.
    pub(crate) fn inspected(
        &self,
        input: &Input,
        begins: Vec<u8>,
        ctx: &Context<'_>,
    ) -> Result<(Inspected, &'static str), Failure> {
        let (stored, format) = self.read(input, begins)?;
        let inspected = Inspected::new(stored, ctx);
        let inspected = inspected.map_err(|error| Failure::at(input.shown(), error.to_string(), None))?;
        Ok((inspected, format))
    }

    fn per_pixel(&self) -> u64 {
        PLANES * self.images + self.per_pixel
    }

    fn limits(&self) -> Limits {
        let most = Limits::default();
        Limits::with(|new| {
            new.max_pixels = most.max_pixels.min(self.memory() / self.per_pixel());
            new.max_bytes = most.max_bytes.min(self.memory());
        })
    }
}
