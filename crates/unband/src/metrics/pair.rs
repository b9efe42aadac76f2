//! Check that two images can be compared.

use unband_image::{Image, Model};

use super::{FileFault, MetricsError};

/// An error unless two images have the same colour model and the first is `scale` times as wide and high.
/// Both come with their names.
///
/// # Errors
/// Sizes and colour models, reported for the second image.
pub fn comparable(
    (reference_name, reference): (&str, &Image),
    (name, image): (&str, &Image),
    scale: usize,
) -> Result<(), MetricsError> {
    let about = |image: &Image| {
        let model = if image.color.model == Model::Gray { "grey" } else { "RGB" };
        format!("{}×{} {model}", image.width(), image.height())
    };
    let of = |image: &Image, times: usize| (times * image.width(), times * image.height(), image.color.model);
    if of(reference, 1) == of(image, scale) {
        return Ok(());
    }
    let (is, reference_is) = (about(image), about(reference));
    Err(FileFault::Unlike { is, reference: reference_name.to_owned(), reference_is, scale }.of(name))
}
