use super::*;
use unband_image::{Hint, Matrix, Subsampling};

#[test]
fn every_tag_that_is_read_is_written_alike() {
    for tag in
        ["420jpeg", "420mpeg2", "420paldv", "422", "444", "411", "444alpha", "mono"]
            .into_iter()
            .map(str::to_owned)
            .chain([9, 10, 12, 14, 16].into_iter().flat_map(|bits| {
                ["420p", "422p", "444p", "mono"].map(|sampling| format!("{sampling}{bits}"))
            }))
    {
        let line = format!("YUV4MPEG2 W7 H5 F30000:1001 Ip A128:117 C{tag}");
        let header = Y4mHeader::parse(&line).unwrap();
        assert_eq!(header.tag().unwrap(), tag);
        let mut out = Vec::new();
        drop(Y4mWriter::new(&mut out, header).unwrap());
        let again = String::from_utf8(out).unwrap();
        assert_eq!(Y4mHeader::parse(again.trim_end()).unwrap(), header, "{again}");
    }
}

#[test]
fn headers_mean_what_players_take_them_for() {
    let parse = |rest: &str| Y4mHeader::parse(&format!("YUV4MPEG2 {rest}"));
    let model = |rest: &str| parse(rest).unwrap().color.model;
    let yuv = |matrix, range| Model::Yuv { matrix, range, subsampling: Subsampling::HALF };
    assert_eq!(model("W720 H576"), yuv(Matrix::Bt601, Range::Limited));
    assert_eq!(model("W1920 H1080 C420p10"), yuv(Matrix::Bt709, Range::Limited));
    assert_eq!(model("W1920 H1080 C420jpeg XCOLORRANGE=FULL"), yuv(Matrix::Bt601, Range::Full));
    assert_eq!(model("W9 H9 Cmono"), Model::Gray);
    assert_eq!(model("W9 H9 Cmono XCOLORRANGE=LIMITED"), yuv(Matrix::Bt601, Range::Limited));
    for (rest, said) in [
        ("W9", "declares no size"),
        ("W0 H9", "its width is `0`"),
        ("W-1 H9", "its width is `-1`"),
        ("W9 H9 A1", "its pixel aspect is `1`"),
        ("W9 H9 C440", "`C440` planes"),
        ("W9 H9 C420p8", "`C420p8` planes"),
    ] {
        let error = parse(rest).unwrap_err().to_string();
        assert!(error.contains(said), "{rest}: {error}");
    }
}

#[test]
fn a_stream_gives_frame_after_frame() {
    let mut stream = b"YUV4MPEG2 W3 H3 C420jpeg\n".to_vec();
    for frame in 0..3u8 {
        stream.extend(b"FRAME Ip\n");
        stream.extend((0..9 + 4 + 4).map(|i| 16 + frame * 20 + i));
    }
    let limits = Limits::default();
    let mut reader = Y4mReader::new(stream.as_slice(), &limits).unwrap();
    let mut out = Vec::new();
    let mut writer = Y4mWriter::new(&mut out, *reader.header()).unwrap();
    let mut count = 0;
    while let Some(image) = reader.next_frame().unwrap() {
        assert_eq!(image.to_yuv8().unwrap()[0][0], 16 + count * 20);
        assert_eq!((image.planes[1].width, image.planes[1].height), (2, 2));
        writer.write_frame(&image).unwrap();
        count += 1;
    }
    assert_eq!(count, 3);
    drop(writer);
    let frames = |bytes: &[u8]| -> Vec<u8> {
        let first = bytes.iter().position(|&b| b == b'\n').unwrap();
        bytes[first + 1..].to_vec()
    };
    let plain = String::from_utf8_lossy(&frames(&stream)).replace("FRAME Ip", "FRAME");
    assert_eq!(String::from_utf8_lossy(&frames(&out)), plain);
    let error = read(&stream, &limits).unwrap_err();
    assert_eq!(error.to_string(), "the YUV4MPEG2 file contains several frames, expected one image");
    assert!(error.hint().unwrap().contains("-frames:v 1"));
    stream.truncate(stream.len() - 1);
    let mut reader = Y4mReader::new(stream.as_slice(), &limits).unwrap();
    assert!(reader.next_frame().is_ok() && reader.next_frame().is_ok());
    assert!(matches!(reader.next_frame(), Err(Error::Truncated { .. })));
}

#[test]
fn alpha_and_pixel_aspect_come_back() {
    let mut stream = b"YUV4MPEG2 W2 H1 F25:1 Ip A4:3 C444alpha XCOLORRANGE=FULL\nFRAME\n".to_vec();
    stream.extend([0, 255, 128, 1, 2, 3, 255, 7]);
    let image = read(&stream, &Limits::default()).unwrap();
    assert_eq!(image.alpha.as_ref().unwrap().data, [1.0, 7.0 / 255.0]);
    let density = image.metadata.density.unwrap();
    assert_eq!((density.x, density.y), (3.0, 4.0));
    let (mut out, mut dropped) = (Vec::new(), Vec::new());
    write(&image, &WriteOptions::default(), &mut out, &mut dropped).unwrap();
    assert_eq!(out, stream);
    assert!(dropped.is_empty());
}
