//! JPEG coefficients from sequential and progressive scans.
//!
//! Source: ITU-T T.81, A.2 (order of blocks), E.2.4 (restarts), F.2.2 (sequential), G.1.2 and G.2
//! (progressive).

use super::huffman::{Bits, Broken, Table};
use super::markers::{Markers, Scan, Segment, ZIGZAG};
use crate::{Error, Limits};

const NAME: &str = "JPEG";

/// Limit on block visits by scans, per block of the image: far above any encoder's, and low enough for a
/// hostile file to fail quickly.
const VISITS: u64 = 128;
/// Visits that are always allowed.
const FREE_VISITS: u64 = 1 << 22;

/// One component and its coefficients.
pub(super) struct Channel {
    /// Sampling factors, and the largest among all components.
    pub(super) sampling: (usize, usize),
    pub(super) finest: (usize, usize),
    /// Size in samples.
    pub(super) width: usize,
    pub(super) height: usize,
    /// Size in blocks.
    pub(super) blocks: (usize, usize),
    /// Size in blocks, including those that complete the last MCU.
    padded: (usize, usize),
    pub(super) steps: [u16; 64],
    /// Coefficients in natural order, block after block; only `blocks` of them once all scans are read.
    pub(super) coefficients: Vec<i16>,
    /// Lowest known bit of each coefficient, in zigzag order; `None` until it is coded.
    known: [Option<u32>; 64],
}

impl Channel {
    /// Whether every coefficient is known to its last bit.
    pub(super) fn complete(&self) -> bool {
        self.known.iter().all(|k| *k == Some(0))
    }

    /// Removes the padding blocks.
    fn trim(&mut self) {
        let (row, padded) = (64 * self.blocks.0, 64 * self.padded.0);
        if row != padded {
            for y in 1..self.blocks.1 {
                self.coefficients.copy_within(y * padded..y * padded + row, y * row);
            }
        }
        self.coefficients.truncate(row * self.blocks.1);
        self.padded = self.blocks;
    }
}

/// Reads all scans. With `partly`, reading ends where the data does; the share of the image's blocks that
/// were read is then below 1, and their coefficients are not known to be complete.
pub(super) fn channels(
    markers: &Markers<'_>,
    limits: &Limits,
    colors: u64,
    partly: bool,
) -> Result<(Vec<Channel>, f32), Error> {
    let mut channels = layout(markers);
    let blocks = |c: &Channel| c.padded.0 as u64 * c.padded.1 as u64;
    let all: u64 = channels.iter().map(blocks).sum();
    let (width, height) = (u64::from(markers.width), u64::from(markers.height));
    limits.check_with(width, height, colors, 128 * all)?;
    let visits: u64 = markers
        .parts
        .iter()
        .filter_map(|part| if let Segment::Scan(scan) = part { Some(scan) } else { None })
        .flat_map(|scan| scan.members.iter().map(|m| blocks(&channels[m.0])))
        .sum();
    if visits > FREE_VISITS && visits > VISITS * all {
        return Err(Error::unsupported(NAME, "this many scans"));
    }
    for (channel, component) in channels.iter_mut().zip(&markers.components) {
        channel.steps = component.steps.ok_or(Error::damaged(NAME, "it lacks a quantisation table"))?;
        let len = 64 * channel.padded.0 * channel.padded.1;
        Vec::<i16>::new().try_reserve_exact(len).map_err(|_| Error::Memory { width, height })?;
        channel.coefficients = vec![0; len];
    }
    let mut tables = Tables::default();
    let mut interval = 0;
    let mut share = 1.0f32;
    for part in &markers.parts {
        match part {
            Segment::Huffman(body) => tables.take(body)?,
            Segment::Restart(blocks) => interval = usize::from(*blocks),
            Segment::Scan(scan) => {
                let mut visited = 0.0;
                let done = read(scan, markers.progressive, &mut channels, &tables, interval, &mut visited);
                if !partly {
                    done?;
                } else if done.is_err() {
                    // Later scans of a progressive file only refine what the first ones have shown.
                    let first = scan.members.iter().any(|m| channels[m.0].known[0].is_none());
                    share = if first { share.min(visited) } else { share };
                    break;
                }
            }
        }
    }
    if !partly && channels.iter().any(|c| c.known[0].is_none()) {
        return Err(Error::damaged(NAME, "the data of a component is missing"));
    }
    // Luma that was read shows the image, without colour.
    if channels.first().is_some_and(|luma| luma.known[0].is_none()) && share >= 1.0 {
        share = 0.0;
    }
    channels.iter_mut().for_each(Channel::trim);
    Ok((channels, share))
}

fn layout(markers: &Markers<'_>) -> Vec<Channel> {
    let most = |f: fn(&super::markers::Component) -> u8| {
        usize::from(markers.components.iter().map(f).max().unwrap_or(1))
    };
    let finest = (most(|c| c.across), most(|c| c.down));
    let size = (usize::from(markers.width), usize::from(markers.height));
    let groups = (size.0.div_ceil(8 * finest.0), size.1.div_ceil(8 * finest.1));
    let channel = |c: &super::markers::Component| {
        let sampling = (usize::from(c.across), usize::from(c.down));
        let (width, height) =
            ((size.0 * sampling.0).div_ceil(finest.0), (size.1 * sampling.1).div_ceil(finest.1));
        Channel {
            sampling,
            finest,
            width,
            height,
            blocks: (width.div_ceil(8), height.div_ceil(8)),
            padded: (groups.0 * sampling.0, groups.1 * sampling.1),
            steps: [0; 64],
            coefficients: Vec::new(),
            known: [None; 64],
        }
    };
    markers.components.iter().map(channel).collect()
}

/// The current Huffman tables.
struct Tables {
    dc: [Option<Table>; 4],
    ac: [Option<Table>; 4],
}

impl Default for Tables {
    fn default() -> Self {
        let usual = |dc: bool| std::array::from_fn(|place| Table::usual(dc, place));
        Self { dc: usual(true), ac: usual(false) }
    }
}

impl Tables {
    fn take(&mut self, mut body: &[u8]) -> Result<(), Error> {
        let wrong = || Error::damaged(NAME, "its Huffman tables are invalid");
        while let Some((&head, rest)) = body.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>().ok_or_else(wrong)?;
            let count = counts.iter().map(|&n| usize::from(n)).sum();
            let (symbols, rest) = rest.split_at_checked(count).ok_or_else(wrong)?;
            let (dc, place) = (head >> 4 == 0, usize::from(head & 15));
            let tables = if dc { &mut self.dc } else { &mut self.ac };
            if head >> 4 > 1 || count > 256 {
                return Err(wrong());
            }
            *tables.get_mut(place).ok_or_else(wrong)? =
                Some(Table::new(counts, symbols, dc).map_err(|Broken| wrong())?);
            body = rest;
        }
        Ok(())
    }
}

/// Decoder state that persists from block to block.
struct Course<'a> {
    bits: Bits<'a>,
    /// The previous DC value of each component.
    last: [i32; 4],
    /// Remaining blocks of an end-of-band run.
    ended: u32,
}

/// Why a scan ends early.
enum Stop {
    Broken,
    Ended,
}

impl From<Broken> for Stop {
    fn from(Broken: Broken) -> Self {
        Self::Broken
    }
}

fn read(
    scan: &Scan<'_>,
    progressive: bool,
    channels: &mut [Channel],
    tables: &Tables,
    interval: usize,
    visited: &mut f32,
) -> Result<(), Error> {
    let coded = scan.members.iter().filter(|m| channels[m.0].known[0].is_some()).count();
    if !progressive && coded > 0 {
        // Some files repeat a scan that is already complete.
        let again = Error::damaged(NAME, "it contains a component twice");
        return if coded == scan.members.len() { Ok(()) } else { Err(again) };
    }
    let missing = || Error::damaged(NAME, "it lacks a Huffman table");
    let dc = || -> Result<Vec<&Table>, Error> {
        scan.members.iter().map(|m| tables.dc.get(m.1).and_then(Option::as_ref).ok_or_else(missing)).collect()
    };
    let ac = || -> Result<Vec<&Table>, Error> {
        scan.members.iter().map(|m| tables.ac.get(m.2).and_then(Option::as_ref).ok_or_else(missing)).collect()
    };
    let (high, low) = scan.bits;
    let result = if !progressive {
        let (dc, ac) = (dc()?, ac()?);
        visit(scan, channels, interval, visited, |course, i, block| {
            sequential(course, i, dc[i], ac[i], block)
        })
    } else if scan.band.0 == 0 && high == 0 {
        let dc = dc()?;
        visit(scan, channels, interval, visited, |course, i, block| {
            block[0] = (course.dc(i, dc[i])? << low) as i16;
            Ok(())
        })
    } else if scan.band.0 == 0 {
        visit(scan, channels, interval, visited, |course, _, block| {
            block[0] |= i16::from(course.bits.bit()) << low;
            Ok(())
        })
    } else if high == 0 {
        let ac = ac()?;
        visit(scan, channels, interval, visited, |course, i, block| {
            first(course, ac[i], scan.band, low, block)
        })
    } else {
        let ac = ac()?;
        visit(scan, channels, interval, visited, |course, i, block| {
            refine(course, ac[i], scan.band, low, block)
        })
    };
    result.map_err(|stop| match stop {
        Stop::Broken => Error::damaged(NAME, "its entropy-coded data is invalid"),
        Stop::Ended => Error::Truncated { format: NAME },
    })?;
    let (band, low) = if progressive { (scan.band, low) } else { ((0, 63), 0) };
    for member in &scan.members {
        channels[member.0].known[band.0..=band.1].fill(Some(low));
    }
    Ok(())
}

/// Visits the blocks of a scan in order. `visited`: the share of its rows that were read before it ended.
fn visit(
    scan: &Scan<'_>,
    channels: &mut [Channel],
    interval: usize,
    visited: &mut f32,
    mut decode: impl FnMut(&mut Course<'_>, usize, &mut [i16; 64]) -> Result<(), Broken>,
) -> Result<(), Stop> {
    let mut course = Course { bits: Bits::new(scan.data), last: [0; 4], ended: 0 };
    let (mut left, mut number) = (interval, 0);
    let mut begin = |course: &mut Course<'_>| -> Result<(), Stop> {
        if course.bits.exhausted() {
            return Err(Stop::Ended);
        }
        if interval > 0 {
            if left == 0 {
                course.bits.restart(number)?;
                (course.last, course.ended) = ([0; 4], 0);
                (left, number) = (interval, (number + 1) % 8);
            }
            left -= 1;
        }
        Ok(())
    };
    if let [(only, ..)] = scan.members[..] {
        let channel = &mut channels[only];
        let (blocks, padded) = (channel.blocks, channel.padded);
        let rows = channel.coefficients.chunks_exact_mut(64 * padded.0).take(blocks.1);
        for (y, row) in rows.enumerate() {
            for block in row.as_chunks_mut().0.iter_mut().take(blocks.0) {
                begin(&mut course)?;
                // Only now is the row above known to be whole.
                *visited = y as f32 / blocks.1 as f32;
                decode(&mut course, 0, block)?;
            }
        }
    } else {
        let groups = scan.members.first().map_or((0, 0), |m| {
            let channel = &channels[m.0];
            (channel.padded.0 / channel.sampling.0, channel.padded.1 / channel.sampling.1)
        });
        for y in 0..groups.1 {
            for x in 0..groups.0 {
                begin(&mut course)?;
                *visited = y as f32 / groups.1 as f32;
                for (i, member) in scan.members.iter().enumerate() {
                    let channel = &mut channels[member.0];
                    let (across, down) = channel.sampling;
                    let blocks = channel.coefficients.as_chunks_mut::<64>().0;
                    for row in y * down..(y + 1) * down {
                        for column in x * across..(x + 1) * across {
                            decode(&mut course, i, &mut blocks[row * channel.padded.0 + column])?;
                        }
                    }
                }
            }
        }
    }
    if course.bits.exhausted() { Err(Stop::Ended) } else { Ok(()) }
}

impl Course<'_> {
    /// The next DC value.
    #[inline]
    fn dc(&mut self, member: usize, table: &Table) -> Result<i32, Broken> {
        let size = table.symbol(&mut self.bits)?;
        let value = self.last[member] + self.bits.number(size.into());
        // Far beyond the range of any samples.
        if i16::try_from(value).is_err() {
            return Err(Broken);
        }
        self.last[member] = value;
        Ok(value)
    }
}

#[inline]
fn sequential(
    course: &mut Course<'_>,
    member: usize,
    dc: &Table,
    ac: &Table,
    block: &mut [i16; 64],
) -> Result<(), Broken> {
    block[0] = course.dc(member, dc)? as i16;
    let bits = &mut course.bits;
    let mut k = 1;
    while k < 64 {
        let (run, value) = if let Some(whole) = ac.run_and_number(bits) {
            whole
        } else {
            let symbol = ac.symbol(bits)?;
            match (symbol >> 4, symbol & 15) {
                (15, 0) => (15, 0),
                (_, 0) => return Ok(()),
                (run, size) => (run.into(), bits.number(size.into()) as i16),
            }
        };
        k += run;
        match ZIGZAG.get(k) {
            Some(&place) => block[usize::from(place)] = value,
            None if run > 15 => return Ok(()),
            None => return Err(Broken),
        }
        k += 1;
    }
    Ok(())
}

/// Length of an end-of-band run, this block included.
#[inline]
fn end_of_blocks(bits: &mut Bits<'_>, size: u8) -> u32 {
    (1 << size) + bits.take(size.into())
}

/// Decodes the upper bits of a band.
#[inline]
fn first(
    course: &mut Course<'_>,
    table: &Table,
    (start, end): (usize, usize),
    low: u32,
    block: &mut [i16; 64],
) -> Result<(), Broken> {
    if course.ended > 0 {
        course.ended -= 1;
        return Ok(());
    }
    let bits = &mut course.bits;
    let mut k = start;
    while k <= end {
        let symbol = table.symbol(bits)?;
        let value = match (symbol >> 4, symbol & 15) {
            (15, 0) => 0,
            (run, 0) => {
                course.ended = end_of_blocks(bits, run) - 1;
                return Ok(());
            }
            (_, size) => (bits.number(size.into()) << low) as i16,
        };
        k += usize::from(symbol >> 4);
        if k > end {
            return Err(Broken);
        }
        block[usize::from(ZIGZAG[k])] = value;
        k += 1;
    }
    Ok(())
}

/// Decodes one more bit of a band.
#[inline]
fn refine(
    course: &mut Course<'_>,
    table: &Table,
    (start, end): (usize, usize),
    low: u32,
    block: &mut [i16; 64],
) -> Result<(), Broken> {
    let bits = &mut course.bits;
    let step = 1i16 << low;
    // The next bit of a coefficient that is already nonzero.
    let correct = |bits: &mut Bits<'_>, number: &mut i16| {
        if bits.bit() && *number & step == 0 {
            *number = number.wrapping_add(if *number > 0 { step } else { -step });
        }
    };
    let mut k = start;
    if course.ended == 0 {
        while k <= end {
            let symbol = table.symbol(bits)?;
            let (mut zeros, value) = match (symbol >> 4, symbol & 15) {
                (15, 0) => (15, 0),
                (run, 0) => {
                    course.ended = end_of_blocks(bits, run);
                    break;
                }
                (run, 1) => (run, if bits.bit() { step } else { -step }),
                _ => return Err(Broken),
            };
            loop {
                let Some(place) = ZIGZAG[..=end].get(k) else { return Err(Broken) };
                let number = &mut block[usize::from(*place)];
                k += 1;
                if *number != 0 {
                    correct(bits, number);
                } else if zeros > 0 {
                    zeros -= 1;
                } else {
                    *number = value;
                    break;
                }
            }
        }
    }
    if course.ended > 0 {
        for &place in ZIGZAG.get(k..=end).unwrap_or_default() {
            let number = &mut block[usize::from(place)];
            if *number != 0 {
                correct(bits, number);
            }
        }
        course.ended -= 1;
    }
    Ok(())
}
