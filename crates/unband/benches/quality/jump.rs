//! Benchmark of contours before and after on images without a clean original.

use std::path::{Path, PathBuf};

use unband_metrics::{Fault, MetricError, contour_jump, texture_change};

use crate::Result;
use crate::files;
use crate::methods::Method;

/// A table with one line per image and method: the golden crops, then the given files.
pub(crate) fn table(methods: &[Method], paths: &[PathBuf]) -> Result<Vec<String>> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/metrics");
    let crops = ["r1_deepdeband_0007", "r2_deepdeband_0038", "r3_ggdbn", "r4_indi_2"];
    let mut all: Vec<PathBuf> = crops.iter().map(|c| golden.join(format!("{c}_a.png"))).collect();
    all.extend(paths.iter().cloned());
    let mut lines = vec![
        "| image | method | contour jump, codes | after | of input's | texture change, codes |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for path in all {
        let input = files::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let before = contour_jump::contour_jump(&input, &input)?.codes;
        for method in methods {
            let result = match method.run(&input, scratch) {
                Ok(result) => result,
                Err(error) => {
                    lines.push(format!("| {} | {} | {error} |", path.display(), method.label()));
                    continue;
                }
            };
            let after = contour_jump::contour_jump(&result, &input)?.codes;
            let texture = match texture_change::texture_change(&result, &input) {
                Ok(codes) => format!("{codes:.2}"),
                Err(MetricError { fault: Fault::TooFew { .. }, .. }) => "no texture".into(),
                Err(error) => return Err(error.into()),
            };
            let name = path.file_stem().map_or(String::new(), |n| n.to_string_lossy().into_owned());
            lines.push(format!(
                "| {name:<20} | {:<20} | {before:.3} | {after:.3} | {:.2} | {texture} |",
                method.label(),
                after / before,
            ));
        }
    }
    Ok(lines)
}
