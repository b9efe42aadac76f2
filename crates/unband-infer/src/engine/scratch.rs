//! Memory that a thread works in, kept from strip to strip: new memory costs a fault for every page.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// Floats that a thread keeps at most.
const KEPT: usize = 4 << 20;

thread_local! {
    static FREE: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// Floats of any value.
pub struct Scratch {
    data: Vec<f32>,
    floats: usize,
}

impl Scratch {
    /// So many.
    pub fn of(floats: usize) -> Self {
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
        // A thread that ends has none any more.
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
