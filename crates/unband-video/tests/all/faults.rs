//! Damaged and misleading videos, and errors of `FFmpeg`.

use super::*;
use unband_image::{Hint, With};
use unband_video::VideoError;

fn drain(file: &VideoFile, options: &DecodeOptions) -> Result<usize, VideoError> {
    let mut decoder = Decoder::open(file, options, &Limits::default())?;
    let (mut count, mut buffer) = (0, Vec::new());
    while decoder.next_frame(&mut buffer)?.is_some() {
        count += 1;
    }
    Ok(count)
}

#[test]
fn a_truncated_video_is_damaged_and_gives_its_frames_on_request() {
    if !have_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for name in ["sky_pan_h264.mkv", "bokeh_fade_vp9.webm"] {
        let bytes = std::fs::read(file(name)).unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, &bytes[..bytes.len() * 2 / 3]).unwrap();
        let cut = unband_video::probe(&path, &Programs::default()).unwrap();
        let whole = drain(
            &unband_video::probe(&file(name), &Programs::default()).unwrap(),
            &DecodeOptions::default(),
        )
        .unwrap();
        let error = drain(&cut, &DecodeOptions::default()).unwrap_err();
        assert!(matches!(error, VideoError::Damaged { .. }), "{error}");
        assert!(error.to_string().starts_with(path.to_str().unwrap()), "{error}");
        let kept = drain(&cut, &DecodeOptions::with(|new| new.keep_going = true)).unwrap();
        assert!(kept > 10 && kept < whole, "{name}: {kept} of {whole}");
    }
}

#[test]
fn a_part_of_a_video_has_the_frames_of_that_part() {
    if !have_ffmpeg() {
        return;
    }
    for name in VIDEOS {
        let file = unband_video::probe(&file(name), &Programs::default()).unwrap();
        let (times, _) = decode(&file);
        let (from, to) = (file.ticks(0.7), file.ticks(1.4));
        let options = DecodeOptions::with(|new| {
            new.from = Some(from);
            new.to = Some(to);
        });
        let wanted = times.iter().filter(|&&t| t >= from && t < to).count();
        assert_eq!(drain(&file, &options).unwrap(), wanted, "{name}");
    }
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_encoded() {
    if !have_ffmpeg() {
        return;
    }
    let ffmpeg = Ffmpeg::find(&Programs::default()).unwrap();
    let sky = unband_video::probe(&file(VIDEOS[0]), &Programs::default()).unwrap();
    let choose = |output: &str, purpose, args: &[&str]| {
        let args: Vec<String> = args.iter().map(ToString::to_string).collect();
        Encoding::choose(&sky.video, Path::new(output), purpose, &args, 10, &ffmpeg).unwrap_err()
    };
    let avi = choose("out.avi", Purpose::Player, &[]);
    assert!(avi.to_string().contains("`.avi`") && avi.hint().unwrap().contains(".mkv"), "{avi}");
    assert!(choose("out.webm", Purpose::Archive, &[]).to_string().contains("FFV1"));
    assert!(choose("out.mkv", Purpose::Player, &["-c:v", "copy"]).to_string().contains("copied"));
    let missing = choose("out.mkv", Purpose::Player, &["-c:v", "libnothing"]);
    assert!(missing.to_string().contains("`libnothing`"), "{missing}");
}

#[test]
fn an_encoder_that_fails_says_why_and_leaves_nothing() {
    if !have_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = unband_video::probe(&file("sky_pan_h264.mkv"), &Programs::default()).unwrap();
    let args = ["-c:v", "libx265", "-preset", "nonsense"].map(str::to_owned);
    let ffmpeg = Ffmpeg::find(&Programs::default()).unwrap();
    let encoding =
        Encoding::choose(&file.video, Path::new("out.mkv"), Purpose::Player, &args, 8, &ffmpeg).unwrap();
    let decoder = Decoder::open(&file, &DecodeOptions::default(), &Limits::default()).unwrap();
    let format = *decoder.format();
    let path = folder.path().join("0.seg");
    let frame = vec![128; format.frame_bytes()];
    let mut encoder = Encoder::new(&file, &format, &encoding, &path, &Programs::default()).unwrap();
    let written: Result<(), VideoError> = (0..50).try_for_each(|i| encoder.write_frame(i * 40, &frame));
    let error = written.and_then(|()| encoder.finish().map(drop)).unwrap_err();
    assert!(error.to_string().contains("nonsense") || error.to_string().contains("preset"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
