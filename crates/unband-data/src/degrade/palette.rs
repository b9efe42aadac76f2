//! Few colours.

use unband_image::{Image, Rng};

use super::{Degradation, DegradeError, Pair, program, rgb};

/// The best palette of so many colours (2..=256) that ffmpeg finds, without dither.
pub struct Palette {
    /// Colours.
    pub colors: u16,
}

impl Degradation for Palette {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        rgb(&pair.lq)?;
        let (width, height) = (pair.lq.width(), pair.lq.height());
        let size = format!("{width}x{height}");
        let filter = format!(
            "split[a][b];[a]palettegen=max_colors={}:reserve_transparent=0[p];[b][p]paletteuse=dither=none",
            self.colors.clamp(4, 256),
        );
        let args =
            ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", &size, "-i", "-", "-filter_complex", &filter];
        let out = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"];
        let bytes = program::ffmpeg(&[&args[..], &out].concat(), &pair.lq.to_rgb8()?)?;
        pair.lq = Image::from_rgb8(width, height, &bytes)?;
        Ok(())
    }
}
