//! Thread pools reused between tasks: starting threads would dominate short ones.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::process::PerProcess;

/// The pool of `threads` threads; `None` where the system refuses to start them.
pub(crate) fn of(threads: usize) -> Option<Arc<ThreadPool>> {
    static POOLS: PerProcess<Mutex<HashMap<usize, Arc<ThreadPool>>>> = PerProcess::new();
    let mut pools = POOLS.get_or(Mutex::default).lock().ok()?;
    if let Some(pool) = pools.get(&threads) {
        return Some(Arc::clone(pool));
    }
    let pool = ThreadPoolBuilder::new().num_threads(threads).thread_name(|i| format!("unband {i}"));
    let pool = Arc::new(pool.build().ok()?);
    pools.insert(threads, Arc::clone(&pool));
    Some(pool)
}
