//! Thread pools reused between tasks: starting threads would dominate short ones.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::process::PerProcess;

static POOLS: PerProcess<Pools> = PerProcess::new();

/// The pool of `threads` threads; `None` where the system refuses to start them.
pub(crate) fn of(threads: usize) -> Option<Arc<ThreadPool>> {
    POOLS.get_or(Pools::default).of(threads)
}

/// Ends the threads that jobs of this process keep for the next ones, and waits for them. For hosts that
/// unload the library. Jobs that run meanwhile are finished first; later jobs start new threads.
///
/// Not from within a job, whose threads would wait for themselves.
pub fn end_threads() {
    POOLS.get_or(Pools::default).end();
}

/// Pools by their number of threads.
#[derive(Default)]
struct Pools(Mutex<HashMap<usize, CachedPool>>);

struct CachedPool {
    pool: Arc<ThreadPool>,
    threads: Vec<JoinHandle<()>>,
}

impl Pools {
    fn of(&self, count: usize) -> Option<Arc<ThreadPool>> {
        let mut pools = self.0.lock().ok()?;
        if let Some(kept) = pools.get(&count) {
            return Some(Arc::clone(&kept.pool));
        }
        let mut threads = Vec::with_capacity(count);
        let pool = ThreadPoolBuilder::new().num_threads(count).spawn_handler(|worker| {
            let named = thread::Builder::new().name(format!("unband {}", worker.index()));
            threads.push(named.spawn(|| worker.run())?);
            Ok(())
        });
        let pool = Arc::new(pool.build().ok()?);
        pools.insert(count, CachedPool { pool: Arc::clone(&pool), threads });
        Some(pool)
    }

    fn end(&self) {
        let pools = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for CachedPool { pool, threads } in pools.into_values() {
            drop(pool);
            for thread in threads {
                // A worker that panicked has ended too.
                let _ = thread.join();
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::sync::atomic::{AtomicUsize, Ordering};

    static ENDED: AtomicUsize = AtomicUsize::new(0);

    /// Counts threads that have ended.
    struct Ends;

    impl Drop for Ends {
        fn drop(&mut self) {
            ENDED.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn ended_threads_are_gone_and_start_again() {
        thread_local!(static OWN: RefCell<Option<Ends>> = const { RefCell::new(None) });
        let pools = Pools::default();
        for round in 1..=2 {
            let pool = pools.of(3).unwrap();
            assert!(Arc::ptr_eq(&pool, &pools.of(3).unwrap()));
            pool.broadcast(|_| OWN.with(|own| *own.borrow_mut() = Some(Ends)));
            assert_eq!(ENDED.load(Ordering::SeqCst), 3 * (round - 1));
            drop(pool);
            pools.end();
            assert_eq!(ENDED.load(Ordering::SeqCst), 3 * round);
        }
    }
}
