use super::*;

/// Display times of a file in decoding order, with every fourth frame ahead of the three before it.
fn reordered(count: i64, step: impl Fn(i64) -> i64) -> Vec<i64> {
    let order = (0..count).map(|i| match i % 4 {
        0 => i,
        1 => (i + 2).min(count - 1),
        _ => i - 1,
    });
    let mut order: Vec<i64> = order.collect();
    order.dedup();
    order.into_iter().map(step).collect()
}

#[test]
fn times_never_go_backwards_and_frames_are_decoded_before_they_are_shown() {
    // A changing rate, and a gap between the files.
    let uneven = |i: i64| 40 * i + 17 * (i % 3) + if i > 20 { 300 } else { 0 };
    let (a, b) = (reordered(25, uneven), reordered(13, |i| 20 * i));
    let last = a.iter().max().copied().unwrap_or(0);
    let files = [(5000, a.clone()), (5000 + last + 25, b.clone())];
    let times = timeline(&files, 33, 40);
    assert_eq!((times[0].len(), times[1].len()), (a.len(), b.len()));
    let all: Vec<Time> = times.concat();
    assert!(all.windows(2).all(|pair| pair[0].decoded < pair[1].decoded));
    assert!(all.windows(2).all(|pair| pair[0].decoded + pair[0].lasts == pair[1].decoded));
    assert!(all.iter().all(|time| time.decoded <= time.shown));
    let shown: Vec<i64> = all.iter().map(|time| time.shown).collect();
    let wanted = a.iter().map(|t| t + 5000).chain(b.iter().map(|t| t + 5000 + last + 25));
    assert_eq!(shown, wanted.collect::<Vec<_>>());
    assert_eq!(all.last().map(|time| time.lasts), Some(33));
}

#[test]
fn frames_get_other_times_in_the_order_in_which_they_are_shown() {
    let Ok(out) = retimed(&[0, 30, 10, 20, 40], &[5, 47, 88, 130, 172]) else { panic!("not retimed") };
    assert_eq!(out, [5, 130, 47, 88, 172]);
    assert!(retimed(&[0, 1], &[0]).is_err());
}

#[test]
fn frames_in_order_are_decoded_when_they_are_shown() {
    let times = timeline(&[(7, vec![100, 140, 180])], 40, 40);
    let decoded: Vec<i64> = times[0].iter().map(|time| time.decoded).collect();
    assert_eq!(decoded, [7, 47, 87]);
}

#[test]
fn a_fragment_comes_back_from_its_description() {
    let samples = [(10, 100, 1, 20), (12, 50, 2, 0)];
    let samples = samples.map(|(duration, size, flags, later)| Sample { duration, size, flags, later });
    let bytes = BoxPosition { kind: *b"mdat", start: 0, head: 8, size: 158 };
    let fragment = Fragment { number: 3, track: 1, decoded: 77, samples: samples.to_vec(), bytes };
    let times = [(77, 97, 10), (87, 87, 12)].map(|(decoded, shown, lasts)| Time { decoded, shown, lasts });
    let Ok(moof) = fragment.described(&times) else { panic!("not described") };
    let Ok(again) = Fragment::parse(&moof[8..], bytes) else { panic!("not read") };
    assert_eq!((again.number, again.track, again.decoded), (3, 1, 77));
    let fields = |s: &Sample| (s.duration, s.size, s.flags, s.later);
    assert_eq!(
        again.samples.iter().map(fields).collect::<Vec<_>>(),
        samples.iter().map(fields).collect::<Vec<_>>()
    );
    for cut in 8..moof.len() - 1 {
        assert!(Fragment::parse(&moof[8..cut], bytes).is_err(), "{cut}");
    }
}
