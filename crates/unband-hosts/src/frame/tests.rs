use super::*;
use crate::owned::OwnedMemory;
use unband::frames::{FrameOptions, Shot, Temporal};
use unband::{Choice, Matrix, Options, Range, Subsampling};

/// Rows with padding of odd length, whose bytes must stay.
#[derive(Clone)]
struct Padded(Vec<(Vec<u8>, usize)>);

const PADDING: usize = 7;
const MARK: u8 = 0xA5;

impl Padded {
    fn new(layout: &FrameLayout) -> Self {
        let plane = |p: usize| {
            let (width, height) = layout.size_of(p);
            let stride = width * layout.sample_bytes() + PADDING;
            (vec![MARK; stride * height], stride)
        };
        Self((0..layout.planes()).map(plane).collect())
    }
}

impl FrameMemory for Padded {
    fn plane(&self, _: &FrameLayout, plane: usize) -> PlaneBytes<'_> {
        PlaneBytes { bytes: &self.0[plane].0, stride: self.0[plane].1 }
    }

    fn planes_mut(&mut self, _: &FrameLayout) -> Vec<PlaneBytesMut<'_>> {
        self.0.iter_mut().map(|(bytes, stride)| PlaneBytesMut { bytes, stride: *stride }).collect()
    }

    fn like(&self, layout: &FrameLayout) -> Result<Self, Error> {
        Ok(Self::new(layout))
    }
}

fn layouts() -> Vec<FrameLayout> {
    let yuv = |x, y, range| Model::Yuv { matrix: Matrix::Bt709, range, subsampling: Subsampling { x, y } };
    let limited = Range::Limited;
    let models = [
        (Model::Gray, false),
        (Model::Rgb, false),
        (yuv(2, 2, limited), false),
        (yuv(2, 2, limited), true),
        (yuv(4, 1, Range::Full), false),
        (yuv(1, 1, limited), false),
    ];
    let mut layouts = Vec::new();
    for (model, luma_only) in models {
        for depth in [Depth::EIGHT, Depth::Int(10), Depth::SIXTEEN, Depth::F32] {
            for alpha in [false, true] {
                let color = Color::new(model);
                layouts.push(FrameLayout {
                    width: 37,
                    height: 19,
                    color,
                    depth,
                    alpha,
                    luma_only,
                    lossy: true,
                });
            }
        }
    }
    layouts
}

/// Samples that differ from plane to plane; banded.
fn frame<M: FrameMemory>(layout: &FrameLayout, memory: M) -> HostFrame<M> {
    let mut frame = HostFrame { layout: *layout, memory };
    for p in 0..layout.planes() {
        let (width, height) = layout.size_of(p);
        let level = |i: usize| 0.25 + 0.01 * ((i % width / 3 + i / width + 5 * p) % 40) as f32;
        let data = (0..width * height).map(level).collect();
        frame.write_plane(p, &Plane { width, height, data }).unwrap();
    }
    frame
}

fn bytes<M: FrameMemory>(frame: &HostFrame<M>) -> Vec<u8> {
    (0..frame.layout.planes()).flat_map(|p| frame.rows(p).flatten().copied().collect::<Vec<_>>()).collect()
}

fn unmarked(memory: &Padded) -> usize {
    let ends = memory
        .0
        .iter()
        .flat_map(|(bytes, stride)| bytes.chunks(*stride).flat_map(|row| &row[row.len() - PADDING..]));
    ends.filter(|&&byte| byte != MARK).count()
}

#[test]
fn images_come_back_as_frames() {
    for layout in layouts() {
        let packed = frame(&layout, OwnedMemory::new(&layout).unwrap());
        let padded = frame(&layout, Padded::new(&layout));
        assert_eq!(bytes(&packed), bytes(&padded), "{layout:?}");
        let image = padded.to_image().unwrap();
        assert_eq!(image.planes.len(), if layout.color.model == Model::Gray { 1 } else { 3 });
        assert_eq!(image.alpha.is_some(), layout.alpha);
        let again = padded.of_image(&image).unwrap();
        assert_eq!(bytes(&again), bytes(&padded), "{layout:?}");
        assert_eq!(unmarked(&again.memory) + unmarked(&padded.memory), 0, "{layout:?}");
        let mut copied = HostFrame { layout, memory: Padded::new(&layout) };
        copied.copy(&packed);
        assert!(copied.is_same(&padded), "{layout:?}");
    }
}

#[test]
fn padding_changes_no_result() {
    let ctx = Context::default();
    for text in ["f3kdb:y=80", "gradfun", "ffmpeg-deband", "libplacebo", "smooth"] {
        for layout in layouts() {
            let mut options = Options::default();
            options.method = Choice::Named(unband::parse_method(text).unwrap());
            options.depth =
                if layout.alpha { unband::OutputDepth::Bits(12) } else { unband::OutputDepth::Keep };
            let how = std::sync::Arc::new(FrameOptions::new(options, Temporal::Off));
            let run = |frame: HostFrame<Padded>, packed: HostFrame<OwnedMemory>| {
                let shot = Shot::inspect(&[&frame], &how, &ctx)?;
                let (frame, packed) = (shot.restore(frame, 3, &ctx)?, shot.restore(packed, 3, &ctx)?);
                Ok::<_, Error>((shot.finish(&[&frame], 0, &ctx)?, shot.finish(&[&packed], 0, &ctx)?))
            };
            let made =
                run(frame(&layout, Padded::new(&layout)), frame(&layout, OwnedMemory::new(&layout).unwrap()));
            // f3kdb and gradfun refuse floating point; others must work.
            let Ok((padded, packed)) = made else {
                assert!(layout.depth == Depth::F32 || text.starts_with("f3kdb"), "{text} {layout:?}");
                continue;
            };
            assert_eq!(bytes(&padded), bytes(&packed), "{text} {layout:?}");
            assert_eq!(unmarked(&padded.memory), 0, "{text} {layout:?}");
            assert_eq!(padded.layout.alpha, layout.alpha);
        }
    }
}

#[test]
fn a_deeper_frame_keeps_its_values() {
    let ctx = Context::default();
    for layout in layouts().into_iter().filter(|layout| layout.depth == Depth::EIGHT) {
        let before = frame(&layout, Padded::new(&layout));
        let deep = before.in_depth(Depth::SIXTEEN, None, &ctx).unwrap();
        assert_eq!(deep.layout.depth, Depth::SIXTEEN);
        let back = deep.in_depth(Depth::EIGHT, None, &ctx).unwrap();
        assert_eq!(bytes(&back), bytes(&before), "{layout:?}");
    }
}
