use super::*;
use unband_image::With;

/// Components by flood fill from each sample; open samples by the definition.
fn model(codes: &[u8], w: usize, h: usize) -> (Vec<usize>, Vec<bool>) {
    let mut labels = vec![usize::MAX; w * h];
    for i in 0..w * h {
        if labels[i] != usize::MAX {
            continue;
        }
        let mut todo = vec![i];
        while let Some(j) = todo.pop() {
            if labels[j] != usize::MAX || codes[j] != codes[i] {
                continue;
            }
            labels[j] = i;
            let (x, y) = (j % w, j / w);
            todo.extend((x > 0).then(|| j - 1));
            todo.extend((x + 1 < w).then_some(j + 1));
            todo.extend((y > 0).then(|| j - w));
            todo.extend((y + 1 < h).then_some(j + w));
        }
    }
    let inner = |i: usize| {
        let (x, y) = (i % w, i / w);
        x > 0
            && y > 0
            && x + 1 < w
            && y + 1 < h
            && [i - 1, i + 1, i - w, i + w].iter().all(|&j| codes[j] == codes[i])
    };
    let open = |i: usize| {
        let (x, y) = (i % w, i / w);
        inner(i)
            || (x > 0 && inner(i - 1) && codes[i - 1] == codes[i])
            || (x + 1 < w && inner(i + 1) && codes[i + 1] == codes[i])
            || (y > 0 && inner(i - w) && codes[i - w] == codes[i])
            || (y + 1 < h && inner(i + w) && codes[i + w] == codes[i])
    };
    (labels, (0..w * h).map(open).collect())
}

#[test]
fn components_and_their_openings_are_those_of_the_definition() {
    let ctx = Context::with(|new| new.threads = 2);
    for (w, h, steps) in [(1, 1, 1), (3, 3, 9), (64, 70, 11), (65, 200, 7), (150, 333, 23), (190, 140, 2)] {
        let code = |x: usize, y: usize| ((x * x / 7 + y * y / 5) / 40 + (x * 31 + y * 17) % 97 / 94) % steps;
        let codes: Vec<u8> = (0..w * h).map(|i| code(i % w, i / w) as u8).collect();
        let (labels, open) = model(&codes, w, h);
        let rows = 64;
        let parts = (0..h.div_ceil(rows)).map(|i| part(&codes, w, i * rows..((i + 1) * rows).min(h), &ctx));
        let mut segments = Segments::new(w, h, parts.collect());
        // Every other component gets a number.
        let chosen: Vec<usize> = (0..w * h).filter(|&i| labels[i] % 2 == 0).collect();
        let (numbers, count) = segments.number(chosen.iter().map(|&i| (i % w, i / w)));
        let mut of_label = std::collections::HashMap::new();
        for (&i, &number) in chosen.iter().zip(&numbers) {
            assert_eq!(*of_label.entry(labels[i]).or_insert(number), number, "{w}×{h}");
        }
        assert_eq!(of_label.len(), count, "{w}×{h}");
        let areas = segments.areas(count, &ctx);
        for (&label, &number) in &of_label {
            let want = (0..w * h).filter(|&i| labels[i] == label && open[i]).count();
            assert_eq!(areas[number as usize], want, "{w}×{h}");
        }
        let mask = segments.mask(|number| number % 3 != 1, &ctx);
        for i in 0..w * h {
            let wanted = of_label.get(&labels[i]).is_some_and(|number| number % 3 != 1);
            assert_eq!(mask.get(i % w, i / w), wanted && open[i], "{w}×{h} at {i}");
        }
    }
}
