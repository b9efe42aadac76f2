//! Benchmark of whole video frames: read from NUT, filtered as codes, written as NUT, one thread.
//!
//! The streams are in-memory files, so the system copies each frame once in and out, as with pipes. Reading
//! and writing alone are measured too; the rest is the filter's time. For `ffmpeg` it is the time with the
//! filter minus the time without.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use unband_filters::{FILTERS, parse_method};
use unband_image::findings::Findings;
use unband_image::{Color, Context, Matrix, Model, Range, Restorer, Subsampling, With};
use unband_io::Limits;
use unband_simd::Level;
use unband_video::nut::{NutFrame, NutHeader, NutReader, NutWriter};
use unband_video::{FrameFormat, PixelFormat};

use super::ffmpeg::Original;
use super::{Clip, REPEATS, thread_time};

/// A video as NUT, and a file for the output.
struct Footage {
    header: NutHeader,
    format: FrameFormat,
    from: File,
    to: File,
    frames: u64,
}

impl Footage {
    /// `name` distinguishes files of the same folder.
    fn new(folder: &Path, name: &str, size: (usize, usize), frames: &[Vec<u8>]) -> Self {
        let header = NutHeader {
            width: size.0 as u32,
            height: size.1 as u32,
            aspect: (1, 1),
            time_base: (1, 25),
            format: PixelFormat::by_name(name).unwrap(),
        };
        let open = |end: &str| {
            let path = folder.join(format!("unband-bench-{name}-{end}.nut"));
            let file = File::options().read(true).write(true).create(true).truncate(true).open(&path);
            // Open files stay valid after their names are removed.
            std::fs::remove_file(path).unwrap();
            file.unwrap()
        };
        let mut from = open("from");
        let mut writer = NutWriter::new(&mut from, &header).unwrap();
        for (pts, samples) in (0..).zip(frames) {
            writer.write_frame(NutFrame { pts, key: true }, samples).unwrap();
        }
        writer.finish().unwrap();
        let model =
            Model::Yuv { matrix: Matrix::Bt709, range: Range::Limited, subsampling: Subsampling::HALF };
        let format =
            unband_video::frame_format(&header, Color::new(model), true, &Limits::default()).unwrap();
        Self { header, format, from, to: open("to"), frames: frames.len() as u64 }
    }

    /// Seconds per frame, with an optional `filter`.
    fn pass(&mut self, buffers: &mut [Vec<u8>; 2], filter: Option<&dyn Restorer>, ctx: &Context<'_>) -> f64 {
        self.from.seek(SeekFrom::Start(0)).unwrap();
        self.to.seek(SeekFrom::Start(0)).unwrap();
        let [before, after] = buffers;
        let format = &self.format;
        let start = thread_time();
        let mut reader = NutReader::new(&mut self.from, &Limits::default()).unwrap();
        let mut writer = NutWriter::new(&mut self.to, &self.header).unwrap();
        while let Some(frame) = reader.next_frame(before).unwrap() {
            if let Some(filter) = filter {
                let ctx = (*ctx).but(|new| new.frame = frame.pts as u32);
                assert!(format.restore_codes(before, format, after, filter, &ctx).unwrap());
                writer.write_frame(frame, after).unwrap();
            } else {
                writer.write_frame(frame, before).unwrap();
            }
        }
        writer.finish().unwrap().flush().unwrap();
        thread_time().saturating_sub(start).as_secs_f64() / self.frames as f64
    }

    /// A method, prepared for the frames.
    fn prepare(&self, text: &str, frame: &[u8], ctx: &Context<'_>) -> Box<dyn Restorer> {
        let image = self.format.read(frame).unwrap();
        let method = parse_method(text, FILTERS).unwrap();
        let findings = Findings::plain(3, self.header.format.bits);
        method.prepare().unwrap()(&image, &findings, ctx).unwrap()
    }
}

/// A method, `ffmpeg`'s filter of the same name, and the target in milliseconds per frame.
const METHODS: [(&str, Option<&str>, Option<f64>); 4] = [
    ("gradfun", Some("gradfun"), Some(1.5)),
    ("ffmpeg-deband", Some("deband"), Some(4.0)),
    ("f3kdb:dither_algo=2", None, None),
    ("f3kdb", None, None),
];

/// Prints the table.
pub(super) fn run(size: (usize, usize)) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let clip = Clip::<u8>::new(size, 8);
    let raw = folder.join("unband-bench-frames.yuv");
    clip.write(&raw).unwrap();
    let eight: Vec<Vec<u8>> = clip.frames.iter().map(|planes| planes.concat()).collect();
    let wide =
        |frame: &Vec<u8>| frame.iter().flat_map(|&code| (u16::from(code) << 2).to_le_bytes()).collect();
    let ten: Vec<Vec<u8>> = eight.iter().map(wide).collect();
    let mut footages =
        [Footage::new(folder, "yuv420p", size, &eight), Footage::new(folder, "yuv420p10le", size, &ten)];
    println!(
        "{:44} {:>9} {:>9} {:>9} {:>8}",
        "frames of 4:2:0 as NUT, one thread", "ms/frame", "its own", "ffmpeg's", "ratio"
    );
    let mut originals: Vec<Option<Original>> =
        METHODS.iter().map(|m| m.1.map(|filter| Original::new(filter, 100))).collect();
    for (footage, first) in footages.iter_mut().zip([&eight[0], &ten[0]]) {
        let bits = footage.header.format.bits;
        let mut buffers = [Vec::new(), Vec::new()];
        let ctx = Context::with(|new| new.threads = 1);
        let rows = METHODS.iter().flat_map(|&(method, ..)| {
            Level::all().map(move |level| (method, level, Context::with(|new| new.level = level)))
        });
        let rows: Vec<_> = rows.map(|(m, level, ctx)| (m, level, footage.prepare(m, first, &ctx))).collect();
        let (mut alone, mut least) = (f64::INFINITY, vec![f64::INFINITY; rows.len()]);
        for _ in 0..REPEATS {
            if bits == 8 {
                originals.iter_mut().flatten().for_each(|original| original.measure(&raw, size));
            }
            // Several in a row: the first one has cold buffers.
            for _ in 0..3 {
                alone = alone.min(footage.pass(&mut buffers, None, &ctx));
                for ((_, level, filter), least) in rows.iter().zip(&mut least) {
                    let ctx = ctx.but(|new| new.level = *level);
                    *least = least.min(footage.pass(&mut buffers, Some(&**filter), &ctx));
                }
            }
        }
        println!("{:44} {:9.3}", format!("{bits}-bit, in and out alone"), alone * 1e3);
        for ((method, level, _), least) in rows.iter().zip(least) {
            let place = METHODS.iter().position(|m| m.0 == *method).unwrap();
            let theirs = originals[place].as_ref().filter(|_| bits == 8).and_then(Original::per_frame);
            let own = least - alone;
            let ratio =
                theirs.map_or(String::new(), |theirs| format!(" {:9.3} {:7.2}×", theirs * 1e3, theirs / own));
            let asked = METHODS[place].2.filter(|_| bits == 8 && *level == Level::best());
            let verdict = asked.map_or(String::new(), |most| {
                let reached = if least * 1e3 <= most { "reached" } else { "NOT reached" };
                format!("  asked for: {most} ms — {reached}")
            });
            let name = format!("{bits}-bit, {method} {level:?}");
            println!("{name:44} {:9.3} {:9.3}{ratio}{verdict}", least * 1e3, own * 1e3);
        }
    }
    std::fs::remove_file(raw).unwrap();
}
