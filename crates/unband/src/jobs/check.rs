//! Check that the planes of an image fit each other.

use unband_image::{Depth, Image, Model};

use crate::Error;

/// Checks that the planes fit the model and each other.
///
/// # Errors
/// [`Error::Image`], with the fault.
pub fn check(image: &Image) -> Result<(), Error> {
    let wrong = |what: &str| Err(Error::Image(what.to_owned()));
    let Some(first) = image.planes.first() else { return wrong("an image needs at least one plane") };
    let (width, height) = (first.width, first.height);
    if width == 0 || height == 0 {
        return wrong("an image needs at least one pixel");
    }
    let planes = if image.color.model == Model::Gray { 1 } else { 3 };
    if image.planes.len() != planes {
        return Err(Error::Image(format!(
            "the model needs {planes} planes, the image has {}",
            image.planes.len()
        )));
    }
    for (p, plane) in image.planes.iter().chain(&image.alpha).enumerate() {
        let expected = match image.color.model {
            Model::Yuv { subsampling, .. } if p == 1 || p == 2 => {
                if subsampling.x == 0 || subsampling.y == 0 {
                    return wrong("chroma sampling must be at least 1");
                }
                subsampling.chroma_size(width, height)
            }
            _ => (width, height),
        };
        if (plane.width, plane.height) != expected {
            return Err(Error::Image(format!(
                "plane {p} has {}×{} samples, {}×{} are needed",
                plane.width, plane.height, expected.0, expected.1
            )));
        }
        if plane.width.checked_mul(plane.height) != Some(plane.data.len()) {
            return Err(Error::Image(format!("plane {p} holds {} samples", plane.data.len())));
        }
    }
    match image.depth {
        Depth::Int(0 | 17..) => wrong("integer codes have 1 to 16 bits"),
        _ => Ok(()),
    }
}
