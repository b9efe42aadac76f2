//! `f3kdb` reproduces every file in `golden/f3kdb` sample by sample.
#![allow(clippy::float_cmp)] // exact
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use unband_filters::f3kdb::{self, F3kdbParams, Rule, Tables, f3kdb_plane};
use unband_filters::grid::Sample;
use unband_filters::{FILTERS, parse_method};
use unband_image::findings::Findings;
use unband_image::tile::restore_in_place;
use unband_image::{Context, Depth, Image, Matrix, Model, Plane, Range, Subsampling, With};
use unband_simd::Level;

/// Input, its bits, result, bits of the result, settings.
const GOLDEN: &[(&str, u8, &str, u8, &str)] = &[
    ("crop420", 8, "crop420_mode1_fs8", 8, "sample_mode=1"),
    ("crop420", 8, "crop420_mode2_fs8", 8, ""),
    ("crop420", 8, "crop420_mode3_fs8", 8, "sample_mode=3"),
    ("crop420", 8, "crop420_mode4_fs8", 8, "sample_mode=4"),
    ("crop420", 8, "crop420_mode5_t320_fs8", 8, "sample_mode=5,y=320,cb=320,cr=320"),
    ("crop420", 8, "crop420_mode6_t320_fs8", 8, "sample_mode=6,y=320,cb=320,cr=320"),
    ("crop420", 8, "crop420_mode7_t320_fs8", 8, "sample_mode=7,y=320,cb=320,cr=320"),
    (
        "crop420",
        8,
        "crop420_mode7_t320_od16",
        16,
        "sample_mode=7,y=320,cb=320,cr=320,grainy=0,grainc=0,output_depth=16",
    ),
    ("crop420", 8, "crop420_mode2_bf0_t160_fs8", 8, "blur_first=false,y=160,cb=160,cr=160"),
    ("crop420", 8, "crop420_mode2_nograin_fs8", 8, "grainy=0,grainc=0"),
    ("crop420", 8, "crop420_mode2_trunc8", 8, "dither_algo=1"),
    ("crop420", 8, "crop420_mode2_ordered8", 8, "dither_algo=2"),
    ("crop420", 8, "crop420_mode2_od16", 16, "output_depth=16"),
    ("crop420", 8, "crop420_mode2_od10_tv", 10, "output_depth=10,keep_tv_range=true"),
    ("crop420", 8, "crop420_mode2_gauss", 8, "random_algo_ref=2,random_algo_grain=2"),
    ("crop420", 8, "crop420_mode2_oldrng", 8, "random_algo_ref=0,random_algo_grain=0"),
    ("crop420p10", 10, "crop420p10_mode2_fs10", 10, ""),
    ("radial444", 8, "radial444_mode2_fs8", 8, "range=31,y=80,cb=80,cr=80,seed=7"),
    ("radial444", 8, "radial444_mode4_nograin_od16", 16, "sample_mode=4,grainy=0,grainc=0,output_depth=16"),
];

struct Codes {
    size: (usize, usize),
    /// Chroma subsampling as powers of two.
    halved: u32,
    planes: [Vec<u16>; 3],
}

impl Codes {
    fn plane_size(&self, plane: usize) -> (usize, usize) {
        let (w, h) = self.size;
        if plane == 0 { (w, h) } else { (w.div_ceil(1 << self.halved), h.div_ceil(1 << self.halved)) }
    }
}

fn read(name: &str) -> Codes {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../golden/f3kdb").join(format!("{name}.png"));
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut data).unwrap();
    let codes: Vec<u16> = if info.bit_depth == png::BitDepth::Sixteen {
        data.as_chunks::<2>().0.iter().map(|&b| u16::from_be_bytes(b)).collect()
    } else {
        data.iter().map(|&b| b.into()).collect()
    };
    let (size, halved) = if name.starts_with("crop") { ((480, 320), 1) } else { ((256, 192), 0) };
    let chroma = (size.0 >> halved) * (size.1 >> halved);
    let (luma, rest) = codes.split_at(size.0 * size.1);
    let (cb, cr) = rest.split_at(chroma);
    assert_eq!(cr.len(), chroma, "{name}");
    Codes { size, halved, planes: [luma.to_vec(), cb.to_vec(), cr.to_vec()] }
}

fn image(codes: &Codes, bits: u8) -> Image {
    let by = 1 << codes.halved;
    let subsampling = Subsampling { x: by, y: by };
    let model = Model::Yuv { matrix: Matrix::Bt709, range: Range::Limited, subsampling };
    let unit = f32::from(1u16 << (bits - 8));
    let plane = |p: usize| {
        let (width, height) = codes.plane_size(p);
        let (span, zero) = if p == 0 { (219.0 * unit, 16.0 * unit) } else { (224.0 * unit, 16.0 * unit) };
        Plane { width, height, data: codes.planes[p].iter().map(|&c| (f32::from(c) - zero) / span).collect() }
    };
    Image::new((0..3).map(plane).collect(), model, Depth::Int(bits))
}

fn restored(image: &Image, recipe: &str, tile: usize, ctx: &Context<'_>) -> (Image, Option<Depth>) {
    let method = parse_method(recipe, FILTERS).unwrap();
    let findings = Findings::plain(image.planes.len(), image.depth.bits());
    let restorer = method.prepare().unwrap()(image, &findings, ctx).unwrap();
    let mut out = image.clone();
    restore_in_place(&mut out, &*restorer, tile, &mut |_, _| {}, ctx).unwrap();
    (out, restorer.rounds_to())
}

fn differing(a: &Image, b: &Image) -> usize {
    assert_eq!(a.planes.len(), b.planes.len());
    let pairs = a.planes.iter().zip(&b.planes);
    pairs.map(|(a, b)| a.data.iter().zip(&b.data).filter(|(a, b)| a != b).count()).sum()
}

#[test]
fn images_come_out_as_from_f3kdb() {
    for &(input, bits, result, out_bits, settings) in GOLDEN {
        let (input, want) = (image(&read(input), bits), image(&read(result), out_bits));
        assert!(differing(&input, &want) > 0, "{result}: the golden file shows no change");
        for level in Level::all() {
            for (tile, threads) in [(64, 1), (10_000, 3)] {
                let ctx = Context::with(|new| {
                    new.level = level;
                    new.threads = threads;
                });
                let (got, depth) = restored(&input, &format!("f3kdb:{settings}"), tile, &ctx);
                assert_eq!(
                    differing(&got, &want),
                    0,
                    "{result} at {level:?}, tile {tile}: differing samples"
                );
                assert_eq!(depth, Some(Depth::Int(out_bits)), "{result}");
            }
        }
    }
}

fn plane_as<T: Sample, U: Sample>(
    level: Level,
    codes: &Codes,
    p: usize,
    tables: &Tables,
    rule: &Rule,
) -> Vec<u16> {
    let plane: Vec<T> = codes.planes[p].iter().map(|&c| T::saturated(c.into())).collect();
    let mut out = vec![U::default(); plane.len()];
    f3kdb_plane(level, &mut out, &plane, codes.plane_size(p), tables, rule, 0).unwrap();
    out.into_iter().map(|c| Into::<u32>::into(c) as u16).collect()
}

#[test]
fn planes_of_codes_come_out_as_from_f3kdb() {
    let ctx = Context::default();
    for &(input, bits, result, out_bits, settings) in GOLDEN {
        let (codes, want) = (read(input), read(result));
        let method = parse_method(&format!("f3kdb:{settings}"), FILTERS).unwrap();
        let params = F3kdbParams::from_method(&method).unwrap();
        let tables = Tables::new(&params, codes.size, (codes.halved, codes.halved), &ctx).unwrap();
        for level in Level::all() {
            for p in 0..3 {
                let rule = Rule::new(&params, p, (bits, out_bits));
                let got = match (bits, out_bits) {
                    (8, 8) => plane_as::<u8, u8>(level, &codes, p, &tables, &rule),
                    (8, _) => plane_as::<u8, u16>(level, &codes, p, &tables, &rule),
                    _ => plane_as::<u16, u16>(level, &codes, p, &tables, &rule),
                };
                assert!(got == want.planes[p], "{result}, plane {p} at {level:?}");
            }
        }
    }
    assert_eq!(f3kdb::ENTRY.name, "f3kdb");
}
