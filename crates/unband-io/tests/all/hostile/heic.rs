//! HEIC files that would cost more than their image: hidden sizes, short and long streams, repeated tiles.
#![cfg(feature = "heic")]

use unband_io::{Error, Limits};

use super::samples::data;
use super::watch::{SMALL, Tally};

/// Little enough that no plane has been allocated.
const NOTHING: usize = 1 << 20;

/// Writes bits, the highest of each byte first.
#[derive(Default)]
struct BitWriter(Vec<bool>);

impl BitWriter {
    fn put(&mut self, value: u64, count: u32) {
        self.0.extend((0..count).rev().map(|i| value >> i & 1 == 1));
    }

    /// Numbers of variable length (`ue(v)`).
    fn numbers(&mut self, values: &[u32]) {
        for &value in values {
            let value = u64::from(value) + 1;
            self.put(value, 2 * value.ilog2() + 1);
        }
    }

    /// A NAL unit of that type, with its stop bit.
    fn unit(mut self, kind: u8) -> Vec<u8> {
        self.put(1, 1);
        self.0.resize(self.0.len().next_multiple_of(8), false);
        let byte = |bits: &[bool]| bits.iter().fold(0, |sum, &bit| sum << 1 | u8::from(bit));
        [kind << 1, 1].into_iter().chain(self.0.chunks(8).map(byte)).collect()
    }
}

/// A sequence parameter set of grey images; `hidden` columns and rows are outside the conformance window.
/// Source: ITU-T H.265, 7.3.2.2.
fn sequence((width, height): (u32, u32), hidden: (u32, u32)) -> Vec<u8> {
    let mut bits = BitWriter::default();
    bits.put(1, 8);
    bits.put(0x0160_0000_0090_0000, 64);
    bits.put(93, 32);
    bits.numbers(&[0, 0, width, height]);
    bits.put(1, 1);
    bits.numbers(&[0, hidden.0, 0, hidden.1]);
    bits.numbers(&[0, 0, 4]);
    bits.put(1, 1);
    // Orders, and blocks of 8 to 64 samples.
    bits.numbers(&[0, 0, 0, 0, 3, 0, 3, 0, 0]);
    bits.put(0, 4);
    bits.numbers(&[0]);
    bits.put(0, 5);
    bits.unit(33)
}

/// The image parameter set that goes with it. Source: 7.3.2.3.
fn image_set() -> Vec<u8> {
    let mut bits = BitWriter::default();
    bits.numbers(&[0, 0]);
    bits.put(0, 7);
    bits.numbers(&[0, 0, 0]);
    bits.put(0, 3);
    bits.numbers(&[0, 0]);
    bits.put(0, 10);
    bits.numbers(&[0]);
    bits.put(0, 2);
    bits.unit(34)
}

/// A slice with samples of that many bytes.
fn slice(bytes: usize) -> Vec<u8> {
    let mut bits = BitWriter::default();
    bits.put(2, 2);
    bits.numbers(&[0, 2, 0]);
    [bits.unit(19), vec![0x5A; bytes]].concat()
}

fn boxed(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes()[..], &kind, content].concat()
}

/// A box with version 0 and no flags.
fn plain(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    boxed(kind, &[&[0; 4], content].concat())
}

/// The property `hvcC`.
fn config(sets: &[Vec<u8>]) -> Vec<u8> {
    let mut content = [&[1; 1][..], &[0; 20], &[3, sets.len() as u8]].concat();
    for set in sets {
        content.extend([0x80 | set[0] >> 1, 0, 1]);
        content.extend((set.len() as u16).to_be_bytes());
        content.extend(set);
    }
    boxed(*b"hvcC", &content)
}

fn stream(units: &[Vec<u8>]) -> Vec<u8> {
    units.iter().flat_map(|unit| [&(unit.len() as u32).to_be_bytes()[..], unit].concat()).collect()
}

/// An item of a crafted file.
struct Crafted {
    kind: &'static [u8; 4],
    size: (u32, u32),
    config: Vec<u8>,
    data: Vec<u8>,
    /// How often each property is associated.
    times: u8,
}

/// A file with items 1, 2 and so on, the last of which is the primary one.
fn file(items: &[Crafted], references: &[u8]) -> Vec<u8> {
    let (mut infos, mut places, mut links, mut properties) = (vec![], vec![], vec![], vec![]);
    let mut at = 0;
    let mut data = Vec::new();
    for (id, item) in (1u16..).zip(items) {
        let id = id.to_be_bytes();
        infos.extend(boxed(*b"infe", &[&[2, 0, 0, 0], &id[..], &[0, 0], item.kind, b"\0"].concat()));
        places.extend([&id[..], &[0, 0, 0, 1]].concat());
        places.extend([(data.len() as u32).to_be_bytes(), (item.data.len() as u32).to_be_bytes()].concat());
        let (width, height) = item.size;
        properties.extend(plain(*b"ispe", &[width.to_be_bytes(), height.to_be_bytes()].concat()));
        properties.extend(&item.config);
        let own: Vec<u8> = if item.config.is_empty() { vec![at + 1] } else { vec![at + 1, at + 2] };
        at += own.len() as u8;
        for _ in 0..item.times {
            links.extend([&id[..], &[own.len() as u8], &own].concat());
        }
        data.extend(&item.data);
    }
    let count = (items.len() as u16).to_be_bytes();
    let times: u32 = items.iter().map(|item| u32::from(item.times)).sum();
    let links = plain(*b"ipma", &[&times.to_be_bytes()[..], &links].concat());
    // Offsets are in `idat`.
    let places: Vec<u8> = places.chunks(14).flat_map(|p| [&p[..2], &[0, 1], &p[2..]].concat()).collect();
    let places = boxed(*b"iloc", &[&[1, 0, 0, 0, 0x44, 0], &count[..], &places].concat());
    let meta = [
        plain(*b"pitm", &count),
        places,
        plain(*b"iinf", &[&count[..], &infos].concat()),
        plain(*b"iref", references),
        boxed(*b"iprp", &[boxed(*b"ipco", &properties), links].concat()),
        boxed(*b"idat", &data),
    ];
    [boxed(*b"ftyp", b"heic\0\0\0\0heic"), plain(*b"meta", &meta.concat())].concat()
}

/// A file of one grey image: declared size, coded size, and its slices.
fn single(size: (u32, u32), coded: (u32, u32), slices: &[Vec<u8>]) -> Vec<u8> {
    let hidden = (coded.0.saturating_sub(size.0), coded.1.saturating_sub(size.1));
    let config = config(&[sequence(coded, hidden), image_set()]);
    file(&[Crafted { kind: b"hvc1", size, config, data: stream(slices), times: 1 }], b"")
}

/// A file whose boxes and stream agree on a size that its few bytes cannot fill.
pub(super) fn liar(side: u32) -> Vec<u8> {
    single((side, side), (side.next_multiple_of(8), side.next_multiple_of(8)), &[slice(50)])
}

/// The parameter sets and the stream of a real tile of 64×64.
fn tile() -> Crafted {
    let bytes = data("heic_grid.heic");
    let at = |name: &[u8]| bytes.windows(4).position(|window| window == name).unwrap();
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let (config, samples) = (at(b"hvcC") - 4, at(b"mdat") + 4);
    let config = bytes[config..config + number(config)].to_vec();
    let data = bytes[samples..samples + 4 + number(samples)].to_vec();
    Crafted { kind: b"hvc1", size: (64, 64), config, data, times: 1 }
}

/// The same tile everywhere.
fn repeated(tile: Crafted, columns: u32, rows: u32) -> Vec<u8> {
    let size = (columns * tile.size.0, rows * tile.size.1);
    let data =
        [&[0, 1, (rows - 1) as u8, (columns - 1) as u8][..], &size.0.to_be_bytes(), &size.1.to_be_bytes()];
    let grid = Crafted { kind: b"grid", size, config: Vec::new(), data: data.concat(), times: 1 };
    let count = columns * rows;
    let references = [&[0, 2][..], &(count as u16).to_be_bytes(), &[0, 1].repeat(count as usize)].concat();
    file(&[tile, grid], &boxed(*b"dimg", &references))
}

#[test]
fn sizes_of_the_stream_are_checked_before_anything_is_allocated() {
    let mut tally = Tally::default();
    let most = Limits::default();
    let few = [slice(50)];
    let mut refused = |what: &str, bytes: &[u8], limits: &Limits| {
        let error = tally.read_at_most(what, bytes, limits, NOTHING).expect_err(what);
        (error.to_string(), matches!(error, Error::Limit { .. }), matches!(error, Error::Truncated { .. }))
    };
    let (said, ..) =
        refused("a large image behind a small window", &single((64, 64), (16_384, 16_384), &few), &most);
    assert_eq!(said, "damaged HEIC file: its declared size is 64×64, it codes 16384×16384");
    let (said, limit, _) = refused("the same", &single((64, 64), (16_384, 16_384), &few), &SMALL);
    assert!(limit, "{said}");
    let (said, ..) = refused("a smaller image than declared", &single((128, 64), (64, 64), &few), &most);
    assert_eq!(said, "damaged HEIC file: its declared size is 128×64, its image is 64×64");
    let (said, ..) = refused("half a block", &single((60, 60), (60, 60), &few), &most);
    assert_eq!(said, "damaged HEIC file: its coded size is not a number of whole blocks");
    let (said, limit, _) = refused("more than the limits", &liar(65_528), &most);
    assert!(limit, "{said}");
    let (said, _, truncated) = refused("a short stream", &liar(16_000), &most);
    assert!(truncated, "{said}");
    let long = single((64, 64), (64, 64), &[slice(200_000)]);
    let (said, ..) = refused("a long stream", &long, &most);
    assert_eq!(said, "damaged HEIC file: an item is longer than its image can be");
    let sets = config(&[sequence((64, 64), (0, 0)), [vec![68, 1], vec![68; 20_000]].concat()]);
    let item = Crafted { kind: b"hvc1", size: (64, 64), config: sets, data: stream(&few), times: 1 };
    let (said, ..) = refused("long parameter sets", &file(&[item], b""), &most);
    assert_eq!(said, "damaged HEIC file: its parameter sets are too long");
}

#[test]
fn crafted_streams_reach_the_decoder() {
    // As many zeros as it takes: the stream has no end, so the decoder reaches the image's.
    let mut tally = Tally::default();
    let error = tally.read("noise", &single((512, 512), (512, 512), &[slice(900)])).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. } | Error::Truncated { .. }), "{error}");
    // More slices than levels allow, each of which may claim the whole image.
    let slices = vec![slice(20); 65];
    let _ = tally.read("many slices", &single((1024, 1024), (1024, 1024), &slices));
    let _ = tally.read("some slices", &single((1024, 1024), (1024, 1024), &slices[..64]));
}

#[test]
fn repeated_tiles_cost_no_more_than_the_image() {
    let mut tally = Tally::default();
    let image = tally.read("a tile 256 times", &repeated(tile(), 16, 16)).unwrap();
    assert_eq!((image.width(), image.height()), (1024, 1024));
    let whole = &image.planes[0];
    assert!((0..1024).all(|y| whole.row(y)[..64] == whole.row(y % 64)[64..128]));
    let many = repeated(tile(), 255, 256);
    let error = tally.read_at_most("a tile 65,280 times", &many, &SMALL, NOTHING).unwrap_err();
    assert!(matches!(error, Error::Limit { width: 16_320, height: 16_384, .. }), "{error}");
}

#[test]
fn items_and_properties_have_a_limit() {
    let mut tally = Tally::default();
    let often = file(&[Crafted { times: 128, ..tile() }], b"");
    let error = tally.read("a tile with 256 properties", &often).unwrap_err();
    assert_eq!(error.to_string(), "damaged HEIC file: an item has too many properties");
    assert!(
        tally.read("a tile with 254 properties", &file(&[Crafted { times: 127, ..tile() }], b"")).is_ok()
    );
    let count = 140_000u32;
    let places: Vec<u8> = (0..count).flat_map(|id| [&id.to_be_bytes()[..], &[0; 6]].concat()).collect();
    let places = boxed(*b"iloc", &[&[2, 0, 0, 0, 0, 0], &count.to_be_bytes()[..], &places].concat());
    let bytes = [boxed(*b"ftyp", b"heic\0\0\0\0heic"), plain(*b"meta", &places)].concat();
    let error = tally.read_at_most("140,000 items", &bytes, &SMALL, 64 << 20).unwrap_err();
    assert_eq!(error.to_string(), "damaged HEIC file: more than 131072 items");
}
