//! Memory of a job, asked before its image exists.

use unband::{
    Choice, Context, Depth, Error, Image, Model, Options, Plane, With, deband_with, parse_method, peak_memory,
};

/// A ramp of six bits.
fn ramp((width, height): (usize, usize)) -> Image {
    let value = |i: usize| ((i % width) * 63 / width) as f32 / 63.0;
    let plane = Plane { width, height, data: (0..width * height).map(value).collect() };
    Image::new(vec![plane.clone(), plane.clone(), plane], Model::Rgb, Depth::Int(8))
}

#[test]
fn the_least_limit_is_enough_and_less_is_not() {
    let (size, ctx) = ((700, 500), Context::with(|new| new.threads = 2));
    for method in ["gradfun", "ffmpeg-deband", "f3kdb"] {
        let method = Choice::Named(parse_method(method).unwrap());
        let options = Options::with(|new| new.method = method);
        let peak = peak_memory(size, 3, &options, &ctx).unwrap();
        assert!(peak.least <= peak.usual && peak.least > 4 * 700 * 500 * 3);
        let within = |max_memory| options.clone().but(|new| new.max_memory = Some(max_memory));
        assert!(deband_with(ramp(size), &within(peak.least), &ctx).unwrap().1.changed);
        let error = deband_with(ramp(size), &within(peak.least - 1), &ctx).unwrap_err();
        assert!(matches!(error, Error::Memory { .. }), "{error}");
    }
}

#[test]
fn larger_images_take_more_and_the_default_is_that_of_its_largest_method() {
    let ctx = Context::with(|new| new.threads = 2);
    let of = |size| peak_memory(size, 3, &Options::default(), &ctx).unwrap();
    let (small, large) = (of((1920, 1080)), of((3840, 2160)));
    assert!(small.least < large.least && small.usual < large.usual);
    let smooth = Choice::Named(parse_method("smooth").unwrap());
    let options = Options::with(|new| {
        new.method = smooth;
        new.max_memory = Some(of((700, 500)).least);
    });
    assert!(deband_with(ramp((700, 500)), &options, &ctx).is_ok());
}

#[test]
#[cfg(feature = "files")]
fn a_file_costs_no_less_than_its_job_and_its_result() {
    use unband::{batch, files};
    use unband_io as io;
    let folder = tempfile::tempdir().unwrap();
    let (size, ctx) = ((2400, 1650), Context::with(|new| new.threads = 2));
    let path = |name: &str| folder.path().join(name);
    for name in ["small.png", "large.png", "large.ppm"] {
        let mut file = Vec::new();
        let image = ramp(if name == "small.png" { (64, 64) } else { size });
        io::write(&image, io::writer_for(&path(name)).unwrap(), &io::WriteOptions::default(), &mut file)
            .unwrap();
        std::fs::write(path(name), file).unwrap();
    }
    std::fs::write(path("text.png"), "text").unwrap();
    let options = files::FileOptions::default();
    let cost = |name: &str| batch::deband_cost(&path(name), &options, &ctx);
    let job = peak_memory(size, 3, &options.options, &ctx.but(|new| new.threads = 1)).unwrap();
    let (png, ppm) = (cost("large.png"), cost("large.ppm"));
    assert!(png.threads == 1 && png.memory >= job.usual - files::PROGRAM, "{png:?} {job:?}");
    // All formats but PNG and JPEG are encoded from copies.
    assert!(ppm.memory >= 4 * 16 * 2400 * 1650 && ppm.memory > png.memory, "{ppm:?} {png:?}");
    assert!(cost("small.png").memory < png.memory / 4);
    assert_eq!((cost("text.png").memory, cost("missing.png").memory), (0, 0));
}
