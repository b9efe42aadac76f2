//! Palette reduction without dither.

use unband_image::{Image, Rng, params, words};

use super::{Degradation, DegradeError, Pair, check_rgb, codec};

words! {
    /// Choice of encoder and decoder.
    pub enum Coder {
        /// Built in; no program is started.
        BuiltIn = "built-in",
        /// The original program.
        Program = "program",
    }
}

params! {
    /// Settings of `palette`.
    pub struct Palette {
        /// Number of colours. Fewer give wider and higher steps; a patch uses few of them, because the
        /// palette is made for the whole image.
        colors in "colours": u32 = 64, 4..=256;
        /// `built-in` (NeuQuant, a network that learns the palette), or `program` (ffmpeg's `palettegen`,
        /// median cut).
        coder: Coder = Coder::BuiltIn;
    }
}

/// ffmpeg's palette with this number of colours.
pub const fn ffmpeg(colors: u32) -> Palette {
    Palette { colors, coder: Coder::Program }
}

/// Replaces each pixel by the nearest colour of a palette fitted to the image, without dither.
impl Degradation for Palette {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        check_rgb(&pair.lq)?;
        let (width, height) = (pair.lq.width(), pair.lq.height());
        let pixels = pair.lq.to_rgb8()?;
        let bytes = match self.coder {
            Coder::BuiltIn => learned(&pixels, self.colors.clamp(4, 256) as usize),
            Coder::Program => self.median_cut(&pixels, width, height)?,
        };
        pair.lq = Image::from_rgb8(width, height, &bytes)?;
        Ok(())
    }
}

impl Palette {
    fn median_cut(&self, pixels: &[u8], width: usize, height: usize) -> Result<Vec<u8>, DegradeError> {
        let size = format!("{width}x{height}");
        let filter = format!(
            "split[a][b];[a]palettegen=max_colors={}:reserve_transparent=0[p];[b][p]paletteuse=dither=none",
            self.colors.clamp(4, 256),
        );
        let args =
            ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", &size, "-i", "-", "-filter_complex", &filter];
        let out = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"];
        codec::ffmpeg(&[&args[..], &out].concat(), pixels)
    }
}

/// RGB bytes in the palette that `NeuQuant` learns from about 20,000 pixels at most.
fn learned(pixels: &[u8], colors: usize) -> Vec<u8> {
    let count = pixels.len() / 3;
    // The sampling step is 1 to 30 pixels. Small images are repeated, because NeuQuant learns from the number
    // of pixels.
    let every = i32::try_from(count / 20_000).unwrap_or(30).clamp(1, 30);
    let mut rgba = Vec::with_capacity(4 * count);
    while rgba.len() < 4 * 4_000 && count > 0 {
        rgba.extend(pixels.chunks_exact(3).flat_map(|p| [p[0], p[1], p[2], 255]));
    }
    if rgba.is_empty() {
        return Vec::new();
    }
    let palette = color_quant::NeuQuant::new(every, colors, &rgba);
    let colors = palette.color_map_rgb();
    pixels
        .chunks_exact(3)
        .flat_map(|p| {
            let i = palette.index_of(&[p[0], p[1], p[2], 255]);
            [colors[3 * i], colors[3 * i + 1], colors[3 * i + 2]]
        })
        .collect()
}
