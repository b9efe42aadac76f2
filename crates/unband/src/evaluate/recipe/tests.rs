use super::*;
use unband_image::Hint;

fn load(texts: &[&str]) -> Result<Recipe, EvaluateError> {
    let dir = tempfile::tempdir().unwrap();
    let files: Vec<PathBuf> = texts
        .iter()
        .enumerate()
        .map(|(i, text)| {
            let file = dir.path().join(format!("{i}.toml"));
            std::fs::write(&file, text).unwrap();
            file
        })
        .collect();
    Recipe::load(&files[0], &files[1..])
}

const TABLE: &str = "title = 'T'\nmetrics = ['psnr']\n[data]\nkind = 'pairs'\nfolder = 'a'\n[[method]]\nname = 'S'\nmethod = 'smooth'\n";

#[test]
fn results_are_written_as_the_program_writes_them_unless_something_else_is_said() {
    let recipe = load(&[TABLE]).unwrap();
    let method = &recipe.method[0];
    assert_eq!((method.depth, method.dither), (OutputDepth::Bits(8), None));
    assert_eq!((method.planes, recipe.weights, recipe.crop), (Planes::Rgb, WeightsPolicy::Required, 0));
    let recipe =
        load(&[&format!("{TABLE}depth = '16'\ndither = 'blue-noise'\nplanes = 'yuv420p'\n")]).unwrap();
    assert_eq!(recipe.method[0].depth, OutputDepth::Bits(16));
    assert_eq!(recipe.method[0].planes, Planes::Yuv420p);
}

#[test]
fn a_table_says_the_dither_of_rows_that_say_none() {
    let more = "[[method]]\nname = 'D'\nmethod = 'smooth'\ndither = 'blue-noise'\n";
    let recipe = load(&[&format!("dither = 'none'\n{TABLE}{more}")]).unwrap();
    let dithers: Vec<_> = recipe.method.iter().map(|row| row.dither).collect();
    assert_eq!(dithers, [Some(Dither::None), Some(Dither::BlueNoise)]);
}

#[test]
fn some_rows_alone_are_kept() {
    let more = "[[method]]\nname = 'D'\nmethod = 'smooth'\n";
    let kept = |names: &[&str]| {
        let mut recipe = load(&[&format!("{TABLE}{more}")]).unwrap();
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        recipe
            .keep_only(&names)
            .map(|()| recipe.method.iter().map(|row| row.name.clone()).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(kept(&[]).unwrap(), "S D");
    assert_eq!(kept(&["d"]).unwrap(), "D");
    assert_eq!(kept(&["D", "S"]).unwrap(), "S D");
    let failure = kept(&["D", "E"]).unwrap_err();
    assert!(failure.to_string().contains("`E`") && failure.hint().unwrap().ends_with("S, D"));
}

#[test]
fn a_small_table_replaces_data_and_keeps_methods() {
    let small = "crop = 256\n[data]\nkind = 'clean'\nfolder = 'b'\ndegradations = ['rgb-5']\n";
    let recipe = load(&[TABLE, small]).unwrap();
    let clean = Data::Clean { folder: "b".into(), degradations: vec!["rgb-5".into()] };
    assert_eq!((recipe.data, recipe.crop, recipe.method.len()), (clean, 256, 1));
}

#[test]
fn what_is_wrong_is_named_with_its_key() {
    let wrong = |text: &str| load(&[text]).unwrap_err().to_string();
    assert!(wrong(&format!("{TABLE}colour = 1\n")).contains("`method[0].colour`"), "{}", wrong(TABLE));
    assert!(wrong(&format!("{TABLE}depth = '9'\n")).contains("the depth must be 8, 10"));
    assert!(wrong(&format!("{TABLE}dither = 'much'\n")).contains("the dithers are"));
    assert!(wrong(&format!("scale = 9\n{TABLE}")).contains("`scale`: must be in 1..=8"));
    assert!(wrong("title = ").contains("invalid TOML"));
    let gone = Recipe::load(Path::new("none-such.toml"), &[]).unwrap_err();
    assert!(gone.to_string().starts_with("none-such.toml: ") && gone.hint().is_some());
}
