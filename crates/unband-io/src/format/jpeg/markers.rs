//! JPEG marker parser, with sizes, quantisation and Huffman tables, application segments, positions of scans.
//!
//! Source: ITU-T T.81 Annex B, ITU-T T.871 (JFIF), Adobe XMP Specification Part 3.

use unband_image::Subsampling;

use crate::Error;

const NAME: &str = "JPEG";
/// A coding of its own with the markers of JPEG.
pub(crate) const LS: &str = "JPEG-LS";

/// Row-major positions of the 64 coefficients in zigzag order.
pub(crate) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
    46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Luma quantisation steps of ITU-T T.81 table K.1, which libjpeg scales by its quality.
const LUMA_STEPS: [u16; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17,
    22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78,
    87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];

/// One colour component of the frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Component {
    pub(crate) id: u8,
    pub(crate) across: u8,
    pub(crate) down: u8,
    table: u8,
    /// The quantisation table, row-major, as it was when the component's first scan began.
    pub(crate) steps: Option<[u16; 64]>,
}

/// Markers that affect decoding, in file order.
pub(crate) enum Segment<'a> {
    /// Huffman tables.
    Huffman(&'a [u8]),
    /// Blocks between restart markers, 0 for none.
    Restart(u16),
    /// Entropy-coded data.
    Scan(Scan<'a>),
}

/// One scan.
pub(crate) struct Scan<'a> {
    /// For each component: index in the frame, DC and AC table.
    pub(crate) members: Vec<(usize, usize, usize)>,
    /// First and last coefficient of the zigzag sequence.
    pub(crate) band: (usize, usize),
    /// Successive approximation: lowest known bit before and after the scan.
    pub(crate) bits: (u32, u32),
    pub(crate) data: &'a [u8],
}

/// Limit on scans. Files have about ten; even empty ones cost time.
const SCANS: usize = 1000;

/// Content of the markers.
#[derive(Default)]
pub(crate) struct Markers<'a> {
    pub(crate) width: u16,
    pub(crate) height: u16,
    /// Bits per sample: 8, or 12.
    pub(crate) bits: u8,
    pub(crate) progressive: bool,
    pub(crate) components: Vec<Component>,
    pub(crate) parts: Vec<Segment<'a>>,
    tables: [Option<[u16; 64]>; 4],
    /// Index 0..=15 and content of the application segments, in order.
    pub(crate) segments: Vec<(u8, &'a [u8])>,
    pub(crate) comments: Vec<&'a [u8]>,
    /// Whether the end-of-image marker was reached.
    pub(crate) complete: bool,
    /// Offset of the bytes after the image.
    pub(crate) end: usize,
}

impl<'a> Markers<'a> {
    /// Walks the markers up to the end of the image.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut markers = Self::default();
        let mut at = 2;
        let mut scans = 0;
        loop {
            let Some(marker) = next_marker(bytes, &mut at) else { return markers.checked() };
            match marker {
                0xD9 => {
                    markers.complete = true;
                    markers.end = at;
                    return markers.checked();
                }
                0x01 | 0xD0..=0xD8 => continue,
                _ => {}
            }
            let Some(length) = bytes.get(at..at + 2).map(|b| usize::from(u16::from_be_bytes([b[0], b[1]])))
            else {
                return markers.checked();
            };
            let Some(body) = bytes.get(at + 2..at + length.max(2)) else { return markers.checked() };
            at += length.max(2);
            match marker {
                0xDB => markers.take_tables(body)?,
                0xC4 => markers.parts.push(Segment::Huffman(body)),
                0xDD => markers.take_restart(body)?,
                // DNL: the number of rows, if it was not known before.
                0xDC if markers.height == 0 && scans > 0 => {
                    markers.height = body.first_chunk().map_or(0, |b| u16::from_be_bytes(*b));
                }
                0xC8 | 0xCC => {}
                0xC0..=0xCF | 0xF7 => markers.take_frame(marker, body)?,
                0xE0..=0xEF => markers.segments.push((marker - 0xE0, body)),
                0xFE => markers.comments.push(body),
                0xDA => {
                    scans += 1;
                    if scans > SCANS {
                        return Err(Error::unsupported(NAME, format!("more than {SCANS} scans")));
                    }
                    let start = at;
                    skip_scan(bytes, &mut at);
                    markers.take_scan(body, &bytes[start..at])?;
                }
                _ => {}
            }
        }
    }

    fn checked(self) -> Result<Self, Error> {
        if self.components.is_empty() {
            return Err(Error::Truncated { format: NAME });
        }
        if self.width == 0 || self.height == 0 {
            return Err(Error::damaged(NAME, format!("its size is {}×{}", self.width, self.height)));
        }
        Ok(self)
    }

    fn take_restart(&mut self, body: &[u8]) -> Result<(), Error> {
        let interval = body.first_chunk().ok_or(Error::damaged(NAME, "its restart interval is cut short"))?;
        self.parts.push(Segment::Restart(u16::from_be_bytes(*interval)));
        Ok(())
    }

    fn take_scan(&mut self, body: &[u8], data: &'a [u8]) -> Result<(), Error> {
        let wrong = || Error::damaged(NAME, "a scan header is invalid");
        let (&count, rest) = body.split_first().ok_or_else(wrong)?;
        let count = usize::from(count);
        let (named, last) = rest.split_at_checked(2 * count).ok_or_else(wrong)?;
        let &[first, last, bits] = last.first_chunk().ok_or_else(wrong)?;
        let mut members: Vec<(usize, usize, usize)> = Vec::new();
        for pair in named.chunks_exact(2) {
            let taken = |place: &usize| members.iter().any(|m| m.0 == *place);
            let place = (0..self.components.len())
                .find(|place| self.components[*place].id == pair[0] && !taken(place))
                .ok_or_else(wrong)?;
            members.push((place, usize::from(pair[1] >> 4), usize::from(pair[1] & 15)));
        }
        let band = (usize::from(first), usize::from(last));
        let bits = (u32::from(bits >> 4), u32::from(bits & 15));
        let sensible = if self.progressive {
            let one_bit = bits.0 == 0 || bits.0 == bits.1 + 1;
            let split = if band.0 == 0 { band.1 == 0 } else { band.0 <= band.1 && count == 1 };
            one_bit && split && band.1 < 64 && bits.1 <= 13
        } else {
            true
        };
        if members.is_empty() || !sensible {
            return Err(wrong());
        }
        for &(place, ..) in &members {
            let component = &mut self.components[place];
            component.steps =
                component.steps.or(self.tables.get(usize::from(component.table)).copied().flatten());
        }
        self.parts.push(Segment::Scan(Scan { members, band, bits, data }));
        Ok(())
    }

    fn take_tables(&mut self, mut body: &[u8]) -> Result<(), Error> {
        while let Some((&head, rest)) = body.split_first() {
            let wide = head >> 4 != 0;
            let size = if wide { 128 } else { 64 };
            let (Some(slot), Some(steps)) = (self.tables.get_mut(usize::from(head & 15)), rest.get(..size))
            else {
                return Err(Error::damaged(NAME, "its quantisation tables are cut short"));
            };
            let mut table = [0; 64];
            for (i, &place) in ZIGZAG.iter().enumerate() {
                table[usize::from(place)] = if wide {
                    u16::from_be_bytes([steps[2 * i], steps[2 * i + 1]])
                } else {
                    u16::from(steps[i])
                };
            }
            *slot = Some(table);
            body = &rest[size..];
        }
        Ok(())
    }

    fn take_frame(&mut self, marker: u8, body: &[u8]) -> Result<(), Error> {
        let coding = match marker {
            0xC0..=0xC2 => None,
            0xC3 => Some("lossless coding"),
            0xF7 => Some(LS),
            0xC5..=0xC7 | 0xCD..=0xCF => Some("hierarchical coding"),
            _ => Some("arithmetic coding"),
        };
        if let Some(coding) = coding {
            return Err(Error::unsupported(NAME, coding));
        }
        let (&[precision, h1, h0, w1, w0, count], rest) =
            body.split_first_chunk::<6>().ok_or(Error::damaged(NAME, "its frame header is cut short"))?;
        if !(precision == 8 || precision == 12 && marker != 0xC0) {
            return Err(Error::unsupported(NAME, format!("{precision} bits per sample")));
        }
        if !self.components.is_empty() {
            return Err(Error::damaged(NAME, "it has two frames"));
        }
        self.bits = precision;
        self.progressive = marker == 0xC2;
        self.height = u16::from_be_bytes([h1, h0]);
        self.width = u16::from_be_bytes([w1, w0]);
        self.components = rest
            .chunks_exact(3)
            .take(count.into())
            .map(|c| Component { id: c[0], across: c[1] >> 4, down: c[1] & 15, table: c[2], steps: None })
            .collect();
        let sampled =
            self.components.iter().all(|c| (1..=4).contains(&c.across) && (1..=4).contains(&c.down));
        if self.components.len() != usize::from(count) || !sampled {
            return Err(Error::damaged(NAME, "its frame header is invalid"));
        }
        Ok(())
    }

    /// The content of the first application segment with this index and beginning.
    pub(crate) fn segment(&self, number: u8, beginning: &[u8]) -> Option<&'a [u8]> {
        self.segments_of(number, beginning).next()
    }

    /// All such segments.
    pub(crate) fn segments_of<'s>(
        &'s self,
        number: u8,
        beginning: &'s [u8],
    ) -> impl Iterator<Item = &'a [u8]> + 's {
        self.segments.iter().filter(move |s| s.0 == number).filter_map(move |s| s.1.strip_prefix(beginning))
    }

    /// Adobe's colour transform: 0 none, 1 YCbCr, 2 YCCK.
    pub(crate) fn adobe(&self) -> Option<u8> {
        self.segment(14, b"Adobe")?.get(6).copied()
    }

    /// Quantisation steps of a component, row-major.
    pub(crate) fn steps(&self, component: usize) -> Option<[u16; 64]> {
        self.components.get(component)?.steps
    }

    /// Number of luma samples per chroma sample, in each direction.
    pub(crate) fn subsampling(&self) -> Option<Subsampling> {
        let [luma, chroma, ..] = self.components.as_slice() else { return None };
        let (x, y) = (luma.across / chroma.across, luma.down / chroma.down);
        (x > 0 && y > 0).then_some(Subsampling { x, y })
    }

    /// The libjpeg quality with the luma table nearest to the file's.
    pub(crate) fn quality(&self) -> Option<u8> {
        let steps = self.steps(0)?;
        let distance = |quality: &u8| -> u32 {
            let quality = u32::from(*quality);
            let scale = if quality < 50 { 5000 / quality } else { 200 - 2 * quality };
            let scaled = |base: u16| ((u32::from(base) * scale + 50) / 100).clamp(1, 255);
            LUMA_STEPS.iter().zip(steps).map(|(&base, step)| scaled(base).abs_diff(step.into())).sum()
        };
        (1..=100).rev().min_by_key(distance)
    }

    /// The ICC profile, joined from its numbered segments; `None` if one is missing.
    pub(crate) fn icc(&self) -> Option<Vec<u8>> {
        let mut parts: Vec<&[u8]> = self.segments_of(2, b"ICC_PROFILE\0").filter(|p| p.len() > 2).collect();
        parts.sort_by_key(|p| p[0]);
        let count = usize::from(parts.first()?[1]);
        let whole = parts.len() == count && parts.iter().zip(1..).all(|(p, i)| usize::from(p[0]) == i);
        whole.then(|| parts.iter().flat_map(|p| &p[2..]).copied().collect())
    }
}

/// The next marker's code; advances `at` past it.
fn next_marker(bytes: &[u8], at: &mut usize) -> Option<u8> {
    let found = bytes.get(*at..)?.iter().position(|&b| b == 0xFF)?;
    *at += found;
    let fill = bytes[*at..].iter().position(|&b| b != 0xFF)?;
    *at += fill + 1;
    bytes.get(*at - 1).copied()
}

/// Skips the data of a scan: advances to the next marker that is not stuffing or a restart.
fn skip_scan(bytes: &[u8], at: &mut usize) {
    while let Some(found) = bytes.get(*at..).and_then(|rest| rest.iter().position(|&b| b == 0xFF)) {
        *at += found;
        match bytes.get(*at + 1) {
            Some(0 | 0xD0..=0xD7) => *at += 2,
            Some(0xFF) => *at += 1,
            _ => return,
        }
    }
    *at = bytes.len();
}
