//! Small copy of the published set: six images and its irregularities.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tempfile::TempDir;
use unband_data::dataset::{DatasetPlan, Entry, Journal, Manifest, Opened};
use unband_image::Image;
use unband_io::WriteOptions;

pub(super) const CLEAN: &str = "Original Images";
pub(super) const QUANTIZED: &str = "Quantized Images with XML files for Banded and Non Banded regions";
/// Two rows of three windows at step 128; two of four at step 75.
pub(super) const WIDTH: usize = 512;
pub(super) const HEIGHT: usize = 384;

/// A folder for a set and its results.
pub(super) struct Set(TempDir);

type Drawn = (usize, usize, usize, usize);

/// Bytes of a PNG: a ramp with this number of levels. Each is encoded once for all tests.
pub(super) fn png(width: usize, height: usize, shift: usize, levels: usize) -> Vec<u8> {
    static KEPT: Mutex<BTreeMap<Drawn, Vec<u8>>> = Mutex::new(BTreeMap::new());
    let draw = || drawn(width, height, shift, levels);
    KEPT.lock().unwrap().entry((width, height, shift, levels)).or_insert_with(draw).clone()
}

fn drawn(width: usize, height: usize, shift: usize, levels: usize) -> Vec<u8> {
    let sample = |i: usize| {
        let (x, y, c) = (i / 3 % width, i / 3 / width, i % 3);
        let code = (x / 3 + y / 4 + 20 * c + shift) % 256;
        (code * (levels - 1) / 255 * 255 / (levels - 1)) as u8
    };
    let data: Vec<u8> = (0..3 * width * height).map(sample).collect();
    encoded(&Image::from_rgb8(width, height, &data).unwrap())
}

pub(super) fn encoded(image: &Image) -> Vec<u8> {
    let mut bytes = Vec::new();
    unband_io::write(image, unband_io::by_name("PNG").unwrap(), &WriteOptions::default(), &mut bytes)
        .unwrap();
    bytes
}

/// XML as written by labelImg.
pub(super) fn xml(size: (usize, usize), boxes: &[(&str, [&str; 4])]) -> String {
    let object = |(name, [x0, y0, x1, y1]): &(&str, [&str; 4])| {
        format!(
            "\t<object>\n\t\t<name>{name}</name>\n\t\t<pose>Unspecified</pose>\n\t\t<truncated>0</truncated>\n\
             \t\t<difficult>0</difficult>\n\t\t<bndbox>\n\t\t\t<xmin>{x0}</xmin>\n\t\t\t<ymin>{y0}</ymin>\n\
             \t\t\t<xmax>{x1}</xmax>\n\t\t\t<ymax>{y1}</ymax>\n\t\t</bndbox>\n\t</object>\n"
        )
    };
    let objects: String = boxes.iter().map(object).collect();
    format!(
        "<annotation>\n\t<folder>png</folder>\n\t<filename>a.png</filename>\n\t<path>C:\\Users\\a\\a.png</path>\n\
         \t<source>\n\t\t<database>Unknown</database>\n\t</source>\n\t<size>\n\t\t<width>{}</width>\n\
         \t\t<height>{}</height>\n\t\t<depth>3</depth>\n\t</size>\n\t<segmented>0</segmented>\n{objects}</annotation>\n",
        size.0, size.1
    )
}

impl Set {
    pub(super) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Six pairs of which four are valid, files without counterparts, and leftovers of archives from three
    /// systems.
    pub(super) fn odd() -> Self {
        let set = Self::empty();
        let size = (WIDTH, HEIGHT);
        // Two frames of one video. The box of the first is in its lower right corner and extends beyond the
        // image.
        set.pair(
            "000001_0007",
            0,
            &xml(size, &[("banding", ["400", "300", "900", "900"]), ("nonbanded", ["0", "0", "40", "40"])]),
        );
        // No banding at all.
        set.pair("000002_0007", 9, &xml(size, &[("nonbanded", ["10", "10", "500", "380"])]));
        // Corners in the wrong order, a byte order mark, another spelling, an upper-case extension.
        let turned =
            xml(size, &[("banding", ["120", "90", "5", "2"]), ("Non-Banded", ["200", "0", "510", "380"])]);
        set.pair("000001_0038", 40, &format!("\u{feff}{turned}"));
        fs::rename(
            set.root().join(CLEAN).join("000001_0038.png"),
            set.root().join(CLEAN).join("000001_0038.PNG"),
        )
        .unwrap();
        // A truncated image.
        set.pair("000001_0091", 60, &xml(size, &[("banding", ["0", "0", "511", "383"])]));
        let cut = set.root().join(CLEAN).join("000001_0091.png");
        fs::write(&cut, &fs::read(&cut).unwrap()[..900]).unwrap();
        // Boxes that are not XML.
        set.pair("000001_0100", 80, "<annotation><object><name>banding</name>");
        // The box touches the second column of windows but has no pixel in the third.
        set.pair("000003_0111", 100, &xml(size, &[("banding", ["200", "260", "256", "380"])]));
        // Without counterparts.
        set.write(&format!("{CLEAN}/000001_0200.png"), &png(WIDTH, HEIGHT, 3, 256));
        set.write(&format!("{QUANTIZED}/000001_0201.png"), &png(WIDTH, HEIGHT, 3, 64));
        set.write(&format!("{QUANTIZED}/000001_0202.xml"), xml(size, &[]).as_bytes());
        // Leftovers of operating systems.
        set.write(&format!("{CLEAN}/Thumbs.db"), b"x");
        set.write(&format!("{CLEAN}/._000001_0007.png"), b"x");
        set.write(&format!("__MACOSX/{CLEAN}/._000001_0007.png"), b"x");
        set.write(&format!("__MACOSX/{QUANTIZED}/._000001_0007.xml"), b"x");
        set
    }

    pub(super) fn root(&self) -> PathBuf {
        self.0.path().join("set")
    }

    /// Output folder of the pairs.
    pub(super) fn out(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Both images and boxes.
    pub(super) fn pair(&self, stem: &str, shift: usize, xml: &str) {
        self.write(&format!("{CLEAN}/{stem}.png"), &png(WIDTH, HEIGHT, shift, 256));
        self.write(&format!("{QUANTIZED}/{stem}.png"), &png(WIDTH, HEIGHT, shift, 64));
        self.write(&format!("{QUANTIZED}/{stem}.xml"), xml.as_bytes());
    }
}

/// Makes all remaining images, `threads` of them in parallel and each batch in reverse order.
pub(super) fn run(plan: &DatasetPlan, out: &Path, threads: usize) -> Manifest {
    let Opened::Open(mut journal) = Journal::open(out, &plan.header).unwrap() else { panic!("done already") };
    let left: Vec<usize> = (journal.before.len()..plan.len()).collect();
    for batch in left.chunks(threads) {
        let made: Vec<Entry> = std::thread::scope(|scope| {
            let handles: Vec<_> =
                batch.iter().rev().map(|&i| scope.spawn(move || plan.make(i, out).unwrap())).collect();
            handles.into_iter().rev().map(|handle| handle.join().unwrap()).collect()
        });
        for entry in &made {
            journal.add(entry).unwrap();
        }
    }
    journal.finish().unwrap();
    Manifest::read(&out.join("manifest.jsonl")).unwrap()
}

/// All files below a folder with their bytes, by name.
pub(super) fn tree(folder: &Path) -> Vec<(String, Vec<u8>)> {
    fn walk(folder: &Path, root: &Path, files: &mut Vec<(String, Vec<u8>)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, files);
            } else {
                files.push((
                    path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(),
                    fs::read(&path).unwrap(),
                ));
            }
        }
    }
    let mut files = Vec::new();
    walk(folder, folder, &mut files);
    files.sort();
    files
}
