//! Reads one file at a time and checks time, memory and panics.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

use peak_alloc::PeakAlloc;
use unband_image::{Depth, Hint, Image, Model};
use unband_io::{Error, Limits, read};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Limit on the processor time for a single file; a busy machine is not the file's fault.
const LONGEST: Duration = Duration::from_secs(10);
/// Limit on wall-clock time, for files that make a reader wait forever.
const LONGEST_WAIT: Duration = Duration::from_mins(2);

/// Low limits, as a caller may set them, so that wrong sizes cost no time here.
pub(super) const SMALL: Limits = Limits::new(1 << 20, 1 << 24);

/// Memory that a reader may hold at a time: the planes, as much again for interleaved samples or
/// coefficients, tables of the coding, and copies of the file or of metadata in it.
fn allowed(limits: &Limits, file: usize) -> usize {
    2 * limits.max_bytes as usize + 8 * file + (8 << 20)
}

static PANICS: AtomicUsize = AtomicUsize::new(0);
/// Readers run one after the other, since otherwise memory could not be attributed.
static READING: Mutex<()> = Mutex::new(());
/// The file being read, and the start time.
static CURRENT: Mutex<Option<(Begun, String, Vec<u8>)>> = Mutex::new(None);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Processor time of this process so far; `None` if the system does not report it.
fn processor() -> Option<Duration> {
    // Fields 14 and 15 of proc_pid_stat(5) in hundredths of a second; the second field may contain spaces.
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = text.rsplit_once(") ")?.1.split(' ').skip(11).map(|field| field.parse::<u64>().ok());
    Some(Duration::from_millis(10 * (fields.next()?? + fields.next()??)))
}

/// Start time of a file, by both clocks.
#[derive(Clone, Copy)]
struct Begun(Instant, Option<Duration>);

impl Begun {
    fn now() -> Self {
        Self(Instant::now(), processor())
    }

    /// Time used until now, of the processor if known.
    fn took(self) -> Duration {
        match (self.1, processor()) {
            (Some(before), Some(after)) => after.saturating_sub(before),
            _ => self.0.elapsed(),
        }
    }

    fn too_long(self) -> bool {
        self.took() > LONGEST || self.0.elapsed() > LONGEST_WAIT
    }
}

/// Counts panics, including those caught inside, and ends the process if a file takes too long.
fn begin() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            // A failing test may print its panic; the readers' panics may not be printed.
            if info.location().is_some_and(|l| !l.file().contains("tests/hostile")) {
                PANICS.fetch_add(1, Ordering::SeqCst);
            }
            eprintln!("{info}");
        }));
        std::thread::spawn(|| {
            loop {
                std::thread::sleep(LONGEST / 20);
                if let Some((begun, what, bytes)) = &*lock(&CURRENT)
                    && begun.too_long()
                {
                    eprintln!("{what}: not finished after {LONGEST:?}; the file is {}", keep(bytes));
                    std::process::abort();
                }
            }
        });
    });
}

/// Results of many files.
#[derive(Default)]
pub(super) struct Tally {
    pub refused: usize,
    pub images: usize,
    pub most_memory: usize,
    pub longest: Duration,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { refused, images, most_memory, longest } = self;
        let total = refused + images;
        write!(
            f,
            "{total} files: {refused} refused, {images} read; at most {:.1} MiB and {longest:.1?}",
            *most_memory as f64 / f64::from(1 << 20)
        )
    }
}

/// Reads a file while no other is read; returns the result, the memory allocated meanwhile, and the time.
fn watched(what: &str, bytes: &[u8], limits: &Limits) -> (Result<Image, Error>, usize, Duration) {
    let _exclusive = lock(&READING);
    let begun = Begun::now();
    *lock(&CURRENT) = Some((begun, what.to_owned(), bytes.to_vec()));
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let result = read(bytes, limits);
    let used = MEMORY.peak_usage().saturating_sub(before);
    *lock(&CURRENT) = None;
    (result, used, begun.took())
}

impl Tally {
    /// Reads a file within [`SMALL`] limits and checks everything that must hold for any file.
    #[track_caller]
    pub(super) fn read(&mut self, what: &str, bytes: &[u8]) -> Result<Image, Error> {
        self.read_within(what, bytes, &SMALL)
    }

    /// As [`Tally::read`] with other limits.
    #[track_caller]
    pub(super) fn read_within(&mut self, what: &str, bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
        self.read_at_most(what, bytes, limits, allowed(limits, bytes.len()))
    }

    /// As [`Tally::read_within`], in at most `allowed` bytes of memory.
    #[track_caller]
    pub(super) fn read_at_most(
        &mut self,
        what: &str,
        bytes: &[u8],
        limits: &Limits,
        allowed: usize,
    ) -> Result<Image, Error> {
        begin();
        let (mut result, mut used, mut took) = watched(what, bytes, limits);
        for _ in 0..2 {
            if used > allowed {
                // Memory that another test allocates meanwhile is included; an excess in every attempt is the
                // file's.
                (result, used, took) = watched(what, bytes, limits);
            }
        }
        let fault = match (PANICS.load(Ordering::SeqCst), used > allowed) {
            (1.., _) => Some("a panic".to_owned()),
            (_, true) => Some(format!("{} of {} KiB", used >> 10, allowed >> 10)),
            _ if took > LONGEST => Some(format!("{took:?}")),
            _ => None,
        };
        if let Some(fault) = fault {
            panic!("{what}: {fault}; the file is {}", keep(bytes));
        }
        self.most_memory = self.most_memory.max(used);
        self.longest = self.longest.max(took);
        match &result {
            Ok(image) => {
                self.images += 1;
                check(what, image, limits);
            }
            Err(error) => {
                self.refused += 1;
                assert!(!error.to_string().is_empty() && error.hint().is_some(), "{what}: {error:?}");
            }
        }
        result
    }
}

/// Saves the file for inspection.
fn keep(bytes: &[u8]) -> String {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile-file");
    std::fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

/// Checks that an image is valid, whatever the file declares.
fn check(what: &str, image: &Image, limits: &Limits) {
    let all = image.planes.iter().chain(&image.alpha);
    assert!(all.clone().all(|p| p.data.len() == p.width * p.height && !p.data.is_empty()), "{what}");
    let size = (image.width(), image.height());
    assert!((size.0 * size.1) as u64 <= limits.max_pixels, "{what}: {size:?}");
    assert!(image.alpha.iter().all(|p| (p.width, p.height) == size), "{what}");
    if !matches!(image.color.model, Model::Yuv { .. }) {
        assert!(image.planes.iter().all(|p| (p.width, p.height) == size), "{what}");
    }
    if image.depth != Depth::F32 {
        // Decoded values of JPEG and lossy JPEG XL are unrounded and may be outside; all others are codes.
        let unrounded =
            image.origin.format == "JPEG" || image.origin.codec == unband_image::Codec::Lossy("JPEG XL");
        let (low, high) = if unrounded { (f32::MIN, f32::MAX) } else { (0.0, 1.0) };
        let yuv = matches!(image.color.model, Model::Yuv { .. });
        let (low, high) = if yuv { (-1.0, 2.0) } else { (low, high) };
        let wrong = all.flat_map(|p| &p.data).find(|v| !(low..=high).contains(*v));
        assert!(wrong.is_none(), "{what}: a sample is {wrong:?}");
    }
}
