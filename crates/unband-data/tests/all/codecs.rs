//! Image and video encoders. The tests report missing programs.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use crate::scene;
use crate::tools::{pass, ppm, read_ppm};
use std::collections::BTreeSet;

use scene::scene;
use unband_data::{DegradationRecipe, Pair, degradation};
use unband_image::{Image, Rng};

const VIDEO: [&str; 6] = ["mpeg4", "x264", "x265", "vp9", "av1", "avif"];

fn degraded(name: &str, settings: &[(&str, &str)], image: Image) -> Option<Pair> {
    let mut pair = Pair::from_clean(image);
    match degradation(name)
        .unwrap()
        .from_texts(settings.iter().copied())
        .unwrap()
        .apply(&mut pair, Rng::new(4))
    {
        Err(error) if error.is_missing_program() => {
            unband_skips::program(format_args!("{name}: {error}"));
            None
        }
        result => {
            result.unwrap_or_else(|e| panic!("{name}: {e}"));
            Some(pair)
        }
    }
}

/// Root mean square of the difference, in 8-bit codes.
fn loss(pair: &Pair) -> f32 {
    let (a, b) = (&pair.lq.planes[1].data, &pair.gt.planes[1].data);
    255.0 * (a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>() / a.len() as f32).sqrt()
}

#[test]
fn higher_quantisers_lose_more() {
    for name in VIDEO {
        let at = |quantiser| Some(loss(&degraded(name, &[("quantiser", quantiser)], scene(96, 64))?));
        let (Some(low), Some(high)) = (at("5"), at("30")) else { continue };
        assert!(low < 2.5 && high > 1.3 * low, "{name}: {low} {high}");
    }
}

#[test]
fn predicted_frames_differ_from_intra_frames_and_stay_in_place() {
    for name in VIDEO.into_iter().filter(|name| *name != "avif") {
        let Some(intra) = degraded(name, &[("quantiser", "20")], scene(96, 64)) else { continue };
        let Some(clip) = degraded(name, &[("quantiser", "20"), ("frames", "4")], scene(96, 64)) else {
            continue;
        };
        assert!(intra.lq.planes != clip.lq.planes, "{name}");
        // A frame shifted by one sample would differ by 4 codes in the texture.
        assert!(loss(&clip) < 2.0 * loss(&intra) + 1.0, "{name}: {} {}", loss(&clip), loss(&intra));
    }
}

#[test]
fn odd_sides_pass() {
    for name in VIDEO {
        let Some(pair) = degraded(name, &[("quantiser", "10")], scene(67, 65)) else { continue };
        assert_eq!((pair.lq.width(), pair.lq.height()), (67, 65), "{name}");
        assert!(loss(&pair) < 3.0, "{name}: {}", loss(&pair));
    }
}

#[test]
fn webp_loses_more_at_less_quality_and_is_that_of_libwebp() {
    let built_in = |quality| degraded("webp", &[("quality", quality)], scene(160, 120)).unwrap();
    assert!(loss(&built_in("20")) > 1.3 * loss(&built_in("90")));
    // The same pixels as from libwebp's own programs.
    let clean = scene(160, 120);
    let file = ppm(&clean);
    let args = ["-quiet", "-o", "-", "--", "-"];
    let theirs = pass(&["cwebp"], &[&["-q", "60"], &args[..]].concat(), &file)
        .and_then(|webp| pass(&["dwebp"], &[&["-ppm"], &args[..]].concat(), &webp));
    match theirs {
        Err(error) if error.is_missing_program() => unband_skips::program(error),
        theirs => assert!(read_ppm(&theirs.unwrap()).planes == built_in("60").lq.planes),
    }
}

#[test]
fn palettes_have_at_most_so_many_colours() {
    for (coder, most) in [("built-in", 16), ("built-in", 200), ("program", 16)] {
        let colors = most.to_string();
        let Some(pair) = degraded("palette", &[("colors", &colors), ("coder", coder)], scene(160, 120))
        else {
            continue;
        };
        let found: BTreeSet<[u8; 3]> =
            pair.lq.to_rgb8().unwrap().chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect();
        assert!(found.len() <= most && found.len() > most / 2, "{coder} {most}: {}", found.len());
        assert!(loss(&pair) < 12.0, "{coder} {most}: {}", loss(&pair));
    }
}

#[test]
fn the_recipe_of_codecs_is_repeatable() {
    let recipe = DegradationRecipe::find("codecs").unwrap();
    assert!(recipe.is_slow());
    for seed in 0..4 {
        let mut pair = Pair::from_clean(scene(96, 64));
        let record = match recipe.apply(&mut pair, Rng::new(seed)) {
            Err(error) if error.is_missing_program() => return unband_skips::program(error),
            result => result.unwrap(),
        };
        let mut again = Pair::from_clean(scene(96, 64));
        record.apply(&mut again).unwrap();
        assert!(pair == again);
    }
}
