//! Reproducible file damage from a seed.

/// Random numbers from a seed, splitmix64.
pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

/// Valid header values that are hard on arithmetic.
const EXTREMES: [u32; 8] = [0, 1, 0x7FFF, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF];

fn put(bytes: &mut [u8], at: usize, new: &[u8]) {
    bytes[at..].iter_mut().zip(new).for_each(|(to, &byte)| *to = byte);
}

/// A file damaged at one position; every fourth position is near the beginning, where headers are.
pub(crate) fn damaged(file: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = file.to_vec();
    let early = random.below(4) == 0;
    let place = random.below(if early { bytes.len().min(128) } else { bytes.len() });
    let noise: Vec<u8> = (0..16).map(|_| random.next() as u8).collect();
    let extreme = EXTREMES[random.below(EXTREMES.len())];
    match random.below(10) {
        0 | 1 => bytes[place] ^= 1 << random.below(8),
        2 => bytes[place] = noise[0],
        3 => put(&mut bytes, place, &noise),
        4 => put(&mut bytes, place, &extreme.to_be_bytes()),
        5 => put(&mut bytes, place, &extreme.to_le_bytes()),
        6 => put(&mut bytes, place, &(extreme as u16).to_be_bytes()),
        7 => drop(bytes.drain(place..(place + 1 + random.below(64)).min(file.len()))),
        8 => drop(bytes.splice(place..place, noise)),
        _ => {
            let from = random.below(file.len());
            put(&mut bytes, place, &file[from..(from + 32).min(file.len())]);
        }
    }
    bytes
}

/// Lengths to cut a file to: the shortest, the longest, and some in between.
pub(crate) fn lengths(size: usize, count: usize, random: &mut Random) -> Vec<usize> {
    let ends = [0, 1, 2, 4, 8, 12, 16, 32, 64].into_iter().chain((1..=9).map(|i| size.saturating_sub(i)));
    let mut lengths: Vec<usize> = ends.filter(|&length| length < size).collect();
    lengths.sort_unstable();
    lengths.dedup();
    while lengths.len() < count {
        lengths.push(random.below(size));
    }
    lengths
}

pub(crate) fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// A PNG with recomputed chunk checksums, so that damage reaches the code after them.
pub(crate) fn sealed(mut png: Vec<u8>) -> Vec<u8> {
    let mut at = 8;
    while let Some(head) = png.get(at..at + 4) {
        let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let Some(sum) = png.get(at + 4..at.saturating_add(8).saturating_add(size)).map(crc) else { break };
        let end = at + 8 + size;
        let Some(place) = png.get_mut(end..end + 4) else { break };
        place.copy_from_slice(&sum.to_be_bytes());
        at = end + 4;
    }
    png
}

/// [`sealed`] for PNG; everything else is unchanged.
pub(crate) fn sealed_if_png(bytes: Vec<u8>) -> Vec<u8> {
    if bytes.starts_with(b"\x89PNG") { sealed(bytes) } else { bytes }
}
