//! The canvas of an animation: parts are put on it one after the other.
//!
//! Source: `GIF89a` Specification, 23; PNG Specification, Third Edition, 11.3.6.2 (`fcTL`); RFC 9649, 2.7.
//! Cleared areas are transparent in all three, as browsers show them.

use unband_image::{Depth, Image, Plane, Window};

use super::{Disposal, FramePart};
use crate::{Error, limits};

pub(super) struct Canvas {
    planes: Vec<Plane>,
    alpha: Plane,
    depth: Depth,
    /// Work on the area of the last part before the next one comes.
    due: Option<Due>,
}

enum Due {
    Clear(Window),
    /// Colours and alpha to put back.
    Restore(Window, Vec<Plane>),
}

impl Canvas {
    pub(super) fn new(w: usize, h: usize, planes: usize, depth: Depth) -> Result<Self, Error> {
        let planes = (0..planes).map(|_| limits::new_plane(w, h)).collect::<Result<_, _>>()?;
        Ok(Self { planes, alpha: limits::new_plane(w, h)?, depth, due: None })
    }

    /// The canvas with a part on it: planes and alpha. The part of it outside the canvas is not shown.
    pub(super) fn show(&mut self, image: &Image, part: &FramePart) -> (Vec<Plane>, Plane) {
        match self.due.take() {
            Some(Due::Clear(window)) => self.all().for_each(|plane| clear(plane, window)),
            Some(Due::Restore(window, kept)) => {
                let at = (window.x0, window.y0);
                self.all().zip(&kept).for_each(|(plane, kept)| put(plane, kept, at));
            }
            None => {}
        }
        let size = (self.alpha.width, self.alpha.height);
        let window = inside(part.window, size);
        self.due = match part.disposal {
            Disposal::Keep => None,
            Disposal::Clear => Some(Due::Clear(window)),
            Disposal::Restore => Some(Due::Restore(window, self.all().map(|p| p.cut(window)).collect())),
        };
        let at = (window.x0, window.y0);
        let cut = (window != part.window)
            .then(|| image.cut(Window { x0: 0, y0: 0, x1: window.width(), y1: window.height() }));
        let image = cut.as_ref().unwrap_or(image);
        match &image.alpha {
            Some(alpha) if part.blends => self.blend(image, alpha, at),
            alpha => {
                self.planes.iter_mut().zip(&image.planes).for_each(|(to, from)| put(to, from, at));
                match alpha {
                    Some(alpha) => put(&mut self.alpha, alpha, at),
                    None => {
                        put(&mut self.alpha, &Plane::filled(window.width(), window.height(), 1.0), at);
                    }
                }
            }
        }
        (self.planes.clone(), self.alpha.clone())
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Plane> {
        self.planes.iter_mut().chain([&mut self.alpha])
    }

    /// Puts an image over the canvas; both have straight alpha.
    fn blend(&mut self, image: &Image, alpha: &Plane, (x0, y0): (usize, usize)) {
        let depth = self.depth;
        for y in 0..alpha.height {
            for (x, &over) in alpha.row(y).iter().enumerate().filter(|(_, over)| **over > 0.0) {
                let at = x0 + x;
                let under = self.alpha.row(y0 + y)[at] * (1.0 - over);
                let sum = over + under;
                for (to, from) in self.planes.iter_mut().zip(&image.planes) {
                    let (to, from) = (&mut to.row_mut(y0 + y)[at], from.row(y)[x]);
                    *to = if under > 0.0 { depth.nearest((over * from + under * *to) / sum) } else { from };
                }
                self.alpha.row_mut(y0 + y)[at] = depth.nearest(sum);
            }
        }
    }
}

/// The part of a window on a canvas.
fn inside(window: Window, (width, height): (usize, usize)) -> Window {
    let Window { x0, y0, x1, y1 } = window;
    Window { x0: x0.min(width), y0: y0.min(height), x1: x1.min(width), y1: y1.min(height) }
}

fn clear(plane: &mut Plane, window: Window) {
    for y in window.y0..window.y1 {
        plane.row_mut(y)[window.x0..window.x1].fill(0.0);
    }
}

fn put(to: &mut Plane, from: &Plane, (x, y): (usize, usize)) {
    for row in 0..from.height {
        to.row_mut(y + row)[x..x + from.width].copy_from_slice(from.row(row));
    }
}
