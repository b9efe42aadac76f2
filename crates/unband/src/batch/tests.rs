use super::*;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

#[test]
fn results_come_in_order_and_within_the_limits() {
    let costs: Vec<Cost> =
        (0..60).map(|i| Cost { threads: 1 + i % 5, memory: (i as u64 * 37) % 90 }).collect();
    let limits = Cost { threads: 4, memory: 100 };
    let (threads, memory, most) = (AtomicUsize::new(0), AtomicU64::new(0), AtomicUsize::new(0));
    let mut order = Vec::new();
    run(
        &costs,
        limits,
        &|| false,
        &|i| {
            let now = threads.fetch_add(costs[i].threads.min(4), Ordering::SeqCst) + costs[i].threads.min(4);
            let held = memory.fetch_add(costs[i].memory, Ordering::SeqCst) + costs[i].memory;
            most.fetch_max(now, Ordering::SeqCst);
            assert!(now <= 4 && held <= 100, "{now} threads, {held} bytes");
            std::thread::sleep(std::time::Duration::from_micros(300 * (7 - i as u64 % 7)));
            memory.fetch_sub(costs[i].memory, Ordering::SeqCst);
            threads.fetch_sub(costs[i].threads.min(4), Ordering::SeqCst);
            i
        },
        &mut |i, result| {
            assert_eq!(i, result);
            order.push(i);
        },
    );
    assert_eq!(order, (0..60).collect::<Vec<_>>());
}

#[test]
fn nothing_starts_after_a_stop() {
    let started = AtomicUsize::new(0);
    let mut emitted = 0;
    run(
        &[Cost { threads: 1, memory: 0 }; 40],
        Cost { threads: 2, memory: 0 },
        &|| started.load(Ordering::SeqCst) >= 5,
        &|_| started.fetch_add(1, Ordering::SeqCst),
        &mut |_, _| emitted += 1,
    );
    let started = started.into_inner();
    assert!((5..=6).contains(&started), "{started} started");
    assert_eq!(emitted, started);
}

#[test]
fn what_is_too_large_runs_alone() {
    let costs =
        [Cost { threads: 1, memory: 5 }, Cost { threads: 9, memory: 500 }, Cost { threads: 1, memory: 5 }];
    let running = AtomicUsize::new(0);
    let mut done = 0;
    run(
        &costs,
        Cost { threads: 2, memory: 10 },
        &|| false,
        &|i| {
            let others = running.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(std::time::Duration::from_millis(2));
            assert!(i != 1 || (others == 0 && running.load(Ordering::SeqCst) == 1));
            running.fetch_sub(1, Ordering::SeqCst);
        },
        &mut |_, ()| done += 1,
    );
    assert_eq!(done, 3);
}
