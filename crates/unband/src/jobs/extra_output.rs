//! Extra outputs of networks, assembled from windows and written as images.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use unband_image::context::ExtraOutput;
use unband_image::{Depth, Image, Model, Plane, Window};
use unband_io::{Saving, WriteOptions};

use crate::Error;

/// An extra output of a network, and its file.
///
/// A 16-bit PNG. Values may be negative: 0 becomes mid-grey, −0.5 black and 0.5 white; values beyond are
/// clipped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExtraOutputFile {
    /// The output's name: `grad` of GGDBN, `banding` of BDINN.
    pub name: String,
    /// The file.
    pub path: PathBuf,
}

impl ExtraOutputFile {
    /// The output of this name, for this file.
    pub fn new(name: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Self { name: name.into(), path: path.into() }
    }
}

/// Planes of the image's size, filled window by window.
pub(super) struct Gathered<'a> {
    file: &'a ExtraOutputFile,
    size: (usize, usize),
    planes: Mutex<Vec<Plane>>,
}

impl<'a> Gathered<'a> {
    /// Empty planes for an image of that size.
    pub(super) fn new(file: &'a ExtraOutputFile, size: (usize, usize)) -> Self {
        Self { file, size, planes: Mutex::default() }
    }

    /// Writes the file and returns its path; `None` where the method did not run.
    ///
    /// # Errors
    /// Errors of writing.
    pub(super) fn write(self, saving: &Saving<'_>) -> Result<Option<PathBuf>, Error> {
        let mut planes = self.planes.into_inner().unwrap_or_else(PoisonError::into_inner);
        if planes.is_empty() {
            return Ok(None);
        }
        let model = if planes.len() == 3 { Model::Rgb } else { Model::Gray };
        planes.truncate(if model == Model::Rgb { 3 } else { 1 });
        let depth = Depth::Int(16);
        for value in planes.iter_mut().flat_map(|plane| &mut plane.data) {
            *value = depth.value(depth.code((*value + 0.5).clamp(0.0, 1.0)));
        }
        let path = &self.file.path;
        let png = unband_io::by_name("PNG").ok_or(unband_io::Error::UnknownContent)?;
        let image = Image::new(planes, model, depth);
        unband_io::write_file(&image, path, png, &WriteOptions::default(), *saving)?;
        Ok(Some(path.clone()))
    }
}

impl ExtraOutput for Gathered<'_> {
    fn name(&self) -> &str {
        &self.file.name
    }

    fn put(&self, window: Window, parts: &[&[f32]]) {
        let (width, height) = self.size;
        let mut planes = self.planes.lock().unwrap_or_else(PoisonError::into_inner);
        if planes.is_empty() {
            planes.resize_with(parts.len(), || Plane::filled(width, height, 0.0));
        }
        // A method with JPEG coefficient bounds works on whole blocks, past the image's border.
        let columns = window.x0..window.x1.min(width).max(window.x0);
        for (plane, part) in planes.iter_mut().zip(parts) {
            for (y, row) in (window.y0..window.y1.min(height)).zip(part.chunks_exact(window.width().max(1))) {
                plane.row_mut(y)[columns.clone()].copy_from_slice(&row[..columns.len()]);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn windows_become_an_image_with_zero_as_mid_grey() {
        let folder = tempfile::tempdir().unwrap();
        let file = ExtraOutputFile { name: "grad".into(), path: folder.path().join("grad.png") };
        let gathered = Gathered::new(&file, (3, 2));
        gathered.put(Window { x0: 0, y0: 0, x1: 2, y1: 2 }, &[&[-0.5, 0.0, 0.5, 0.25]]);
        // Reaches past the border, as blocks do.
        gathered.put(Window { x0: 2, y0: 0, x1: 4, y1: 3 }, &[&[-9.0, 1.0, 9.0, 1.0, 1.0, 1.0]]);
        assert_eq!(gathered.write(&false.into()).unwrap().as_ref(), Some(&file.path));
        let (image, format) = unband_io::read_file(&file.path, &unband_io::Limits::default()).unwrap();
        assert_eq!((format.name, image.depth, image.planes.len()), ("PNG", Depth::Int(16), 1));
        let codes: Vec<u32> = image.planes[0].data.iter().map(|&v| image.depth.code(v)).collect();
        assert_eq!(codes, [0, 32768, 0, 65535, 49151, 65535]);
        assert!(Gathered::new(&file, (3, 2)).write(&true.into()).unwrap().is_none());
    }
}
