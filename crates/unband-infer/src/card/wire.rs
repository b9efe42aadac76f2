//! Messages between this process and `unband-gpu`: JSON with samples behind it.

use std::io::{self, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Version of the messages; both programs must have the same.
pub const VERSION: u32 = 2;

/// A request.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    /// Keeps a network. The samples are its parameters.
    Load {
        /// Identity, chosen by the sender.
        network: u64,
        /// The graph as JSON.
        graph: String,
        /// Elements of each parameter.
        params: Vec<usize>,
    },
    /// Forgets a network.
    Drop {
        /// Its identity.
        network: u64,
    },
    /// Runs a network. The samples are its inputs. The only request with a reply.
    Run {
        /// Its identity.
        network: u64,
        /// Channels, rows and columns of each input.
        inputs: Vec<[usize; 3]>,
    },
}

/// A reply.
#[derive(Debug, Serialize, Deserialize)]
pub enum Reply {
    /// The first one: the device is ready.
    Ready(Opened),
    /// Channels, rows and columns of each output; the samples follow.
    Outputs(Vec<[usize; 3]>),
    /// The network cannot run on the device.
    Refused(String),
    /// The device's memory is too small. The program ends.
    Memory,
    /// A run failed, or the device cannot be used. The program ends.
    Failed(String),
}

/// A device that is ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// [`VERSION`].
    pub version: u32,
    /// The device's name.
    pub name: String,
    /// Its memory in bytes.
    pub memory: u64,
    /// Maximum size of a buffer in bytes.
    pub largest: u64,
}

/// The list of devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceList {
    /// [`VERSION`].
    pub version: u32,
    /// Discrete cards first.
    pub devices: Vec<Listed>,
}

/// A device that can be opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Discrete, integrated, virtual or software.
    pub kind: String,
    /// Its memory in bytes, where known.
    pub memory: Option<u64>,
}

/// Maximum length of a message's JSON: the constants of a large network have some megabytes.
const MOST_TEXT: u32 = 1 << 30;

/// Maximum number of samples for which memory is reserved before they arrive.
const MOST_RESERVED: usize = 1 << 28;

/// Samples that are converted at a time.
const CHUNK: usize = 1 << 14;

/// Writes a message and the samples that belong to it.
///
/// # Errors
/// As writing.
pub fn send(to: &mut impl Write, message: &impl Serialize, samples: &[&[f32]]) -> io::Result<()> {
    let text = serde_json::to_vec(message)?;
    let length = u32::try_from(text.len()).ok().filter(|&length| length <= MOST_TEXT);
    let length = length.ok_or_else(|| io::Error::other("the network is too large"))?;
    let count: usize = samples.iter().map(|part| part.len()).sum();
    to.write_all(&length.to_le_bytes())?;
    to.write_all(&(count as u64).to_le_bytes())?;
    to.write_all(&text)?;
    let mut bytes = Vec::with_capacity(4 * CHUNK);
    for chunk in samples.iter().flat_map(|part| part.chunks(CHUNK)) {
        bytes.clear();
        bytes.extend(chunk.iter().flat_map(|v| v.to_le_bytes()));
        to.write_all(&bytes)?;
    }
    to.flush()
}

/// Reads a message and its samples; `None` at the end of the stream.
///
/// # Errors
/// As reading; a message that was cut off, or that is none.
pub fn receive<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<(T, Vec<f32>)>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let mut count = [0; 8];
    from.read_exact(&mut count)?;
    let length = u32::from_le_bytes(length);
    if length > MOST_TEXT {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "no message of unband-gpu"));
    }
    let mut text = Vec::new();
    from.take(u64::from(length)).read_to_end(&mut text)?;
    let message = serde_json::from_slice(&text)?;
    let count = u64::from_le_bytes(count);
    // The count of a stream that is none may be anything.
    let mut samples = Vec::with_capacity(usize::try_from(count).unwrap_or(0).min(MOST_RESERVED));
    let mut bytes = vec![0; 4 * CHUNK];
    let mut left = count;
    while left > 0 {
        let now = left.min(CHUNK as u64);
        let chunk = &mut bytes[..4 * now as usize];
        from.read_exact(chunk)?;
        samples.extend(chunk.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])));
        left -= now;
    }
    Ok(Some((message, samples)))
}

/// The samples of a message, divided into parts of these lengths; `None` if their number differs.
pub fn divided(samples: Vec<f32>, lengths: &[usize]) -> Option<Vec<Vec<f32>>> {
    let all = lengths.iter().try_fold(0usize, |sum, &length| sum.checked_add(length))?;
    if all != samples.len() {
        return None;
    }
    if let [_] = lengths {
        return Some(vec![samples]);
    }
    let mut rest = &samples[..];
    let part = |&length: &usize| {
        let (part, after) = rest.split_at(length);
        rest = after;
        part.to_vec()
    };
    Some(lengths.iter().map(part).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back_as_they_were() {
        let mut stream = Vec::new();
        let request = Request::Run { network: 7, inputs: vec![[1, 2, 2], [1, 1, 1]] };
        send(&mut stream, &request, &[&[0.5, -1.0, f32::NAN, f32::INFINITY], &[3e-45]]).unwrap();
        send(&mut stream, &Request::Drop { network: 7 }, &[]).unwrap();
        let mut stream = &stream[..];
        let (request, samples) = receive::<Request>(&mut stream).unwrap().unwrap();
        assert!(matches!(request, Request::Run { network: 7, .. }));
        let parts = divided(samples, &[4, 1]).unwrap();
        assert!(parts[0][2].is_nan() && parts[0][3] == f32::INFINITY && parts[1] == [3e-45]);
        assert!(matches!(receive::<Request>(&mut stream).unwrap().unwrap().0, Request::Drop { network: 7 }));
        assert!(receive::<Request>(&mut stream).unwrap().is_none());
    }

    #[test]
    fn other_streams_are_refused() {
        let mut cut = Vec::new();
        send(&mut cut, &Reply::Outputs(vec![[1, 1, 2]]), &[&[1.0, 2.0]]).unwrap();
        cut.pop();
        assert!(receive::<Reply>(&mut &cut[..]).is_err());
        assert!(receive::<Reply>(&mut &b"usage: unband-gpu"[..]).is_err());
        assert!(divided(vec![0.0; 3], &[2, 2]).is_none() && divided(vec![], &[usize::MAX, 2]).is_none());
    }
}
