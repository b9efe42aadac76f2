//! Time of each full-reference metric for a pair of 1920×1080 RGB images.
//!
//! `scripts/bench full_reference` runs it. CPU time of one thread, the minimum of several repeats.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

/// The allocator of unband-cli.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[cfg(not(unix))]
fn main() {
    println!("skipped: CPU time is only measured on Unix");
}

#[cfg(unix)]
fn main() {
    bench::main();
}

#[cfg(unix)]
mod bench {
    use std::hint::black_box;
    use std::path::Path;
    use std::time::Duration;

    use nix::time::{ClockId, clock_gettime};
    use unband_image::{Context, Image, Rng, With};
    use unband_metrics::{ComparedWith, Domain, metrics};

    const W: usize = 1920;
    const H: usize = 1080;
    const TURNS: usize = 7;

    fn plane(name: &str) -> Vec<u8> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/bband").join(name);
        let file = std::fs::File::open(path).unwrap();
        let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().unwrap();
        let mut out = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut out).unwrap();
        assert_eq!((info.width as usize, info.height as usize, info.buffer_size()), (W, H, W * H));
        out
    }

    /// A decoded frame, tinted, with noise of one code so that neighbours differ; and the same quantised to 6
    /// bits.
    fn pair() -> (Image, Image) {
        let (luma, rng) = (plane("plant1.png"), Rng::new(1));
        let sample = |i: usize| {
            let noise = rng.unit_at(0, (i % 3) as u32, (i / 3 % W) as u32, (i / 3 / W) as u32);
            (f32::from(luma[i / 3]) * [0.9, 1.0, 0.8][i % 3] + 2.0 * noise) as u8
        };
        let clean: Vec<u8> = (0..W * H * 3).map(sample).collect();
        let cut: Vec<u8> = clean.iter().map(|v| v / 4 * 4 + 2).collect();
        (Image::from_rgb8(W, H, &clean).unwrap(), Image::from_rgb8(W, H, &cut).unwrap())
    }

    fn now() -> Duration {
        clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).unwrap().into()
    }

    pub(crate) fn main() {
        let (clean, cut) = pair();
        let ctx = Context::with(|new| new.threads = 1);
        let own = metrics(Domain::Image)
            .filter(|m| m.compared_with == ComparedWith::Reference && m.network.is_none());
        let metrics: Vec<_> = own.collect();
        let mut least = vec![Duration::MAX; metrics.len()];
        for _ in 0..TURNS {
            for (metric, least) in metrics.iter().zip(&mut least) {
                let start = now();
                // A metric that is undefined for this image takes its time all the same.
                let _ = black_box(metric.score(&cut, Some(&clean), &ctx));
                *least = (*least).min(now().saturating_sub(start));
            }
        }
        for (metric, least) in metrics.iter().zip(&least) {
            println!("{:18} {:4} ms", metric.name(), least.as_millis());
        }
    }
}
