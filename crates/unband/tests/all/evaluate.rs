//! Tables of methods, made in code.

use std::fs;
use std::path::{Path, PathBuf};

use unband::evaluate::{
    CostColumn, Data, EvaluateError, EvaluateOptions, Evaluation, Recipe, RecipeRow, evaluate,
};
use unband::{Context, Image, With};
use unband_image::Hint;

/// Pairs of a ramp and its six-bit version.
fn pairs(folder: &Path) -> PathBuf {
    for side in ["gt", "lq"] {
        fs::create_dir_all(folder.join(side)).unwrap();
    }
    for i in 0..2usize {
        let clean: Vec<u8> =
            (0..96 * 64).map(|k| (20 + 40 * i + usize::midpoint(k % 96, k / 96)) as u8).collect();
        let banded: Vec<u8> = clean.iter().map(|code| code / 4 * 4).collect();
        for (side, codes) in [("gt", &clean), ("lq", &banded)] {
            let image = Image::from_gray(96, 64, codes).unwrap();
            let file = folder.join(side).join(format!("{i}.png"));
            unband_data::files::write_png(&image, &file, 0, false.into()).unwrap();
        }
    }
    folder.to_path_buf()
}

fn recipe(folder: PathBuf) -> Recipe {
    let mut recipe = Recipe::new("Ramps", &["psnr", "cambi"], Data::Pairs { folder });
    recipe.method.push(RecipeRow::new("A", "gradfun:radius=8"));
    let settings = ["radius=8", "radius=16"].map(str::to_owned).to_vec();
    recipe.method.push(RecipeRow::new("B", "gradfun").but(|new| {
        new.settings = settings;
        new.best = Some("psnr".to_owned());
    }));
    recipe
}

#[test]
fn a_table_made_in_code_has_means_intervals_and_values() {
    let dir = tempfile::tempdir().unwrap();
    let folder = pairs(&dir.path().join("pairs"));
    let (ctx, out) = (Context::default(), dir.path().join("out"));
    let table = evaluate(recipe(folder.clone()), &EvaluateOptions::default(), &ctx).unwrap();
    assert!(table.failed.is_empty() && !out.exists());
    let group = &table.groups[0];
    let names: Vec<&str> = group.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!((names, group.pairs), (vec!["(input)", "A", "B"], 2));
    let psnr = |row: usize| group.rows[row].cells.as_ref().unwrap()[0].unwrap();
    for (r, row) in table.pairs[0].cells.iter().enumerate() {
        let metric = unband_metrics::find("psnr").unwrap();
        let chosen = *table.chosen[r].as_ref().unwrap();
        let own = |pair: usize| table.pairs[pair].cells[r][chosen].as_ref().unwrap().number(&metric).unwrap();
        assert!((psnr(r).mean - f64::midpoint(own(0), own(1))).abs() < 1e-9, "{} settings", row.len());
        assert!(psnr(r).low <= psnr(r).mean && psnr(r).mean <= psnr(r).high && psnr(r).count == 2);
    }
    assert!(psnr(2).mean >= psnr(1).mean, "the best of several settings");

    // Results are stored, used again and, for another program, measured again.
    let options = EvaluateOptions::with(|new| new.output = Some(out.clone()));
    let kept = || fs::read_dir(out.join("kept")).unwrap().count();
    let stored = evaluate(recipe(folder.clone()), &options, &ctx).unwrap();
    // A and the first setting of B are the same method.
    assert_eq!(kept(), 2 * 3);
    let again = evaluate(recipe(folder.clone()), &options, &ctx).unwrap();
    // Seconds included.
    assert_eq!((&again.pairs[1].cells, kept()), (&stored.pairs[1].cells, 6));
    let other = options.but(|new| new.program = "another".to_owned());
    evaluate(recipe(folder), &other, &ctx).unwrap();
    assert_eq!(kept(), 12);
}

#[test]
fn a_table_that_cannot_be_made_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let folder = pairs(dir.path());
    let (ctx, options) = (Context::default(), EvaluateOptions::default());
    let fault = |recipe: Recipe| Evaluation::new(recipe, &options, &ctx).err().unwrap();
    let error = fault(recipe(folder.clone()).but(|new| new.metrics = vec!["beauty".to_owned()]));
    assert!(matches!(error, EvaluateError::UnknownMetric { .. }) && error.hint().is_some());
    let error = fault(recipe(folder.clone()).but(|new| new.method = vec![RecipeRow::new("x", "gradfnu")]));
    assert_eq!(error.to_string(), "row `x`: there is no method `gradfnu`");
    let error = fault(recipe(folder.join("lq")));
    assert!(error.to_string().ends_with("lq: no pairs in `lq` and `gt` of this folder"));
    let timed = recipe(folder).but(|new| new.costs = vec![CostColumn::Seconds]);
    let timed = Evaluation::new(timed, &options, &Context::with(|new| new.threads = 1)).unwrap();
    assert_eq!(timed.notes, ["Seconds: method only, per image, with 1 thread."]);
}
