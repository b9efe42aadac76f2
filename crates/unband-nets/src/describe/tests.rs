use super::*;
use crate::{Net, arch};

/// Entries of the row named `at`.
fn row(table: &str, at: &str) -> Vec<String> {
    let line = table.lines().find(|line| line.split_whitespace().next() == Some(at));
    line.unwrap_or_else(|| panic!("no {at}\n{table}"))
        .split("  ")
        .map(str::trim)
        .filter(|cell| !cell.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn blocks_that_come_again_are_shown_once() {
    let graph = arch::build("rrdbnet").unwrap().unwrap();
    let table = graph.describe(64, 64).unwrap();
    assert_eq!(
        row(&table, "RRDB_trunk.{0…22}"),
        ["RRDB_trunk.{0…22}", "23 ×", "16,546,752", "67,721,232,384"]
    );
    assert_eq!(row(&table, "{RDB1…RDB3}")[1], "3 ×");
    assert_eq!(
        row(&table, "conv5"),
        ["conv5", "concat, conv 3×3, add × 0.2", "64×64×64", "110,656", "452,984,832"]
    );
    assert_eq!(table.matches("conv5").count(), 1);
    assert!(table.contains("702 tensors") && table.contains("takes any size"));
}

#[test]
fn different_layers_are_not_put_together() {
    let mut net = Net::new("mine");
    let image = net.input("image", 3);
    let mut x = image;
    for (name, channels) in [("a1", 8), ("a2", 8), ("a3", 8), ("b1", 8), ("a4", 3)] {
        x = net.conv3x3(name, x, channels);
    }
    let table = net.finish(&[("image", x)]).unwrap().describe(5, 7).unwrap();
    let names: Vec<&str> = table.lines().skip(4).map_while(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["a1", "{a2…a3}", "b1", "a4"], "{table}");
    assert_eq!(row(&table, "{a2…a3}"), ["{a2…a3}", "2 × conv 3×3", "8×5×7", "1,168", "40,320"]);
}

#[test]
fn rows_sum_to_the_totals_for_every_network() {
    let mut seen = 0;
    for name in arch::ARCHITECTURES.iter().map(|a| a.name) {
        let graph = arch::build(name).unwrap().unwrap();
        let size = [256, 224, 64, 128, 512].into_iter().find(|&s| graph.shapes(s, s).is_ok()).unwrap();
        let sums = |items: &[Item]| items.iter().map(Item::sums).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        let lines = graph.lines(&graph.shapes(size, size).unwrap());
        let folded = folded(lines.clone());
        assert_eq!(sums(&lines), sums(&folded), "{name}");
        let unused: usize = graph.unused().iter().map(|p| p.learned()).sum();
        assert_eq!(sums(&lines).0 as usize + unused, graph.parameter_count(), "{name}");
        assert_eq!(sums(&lines).1, graph.multiply_adds(size, size).unwrap(), "{name}");
        assert!(folded.len() < 120, "{name}: {} rows", folded.len());
        assert!(graph.describe(size, size).unwrap().contains(&grouped(graph.parameter_count() as u64)));
        seen += 1;
    }
    assert_eq!(seen, arch::ARCHITECTURES.len());
}

#[test]
fn tensors_that_nothing_reads_are_counted() {
    let table = arch::build("indi").unwrap().unwrap().describe(33, 50).unwrap();
    assert!(table.contains("1,353,963 parameters in 120 tensors, 49,656 of them never used"), "{table}");
    assert!(table.starts_with("indi: image 3×33×50, t 1×1×1 → image 3×33×50\n"));
}

#[test]
fn a_size_that_does_not_fit_is_an_error() {
    let error = arch::build("ggdbn").unwrap().unwrap().describe(33, 50).unwrap_err();
    assert!(error.to_string().contains("are not multiples of 8"), "{error}");
}
