//! Hand-drawn boxes around banding, in labelImg's XML (Pascal VOC).

use std::fs::File;
use std::io::Read;
use std::path::Path;

use roxmltree::{Document, Node, ParsingOptions};
use unband_image::Window;

/// Maximum bytes of a file; the set's own files have some kilobytes.
const MOST_BYTES: u64 = 1 << 20;
/// Maximum elements, texts and comments of a file.
const MOST_NODES: u32 = 100_000;

/// Content of a box file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Boxes {
    /// Width and height of the annotated image, if given and not 0.
    pub size: Option<(u64, u64)>,
    /// Boxes in the order of the file.
    pub boxes: Vec<LabelledBox>,
}

/// A labelled box as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LabelledBox {
    /// Label; the set has `banding` and `nonbanded`.
    pub name: String,
    /// `xmin`, `ymin`, `xmax`, `ymax` in pixels.
    pub corners: [i32; 4],
}

/// Why a box file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BoxesError {
    /// The system reported an error.
    #[error("cannot read: {0}")]
    Io(#[from] std::io::Error),
    /// The file is too large for a box file.
    #[error("the file has more than {MOST_BYTES} bytes")]
    Large,
    /// The file is not UTF-8.
    #[error("invalid UTF-8 at byte {0}")]
    Text(usize),
    /// The file is not XML, or contains a DTD.
    #[error("invalid XML: {0}")]
    Xml(#[from] roxmltree::Error),
    /// A box lacks one of its four sides.
    #[error("line {line}: a box without `{side}`")]
    Side {
        /// Line of the box, starting at 1.
        line: u32,
        /// The missing element.
        side: &'static str,
    },
    /// A side is not an integer.
    #[error("line {line}: `{side}` is `{text}`, not an integer")]
    Number {
        /// Line of the side, starting at 1.
        line: u32,
        /// The element.
        side: &'static str,
        /// Start of its text.
        text: String,
    },
}

/// Reads a box file.
///
/// # Errors
/// See [`BoxesError`].
pub fn read(path: &Path) -> Result<Boxes, BoxesError> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(BoxesError::Large);
    }
    parse(std::str::from_utf8(&bytes).map_err(|error| BoxesError::Text(error.valid_up_to()))?)
}

/// Parses the text of a box file. Objects without a name or a box are skipped, as in GGDBN's script.
///
/// # Errors
/// See [`BoxesError`].
pub fn parse(xml: &str) -> Result<Boxes, BoxesError> {
    let document =
        Document::parse_with_options(xml, ParsingOptions { nodes_limit: MOST_NODES, ..Default::default() })?;
    let root = document.root_element();
    let mut boxes = Vec::new();
    for object in root.children().filter(|node| node.has_tag_name("object")) {
        let (Some(name), Some(bounds)) = (child(object, "name"), child(object, "bndbox")) else { continue };
        let mut corners = [0; 4];
        for (corner, side) in corners.iter_mut().zip(["xmin", "ymin", "xmax", "ymax"]) {
            *corner = number(bounds, side)?;
        }
        boxes.push(LabelledBox { name: text(name).to_owned(), corners });
    }
    Ok(Boxes { size: child(root, "size").and_then(size), boxes })
}

fn child<'a, 'x>(node: Node<'a, 'x>, name: &str) -> Option<Node<'a, 'x>> {
    node.children().find(|child| child.has_tag_name(name))
}

fn text<'a>(node: Node<'a, '_>) -> &'a str {
    node.text().unwrap_or_default().trim()
}

fn number(bounds: Node<'_, '_>, side: &'static str) -> Result<i32, BoxesError> {
    let line = |node: Node<'_, '_>| node.document().text_pos_at(node.range().start).row;
    let node = child(bounds, side).ok_or_else(|| BoxesError::Side { line: line(bounds), side })?;
    text(node).parse().map_err(|_| BoxesError::Number {
        line: line(node),
        side,
        text: text(node).chars().take(40).collect(),
    })
}

fn size(node: Node<'_, '_>) -> Option<(u64, u64)> {
    let side = |name| text(child(node, name)?).parse().ok().filter(|&side| side > 0);
    Some((side("width")?, side("height")?))
}

impl LabelledBox {
    /// Whether the label means banding. All labels do except `nonbanded`, in any spelling of case.
    pub fn is_banding(&self) -> bool {
        let letters: String = self.name.chars().filter(|c| c.is_alphanumeric()).collect();
        !letters.to_lowercase().starts_with("non")
    }

    /// Whether a window shares a pixel with the box. Corners may be in any order; areas outside the image are
    /// ignored.
    pub fn touches(&self, window: Window) -> bool {
        let [x0, y0, x1, y1] = self.corners.map(i64::from);
        let shared = |low, high, a: i64, b: i64| signed(low).max(a.min(b)) < signed(high).min(a.max(b));
        shared(window.x0, window.x1, x0, x1) && shared(window.y0, window.y1, y0, y1)
    }
}

/// A pixel coordinate in the type of box corners.
pub(crate) fn signed(place: usize) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX)
}
