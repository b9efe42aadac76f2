//! Per-process values, also after `fork`.

use std::sync::OnceLock;

/// A value for each process: the first use in a process makes it.
///
/// A child of `fork` has its parent's memory but only one of its threads. A thread pool of the parent never
/// works there, and a lock that another thread held is never released. The child therefore gets a value of
/// its own; those of its ancestors stay untouched.
#[derive(Debug)]
pub struct PerProcess<T> {
    first: OnceLock<Box<Node<T>>>,
}

/// The value of one process.
#[derive(Debug)]
struct Node<T> {
    id: u32,
    value: T,
    /// That of a child.
    next: OnceLock<Box<Node<T>>>,
}

impl<T> PerProcess<T> {
    /// Without values.
    pub const fn new() -> Self {
        Self { first: OnceLock::new() }
    }

    /// The value of this process. `make` must be quick: a child that is forked meanwhile waits forever.
    pub fn get_or(&self, make: impl Fn() -> T) -> &T {
        self.of(id(), make)
    }

    fn of(&self, id: u32, make: impl Fn() -> T) -> &T {
        let mut place = &self.first;
        loop {
            let node = place.get_or_init(|| Box::new(Node { id, value: make(), next: OnceLock::new() }));
            if node.id == id {
                return &node.value;
            }
            place = &node.next;
        }
    }
}

impl<T> Default for PerProcess<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Number of this process; 0 where there are no processes.
fn id() -> u32 {
    if cfg!(target_family = "wasm") { 0 } else { std::process::id() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn every_process_makes_its_value_once() {
        let (values, made) = (PerProcess::new(), AtomicU32::new(0));
        let of = |id| *values.of(id, || made.fetch_add(1, Ordering::Relaxed));
        assert_eq!([of(7), of(7), of(9), of(7), of(9), of(8)], [0, 0, 1, 0, 1, 2]);
        assert_eq!(*values.get_or(|| 50), 50);
    }
}
