//! YUV4MPEG2 streams of any number of frames: parsed, written and parsed again.
#![no_main]

use unband_io::{Limits, Y4mReader, Y4mWriter};

const LIMITS: Limits = Limits::new(1 << 16, 1 << 20);

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(mut reader) = Y4mReader::new(bytes, &LIMITS) else { return };
    let mut out = Vec::new();
    let Ok(mut writer) = Y4mWriter::new(&mut out, *reader.header()) else { return };
    let mut frames = Vec::new();
    while let Ok(Some(frame)) = reader.next_frame() {
        writer.write_frame(&frame).expect("a frame that was read can be written");
        frames.push(frame);
        if frames.len() > 100 {
            break;
        }
    }
    drop(writer);
    let mut again = Y4mReader::new(out.as_slice(), &LIMITS).expect("a header that was written");
    for frame in frames {
        let read = again.next_frame().expect("frames that were written").expect("as many as there were");
        assert!(read.planes == frame.planes && read.alpha == frame.alpha);
    }
});
