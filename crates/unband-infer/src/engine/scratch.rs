//! Per-thread scratch memory, reused from strip to strip: new memory costs a page fault per page.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// Maximum number of floats that a thread keeps.
const KEPT: usize = 4 << 20;

thread_local! {
    static FREE: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// Floats with arbitrary content.
pub(super) struct Scratch {
    data: Vec<f32>,
    floats: usize,
}

impl Scratch {
    /// A buffer of this many floats.
    pub(super) fn with_floats(floats: usize) -> Self {
        let found = FREE.with_borrow_mut(|free| {
            let fits = free.iter().enumerate().filter(|(_, v)| v.len() >= floats);
            let place = fits.min_by_key(|(_, v)| v.len()).map(|(place, _)| place);
            place.map(|place| free.swap_remove(place))
        });
        Self { data: found.unwrap_or_else(|| vec![0.0; floats]), floats }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let data = std::mem::take(&mut self.data);
        // A thread that is ending has none.
        let _ = FREE.try_with(|free| {
            let mut free = free.borrow_mut();
            free.push(data);
            while free.iter().map(Vec::len).sum::<usize>() > KEPT {
                free.remove(0);
            }
        });
    }
}

impl Deref for Scratch {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.data[..self.floats]
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.data[..self.floats]
    }
}
